"""Learning curves from the log of fairseq-train, and as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from data_prep.errors import DataError
from data_prep.files import write_csv
from eval import training_log
from eval.training_log import Entry

Point = dict[str, float]
"""`epoch`, `updates`, `seconds` of training, and metrics named `train_...` and `valid_...`."""


def read_points(lines: Iterable[str], metrics: Sequence[str], name: str = "log", count: str = "updates") -> list[Point]:
    """Return the points of a curve; see `eval.training_log.read_points`.

    Args:
        lines: lines of a log with `--log-format json`.
        metrics: names of the metrics, without `train_` and `valid_`.
        name: name of the log, for error messages. Default: "log"
        count: what counts the progress of the training, "updates" or "samples". Default: "updates"

    Raises:
        DataError: a value is not a number, an entry lacks its epoch or count, or the log has no entry.
    """

    def values(entry: Entry) -> dict[str, float | None]:
        return {**{f"{entry.kind}_{metric}": entry.number(metric) for metric in metrics}, "seconds": entry.seconds}

    points = training_log.read_points(lines, values, name=name, count=count)
    if not points:
        raise DataError(f"{name}: no training or validation entry; delete its folder and start again")
    return points


def training_seconds(points: Sequence[Point]) -> float | None:
    """Return the training time, None if the log had no times."""
    return max((point["seconds"] for point in points if "seconds" in point), default=None)


def write_curves(path: Path, curves: Mapping[str, Sequence[Point]]) -> None:
    """Write curves as CSV, one line per point with the name of its run first; unknown values are empty fields.

    Raises:
        DataError: the file cannot be written.
    """
    names = list(dict.fromkeys(name for points in curves.values() for point in points for name in point))
    rows = ({"run": run, **point} for run, points in curves.items() for point in points)
    write_csv(path, ["run", *names], rows)
