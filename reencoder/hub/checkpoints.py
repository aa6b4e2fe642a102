"""Checkpoints, what they say about their training, and whether they belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from ..text.errors import DataError
from ..text.manifest import DIRECTION, MANIFEST, manifest_path, prepared_folder
from ..text.pipeline import TextPipeline

CHECKPOINTS = ("checkpoint_best.pt", "checkpoint_last.pt")
"""Which checkpoint a folder stands for: the first of these that is there."""


@dataclass(frozen=True)
class Ensemble:
    """Models that translate together; one is enough.

    Attributes:
        models: the members.
        task: fairseq's task, which they share.
        pipeline: the text processing of their training.
    """

    models: list[Any]
    task: Any
    pipeline: TextPipeline


def find_checkpoint(path: Path) -> Path:
    """Return the checkpoint that a path stands for.

    Raises:
        DataError: there is none.
    """
    if not path.is_dir():
        if not path.is_file():
            raise DataError(f"{path}: no such checkpoint")
        return path
    for name in CHECKPOINTS:
        if (path / name).is_file():
            return path / name
    raise DataError(f"{path}: contains neither {' nor '.join(CHECKPOINTS)}; name a checkpoint")


def load_ensemble(paths: Sequence[Path], data: Path | None = None) -> Ensemble:
    """Load models and the text processing that they have in common.

    Args:
        paths: their checkpoints.
        data: folder of the prepared data. Default: found by each checkpoint

    Raises:
        DataError: a checkpoint, the manifest or a file that it lists is missing, or they do not belong together.
    """
    read_pipeline = cache(TextPipeline)  # the members mostly share a folder, whose files are checked once
    task = pipeline = None
    models = []
    for path in paths:
        checkpoint = _Checkpoint(path)
        own = read_pipeline(checkpoint.folder(data))
        checkpoint.check(own)
        if pipeline is None:
            pipeline, task = own, checkpoint.set_up_task(own)
        elif own.fingerprint != pipeline.fingerprint:
            raise DataError(f"{path}: was trained on data prepared otherwise than those of {paths[0]}: no ensemble")
        models.append(checkpoint.build_model(task, pipeline))
    assert pipeline is not None, "at least one checkpoint"
    return Ensemble(models, task, pipeline)


class _Checkpoint:
    """One checkpoint in memory.

    Args:
        path: its file.

    Raises:
        DataError: the file cannot be read, or is not the checkpoint of a translation model.
    """

    def __init__(self, path: Path) -> None:
        from fairseq import checkpoint_utils

        self.path = path
        try:
            self._state = checkpoint_utils.load_checkpoint_to_cpu(str(path))
            self._config = self._state["cfg"]
            self._task = self._config["task"]
        except Exception as error:  # torch explains at length what is wrong with the file
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
            if "weights only" in reason.lower().replace("_", " "):  # torch advises to let the file run code
                reason = "it contains more than torch loads safely, or was not written by torch"
            raise DataError(
                f"{path}: cannot be read as a checkpoint ({reason}); if it may be truncated, copy it again"
            ) from error
        if not hasattr(self._task, "data") or not hasattr(self._task, "source_lang"):
            name = getattr(self._task, "_name", "another task")
            raise DataError(f"{path}: was trained on {name}; expected a translation model")
        recorded = self._state.get("task_state") or {}
        self._fingerprint, self._direction = recorded.get("text"), recorded.get(DIRECTION)
        if self._direction is None and self._task.source_lang is not None:
            self._direction = f"{self._task.source_lang} to {self._task.target_lang}"

    def folder(self, data: Path | None) -> Path:
        """Return the folder of the prepared data: the one given, the checkpoint's own, or that of the training.

        Raises:
            DataError: none has a manifest, or nothing says that it is the right one.
        """
        trained = manifest_path(str(self._task.data)).parent
        folders = [prepared_folder(data)] if data is not None else [self.path.parent, trained]
        folder = next((folder for folder in folders if (folder / MANIFEST).is_file()), None)
        if folder is None:
            tried = " or ".join(str(folder) for folder in folders)
            raise DataError(
                f"{self.path}: no {MANIFEST} in {tried}. If `data_prep prepare` made the training data, name their "
                "folder (--data), or copy their small files beside the checkpoint (`data_prep copy-text`). If "
                "fairseq-preprocess did, translate tokens with fairseq-interactive or fairseq-generate instead"
            )
        if self._fingerprint is None and data is None:
            raise DataError(
                f"{self.path}: does not record how its training data were prepared; name their folder (--data) if you "
                "know it"
            )
        return folder

    def check(self, pipeline: TextPipeline) -> None:
        """Check that a text processing fits what the checkpoint says about its training.

        Raises:
            DataError: it does not fit.
        """
        if self._fingerprint is not None and self._fingerprint != pipeline.fingerprint:
            hint = "name the data of its training (--data)"
            if pipeline.manifest.parent == self.path.parent:
                hint += ", or copy their small files there (`data_prep copy-text --overwrite`)"
            raise DataError(
                f"{self.path}: was trained on data prepared otherwise than those of {pipeline.manifest}; {hint}"
            )
        expected = " to ".join(pipeline.languages)
        if self._direction not in (None, expected):
            raise DataError(f"{self.path}: translates {self._direction}; expected {expected}")

    def set_up_task(self, pipeline: TextPipeline) -> Any:
        """Return the task of the training, with the data folder of a text processing.

        In place of fairseq's own it is this plugin's, which knows no maximum of 200 tokens and does not cut long
        translations.
        """
        from fairseq import tasks
        from omegaconf import open_dict

        with open_dict(self._config):
            if self._task._name == "translation":
                self._task._name = "reencoder_translation"
                self._task.upsample_primary = 1  # fairseq's -1; it matters only in training
            self._task.data = str(pipeline.manifest.parent / "bin")
            # fairseq would infer them from the binarised parts, which did not travel along
            self._task.source_lang, self._task.target_lang = pipeline.languages
        return tasks.setup_task(self._task, from_checkpoint=True)

    def build_model(self, task: Any, pipeline: TextPipeline) -> Any:
        """Return the model, ready to translate.

        Raises:
            DataError: it does not fit the dictionaries of the task.
        """
        from fairseq import checkpoint_utils

        try:
            (model,), _, _ = checkpoint_utils.load_model_ensemble_and_task(
                [str(self.path)], task=task, state=self._state
            )
        except Exception as error:  # fairseq lists every parameter whose shape differs
            reason = str(error).strip().split("\n")[0]
            raise DataError(f"{self.path}: does not fit {pipeline.manifest.parent}: {reason}") from error
        model.eval()
        model.prepare_for_inference_(self._config)
        return model
