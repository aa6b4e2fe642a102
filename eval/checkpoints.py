"""Checkpoints of fairseq-train: naming, checking, reading and describing them.

fairseq's programs and torch would report problems late, or in many lines.
"""

from __future__ import annotations

import os
import zipfile
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data_prep.errors import DataError
from data_prep.files import sha256_of
from reencoder.hub.checkpoints import find_checkpoint

from .program import USER_DIR
from .provenance import relative


def split_checkpoints(text: str) -> list[Path]:
    """Return the checkpoints that ``CKPT:CKPT`` names; several are the members of an ensemble.

    Raises:
        DataError: see `resolve_checkpoint`.
    """
    return [resolve_checkpoint(Path(part)) for part in text.split(os.pathsep) if part]


def resolve_checkpoint(path: Path) -> Path:
    """Return a checkpoint as it is, and of a folder the checkpoint that it stands for, as in `reencoder.hub`.

    Raises:
        DataError: the folder has no such checkpoint.
    """
    return find_checkpoint(path) if path.is_dir() else path


def check_checkpoint(path: Path, option: str = "") -> None:
    """Check that a file looks like a complete checkpoint.

    Args:
        path: path of the checkpoint.
        option: the option that set it, for error messages. Default: none

    Raises:
        DataError: there is no such file, or it is not a complete zip archive, which is what torch writes.
    """
    if path.is_dir():
        raise DataError(f"{option} {path}: is a folder; name a checkpoint in it".lstrip())
    if not path.is_file():
        raise DataError(f"{option} {path}: no such checkpoint".lstrip())
    # The directory of a zip archive is at its end.
    if not zipfile.is_zipfile(path):
        raise DataError(f"{option} {path}: not a complete checkpoint; it may be truncated: copy it again".lstrip())


def load_plugin(user_dir: Path | None = USER_DIR) -> None:
    """Register a fairseq plugin in this process.

    Args:
        user_dir: its folder; None for none. Default: this project's
    """
    from fairseq import utils

    if user_dir is not None:
        utils.import_user_module(Namespace(user_dir=str(user_dir)))


def read_checkpoint(path: Path) -> dict[str, Any]:
    """Read a checkpoint without executing anything that it contains.

    Raises:
        DataError: it is missing, is not a checkpoint of fairseq-train, or contains classes other than those that
            fairseq-train writes and those that a plugin has allowed.
    """
    check_checkpoint(path)
    import torch

    import reencoder.safe_loading  # noqa: F401

    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise DataError(f"{path}: cannot be read as a checkpoint: {reason_of(error)}") from error
    if not isinstance(state, dict) or not isinstance(state.get("model"), Mapping):
        raise DataError(f"{path}: not a checkpoint of fairseq-train: it has no 'model'")
    return state


def task_config(path: Path) -> dict[str, Any]:
    """Return the options of the task that a checkpoint was trained on, `_name` among them.

    Raises:
        DataError: see `read_checkpoint`.
    """
    config = (read_checkpoint(path).get("cfg") or {}).get("task")
    if config is None:
        raise DataError(f"{path}: not a checkpoint of fairseq-train: it does not name its task")
    return dict(vars(config) if isinstance(config, Namespace) else config)


def reason_of(error: Exception) -> str:
    """Return the first line of an error; torch and fairseq explain at length, up to every parameter that differs."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def describe_checkpoints(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Return path, size in bytes and SHA-256 of checkpoints, as results record them."""
    return [{"path": relative(path), "bytes": path.stat().st_size, "sha256": sha256_of(path)} for path in paths]


def check_not_replaced(paths: Sequence[Path], described: Sequence[Mapping[str, Any]]) -> None:
    """Check that checkpoints are still those that were described before they were read.

    A training replaces its ``checkpoint_best.pt`` and ``checkpoint_last.pt``, perhaps in between.

    Args:
        paths: the checkpoints.
        described: what `describe_checkpoints` returned for them.

    Raises:
        DataError: names one that was replaced.
    """
    for path, before in zip(paths, described, strict=True):
        if not path.exists() or sha256_of(path) != before["sha256"]:
            raise DataError(f"{path}: was replaced while it was in use, by a training; use a copy of it")
