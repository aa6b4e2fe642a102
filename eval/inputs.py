"""Checks of the inputs of fairseq's programs, which would fail on them late or with messages of many lines."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data_prep.errors import DataError
from data_prep.files import sha256_of

from .provenance import relative


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


def describe_checkpoints(paths: Sequence[Path]) -> list[dict[str, Any]]:
    """Return path, size in bytes and SHA-256 of checkpoints, as results record them."""
    return [{"path": relative(path), "bytes": path.stat().st_size, "sha256": sha256_of(path)} for path in paths]


def check_not_replaced(paths: Sequence[Path], described: Sequence[Mapping[str, Any]]) -> None:
    """Check that checkpoints are still those that were described before they were read.

    A training replaces its ``checkpoint_best.pt`` and ``checkpoint_last.pt``, maybe between the two.

    Args:
        paths: the checkpoints.
        described: what `describe_checkpoints` returned for them.

    Raises:
        DataError: names one that was replaced.
    """
    for path, before in zip(paths, described, strict=True):
        if not path.exists() or sha256_of(path) != before["sha256"]:
            raise DataError(f"{path}: was replaced while it was in use, by a training; use a copy of it")


def check_binarised(data: Path) -> None:
    """Check that a folder contains binarised data.

    Raises:
        DataError: it does not.
    """
    if not (data / "dict.zh.txt").exists():
        raise DataError(f"{data}: no binarised data (dict.zh.txt is missing); see python -m data_prep prepare")
