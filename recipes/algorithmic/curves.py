"""Learning curves of the algorithmic tasks, from the log of fairseq-train: accuracies against samples."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from eval.files import atomic_path

Point = dict[str, float]
"""`epoch`, `updates`, `samples`, `seconds` of training, and metrics named `train_...` and `valid_...`."""

_ENTRY = re.compile(r"\| INFO \| (train|valid) \| (\{.*\})\s*$")
_START = "| INFO | fairseq_cli.train | training on "
_METRICS = ("loss", "accuracy", "sequence_accuracy", "digit_accuracy", "recall_accuracy")


def read_points(lines: Iterable[str]) -> list[Point]:
    """The points of a curve, one a validation, in the order of samples.

    The log may hold several starts. Where one began at an earlier checkpoint, what it repeats counts and what it
    replaces does not. The update without effect that ends a solved training is left out.

    Args:
        lines: lines of a log with `--log-format json`.
    """
    points: dict[int, Point] = {}
    # By the clock of the log: fairseq's own count of seconds does not survive a resume.
    earlier = seconds = 0.0  # of earlier starts; of this start until its last entry
    started: datetime | None = None
    for line in lines:
        if _START in line:
            earlier, seconds, started = earlier + seconds, 0.0, _time(line)
        match = _ENTRY.search(line)
        if match is None:
            continue
        kind, entry = match.group(1), json.loads(match.group(2))
        samples = int(float(entry[f"{kind}_samples"]))
        if points and samples < max(points):
            points = {key: point for key, point in points.items() if key < samples}
        point = points.setdefault(samples, {})
        if f"{kind}_accuracy" in point:
            continue
        point["epoch"] = int(entry["epoch"])
        point["updates"] = int(float(entry[f"{kind}_num_updates"]))
        point["samples"] = samples
        point |= {f"{kind}_{name}": float(entry[f"{kind}_{name}"]) for name in _METRICS if f"{kind}_{name}" in entry}
        if kind == "train" and started is not None:
            seconds = (_time(line) - started).total_seconds()
            point["seconds"] = earlier + seconds
    return [points[samples] for samples in sorted(points)]


def _time(line: str) -> datetime:
    """When a line was logged."""
    return datetime.fromisoformat(line[:19])


def samples_to_reach(points: Sequence[Point], metric: str, value: float) -> int | None:
    """Samples seen when `metric` was first at least `value`; None: never."""
    return next((int(point["samples"]) for point in points if point.get(metric, -1.0) >= value), None)


def write_csv(path: Path, curves: Mapping[str, Sequence[Point]]) -> None:
    """Write curves as CSV, one line a point, its run in the first column; what is not known is an empty field.

    Raises:
        EvaluationError: the file cannot be written.
    """
    names = list(dict.fromkeys(name for points in curves.values() for point in points for name in point))
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, ["run", *names], lineterminator="\n")
        writer.writeheader()
        for run, points in curves.items():
            rows: list[dict[str, Any]] = [{"run": run, **point} for point in points]
            writer.writerows(rows)
