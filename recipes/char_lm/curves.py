"""Learning curves of language models: bits per character against epochs and hours."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from eval.pictures import new_figure, save_png

from .. import curves
from ..curves import Point


def read_points(lines: Iterable[str], updates_per_epoch: float, name: str = "log") -> list[Point]:
    """Return the points of a curve; see `recipes.curves.read_points`.

    Args:
        lines: lines of a log with `--log-format json`.
        updates_per_epoch: number of updates per epoch.
        name: name of the log, for error messages. Default: "log"

    Returns:
        The points. Their epoch is the number of passes over the text so far, not a whole number in mid-epoch; there,
        `train_bpc` is that of the part of the epoch until then.

    Raises:
        DataError: a value is not a number, an entry lacks its epoch or number of updates, or the log has no entry.
    """
    points = curves.read_points(lines, ("bpc", "accuracy"), name)
    return [{**point, "epoch": round(point["updates"] / updates_per_epoch, 3)} for point in points]


def best(points: Sequence[Point]) -> Point:
    """Return the point with the fewest bits per character in validation.

    Of several it is the last, which fairseq-train keeps as checkpoint_best.pt.
    """
    return min(reversed(points), key=lambda point: point.get("valid_bpc", float("inf")))


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
        # The log has no time for validations within an epoch: it is taken as proportional to the updates.
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
