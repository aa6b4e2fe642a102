"""Load translation models with the dictionaries of prepared data."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

from data_prep.errors import DataError
from reencoder.hub.device import choose_device
from reencoder.text.manifest import MANIFEST, languages, read_manifest

from .checkpoints import check_checkpoint, load_plugin, reason_of
from .prepared import check_binarised
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


def load_translation_model(
    checkpoint: Path, data: Path, user_dir: Path | None = USER_DIR, device: str | None = None
) -> TranslationModel:
    """Load a model.

    Args:
        checkpoint: checkpoint of an encoder-decoder model.
        data: folder written by ``python -m data_prep prepare``, whose dictionaries are read.
        user_dir: the fairseq plugin that has the model; None for none. Default: this project's
        device: where to compute. Default: a GPU if there is one

    Raises:
        DataError: the checkpoint is missing, cannot be loaded, or has no encoder and decoder; or there is no such
            device.
    """
    place = choose_device(device)
    check_checkpoint(checkpoint)
    check_binarised(data / "bin")
    from fairseq import checkpoint_utils

    load_plugin(user_dir)
    try:
        (model,), _, task = checkpoint_utils.load_model_ensemble_and_task(
            [str(checkpoint)], arg_overrides={"data": str(data / "bin")}
        )
    except Exception as error:
        raise DataError(
            f"{checkpoint}: cannot be loaded with the dictionaries of {data} ({reason_of(error)}); name the data of "
            "its training"
        ) from error
    if not hasattr(model, "encoder") or not hasattr(model, "decoder"):
        raise DataError(f"{checkpoint}: was trained on {task.cfg._name}; expected a translation model")
    model.eval()
    model.to(place)
    manifest = data / MANIFEST  # data that fairseq-preprocess has written have none
    source, target = languages(read_manifest(manifest) if manifest.exists() else {})
    return TranslationModel(model, task, (task.cfg.source_lang, task.cfg.target_lang) == (target, source))
