"""The list of mutants fits the code; whether tests notice them is what `python -m tests.mutants` shows."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.mutants import ROOT, Mutant, mutants
from tests.mutants import __main__ as program

MUTANTS = mutants()
COMPILER = shutil.which("cc")


def test_every_mutant_fits_its_file(tmp_path: Path) -> None:
    for path in {mutant.path for mutant in MUTANTS}:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tmp_path / path)
    for mutant in MUTANTS:
        before = mutant.apply(tmp_path)
        changed = (tmp_path / mutant.path).read_text()
        assert changed != before, str(mutant)
        if mutant.path.endswith(".py"):
            compile(changed, mutant.path, "exec")
        elif COMPILER is not None:
            subprocess.run([COMPILER, "-fsyntax-only", "-fopenmp", tmp_path / mutant.path], check=True)
        (tmp_path / mutant.path).write_text(before)
        assert mutant.tests and all((ROOT / "tests" / name).is_file() for name in mutant.tests), str(mutant)


def test_there_are_mutants_of_every_part() -> None:
    assert len(set(MUTANTS)) == len(MUTANTS) >= 100
    parts = {"/".join(mutant.path.split("/")[:-1]) for mutant in MUTANTS}
    assert parts >= {"reencoder/grid/kernel", "reencoder/grid/modules", "reencoder/models", "reencoder/optim",
                     "reencoder/tasks", "reencoder/tasks/algorithmic", "data_prep", "eval"}  # fmt: skip
    assert sum(bool(mutant.survives) for mutant in MUTANTS) <= 0.05 * len(MUTANTS)


def test_mutants_without_a_test_that_can_run_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As those of kernels where Triton is not installed; they neither count nor hide a test that fails."""
    statuses = {"skipped.py": program.NO_TESTS, "passing.py": program.PASSED, "failing.py": program.FAILED}
    monkeypatch.setattr(program, "run_tests", lambda root, tests, log, seconds: statuses[tests[0]])
    here = Mutant("a.py", "x", "y", ("skipped.py", "passing.py"))
    elsewhere = Mutant("b.py", "x", "y", ("skipped.py",))
    assert program.runnable([here, elsewhere], tmp_path, tmp_path / "log", 1.0) == [here]
    with pytest.raises(SystemExit, match=r"failing\.py fails without a fault"):
        program.runnable([Mutant("c.py", "x", "y", ("failing.py",))], tmp_path, tmp_path / "log", 1.0)
