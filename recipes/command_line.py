"""What the command lines of the recipes share: options, and values that override a scale's."""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

from data_prep import command_line
from data_prep.command_line import positive
from data_prep.errors import DataError

S = TypeVar("S")


def run(work: Callable[[], object]) -> int:
    """Do the work of a recipe. An interrupt (Ctrl-C, SIGTERM or SIGHUP) also ends its trainings.

    Returns:
        The exit status; see `data_prep.command_line.run`.
    """
    return command_line.run(work, interrupted="interrupted; run the same command again to resume")


def add_run_options(
    parser: argparse.ArgumentParser,
    name: str,
    scales: Iterable[str],
    jobs: bool = True,
    threads: int | None = 1,
    seeds: bool = False,
) -> None:
    """Add the options that the recipes of all tasks but translation share.

    Args:
        parser: the parser.
        name: name of the recipe, for the default folder.
        scales: names of the scales, one of which is "cpu".
        jobs: add `--jobs`, for a recipe that trains several models. Default: True
        threads: default number of threads; None: torch's choice. Default: 1
        seeds: add `--seeds` instead of `--seed`, for a recipe that repeats its trainings. Default: False
    """
    shown = "torch's choice" if threads is None else threads
    parser.add_argument("--scale", choices=list(scales), default="cpu", help="sizes of the run (default: %(default)s)")
    parser.add_argument("--dest", type=Path, help=f"folder of the runs (default: runs/{name}-SCALE)")
    parser.add_argument("--results", type=Path, help="folder of the result files (default: DEST/results)")
    if seeds:
        parser.add_argument(
            "--seeds",
            type=int,
            nargs="+",
            default=[1],
            metavar="N",
            help="seeds of everything random; every model is trained once with each (default: 1)",
        )
    else:
        parser.add_argument("--seed", type=int, default=1, help="seed of everything random (default: %(default)s)")
    parser.add_argument("--threads", type=positive, default=threads, help=f"CPU threads per model (default: {shown})")
    if jobs:
        parser.add_argument(
            "--jobs", type=positive, default=2, help="models to train at the same time (default: %(default)s)"
        )
    parser.add_argument("--quiet", action="store_true", help="show no progress")


@dataclass(frozen=True)
class Change:
    """A value of a scale that the command line overrides.

    Attributes:
        name: name of the value.
        kind: its type, int or float.
        text: help.
        least: least value. Default: any value
        above: value that it must exceed. Default: any value
    """

    name: str
    kind: type[int] | type[float]
    text: str
    least: float = float("-inf")
    above: float = float("-inf")

    @property
    def option(self) -> str:
        """The option."""
        return f"--{self.name.replace('_', '-')}"

    def check(self, value: float) -> None:
        """Check a value.

        Raises:
            DataError: it is out of range, or not finite.
        """
        if isinstance(value, float) and not math.isfinite(value):
            raise DataError(f"{self.option} {value}: must be a finite number")
        if value < self.least:
            raise DataError(f"{self.option} {value}: must be at least {self.least:g}")
        if value <= self.above:
            raise DataError(f"{self.option} {value}: must be above {self.above:g}")


HOURS = Change("hours", float, "maximum training time per run over all its starts, in hours; 0: no limit", least=0)
OPTIMIZERS = ("adam", "muon")


def add_changes(parser: argparse.ArgumentParser, changes: Sequence[Change]) -> argparse._ArgumentGroup:
    """Add an option for each change, and return their group, to which more can be added."""
    group = parser.add_argument_group("values that override the scale's")
    for change in changes:
        group.add_argument(change.option, type=change.kind, metavar="N", help=change.text)
    return group


def with_changes(scale: S, options: argparse.Namespace, changes: Sequence[Change], *choices: str) -> S:
    """Return a scale with the values given on the command line.

    Args:
        scale: a dataclass.
        options: options of the command line.
        changes: values to check.
        choices: names of further values, which the parser has checked.

    Raises:
        DataError: a value is out of range.
    """
    for change in changes:
        value = getattr(options, change.name)
        if value is not None:
            change.check(value)
    names = [*(change.name for change in changes), *choices]
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    return replace(scale, **given)  # type: ignore[type-var]


def folders(options: argparse.Namespace, name: str) -> tuple[Path, Path]:
    """Return the folders of the runs and of the result files."""
    dest: Path = options.dest or Path("runs") / f"{name}-{options.scale}"
    return dest, options.results or dest / "results"
