"""A plot of accuracy against samples for all models, with the figures that the paper reports marked as such."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from eval.pictures import new_figure, save_png

from .models import SEQUENCE_MODELS, STRING_MODELS
from .recipe import PaperFigure

MODELS = (*SEQUENCE_MODELS, *STRING_MODELS)
"""The models of all recipes; the order fixes their colours."""

COLUMNS = 3
"""Maximum number of panels side by side."""


def draw(
    path: Path, results: Sequence[dict[str, Any]], metric: str, unit: str, title: str, paper: Sequence[PaperFigure]
) -> None:
    """Plot one panel per size of the problem, as a PNG file.

    Args:
        path: path of the file.
        results: results of `runs.execute`.
        metric: validation metric to plot, such as `valid_digit_accuracy`.
        unit: what the size counts, such as `digits`.
        title: title of the plot.
        paper: figures to mark in every panel.

    Raises:
        DataError: the file cannot be written.
    """
    from matplotlib.ticker import EngFormatter, NullFormatter

    sizes = sorted({result["size"] for result in results})
    columns = min(COLUMNS, len(sizes))
    rows = -(-len(sizes) // columns)
    figure = new_figure(max(7.5, 4.5 * columns), 4.2 * rows + 0.6)
    panels = figure.subplots(rows, columns, squeeze=False, sharey=True).flatten()
    handles: dict[str, Any] = {}
    for panel, size in zip(panels, sizes, strict=False):
        for result in (result for result in results if result["size"] == size):
            points = [point for point in result["points"] if metric in point]
            colour = f"C{MODELS.index(result['model'])}"
            (handle,) = panel.plot(
                [point["samples"] for point in points],
                [point[metric] for point in points],
                "o-",
                color=colour,
                label=result["label"],
                markersize=2.5,
                linewidth=1.2,
            )
            if result["solved"]:
                panel.plot(result["samples_to_solve"], points[-1][metric], "*", color=colour, markersize=13)
            handles.setdefault(result["label"], handle)
        for number, mark in enumerate(paper):
            style = {"color": "0.35", "linestyle": (":", "--", "-.")[number % 3], "linewidth": 1.1}
            label = f"paper, as we read it: {mark.text}"
            if mark.samples is not None:
                handles.setdefault(label, panel.axvline(mark.samples, label=label, **style))
            if mark.accuracy is not None:
                handles.setdefault(label, panel.axhline(mark.accuracy, label=label, **style))
        panel.set_title(f"{size} {unit}", fontsize=10)
        panel.set_xlabel("training samples")
        panel.set_xscale("log")
        panel.xaxis.set_major_formatter(EngFormatter(sep=""))
        panel.xaxis.set_minor_formatter(NullFormatter())
        panel.set_ylim(-0.02, 1.04)
        panel.grid(True, alpha=0.3)
    for panel in panels[len(sizes) :]:
        panel.set_axis_off()
    panels[0].set_ylabel(metric.replace("valid_", "validation ").replace("_", " "))
    figure.suptitle(f"{title} (star: validation set solved)", fontsize=11)
    figure.legend(handles=list(handles.values()), loc="outside lower center", ncols=1 if paper else 2, fontsize=8)
    save_png(figure, path, dpi=130)
