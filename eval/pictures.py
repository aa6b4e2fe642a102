"""Plots as PNG and SVG that are the same bytes for the same values."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.errors import DataError
from data_prep.files import new_file

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CHINESE_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Droid Sans Fallback",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "Arial Unicode MS",
    "Microsoft YaHei",
    "SimHei",
    "SimSun",
)


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure, in inches. It needs no display and leaves matplotlib's global state unchanged."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def literal(text: str) -> str:
    """Return a text that matplotlib shows as it is: without formulas between dollar signs."""
    return text.replace("$", r"\$")


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


def svg_text(figure: Figure, salt: str) -> str:
    """Return a figure as an SVG element, for a page that contains it.

    Args:
        figure: the figure.
        salt: makes the names of its parts differ from those of other figures on the page.
    """
    import matplotlib

    stream = io.StringIO()
    # Text stays text, in the fonts of the reader; the names of parts are not random.
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt}):
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None, "Format": None, "Type": None})
    text = stream.getvalue()
    # Names of groups, which nothing refers to, would be those of all figures on the page.
    return re.sub(r'<g id="[^"]*">', "<g>", text[text.index("<svg") :].rstrip())


def chinese_font() -> str | None:
    """Return the name of an installed font that has Chinese characters, or None if none is known to be."""
    from matplotlib import font_manager

    installed = {font.name for font in font_manager.fontManager.ttflist}
    return next((name for name in _CHINESE_FONTS if name in installed), None)
