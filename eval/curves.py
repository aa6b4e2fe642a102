"""Training curves of perplexity and BLEU from a log of fairseq-train."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from data_prep.errors import DataError
from data_prep.files import read_lines, write_csv

from .pictures import literal, new_figure, save_png
from .training_log import Entry, read_points

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class CurvePoint:
    """One point of a training curve; None where the log has no value.

    Attributes:
        epoch: number of the epoch, counted from 1.
        updates: number of parameter updates since the start of training.
        train_ppl: perplexity on the training data, averaged over the epoch.
        valid_ppl: perplexity on the validation data.
        valid_loss: the criterion's loss on the validation data, by which fairseq-train chooses the best checkpoint.
        valid_bleu: the task's own BLEU on the validation data, which does not replace that of `eval.bleu`.
        wall_seconds: seconds since the start of training, as fairseq counts them.
    """

    epoch: int
    updates: int
    train_ppl: float | None = None
    valid_ppl: float | None = None
    valid_loss: float | None = None
    valid_bleu: float | None = None
    wall_seconds: float | None = None


def parse_log(lines: Iterable[str], valid_subset: str = "valid", name: str = "log") -> list[CurvePoint]:
    """Return the curve in the lines of a log.

    The training and validation entries of the same update make one point. Where training was resumed from an earlier
    checkpoint, the later entries replace those that they repeat.

    Args:
        lines: lines of the log.
        valid_subset: name of the validation set, as in fairseq-train's ``--valid-subset``. Default: "valid"
        name: name of the log, for error messages. Default: "log"

    Returns:
        The points in the order of updates.

    Raises:
        DataError: a value is not a number, or an entry lacks its epoch or number of updates.
    """
    return [CurvePoint(**point) for point in read_points(lines, _values, valid_subset, name)]


def _values(entry: Entry) -> dict[str, Any]:
    ppl = entry.number("ppl")
    if ppl is None:
        # Criterions that log no perplexity still log a loss, to base 2.
        loss = entry.number("nll_loss")
        loss = entry.number("loss") if loss is None else loss
        ppl = None if loss is None else _perplexity(loss)
    if entry.kind == "train":
        return {"train_ppl": ppl, "wall_seconds": entry.number("wall")}
    # Validation entries have no time of their own.
    loss = entry.number("loss")
    return {"valid_ppl": ppl, "valid_loss": loss, "valid_bleu": entry.number("bleu")}


def _perplexity(loss: float) -> float:
    try:
        return 2.0**loss
    except OverflowError:
        return math.inf


def read_log(path: Path, valid_subset: str = "valid") -> list[CurvePoint]:
    """Return the curve in a log file; see `parse_log`.

    Raises:
        DataError: the file cannot be read, has a wrong entry, or has none.
    """
    points = parse_log(read_lines(path), valid_subset, str(path))
    if not points:
        raise DataError(f"{path}: no training or validation entry; run fairseq-train with --log-format json")
    return points


def write_curve(path: Path, points: Sequence[CurvePoint]) -> None:
    """Write a curve as CSV with a header line; unknown values are empty fields.

    Raises:
        DataError: the file cannot be written.
    """
    write_csv(path, [field.name for field in fields(CurvePoint)], map(asdict, points))


def plot(path: Path, points: Sequence[CurvePoint], title: str = "") -> None:
    """Write the figure of `draw_curve` as a PNG file.

    Raises:
        DataError: the name of the file does not end in ``.png``, or it cannot be written.
    """
    save_png(draw_curve(points, title), path, dpi=150)


def draw_curve(points: Sequence[CurvePoint], title: str = "") -> Figure:
    """Plot perplexity (logarithmic axis) and, where known, validation BLEU against updates."""
    from matplotlib.ticker import LogFormatter, MaxNLocator

    figure = new_figure(7, 4.5)
    axes = figure.add_subplot()
    for name, label, style in (("train_ppl", "train perplexity", "o-"), ("valid_ppl", "valid perplexity", "s-")):
        known = _known(points, name)
        if known:
            axes.plot(*zip(*known, strict=True), style, label=label, markersize=3)
    axes.set_yscale("log")
    for axis_formatter in (axes.yaxis.set_major_formatter, axes.yaxis.set_minor_formatter):
        axis_formatter(LogFormatter(minor_thresholds=(2, 0.6)))
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.set_xlabel("updates")
    axes.set_ylabel("perplexity")
    axes.set_title(literal(title))
    axes.grid(True, which="both", alpha=0.3)
    handles, labels = axes.get_legend_handles_labels()
    bleu = _known(points, "valid_bleu")
    if bleu:
        right = axes.twinx()
        right.plot(*zip(*bleu, strict=True), "^--", color="tab:green", label="valid BLEU", markersize=3)
        right.set_ylabel("BLEU")
        more_handles, more_labels = right.get_legend_handles_labels()
        handles, labels = handles + more_handles, labels + more_labels
    figure.legend(handles, labels, loc="outside lower center", ncols=len(handles))
    return figure


def _known(points: Sequence[CurvePoint], name: str) -> list[tuple[int, float]]:
    pairs = [(point.updates, getattr(point, name)) for point in points]
    return [(updates, value) for updates, value in pairs if value is not None and math.isfinite(value)]
