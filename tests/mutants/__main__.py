"""Run the mutants: `python -m tests.mutants`; see the package."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from . import ROOT, Mutant, mutants

PACKAGES = ("reencoder", "data_prep", "eval", "recipes", "tests")
"""What is copied, and forgotten by a process before it imports the copy."""

FILES = ("pyproject.toml", "README.md", "CHANGELOG.md", "Makefile", "docs")
"""What tests read besides."""

PASSED, FAILED, NO_TESTS = 0, 1, 5  # pytest's exit statuses


def run_tests(root: Path, tests: Sequence[str], log: Path, seconds: float) -> int | None:
    """Run test files of a copy of the checkout until the first failure, in a process of its own.

    The process is forked, so that torch and fairseq, which take seconds to import, are there already.

    Args:
        root: the copy.
        tests: the test files, relative to its folder `tests`.
        log: file for the output.
        seconds: time limit.

    Returns:
        pytest's exit status; None after the time limit.
    """
    sys.stdout.flush()
    process = os.fork()
    if process == 0:
        _run_and_exit(root, tests, log)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found, status = os.waitpid(process, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.killpg(process, 9)
    os.waitpid(process, 0)
    return None


def _run_and_exit(root: Path, tests: Sequence[str], log: Path) -> None:
    status = 70
    try:
        os.setpgid(0, 0)  # programs that the tests start end with them
        with log.open("w") as stream:
            os.dup2(stream.fileno(), 1)
            os.dup2(stream.fileno(), 2)
        for name in [name for name in sys.modules if name.partition(".")[0] in PACKAGES]:
            del sys.modules[name]
        os.chdir(root)
        sys.path[:] = [str(root), *(entry for entry in sys.path if entry not in ("", str(ROOT)))]
        sys.dont_write_bytecode = True
        import pytest

        # Python's own files of compiled code are not used: a file may change twice within the resolution of its time.
        paths = [str(root / "tests" / name) for name in tests]
        status = int(pytest.main(["-x", "-q", "-n", "0", "-p", "no:cacheprovider", *paths]))
        sys.stdout.flush()
    finally:
        os._exit(status)


def copy_checkout(folder: Path) -> None:
    """Copy what the tests need of the checkout."""
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
        else:
            shutil.copy(ROOT / name, folder / name)


def runnable(chosen: Sequence[Mutant], root: Path, log: Path, seconds: float) -> list[Mutant]:
    """Check that the tests pass without a fault: otherwise they would seem to notice each.

    Returns:
        The mutants for which there are tests that can run here: some files are skipped as a whole, such as those of
        Triton where it is not installed.

    Raises:
        SystemExit: one fails.
    """
    skipped = set()
    for name in dict.fromkeys(name for mutant in chosen for name in mutant.tests):
        begin = time.monotonic()
        status = run_tests(root, [name], log, seconds)
        print(f"without a fault: {name}, {time.monotonic() - begin:.0f} s", flush=True)
        if status == NO_TESTS:
            skipped.add(name)
        elif status != PASSED:
            sys.exit(f"error: tests/{name} fails without a fault; see {log}")
    for mutant in chosen:
        if skipped.issuperset(mutant.tests):
            print(f"no test can run here: {mutant}", flush=True)
    return [mutant for mutant in chosen if not skipped.issuperset(mutant.tests)]


def run(chosen: Sequence[Mutant], seconds: float) -> int:
    """Run mutants and print those that survive.

    Args:
        chosen: the mutants.
        seconds: time limit of each; a mutant that exceeds it counts as noticed.

    Returns:
        The exit status: 1 if a mutant survives that is not expected to, or the reverse.
    """
    unexpected: list[str] = []
    killed = 0
    with tempfile.TemporaryDirectory(prefix="mutants-") as temporary:
        root, log = Path(temporary) / "checkout", Path(temporary) / "log"
        root.mkdir()
        copy_checkout(root)
        chosen = runnable(chosen, root, log, seconds)
        for number, mutant in enumerate(chosen, start=1):
            begin = time.monotonic()
            before = mutant.apply(root)
            try:
                status = run_tests(root, mutant.tests, log, seconds)
            finally:
                (root / mutant.path).write_text(before, encoding="utf-8")
            survives = status == PASSED
            killed += not survives
            word = (
                "SURVIVES" if survives else {FAILED: "killed", None: "killed (time)"}.get(status, f"killed ({status})")
            )
            print(f"{number:3}/{len(chosen)} {word:14} {time.monotonic() - begin:4.0f} s  {mutant}", flush=True)
            if survives != bool(mutant.survives):
                unexpected.append(str(mutant))
    if chosen:
        print(f"\n{killed} of {len(chosen)} mutants killed ({killed / len(chosen):.1%})")
    for mutant in chosen:
        if mutant.survives:
            print(f"expected to survive: {mutant}: {mutant.survives}")
    for text in unexpected:
        print(f"NOT AS EXPECTED: {text}")
    return int(bool(unexpected))


def main(arguments: list[str] | None = None) -> int:
    """Run the mutants that the arguments choose; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.mutants", description="Put faults into the code and test it."
    )
    parser.add_argument("words", nargs="*", help="only files whose path contains one of these words (default: all)")
    parser.add_argument("--seconds", type=float, default=300, help="time limit per mutant (default: %(default)g)")
    parser.add_argument("--list", action="store_true", help="only list them")
    options = parser.parse_args(arguments)
    chosen = [m for m in mutants() if not options.words or any(word in m.path for word in options.words)]
    if not chosen:
        parser.error(f"no mutant of a file with {' or '.join(options.words)} in its path")
    if options.list:
        print("\n".join(map(str, chosen)))
        return 0
    os.environ["OMP_NUM_THREADS"] = "1"
    import torch

    torch.set_num_threads(1)
    import fairseq
    import fairseq.tasks.translation  # noqa: F401
    import sacrebleu  # noqa: F401
    import sacremoses  # noqa: F401

    return run(chosen, options.seconds)


if __name__ == "__main__":
    sys.exit(main())
