"""The files of prepared data that scores depend on, which must be those that its manifest describes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from data_prep.errors import DataError
from data_prep.files import sha256_of
from data_prep.manifest import MANIFEST, check_checksum, read_manifest

from .references import reference_files

_AGAIN = "restore the folder, or prepare the data again"


def check_unchanged(data: Path, paths: Sequence[Path]) -> None:
    """Compare files of prepared data with the checksums in the manifest.

    Data without a manifest, or whose manifest lists nothing of the folder of a file, cannot be checked and pass.

    Args:
        data: folder written by ``python -m data_prep prepare``.
        paths: files below `data`. Those that are missing pass: whoever reads them reports it.

    Raises:
        DataError: names the file that has changed or was added after the data were prepared, or the manifest is faulty.
    """
    listed = _listed(data)
    for path in paths:
        expected = listed.get(path.relative_to(data).as_posix())
        folder = path.parent.relative_to(data).as_posix()
        if expected is None and any(name.rpartition("/")[0] == folder for name in listed) and path.exists():
            raise DataError(f"{path}: {data / MANIFEST} does not list this file, so it was added later; remove it")
        if expected is None or not path.exists():
            continue
        check_checksum(path, sha256_of(path), expected, data / MANIFEST, _AGAIN)


def raw_references(data: Path, split: str) -> list[Path]:
    """Return the files of raw references of a split, after a check that they are those that were prepared.

    Args:
        data: folder written by ``python -m data_prep prepare``.
        split: ``test`` or ``valid``.

    Raises:
        DataError: a file is missing, was added, or is not the one that the manifest describes.
    """
    prefix = data / "raw" / f"{split}.en"
    paths = reference_files(prefix)
    pattern = re.compile(rf"raw/{re.escape(prefix.name)}\.\d+")
    for name in _listed(data):
        if pattern.fullmatch(name) and not (data / name).exists():
            raise DataError(f"{data / name}: no such file, though {data / MANIFEST} lists it; {_AGAIN}")
    check_unchanged(data, paths)
    return paths


def check_binarised(data: Path) -> None:
    """Check that a folder contains binarised data.

    Raises:
        DataError: it does not.
    """
    if not (data / "dict.zh.txt").exists():
        raise DataError(f"{data}: no binarised data (dict.zh.txt is missing); see python -m data_prep prepare")


def _listed(data: Path) -> dict[str, str]:
    """Return the SHA-256 of the files that the manifest lists, by their paths relative to `data`."""
    manifest = data / MANIFEST
    files = read_manifest(manifest).get("files", {}) if manifest.exists() else {}
    if not isinstance(files, dict):
        raise DataError(f"{manifest}: 'files' is not a table of checksums; {_AGAIN}")
    return files
