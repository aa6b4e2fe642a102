"""One training of the recipe: started, resumed or found finished; then its bits per character on both held-out sets."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_prep.errors import DataError
from data_prep.files import read_json, read_lines, sha256_of, write_json
from eval.program import USER_DIR, environment, failure_reason
from eval.provenance import Stopwatch, provenance, relative

from ..algorithmic.runs import check_same_settings, parameter_count, recorded_start
from ..options import Options, Value
from ..training import train
from .curves import best, read_points

VALIDATE = [sys.executable, "-m", "fairseq_cli.validate"]
"""The program that measures, and its first arguments."""

SPLITS = ("valid", "test")

TASK = ("task", "sequence_length", "truncate_every", "batch_size")
"""Options of a training that its validation shares."""


@dataclass(frozen=True)
class Run:
    """A training of one model with one optimizer.

    Attributes:
        model: name of the model in the recipe.
        label: name of the run in plots.
        optimizer: "adam" or "muon".
        options: options of fairseq-train, with underscores; folders and logging are added.
        characters: number of characters of the training text.
        updates_per_epoch: see `Scale.updates_per_epoch`.
    """

    model: str
    label: str
    optimizer: str
    options: dict[str, Value]
    characters: int
    updates_per_epoch: int

    @property
    def name(self) -> str:
        """Name of the run and of its folder."""
        return f"{self.model}-{self.optimizer}"


def execute(
    run: Run, data: Path, manifest_sha256: str, folder: Path, command: list[str], threads: int | None, quiet: bool
) -> dict[str, Any]:
    """Train, resume the training, or read the result if it is finished.

    Args:
        run: the training.
        data: folder of prepared text.
        manifest_sha256: SHA-256 of its manifest.
        folder: folder of this run; it contains settings, log, checkpoints and, at the end, the result.
        command: command of the recipe, to be recorded.
        threads: number of CPU threads; None for torch's choice.
        quiet: show no progress.

    Returns:
        The result: settings, number of parameters, the points of the curve, `best` (the point of the best checkpoint),
        `bpc` of that checkpoint on `valid` and `test`, speed, the starts (each with its command, commit and time), and
        the provenance of the last start.

    Raises:
        DataError: the folder contains a run with other settings or on other data, or a program failed.
    """
    settings = {"options": run.options, "manifest_sha256": manifest_sha256}
    settings_path, result_path, log = (folder / name for name in ("settings.json", "result.json", "train.log"))
    starts: list[dict[str, Any]] = []
    if settings_path.exists():
        before = read_json(settings_path)
        check_same_settings(_fixed(before["settings"]), _fixed(settings), folder)
        starts = before["starts"]
    if result_path.exists():
        result: dict[str, Any] = read_json(result_path)
        if result["options"]["max_epoch"] >= run.options["max_epoch"]:
            return result
    stopwatch = Stopwatch()
    checkpoints = folder / "checkpoints"
    with recorded_start(settings_path, {"settings": settings, "starts": starts}, command, stopwatch):
        train(data, {**run.options, "save_dir": relative(checkpoints)}, log, threads, quiet)
    lines = read_lines(log)
    points = read_points(lines, run.updates_per_epoch, str(log))
    if not any("valid_bpc" in point for point in points):
        raise DataError(f"{log}: no validation; delete {folder} and start again")
    checkpoint = checkpoints / "checkpoint_best.pt"
    seconds = max((point["seconds"] for point in points if "seconds" in point), default=None)
    read = points[-1]["updates"] / run.updates_per_epoch * run.characters
    result = {
        "model": run.model,
        "label": run.label,
        "optimizer": run.optimizer,
        **settings,
        "parameters": parameter_count(lines),
        "points": points,
        "best": best(points),
        "bpc": bits_per_character(checkpoint, data, run.options, threads),
        "seconds": seconds,
        "characters_per_second": round(read / seconds, 1) if seconds else None,
        "checkpoint_sha256": sha256_of(checkpoint),
        "starts": starts,
        "provenance": provenance(command, stopwatch),
    }
    write_json(result_path, result)
    return result


def bits_per_character(checkpoint: Path, data: Path, options: Options, threads: int | None) -> dict[str, float]:
    """Return the bits per character of `valid` and `test`, as fairseq-validate measures them.

    Args:
        checkpoint: the model.
        data: folder of prepared text.
        options: options of the training.
        threads: number of CPU threads; None for torch's choice.

    Raises:
        DataError: the program failed.
    """
    arguments = [relative(data), "--user-dir", relative(USER_DIR), "--path", relative(checkpoint)]
    arguments += [part for name in TASK for part in (f"--{name.replace('_', '-')}", str(options[name]))]
    arguments += ["--valid-subset", ",".join(SPLITS), "--num-workers", "0", "--log-format", "json"]
    limited = {} if threads is None else {"OMP_NUM_THREADS": str(threads)}
    done = subprocess.run(
        [*VALIDATE, *arguments], capture_output=True, text=True, encoding="utf-8", env=environment(**limited)
    )
    if done.returncode != 0:
        raise DataError(f"fairseq-validate failed with status {done.returncode}: {failure_reason(done.stderr)}")
    entries = (line.partition("| INFO | ")[2].partition(" | ") for line in done.stdout.splitlines())
    found = {split: float(json.loads(entry)[f"{split}_bpc"]) for split, _, entry in entries if split in SPLITS}
    if found.keys() != set(SPLITS):
        raise DataError("fairseq-validate: its output lacks the bits per character of a split")
    return found


def _fixed(settings: dict[str, Any]) -> dict[str, Any]:
    """The settings that may not change between the starts of a run.

    More epochs are allowed: where the learning rate depends on their number, so does another option.
    """
    options = {name: value for name, value in settings["options"].items() if name != "max_epoch"}
    return {**options, "data": settings["manifest_sha256"]}
