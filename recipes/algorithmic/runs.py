"""One training of a recipe: started, resumed or found finished."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_prep.errors import DataError
from data_prep.files import read_json, read_lines, write_json
from eval.provenance import Stopwatch, provenance, relative

from ..options import Value
from ..training import train
from .curves import Point, read_points, samples_to_reach

LIMITS = ("max_update", "stop_time_hours")
"""Options that may change from one start of a run to the next."""

_PARAMETERS = re.compile(r"num\. shared model params: ([\d,]+)")


@dataclass(frozen=True)
class Run:
    """A training of one model on one size of the problem.

    Attributes:
        model: name of the model in the recipe.
        label: name of the model in plots.
        size: size of the problem: digits, bits or symbols.
        options: options of fairseq-train, with underscores; folders and logging are added.
    """

    model: str
    label: str
    size: int
    options: dict[str, Value] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Name of the run and of its folder."""
        return f"{self.model}-{self.size}"


def execute(run: Run, folder: Path, command: list[str], threads: int | None, quiet: bool = False) -> dict[str, Any]:
    """Train, resume the training, or read the result if it is finished.

    Args:
        run: the training.
        folder: folder of this run; it contains settings, log, checkpoints and, at the end, the result.
        command: command of the recipe, to be recorded.
        threads: number of CPU threads; None for torch's choice.
        quiet: show no progress. Default: False

    Returns:
        The result: settings, number of parameters, the values of `outcome`, the points of the curve, the starts (each
        with its command, commit and time), and the provenance of the last start.

    Raises:
        DataError: the folder contains a run with other settings.
        TrainingError: fairseq-train failed, or is still running.
    """
    settings: dict[str, Any] = {"model": run.model, "label": run.label, "size": run.size, "options": run.options}
    settings_path, result_path, log = (folder / name for name in ("settings.json", "result.json", "train.log"))
    starts: list[dict[str, Any]] = []
    if settings_path.exists():
        before = read_json(settings_path)
        check_same_settings(before["settings"]["options"], run.options, folder)
        starts = before["starts"]
    if result_path.exists():
        result: dict[str, Any] = read_json(result_path)
        if result["solved"] or not _limits_raised(result["options"], run.options):
            return result
    stopwatch = Stopwatch()
    origin = provenance(command, stopwatch)
    starts.append({name: origin[name] for name in ("command", "commit", "started")})
    write_json(settings_path, {"settings": settings, "starts": starts})
    train(None, {**run.options, "save_dir": relative(folder / "checkpoints")}, log, threads, quiet)
    lines = read_lines(log)
    points = read_points(lines, str(log))
    if not points:
        raise DataError(f"{log}: no training or validation entry; delete {folder} and start again")
    result = {
        **settings,
        "parameters": parameter_count(lines),
        **outcome(points, float(run.options.get("stop_at_accuracy", 1.0))),
        "points": points,
        "starts": starts,
        "provenance": provenance(command, stopwatch),
    }
    write_json(result_path, result)
    return result


def parameter_count(lines: Iterable[str]) -> int:
    """Return the number of parameters of the model, which fairseq-train writes into its log."""
    return next(int(found.group(1).replace(",", "")) for found in map(_PARAMETERS.search, lines) if found)


def outcome(points: Sequence[Point], threshold: float) -> dict[str, Any]:
    """Return the outcome of a training.

    Args:
        points: points of the curve.
        threshold: accuracy on the validation set at which training stops; 0: it never stops.

    Returns:
        `solved`; `samples_to_solve`, None if not solved; `samples` and `seconds` in total; and `best`, the point of the
        highest validation accuracy.
    """
    reached = samples_to_reach(points, "valid_accuracy", threshold) if threshold > 0 else None
    best = max(points, key=lambda point: point.get("valid_accuracy", -1.0))
    seconds = max((point["seconds"] for point in points if "seconds" in point), default=None)
    return {
        "solved": reached is not None,
        "samples_to_solve": reached,
        "samples": points[-1]["samples"],
        "seconds": seconds,
        "best": {
            name: value for name, value in best.items() if name in ("samples", "updates") or name.startswith("valid_")
        },
    }


def _limits_raised(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """True if a finished run may continue: one limit is higher or removed (0 hours), and none is lower."""
    limits = [[float(options.get(name) or "inf") for name in LIMITS] for options in (before, now)]
    return limits[0] != limits[1] and all(old <= new for old, new in zip(*limits, strict=True))


def check_same_settings(before: Mapping[str, Any], now: Mapping[str, Any], folder: Path) -> None:
    """Refuse to continue a run with other settings than those it was started with.

    Raises:
        DataError: an option that is not one of `LIMITS` differs.
    """
    differing = [
        f"{name} {before.get(name)}, now {now.get(name)}"
        for name in sorted({*before, *now} - set(LIMITS))
        if before.get(name) != now.get(name)
    ]
    if differing:
        raise DataError(
            f"{folder}: holds a run with other settings ({'; '.join(differing)}); use the same settings or another "
            "--dest"
        )
