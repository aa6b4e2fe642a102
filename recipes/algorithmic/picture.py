"""Accuracy against samples, all models in one picture, the paper's figures marked as the paper's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.files import atomic_path

MODELS = (
    "tied_2lstm",
    "untied_2lstm",
    "tied_stacked_lstm",
    "stacked_lstm",
    "tied_1lstm",
    "untied_1lstm",
    "tanh",
    "relu",
    "untied_tanh",
    "untied_relu",
)
"""All recipes' models; each always has the same colour."""

COLUMNS = 3


@dataclass(frozen=True)
class PaperFigure:
    """A figure of the paper, as we read it; never one of ours.

    Attributes:
        text: what it says, with the paper's sizes.
        samples: samples until the task was solved, if the figure says so.
        accuracy: final accuracy, if the figure says so.
    """

    text: str
    samples: int | None = None
    accuracy: float | None = None

    def to_json(self) -> dict[str, Any]:
        """For a file of results."""
        return {**asdict(self), "source": "paper, as we read it"}


def draw(
    path: Path, results: Sequence[dict[str, Any]], metric: str, unit: str, title: str, paper: Sequence[PaperFigure]
) -> None:
    """Draw one panel for each size of the problem, as a PNG file.

    Args:
        path: of the file.
        results: as `runs.execute` returns them.
        metric: validation metric to draw, such as `valid_digit_accuracy`.
        unit: what the size counts, such as `digits`.
        title: of the picture.
        paper: figures to mark in every panel.

    Raises:
        EvaluationError: the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import EngFormatter, NullFormatter

    sizes = sorted({result["size"] for result in results})
    columns = min(COLUMNS, len(sizes))
    rows = -(-len(sizes) // columns)
    figure = Figure(figsize=(max(7.5, 4.5 * columns), 4.2 * rows + 0.6), layout="constrained")
    FigureCanvasAgg(figure)
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
    with atomic_path(path) as temporary:
        # no software version in the file: the same points give the same bytes
        figure.savefig(temporary, dpi=130, metadata={"Software": None})
