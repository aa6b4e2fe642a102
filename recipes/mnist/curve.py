"""The learning curve of a model of images, from the log of fairseq-train."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from data_prep.files import write_csv
from eval.pictures import new_figure, save_png
from eval.training_log import drop_replaced, read_entries

Point = dict[str, float]
"""`epoch`, `updates`, `seconds` of training, and `train_` and `valid_` followed by `loss` (bits) and `error_rate`."""

COLUMNS = ("epoch", "updates", "seconds", "train_loss", "train_error_rate", "valid_loss", "valid_error_rate")


def read_points(lines: Iterable[str], name: str = "log") -> list[Point]:
    """Return the points of the curve, one per epoch.

    The log may contain several starts. Where one continued from an earlier checkpoint, its entries replace those that
    they repeat.

    Args:
        lines: lines of a log with `--log-format json`.
        name: name of the log, for error messages. Default: "log"

    Raises:
        DataError: a value is not a number, or an entry has no epoch or no number of updates.
    """
    points: dict[int, Point] = {}
    for entry in read_entries(lines, name=name):
        updates = entry.count("num_updates")
        points = drop_replaced(points, updates)
        point = points.setdefault(updates, {})
        point |= {"epoch": entry.epoch, "updates": updates}
        for metric in ("loss", "error_rate"):
            value = entry.number(metric)
            if value is not None:
                point[f"{entry.kind}_{metric}"] = value
        if entry.seconds is not None:
            point["seconds"] = entry.seconds
    return [points[updates] for updates in sorted(points)]


def write_points(path: Path, points: Sequence[Point]) -> None:
    """Write the curve as CSV; unknown values are empty fields.

    Raises:
        DataError: the file cannot be written.
    """
    write_csv(path, COLUMNS, points)


def draw(path: Path, points: Sequence[Point], title: str) -> None:
    """Plot the error rates (logarithmic axis) against epochs, as a PNG file.

    Raises:
        DataError: the name of the file does not end in ``.png``, or it cannot be written.
    """
    from matplotlib.ticker import FormatStrFormatter, NullFormatter

    figure = new_figure(7, 4.5)
    axes = figure.add_subplot()
    for name, label in (("train_error_rate", "training, with its shifts and dropout"), ("valid_error_rate", "valid")):
        known = [(point["epoch"], point[name]) for point in points if point.get(name)]
        if known:
            axes.plot(*zip(*known, strict=True), "o-", label=label, markersize=3)
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("epochs")
    axes.set_ylabel("error rate (%)")
    axes.set_title(title)
    axes.grid(True, which="both", alpha=0.3)
    axes.legend()
    save_png(figure, path, dpi=130)
