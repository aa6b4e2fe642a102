"""Small faults to put into the code, one at a time, and the test files that must notice each.

    python -m tests.mutants            # all; minutes to an hour, so it is not a part of `make test`
    python -m tests.mutants grid muon  # those whose file name contains one of the words

A mutant that no test notices shows a test that is missing. The lists are written by hand: each fault is one that
somebody could make, and that changes what a user gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
"""The folder of the checkout."""


@dataclass(frozen=True)
class Mutant:
    """A fault.

    Attributes:
        path: the file, relative to the checkout.
        old: text that occurs in it exactly once.
        new: what replaces it.
        tests: the test files that must fail, relative to `tests`, in the order in which they are run.
        survives: why no test can notice it; empty for all others.
    """

    path: str
    old: str
    new: str
    tests: tuple[str, ...]
    survives: str = ""

    def __str__(self) -> str:
        return f"{self.path}: {' '.join(self.old.split())}  ->  {' '.join(self.new.split()) or '(nothing)'}"

    def apply(self, root: Path) -> str:
        """Put the fault into the file below `root`, and return the file's text before.

        Raises:
            ValueError: the old text does not occur exactly once.
        """
        path = root / self.path
        text = path.read_text(encoding="utf-8")
        if text.count(self.old) != 1:
            raise ValueError(f"{self.path}: expected {self.old!r} once, found it {text.count(self.old)} times")
        path.write_text(text.replace(self.old, self.new), encoding="utf-8")
        return text


def group(path: str, tests: str, *faults: tuple[str, ...]) -> Sequence[Mutant]:
    """Return mutants of one file.

    Args:
        path: the file.
        tests: names of test files without `test_` and `.py`, separated by spaces.
        faults: pairs of old and new text; with a third entry, why the mutant survives.
    """
    names = tuple(f"test_{name}.py" for name in tests.split())
    return [Mutant(path, fault[0], fault[1], names, fault[2] if len(fault) > 2 else "") for fault in faults]


def mutants() -> list[Mutant]:
    """Return all mutants."""
    from . import data, grid, models, tasks

    return [*grid.MUTANTS, *models.MUTANTS, *tasks.MUTANTS, *data.MUTANTS]
