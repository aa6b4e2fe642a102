"""Learning curves of the algorithmic tasks, from the log of fairseq-train: accuracies against samples."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from data_prep.files import write_csv
from eval.training_log import drop_replaced, read_entries

Point = dict[str, float]
"""`epoch`, `updates`, `samples`, `seconds` of training, and metrics named `train_...` and `valid_...`."""

_METRICS = ("loss", "accuracy", "sequence_accuracy", "digit_accuracy", "recall_accuracy")


def read_points(lines: Iterable[str], name: str = "log") -> list[Point]:
    """Return the points of a curve, one per validation, in the order of samples.

    The log may contain several starts. Where one continued from an earlier checkpoint, its entries replace those that
    they repeat. The update without effect that ends the training of a solved task makes no point.

    Args:
        lines: lines of a log with `--log-format json`.
        name: name of the log, for error messages. Default: "log"

    Raises:
        DataError: a value is not a number, or an entry has no epoch or no number of updates or samples.
    """
    points: dict[int, Point] = {}
    for entry in read_entries(lines, name=name):
        samples = entry.count("samples")
        points = drop_replaced(points, samples)
        point = points.setdefault(samples, {})
        if f"{entry.kind}_accuracy" in point:
            continue  # the update without effect repeats the number of samples
        point |= {"epoch": entry.epoch, "updates": entry.count("num_updates"), "samples": samples}
        for metric in _METRICS:
            value = entry.number(metric)
            if value is not None:
                point[f"{entry.kind}_{metric}"] = value
        if entry.seconds is not None:
            point["seconds"] = entry.seconds
    return [points[samples] for samples in sorted(points)]


def samples_to_reach(points: Sequence[Point], metric: str, value: float) -> int | None:
    """Return the number of samples seen when `metric` first reached `value`, or None if it never did."""
    return next((int(point["samples"]) for point in points if point.get(metric, -1.0) >= value), None)


def write_curves(path: Path, curves: Mapping[str, Sequence[Point]]) -> None:
    """Write curves as CSV, one line per point with the name of its run first; unknown values are empty fields.

    Raises:
        DataError: the file cannot be written.
    """
    names = list(dict.fromkeys(name for points in curves.values() for point in points for name in point))
    rows = ({"run": run, **point} for run, points in curves.items() for point in points)
    write_csv(path, ["run", *names], rows)
