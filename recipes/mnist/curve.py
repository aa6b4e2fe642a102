"""The learning curve of a model of images."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eval.pictures import new_figure, save_png

from ..curves import Point

METRICS = ("loss", "error_rate")
"""The metrics of the curve: bits, and per cent."""


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
