"""One training of a recipe: started, resumed or found finished."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from eval.errors import EvaluationError
from eval.files import read_lines, relative, write_json
from eval.provenance import Stopwatch, provenance
from recipes.algorithmic.curves import Point, read_points, samples_to_reach
from recipes.training import Value, train

_PARAMETERS = re.compile(r"num\. shared model params: ([\d,]+)")


@dataclass(frozen=True)
class Run:
    """What is to be trained.

    Attributes:
        model: name of the model in the recipe.
        label: the model in words, for pictures.
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


def training_options(
    task: str, seed: int, batch_size: int, samples: int, samples_per_epoch: int, hours: float, lr: float, **more: Value
) -> dict[str, Value]:
    """Options of fairseq-train that all runs have: a constant rate, until solved or out of budget.

    Args:
        task: name of the task.
        seed: of the parameters and of the training samples.
        batch_size: samples an update.
        samples: most samples to see.
        samples_per_epoch: samples between two validations.
        hours: most hours of training; 0: no limit.
        lr: learning rate.
        more: further options; they go before those here.
    """
    return {
        "task": task,
        "criterion": "symbol_cross_entropy",
        "lr": lr,
        "clip_norm": 1.0,
        "batch_size": batch_size,
        "max_update": -(-samples // batch_size),
        "stop_time_hours": hours,
        "samples_per_epoch": samples_per_epoch,
        "best_checkpoint_metric": "accuracy",
        "maximize_best_checkpoint_metric": True,
        "no_epoch_checkpoints": True,
        "num_workers": 0,
        "log_interval": 100,
        "seed": seed,
        **more,
    }


def execute(run: Run, folder: Path, command: list[str], threads: int | None, quiet: bool = False) -> dict[str, Any]:
    """Train, or go on, or read what was finished before.

    Args:
        run: what to train.
        folder: folder of this run; it holds settings, log, checkpoints and, at the end, the result.
        command: the recipe's command, for the record.
        threads: CPU threads; None for torch's own choice.
        quiet: show no progress.

    Returns:
        the result: settings, points, `solved`, `samples_to_solve`, the best accuracies, a list of the starts (command,
        commit and time of each), provenance of the last.

    Raises:
        EvaluationError: the folder holds a run with other settings.
        TrainingError: fairseq-train failed, or still runs.
    """
    settings: dict[str, Any] = {"model": run.model, "label": run.label, "size": run.size, "options": run.options}
    kept = folder / "settings.json"
    starts: list[dict[str, Any]] = []
    if kept.exists():
        before = json.loads("\n".join(read_lines(kept)))
        _compare(before["settings"], settings, folder)
        starts = before["starts"]
    result_path = folder / "result.json"
    if result_path.exists():
        result: dict[str, Any] = json.loads("\n".join(read_lines(result_path)))
        if result["solved"] or not _raised(result["options"], run.options):
            return result
    stopwatch = Stopwatch()
    origin = provenance(command, stopwatch)
    starts.append({name: origin[name] for name in ("command", "commit", "started")})
    write_json(kept, {"settings": settings, "starts": starts})
    log = folder / "train.log"
    train(None, {**run.options, "save_dir": relative(folder / "checkpoints")}, log, threads, quiet)
    lines = read_lines(log)
    points = read_points(lines)
    result = {
        **settings,
        "parameters": next(int(m.group(1).replace(",", "")) for m in map(_PARAMETERS.search, lines) if m),
        **summary(points, float(run.options.get("stop_at_accuracy", 1.0))),
        "points": points,
        "starts": starts,
        "provenance": provenance(command, stopwatch),
    }
    write_json(result_path, result)
    return result


def summary(points: list[Point], threshold: float) -> dict[str, Any]:
    """What a curve comes to.

    Args:
        points: of the curve.
        threshold: accuracy on the validation set at which training stops.

    Returns:
        `solved`, `samples_to_solve` (None if not solved), `samples` and `seconds` in all, and the point of the highest
        validation accuracy as `best`.
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


LIMITS = ("max_update", "stop_time_hours")
"""Options that may change from one start of a run to the next."""


def _raised(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """Whether a run that came to its end may now go on: a limit is higher, or gone (0 hours), and none is lower."""
    limits = [[float(options.get(name) or "inf") for name in LIMITS] for options in (before, now)]
    return limits[0] != limits[1] and all(old <= new for old, new in zip(*limits, strict=True))


def _compare(before: dict[str, Any], now: dict[str, Any], folder: Path) -> None:
    """Refuse to go on with other settings than those of the start."""
    differing = [
        f"{name} {before['options'].get(name)}, now {now['options'].get(name)}"
        for name in sorted({*before["options"], *now["options"]} - set(LIMITS))
        if before["options"].get(name) != now["options"].get(name)
    ]
    if differing:
        raise EvaluationError(
            f"{folder}: holds a run with other settings ({'; '.join(differing)}); give the settings of before, or "
            "another --dest"
        )
