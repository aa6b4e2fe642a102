"""One training of a recipe: started, resumed or found finished."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from data_prep.errors import DataError
from data_prep.files import read_json, read_lines, write_json
from eval.inspection import inspect
from eval.provenance import Stopwatch, provenance, relative

from ..options import Value
from ..training import train
from .chance import Chance, lower_bound
from .curves import Point, read_points, samples_to_reach

LIMITS = ("max_update", "stop_time_hours")
"""Options that may change from one start of a run to the next."""

_FEWER = re.compile(r"the valid set has (\d+) of them instead")
_PARAMETERS = re.compile(r"num\. shared model params: ([\d,]+)")


@dataclass(frozen=True)
class Run:
    """A training of one model on one size of the problem.

    Attributes:
        model: name of the model in the recipe.
        label: name of the model in plots.
        size: size of the problem: digits, bits or symbols.
        options: options of fairseq-train, with underscores; folders and logging are added.
        metric: validation metric that is compared with chance.
        chance: what a model that has learned nothing reaches.
    """

    model: str
    label: str
    size: int
    options: dict[str, Value]
    metric: str
    chance: Chance

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
        The result: settings, number of parameters, the values of `outcome`, `chance` (see `against_chance`), `test`
        (see `fresh_set`), the points of the curve, the starts (each with its command, commit and time), and the
        provenance of the last start.

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
    with recorded_start(settings_path, {"settings": settings, "starts": starts}, command, stopwatch):
        train(None, {**run.options, "save_dir": relative(folder / "checkpoints")}, log, threads, quiet)
    lines = read_lines(log)
    points = read_points(lines, str(log))
    if not points:
        raise DataError(f"{log}: no training or validation entry; delete {folder} and start again")
    valid_samples = valid_set_size(lines, int(run.options["valid_samples"]))
    result = {
        **settings,
        "parameters": parameter_count(lines),
        **outcome(points, float(run.options.get("stop_at_accuracy", 1.0))),
        "chance": against_chance(points, run.metric, run.chance, valid_samples),
        "test": fresh_set(folder / "checkpoints" / "checkpoint_best.pt"),
        "points": points,
        "starts": starts,
        "provenance": provenance(command, stopwatch),
    }
    write_json(result_path, result)
    return result


@contextmanager
def recorded_start(path: Path, document: dict[str, Any], command: list[str], stopwatch: Stopwatch) -> Iterator[None]:
    """Record a start of a training: when it begins, and again when it ends or fails, as the code may have changed.

    Args:
        path: JSON file of the settings and all starts of the training.
        document: its content; the start is added to the list `starts`.
        command: command of the recipe.
        stopwatch: created when the start began.
    """
    start: dict[str, Any] = {
        "command": command,
        "commit": stopwatch.commit_record(),
        "started": stopwatch.started.isoformat(timespec="seconds"),
    }
    document["starts"].append(start)
    write_json(path, document)
    try:
        yield
    finally:
        start["commit"] = stopwatch.commit_record()
        write_json(path, document)


def parameter_count(lines: Iterable[str]) -> int:
    """Return the number of parameters of the model, which fairseq-train writes into its log."""
    return next(int(found.group(1).replace(",", "")) for found in map(_PARAMETERS.search, lines) if found)


def valid_set_size(lines: Iterable[str], requested: int) -> int:
    """Return the number of samples of the validation set: as requested, unless the task warned that there are fewer."""
    return next((int(found.group(1)) for found in map(_FEWER.search, lines) if found), requested)


def outcome(points: Sequence[Point], threshold: float) -> dict[str, Any]:
    """Return the outcome of a training.

    Args:
        points: points of the curve.
        threshold: accuracy on the validation set at which training stops; 0: it never stops.

    Returns:
        `solved`; `samples_to_solve`, None if not solved; `samples` and `seconds` in total; `validations`, their number;
        `last`, the point of the last validation; and `best`, that of the highest validation accuracy, which is higher
        than what the model would reach on another set, and the more so the more validations there were.
    """
    reached = samples_to_reach(points, "valid_accuracy", threshold) if threshold > 0 else None
    validated = [point for point in points if "valid_accuracy" in point] or list(points[-1:])
    best = max(validated, key=lambda point: point.get("valid_accuracy", -1.0))
    seconds = max((point["seconds"] for point in points if "seconds" in point), default=None)
    return {
        "solved": reached is not None,
        "samples_to_solve": reached,
        "samples": points[-1]["samples"],
        "seconds": seconds,
        "validations": len(validated),
        "last": _validation(validated[-1]),
        "best": _validation(best),
    }


def _validation(point: Point) -> Point:
    return {name: value for name, value in point.items() if name in ("samples", "updates") or name.startswith("valid_")}


def against_chance(points: Sequence[Point], metric: str, chance: Chance, samples: int) -> dict[str, Any]:
    """Return where the accuracies of a model that has learned nothing would lie.

    Args:
        points: points of the curve.
        metric: the validation metric.
        chance: what a model that has learned nothing reaches on average.
        samples: size of the validation set.

    Returns:
        The values of `chance`, and its intervals `last`, for a single validation, and `best`, for all of the curve.
    """
    validations = sum(metric in point for point in points)
    return {
        **asdict(chance),
        "last": chance.interval(samples),
        "best": chance.interval(samples, max(1, validations)),
    }


def fresh_set(checkpoint: Path) -> dict[str, Any]:
    """Return what a model does on the test set, which neither its parameters nor the choice of a checkpoint depend on.

    Args:
        checkpoint: the model, whose samples for the test were held out of its training.

    Returns:
        `checkpoint`, its file name; `samples` of the set; how many are `right` as a whole; `at_least`, the lower bound
        of the probability of a right sample; and `accuracy` over the symbols that are no delimiters.

    Raises:
        DataError: fairseq-generate failed.
    """
    samples = inspect(checkpoint, "test")
    right = sum(not sample.errors for sample in samples)
    results = [pair for sample in samples for pair in sample.results()]
    return {
        "checkpoint": checkpoint.name,
        "samples": len(samples),
        "right": right,
        "at_least": lower_bound(right, len(samples)),
        "accuracy": sum(target == predicted for target, predicted in results) / len(results),
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
