"""Learning curves of language models, from the log of fairseq-train: bits per character against epochs and hours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from data_prep.files import write_csv
from eval.pictures import new_figure, save_png
from eval.training_log import drop_replaced, read_entries

Point = dict[str, float]
"""`epoch` (passes over the text so far), `updates`, `seconds` of training, `train_bpc` of the epoch, `valid_bpc`."""

COLUMNS = ("epoch", "updates", "seconds", "train_bpc", "train_accuracy", "valid_bpc", "valid_accuracy")


def read_points(lines: Iterable[str], updates_per_epoch: float, name: str = "log") -> list[Point]:
    """Return the points of a curve, one per validation, in the order of updates.

    The log may contain several starts. Where one continued from an earlier checkpoint, its entries replace those that
    they repeat. The end of a training that was stopped within an epoch says nothing about an epoch, and counts only as
    a validation.

    Args:
        lines: lines of a log with `--log-format json`.
        updates_per_epoch: number of updates per epoch.
        name: name of the log, for error messages. Default: "log"

    Raises:
        DataError: a value is not a number, or an entry has no epoch or no number of updates.
    """
    points: dict[int, Point] = {}
    for entry in read_entries(lines, name=name):
        updates = entry.count("num_updates")
        points = drop_replaced(points, updates)
        point = points.setdefault(updates, {})
        point |= {"epoch": round(updates / updates_per_epoch, 3), "updates": updates}
        for metric in ("bpc", "accuracy"):
            value = entry.number(metric)
            if value is not None:
                point[f"{entry.kind}_{metric}"] = value
        if entry.seconds is not None:
            point["seconds"] = entry.seconds
    return [points[updates] for updates in sorted(points)]


def best(points: Sequence[Point]) -> Point:
    """Return the point with the fewest bits per character in validation."""
    return min(points, key=lambda point: point.get("valid_bpc", float("inf")))


def write_curves(path: Path, curves: Mapping[str, Sequence[Point]]) -> None:
    """Write curves as CSV, one line per point with the name of its run first; unknown values are empty fields.

    Raises:
        DataError: the file cannot be written.
    """
    rows = ({"run": run, **point} for run, points in curves.items() for point in points)
    write_csv(path, ["run", *COLUMNS], rows)


def draw(path: Path, results: Sequence[dict[str, Any]], yardsticks: Mapping[str, float], title: str) -> None:
    """Plot bits per character in validation against epochs and against hours, as a PNG file.

    Args:
        path: path of the file.
        results: results of `runs.execute`.
        yardsticks: bits per character of other systems on the test set, by their names.
        title: title of the plot.

    Raises:
        DataError: the file cannot be written.
    """
    figure = new_figure(10, 4.6)
    panels = figure.subplots(1, 2, sharey=True)
    for number, result in enumerate(results):
        known = [point for point in result["points"] if "valid_bpc" in point]
        bits = [point["valid_bpc"] for point in known]
        style = {"color": f"C{number}", "label": result["label"], "markersize": 3, "linewidth": 1.2}
        panels[0].plot([point["epoch"] for point in known], bits, "o-", **style)
        last = result["points"][-1]
        # validations within an epoch have no time of their own: it is in proportion to the updates
        rate = (result["seconds"] or 0) / 3600 / max(last["updates"], 1)
        panels[1].plot([point["updates"] * rate for point in known], bits, "o-", **style)
    for number, (name, value) in enumerate(yardsticks.items()):
        for panel in panels:
            panel.axhline(value, color="0.4", linestyle=(":", "--", "-.")[number % 3], linewidth=1, label=name)
    for panel, label in zip(panels, ("passes over the training text", "hours of training"), strict=True):
        panel.set_xlabel(label)
        panel.grid(True, alpha=0.3)
    panels[0].set_ylabel("bits per character (validation)")
    panels[0].legend(fontsize=8)
    figure.suptitle(title, fontsize=11)
    save_png(figure, path, dpi=130)
