"""Checks of the inputs of fairseq's programs, which would fail on them late or with messages of many lines."""

from __future__ import annotations

import zipfile
from pathlib import Path

from data_prep.errors import DataError


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


def check_binarised(data: Path) -> None:
    """Check that a folder contains binarised data.

    Raises:
        DataError: it does not.
    """
    if not (data / "dict.zh.txt").exists():
        raise DataError(f"{data}: no binarised data (dict.zh.txt is missing); see python -m data_prep prepare")
