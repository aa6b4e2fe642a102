"""Training curves from the log of fairseq-train with ``--log-format json``."""

import csv
import json
import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from eval.errors import EvaluationError
from eval.files import atomic_path, read_lines

# "2026-01-31 10:20:30 | INFO | valid | {...}"; with --log-file fairseq writes the JSON object alone.
_ENTRY = re.compile(r"^(?:.*?\| INFO \| [\w-]+ \| )?(\{.*\})\s*$")


@dataclass(frozen=True)
class CurvePoint:
    """What the log says about one point of training; None where it says nothing.

    Attributes:
        epoch: epoch, from 1.
        updates: parameter updates since the start of training.
        train_ppl: perplexity on the training data, averaged over the epoch.
        valid_ppl: perplexity on the validation data.
        valid_bleu: the task's own BLEU on the validation data (no substitute for `eval.bleu`).
        wall_seconds: seconds since the start of training.
    """

    epoch: int
    updates: int
    train_ppl: float | None = None
    valid_ppl: float | None = None
    valid_bleu: float | None = None
    wall_seconds: float | None = None


def parse_log(lines: Iterable[str], valid_subset: str = "valid") -> list[CurvePoint]:
    """Read the end-of-epoch and validation entries of a log.

    The entries of training and of validation that belong to the same update make one point. Where training was resumed
    from an earlier checkpoint, the later entries count and those that they repeat do not.

    Args:
        lines: lines of the log; those without an entry are passed over.
        valid_subset: name of the validation set, as in fairseq-train's ``--valid-subset``.

    Returns:
        The points in the order of updates.

    Raises:
        EvaluationError: an entry's number is not one, or an entry lacks its epoch or its number of updates.
    """
    points: dict[int, CurvePoint] = {}
    for number, line in enumerate(lines, start=1):
        match = _ENTRY.match(line)
        if match is None:
            continue
        try:
            entry = json.loads(match.group(1))
        except ValueError:
            continue  # a log line that merely looks like an entry: fairseq prints its configuration in braces
        for kind in ("train", valid_subset):
            # `train_inner` entries, printed within an epoch, have no such prefix
            if f"{kind}_num_updates" in entry:
                values = _values(entry, kind, number, is_train=kind == "train")
                key = values["updates"]
                if points and key < max(points):
                    # training was resumed from an earlier checkpoint: what followed it was given up
                    points = {updates: point for updates, point in points.items() if updates < key}
                point = points.get(key, CurvePoint(values["epoch"], key))
                known = {name: value for name, value in values.items() if value is not None}
                points[key] = replace(point, **known)
    return [points[updates] for updates in sorted(points)]


def _values(entry: dict[str, Any], kind: str, line: int, *, is_train: bool) -> dict[str, Any]:
    def number(key: str) -> float | None:
        if key not in entry:
            return None
        try:
            return float(entry[key])
        except (TypeError, ValueError) as error:
            raise EvaluationError(f"line {line}: {key} is {entry[key]!r}, not a number") from error

    def whole(key: str) -> int:
        value = number(key)
        if value is None or not value.is_integer():
            raise EvaluationError(f"line {line}: {key} is {entry.get(key)!r}, expected a whole number")
        return int(value)

    ppl = number(f"{kind}_ppl")
    if ppl is None:
        # Criterions that log no perplexity still log a loss, to base 2
        loss = number(f"{kind}_nll_loss")
        loss = number(f"{kind}_loss") if loss is None else loss
        ppl = None if loss is None else _perplexity(loss)
    values: dict[str, Any] = {"epoch": whole("epoch"), "updates": whole(f"{kind}_num_updates")}
    if is_train:
        return {**values, "train_ppl": ppl, "wall_seconds": number("train_wall")}
    # Validation entries have no time of their own
    return {**values, "valid_ppl": ppl, "valid_bleu": number(f"{kind}_bleu")}


def _perplexity(loss: float) -> float:
    try:
        return 2.0**loss
    except OverflowError:
        return math.inf


def read_log(path: Path, valid_subset: str = "valid") -> list[CurvePoint]:
    """Read a log file; see `parse_log`.

    Raises:
        EvaluationError: the file cannot be read, or it has no entry.
    """
    try:
        points = parse_log(read_lines(path), valid_subset)
    except EvaluationError as error:
        message = str(error)
        raise EvaluationError(message if message.startswith(str(path)) else f"{path}: {message}") from error
    if not points:
        raise EvaluationError(f"{path}: no training or validation entry; run fairseq-train with --log-format json")
    return points


def write_csv(path: Path, points: Sequence[CurvePoint]) -> None:
    """Write the points as CSV with a header line; what is not known is an empty field."""
    names = [field.name for field in fields(CurvePoint)]
    with atomic_path(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, names, lineterminator="\n")
        writer.writeheader()
        writer.writerows(asdict(point) for point in points)


def plot(path: Path, points: Sequence[CurvePoint], title: str = "") -> None:
    """Draw perplexity (logarithmic axis) and, where known, validation BLEU over the updates, as a PNG file.

    Raises:
        EvaluationError: ``path`` does not end in ``.png``, or cannot be written.
    """
    if path.suffix.lower() != ".png":
        raise EvaluationError(f"{path}: the plot is a PNG file; its name must end in .png")
    # The object interface leaves the caller's choice of a matplotlib backend alone and needs no display.
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogFormatter, MaxNLocator

    figure = Figure(figsize=(7, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
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
    axes.set_title(title)
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
    with atomic_path(path) as temporary:
        # no software version in the file: the same points give the same bytes
        figure.savefig(temporary, dpi=150, metadata={"Software": None})


def _known(points: Sequence[CurvePoint], name: str) -> list[tuple[int, float]]:
    pairs = [(point.updates, getattr(point, name)) for point in points]
    return [(updates, value) for updates, value in pairs if value is not None and math.isfinite(value)]
