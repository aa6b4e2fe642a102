"""One training of the recipe; then its bits per character on both held-out sets."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data_prep.errors import DataError
from data_prep.files import sha256_of
from eval.program import USER_DIR, run_program
from eval.provenance import relative
from reencoder.text.manifest import MANIFEST

from ..curves import training_seconds
from ..options import Options, Value
from ..runs import CHECKPOINTS, LOG, execute
from .curves import best, read_points

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

    def execute(self, data: Path, folder: Path, command: list[str], threads: int, quiet: bool) -> dict[str, Any]:
        """Train, resume the training, or read the result if it is finished; see `recipes.runs.execute`.

        Args:
            data: folder of prepared text.
            folder: folder of this run.
            command: command of the recipe, to be recorded.
            threads: number of CPU threads.
            quiet: show no progress.

        Returns:
            The result; it contains the points of the curve, `best` (the point of the best checkpoint), `bpc` of that
            checkpoint on `valid` and `test`, and the speed.

        Raises:
            DataError: the folder contains a run with other settings or on other data, or a program failed.
        """
        checkpoint = folder / CHECKPOINTS / "checkpoint_best.pt"

        def outcome(lines: list[str]) -> dict[str, Any]:
            points = read_points(lines, self.updates_per_epoch, str(folder / LOG))
            seconds = training_seconds(points)
            read = points[-1]["epoch"] * self.characters
            return {
                "points": points,
                "best": best(points),
                "bpc": bits_per_character(checkpoint, data, self.options, threads),
                "seconds": seconds,
                "characters_per_second": round(read / seconds, 1) if seconds else None,
                "checkpoint_sha256": sha256_of(checkpoint),
            }

        settings = {
            "model": self.model,
            "label": self.label,
            "optimizer": self.optimizer,
            "options": self.options,
            "data": {MANIFEST: sha256_of(data / MANIFEST)},
        }
        return execute(folder, settings, command, outcome, data=data, threads=threads, quiet=quiet)


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
    lines = run_program("fairseq-validate", arguments, threads)
    entries = (line.partition("| INFO | ")[2].partition(" | ") for line in lines)
    found = {split: float(json.loads(entry)[f"{split}_bpc"]) for split, _, entry in entries if split in SPLITS}
    if found.keys() != set(SPLITS):
        raise DataError("fairseq-validate: its output lacks the bits per character of a split")
    return found
