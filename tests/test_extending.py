"""The walk-throughs of docs/extending.md: their files are written, their diffs applied, their commands run."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.programs import ROOT

PAGE = ROOT / "docs" / "extending.md"


class Fence(NamedTuple):
    """A fenced block.

    Attributes:
        kind: the first word behind the fence: python, diff or sh.
        path: the second word, the file that the block is or changes; empty for commands.
        text: the lines between the fences.
    """

    kind: str
    path: str
    text: str


def walk_through(heading: str) -> list[Fence]:
    """The blocks of a section."""
    (section,) = re.findall(rf"^## {heading}$(.*?)(?=^## |\Z)", PAGE.read_text(encoding="utf-8"), re.M | re.S)
    return fences(section)


def fences(text: str) -> list[Fence]:
    """All fenced blocks."""
    return [Fence(*found) for found in re.findall(r"^```(\w+) ?(\S*)\n(.*?)^```$", text, re.M | re.S)]


def write(blocks: list[Fence], folder: Path) -> None:
    """Write the files and apply the diffs."""
    for block in blocks:
        path = folder / block.path
        if block.kind == "python":
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.kind == "diff":
            lines = block.text.splitlines(keepends=True)
            old = "".join(line[1:] for line in lines if line[0] in " -")
            new = "".join(line[1:] for line in lines if line[0] in " +")
            before = path.read_text(encoding="utf-8")
            assert before.count(old) == 1, f"{path}: the diff fits {before.count(old)} places"
            path.write_text(before.replace(old, new), encoding="utf-8")


def run(blocks: list[Fence], folder: Path) -> list[str]:
    """Run the commands in `folder`, demand success, and return the output of each."""
    scripts = sysconfig.get_path("scripts")
    outputs = []
    for line in "".join(block.text for block in blocks if block.kind == "sh").replace("\\\n", " ").splitlines():
        program, *arguments = shlex.split(line)
        found = sys.executable if program == "python" else shutil.which(program, path=scripts)
        assert found is not None, f"{program}: not in {scripts}"
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            [found, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=280, check=False
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
        outputs.append(done.stdout + done.stderr)
    return outputs


def metric(log: str, name: str) -> list[float]:
    """The values of a metric in the validations of a log of fairseq-train."""
    return [float(value) for value in re.findall(rf"\| valid \| .*?\| {name} ([\d.e-]+)", log)]


@pytest.fixture(scope="module")
def user_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that holds the user directory, with the task and the model."""
    folder = tmp_path_factory.mktemp("extending")
    introduction = PAGE.read_text(encoding="utf-8").split("\n## ")[0]
    write([*fences(introduction), *walk_through("A task"), *walk_through("A model")], folder)
    assert sorted(path.name for path in folder.rglob("*.py")) == ["__init__.py", "reversal.py", "two_way.py"]
    return folder


def test_a_task_of_ones_own_is_learned(user_dir: Path) -> None:
    (log,) = run(walk_through("A task"), user_dir)
    accuracies, of_letters = metric(log, "accuracy"), metric(log, "letter_accuracy")
    assert len(accuracies) == len(of_letters) == 4, "one validation per epoch"
    assert of_letters[-1] > 0.6, "guessing one letter of four is right in 0.25"
    # half of the symbols are delimiters, and those are easy
    assert all(accuracy >= letters for accuracy, letters in zip(accuracies, of_letters, strict=True))
    assert (user_dir / "checkpoints" / "reversal" / "checkpoint_last.pt").exists()


def test_a_model_of_ones_own_serves_tasks_of_both(user_dir: Path) -> None:
    reversal, memorization = run(walk_through("A model"), user_dir)
    assert metric(reversal, "letter_accuracy")[-1] > 0.6
    assert "model: TwoWayModel" in reversal and "model: TwoWayModel" in memorization
    assert "task: GridMemorizationTask" in memorization and metric(memorization, "recall_accuracy")


def copy_of_the_grid(folder: Path) -> Path:
    """A copy of the plugin, and of what the walk-through's test uses of our tests."""
    shutil.copytree(ROOT / "reencoder", folder / "reencoder", ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "tests").mkdir()
    for name in ("__init__.py", "grids.py"):
        shutil.copy(ROOT / "tests" / name, folder / "tests" / name)
    return folder


def test_a_dimension_kind_is_added_in_two_lines(tmp_path: Path) -> None:
    blocks = walk_through("A dimension kind")
    added = [line for block in blocks if block.kind == "diff" for line in block.text.splitlines() if line[0] == "+"]
    assert len(added) == 2
    write(blocks, copy_of_the_grid(tmp_path))
    tested, trained = run(blocks, tmp_path)
    assert re.search(r"^=* ?2 passed", tested, re.M)
    assert "1: Dimension(kind='sigmoid'" in trained and metric(trained, "recall_accuracy")


@pytest.mark.parametrize("left_out", ["reencoder/grid/dimension.py", "reencoder/grid/block.py"])
def test_both_lines_of_a_dimension_kind_are_needed(left_out: str, tmp_path: Path) -> None:
    blocks = [block for block in walk_through("A dimension kind") if block.path != left_out]
    write(blocks, copy_of_the_grid(tmp_path))
    with pytest.raises(AssertionError, match="2 failed"):
        run(blocks, tmp_path)
