"""Load translation models with the dictionaries of prepared data."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, NamedTuple

from data_prep.errors import DataError
from reencoder.text.manifest import MANIFEST, languages, read_manifest

from .inputs import check_binarised, check_checkpoint
from .program import USER_DIR


class TranslationModel(NamedTuple):
    """A translation model of fairseq.

    Attributes:
        model: the model, in evaluation mode.
        task: the task of its training, with the dictionaries of the data.
        reverse: it translates from the data's target language into their source language.
    """

    model: Any
    task: Any
    reverse: bool


def load_translation_model(checkpoint: Path, data: Path, user_dir: Path | None = USER_DIR) -> TranslationModel:
    """Load a model.

    Args:
        checkpoint: checkpoint of an encoder-decoder model.
        data: folder written by ``python -m data_prep prepare``, whose dictionaries are read.
        user_dir: the fairseq plugin that has the model; None for none. Default: this project's

    Raises:
        DataError: the checkpoint is missing, cannot be loaded, or has no encoder and decoder.
    """
    check_checkpoint(checkpoint)
    check_binarised(data / "bin")
    from fairseq import checkpoint_utils, utils

    if user_dir is not None:
        utils.import_user_module(argparse.Namespace(user_dir=str(user_dir)))
    try:
        (model,), _, task = checkpoint_utils.load_model_ensemble_and_task(
            [str(checkpoint)], arg_overrides={"data": str(data / "bin")}
        )
    except Exception as error:  # torch and fairseq explain at length, up to every parameter whose shape differs
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise DataError(
            f"{checkpoint}: cannot be loaded with the dictionaries of {data} ({reason}); name the data of its training"
        ) from error
    if not hasattr(model, "encoder") or not hasattr(model, "decoder"):
        raise DataError(f"{checkpoint}: was trained on {task.cfg._name}; expected a translation model")
    model.eval()
    manifest = data / MANIFEST  # data that fairseq-preprocess has written have none
    source, target = languages(read_manifest(manifest) if manifest.exists() else {})
    return TranslationModel(model, task, (task.cfg.source_lang, task.cfg.target_lang) == (target, source))
