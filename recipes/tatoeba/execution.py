"""One experiment: training, validation, and its result."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from pathlib import Path
from typing import Any

from data_prep.errors import DataError
from data_prep.files import read_json, read_lines, write_json
from data_prep.manifest import copy_text_files
from eval.bleu import Scores
from eval.curves import CurvePoint, read_log
from eval.generate import generate
from eval.generation_settings import GenerationSettings
from eval.provenance import Stopwatch, combined_commit, provenance, relative
from reencoder.text.manifest import MANIFEST

from ..cpu_time import read_cpu_time
from ..options import Value, differences
from ..runs import Start, parameter_count, recorded_start
from ..training import train
from .catalogue import EXPERIMENTS
from .data import input_checksum, synthetic_records

EARLIER: dict[str, Value] = {
    "dropout": 0.25,
    "embed_scale": 1.0,
    "embed_dropout": 0.0,
    "weight_decay": 0.0,
    "adam_weight_decay": 0.0,
}
"""Defaults for options that older result files do not record."""

BEAM, UNKPEN = 5, 1000.0
"""Settings of the search by which experiments are compared."""


def training_folder(name: str, work: Path) -> Path:
    """Return the folder of an experiment's training: `train.log` and, in `checkpoints`, the best one and the last."""
    return work / "experiments" / name


def best_checkpoint(name: str, work: Path) -> Path:
    """Return the checkpoint of an experiment with the best validation loss."""
    return training_folder(name, work) / "checkpoints" / "checkpoint_best.pt"


def result_path(name: str, results: Path) -> Path:
    """Return the result file of an experiment."""
    return results / f"{name}.json"


def train_experiment(name: str, data: Path, work: Path, command: list[str], stopwatch: Stopwatch) -> list[Start]:
    """Train, or resume.

    Args:
        name: name of the experiment.
        data: folder of prepared data.
        work: folder of the trainings.
        command: the command, for the record.
        stopwatch: created when the command began.

    Returns:
        The starts of the training, each with its command, commit and time; older starts may not be recorded.

    Raises:
        DataError: the folder contains a training with other options or data, or fairseq-train failed.
    """
    experiment, folder = EXPERIMENTS[name], training_folder(name, work)
    options = experiment.training()
    kept = folder / "options.json"
    settings = {"options": options, "data": experiment.data, "tsv_sha256": input_checksum(data)}
    starts: list[Start] = []
    if kept.exists():
        before = read_json(kept)
        starts = before.pop("starts", [])
        differing = differences(_flat(before), _flat(settings))
        if differing:
            raise DataError(
                f"{folder}: holds a training with other options or data ({differing}); remove it, or give another "
                "--work"
            )
    saving: dict[str, Value] = {
        "save_dir": relative(folder / "checkpoints"),
        "save_interval_updates": 500,
        "keep_interval_updates": 1,
        "no_epoch_checkpoints": True,
    }
    copy_text_files(data, folder / "checkpoints")
    with recorded_start(kept, {**settings, "starts": starts}, command, stopwatch):
        train(data / "bin", {**options, **saving}, folder / "train.log", threads=1, quiet=True)
    return starts


def _flat(settings: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a training beside the names and checksums of its data."""
    return {**settings, **settings["options"], "options": None}


def execute(name: str, data: Path, work: Path, results: Path, command: list[str]) -> dict[str, Any]:
    """Train and validate, or read the result if it is finished.

    Args:
        name: name of the experiment.
        data: folder of prepared data.
        work: folder of the trainings.
        results: folder of the result files.
        command: the command, for the record.

    Returns:
        The result: question, options, curve, perplexities and BLEU on the validation set of the checkpoint that is best
        there, starts of the training, provenance.

    Raises:
        DataError: there is a training or a result with other options or of other data, or a program failed.
    """
    experiment, path = EXPERIMENTS[name], result_path(name, results)
    options = experiment.training()
    if path.exists():
        finished: dict[str, Any] = read_json(path)
        differing = differences({**EARLIER, **finished["options"]}, {**EARLIER, **options})
        if differing:
            raise DataError(
                f"{path}: is the result of other options ({differing}); remove it, or give another --results"
            )
        # A finished result needs no data. Older results do not record the file; theirs is the published one.
        prepared = (data / MANIFEST).exists()
        if prepared and finished.get("tsv_sha256", input_checksum(data)) != input_checksum(data):
            raise DataError(f"{path}: is the result of another file of pairs; remove it, or give another --results")
        return finished
    stopwatch = Stopwatch()
    starts = train_experiment(name, data, work, command, stopwatch)
    folder = training_folder(name, work)
    log = folder / "train.log"
    curve = read_log(log)
    scores = None if experiment.reverse else _validate(data, folder, best_checkpoint(name, work))
    best = best_point(curve)
    synthetic = synthetic_records(experiment.data, work)
    origin = provenance(command, stopwatch)
    commits = [*(start["commit"] for start in starts), *(made["provenance"]["commit"] for made in synthetic.values())]
    origin["commit"] = combined_commit(origin["commit"], commits)
    result = {
        "name": name,
        "question": experiment.question,
        "data": experiment.data,
        "tsv_sha256": input_checksum(data),
        "options": options,
        "parameters": parameter_count(read_lines(log)),
        **cpu_time(log),
        "data_seconds": {what: taken for record in synthetic.values() for what, taken in record["seconds"].items()},
        "synthetic": {translation: record["sha256"] for translation, record in synthetic.items()},
        "updates": curve[-1].updates,
        "train_ppl": [point.train_ppl for point in curve if point.train_ppl is not None][-1],
        "valid_ppl": best.valid_ppl,
        "best_update": best.updates,
        "best_metric": "loss",
        "valid": None if scores is None else scores.to_json(),
        "curve": [[point.updates, point.train_ppl, point.valid_ppl] for point in curve],
        "starts": starts,
        "provenance": origin,
    }
    write_json(path, result)
    return result


def best_point(curve: Sequence[CurvePoint]) -> CurvePoint:
    """Return the validation after which fairseq-train wrote the best checkpoint.

    It is the last one with the lowest loss, which includes the label smoothing: another may have a lower perplexity.
    """
    return min(reversed(curve), key=lambda point: inf if point.valid_loss is None else point.valid_loss)


def _validate(data: Path, folder: Path, checkpoint: Path) -> Scores:
    """Translate the validation set with the best checkpoint of a training."""
    return generate(
        GenerationSettings(
            data=data,
            checkpoints=(checkpoint,),
            output=folder / "translations",
            split="valid",
            beam=BEAM,
            unkpen=UNKPEN,
            untuned=True,
            max_blocks=20_000,
            batch_size=64,
            overwrite=True,
        )
    )


def cpu_time(log: Path) -> dict[str, Any]:
    """Return the CPU time of a training as values of its result, and whether all of it was measured."""
    found = read_cpu_time(log)
    return {
        "cpu_seconds": None if found is None else found.seconds,
        "cpu_time_measured": found is not None and found.measured,
    }
