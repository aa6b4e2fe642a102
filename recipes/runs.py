"""One training of a recipe: start it, resume it, or read its result if it has finished."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypedDict

from data_prep.errors import DataError
from data_prep.files import read_json, read_lines, write_json
from eval.provenance import Stopwatch, combined_commit, provenance, relative

from .options import Value, differences
from .training import locked, train

LIMITS = ("max_update", "max_epoch", "stop_time_hours")
"""Options that may change from one start of a run to the next."""


class Start(TypedDict):
    """A start of a training.

    Attributes:
        command: command of the recipe.
        commit: see `eval.provenance.Stopwatch.commit_record`.
        started: time of the start (UTC).
    """

    command: list[str]
    commit: dict[str, Any] | None
    started: str


CHECKPOINTS, LOG, RESULT = "checkpoints", "train.log", "result.json"
"""Names within the folder of a run."""

_PARAMETERS = re.compile(r"num\. shared model params: ([\d,]+)")


def execute(
    folder: Path,
    settings: Mapping[str, Any],
    command: list[str],
    outcome: Callable[[list[str]], dict[str, Any]],
    *,
    data: Path | None = None,
    threads: int | None = None,
    quiet: bool = False,
) -> dict[str, Any]:
    """Train, resume the training, or read the result if it is finished.

    A finished run continues if a limit (`LIMITS`) was raised, unless it is solved. A run without a checkpoint does not
    bind its folder to its settings; its log is renamed.

    Args:
        folder: folder of this run; it contains settings, log, checkpoints and, at the end, the result.
        settings: `options`, those of fairseq-train with underscores, to which folders and logging are added; `data`,
            if the task reads data, their checksums by name; further values that the result is to contain.
        command: command of the recipe, to be recorded.
        outcome: given the lines of the log, returns the part of the result that describes the training.
        data: folder of the data. Default: none, for a task that draws its samples
        threads: number of CPU threads. Default: torch's choice
        quiet: show no progress. Default: False

    Returns:
        The result: the settings, the number of parameters, the outcome, the starts (each with its command, commit and
        time), and the provenance of the last start.

    Raises:
        DataError: the folder contains a run with other settings or on other data, or a program failed.
    """
    settings_path, result_path, log = (folder / name for name in ("settings.json", RESULT, LOG))
    options: dict[str, Value] = settings["options"]
    starts: list[Start] = []
    if settings_path.exists():
        before = read_json(settings_path)
        differing = differences(_compared(before["settings"]), _compared(settings))
        if not differing:
            starts = before["starts"]
        elif any((folder / CHECKPOINTS).glob("*.pt")):
            raise DataError(
                f"{folder}: holds a run with other settings ({differing}); use the same settings or another --dest"
            )
        else:  # an option was wrong, or the run was stopped at once
            _put_aside(log)
    if result_path.exists():
        result: dict[str, Any] = read_json(result_path)
        if result.get("solved") or not _limits_raised(result["options"], options):
            return result
    stopwatch = Stopwatch()
    with recorded_start(settings_path, {"settings": settings, "starts": starts}, command, stopwatch):
        train(data, {**options, "save_dir": relative(folder / CHECKPOINTS)}, log, threads, quiet)
    lines = read_lines(log)
    result = {
        **settings,
        "parameters": parameter_count(lines),
        **outcome(lines),
        "starts": starts,
        "provenance": provenance(command, stopwatch),
    }
    write_json(result_path, result)
    return result


def _put_aside(log: Path) -> None:
    """Rename the log of a training that has left no checkpoint, so that another one can begin in its folder.

    Raises:
        TrainingError: that training is still running.
    """
    with locked(log.parent):
        if log.exists():
            log.replace(log.with_name(f"earlier-{log.name}"))


@contextmanager
def recorded_start(path: Path, document: dict[str, Any], command: list[str], stopwatch: Stopwatch) -> Iterator[None]:
    """Record a start of a training when it begins, and again when it ends or fails: the code may have changed.

    Args:
        path: JSON file of the settings and all starts of the training.
        document: its content; the start is added to the list `starts`.
        command: command of the recipe.
        stopwatch: created when the start began.
    """
    start: Start = {
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


def combined_provenance(origin: dict[str, Any], results: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the provenance of a file of several runs with the commit of all their starts."""
    parts = [start["commit"] for result in results for start in result["starts"]]
    return {**origin, "commit": combined_commit(origin["commit"], parts)}


def parameter_count(lines: Iterable[str]) -> int | None:
    """Return the number of parameters of the model, which fairseq-train writes into its log; None if it did not."""
    return next((int(found[1].replace(",", "")) for found in map(_PARAMETERS.search, lines) if found), None)


EARLIER: Mapping[str, Value] = {"dropout": 0.0, "weight_decay": 0.0}
"""Defaults for options that older result files do not record."""


def _compared(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what must not change from one start of a run to the next."""
    values = {**EARLIER, **settings["options"], **settings.get("data", {})}
    return {name: value for name, value in values.items() if name not in LIMITS}


def _limits_raised(before: Mapping[str, Any], now: Mapping[str, Any]) -> bool:
    """True if a finished run may continue: one limit is higher or removed (0 hours), and none is lower."""
    limits = [[float(options.get(name) or "inf") for name in LIMITS] for options in (before, now)]
    return limits[0] != limits[1] and all(old <= new for old, new in zip(*limits, strict=True))
