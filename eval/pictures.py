"""Plots as PNG files that are the same bytes for the same values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.errors import DataError
from data_prep.files import new_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, in inches. It needs no display and leaves matplotlib's global state unchanged."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_png(figure: Figure, path: Path, dpi: int) -> None:
    """Write a figure as a PNG file.

    Raises:
        DataError: the name of the file does not end in ``.png``, or it cannot be written.
    """
    if path.suffix.lower() != ".png":
        raise DataError(f"{path}: the plot is a PNG file; its name must end in .png")
    with new_file(path) as temporary:
        # The file does not contain matplotlib's version.
        figure.savefig(temporary, dpi=dpi, metadata={"Software": None})
