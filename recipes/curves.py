"""Learning curves from the log of fairseq-train, and as CSV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from data_prep.errors import DataError
from data_prep.files import write_csv
from eval.training_log import drop_replaced, read_entries

Point = dict[str, float]
"""`epoch`, `updates`, `seconds` of training, and metrics named `train_...` and `valid_...`."""


def read_points(lines: Iterable[str], metrics: Sequence[str], name: str = "log", count: str = "updates") -> list[Point]:
    """Return the points of a curve, one per validation and end of an epoch, in the order of training.

    The log may contain several starts. Where one continued from an earlier checkpoint, its entries replace those that
    they repeat. An update that leaves the count as it is makes no point: that which ends the training of a solved task.

    Args:
        lines: lines of a log with `--log-format json`.
        metrics: names of the metrics, without `train_` and `valid_`.
        name: name of the log, for error messages. Default: "log"
        count: what counts the progress of the training, "updates" or "samples". Default: "updates"

    Raises:
        DataError: a value is not a number, an entry has no epoch or no count, or the log has no entry.
    """
    points: dict[int, Point] = {}
    for entry in read_entries(lines, name=name):
        updates = entry.count("num_updates")
        progress = updates if count == "updates" else entry.count(count)
        points = drop_replaced(points, progress)
        point = points.setdefault(progress, {})
        if point.get("updates", updates) < updates:
            continue
        values = {f"{entry.kind}_{metric}": entry.number(metric) for metric in metrics}
        point |= {"epoch": entry.epoch, "updates": updates, count: progress}
        point |= {key: value for key, value in values.items() if value is not None}
        if entry.seconds is not None:
            point["seconds"] = entry.seconds
    if not points:
        raise DataError(f"{name}: no training or validation entry; delete its folder and start again")
    return [points[progress] for progress in sorted(points)]


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
