"""The manifest of prepared data, as far as translation needs it: how text becomes tokens, and the files for that."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Any

from .errors import DataError
from .segmentation import SEGMENTATIONS, TARGET_SEGMENTATIONS

FORMAT = "data_prep/1"
MANIFEST = "manifest.json"

DIRECTION = "direction"
"""Under which name a checkpoint records its direction, as "zh to en"."""

TRUECASE = "truecase.en.json"
"""Name of the table of words that English writes with capitals."""

_TEXT_FILES = re.compile(r"bin/dict\.\w+\.txt|sentencepiece\.\w+\.model|" + re.escape(TRUECASE))
_TEXT_OPTIONS = {"segmentation": "jieba", "target_segmentation": "words", "keep_case": False}


def manifest_path(data: str) -> Path:
    """Return the path of the manifest of binarised data, which `data_prep` writes into the folder that contains them.

    Args:
        data: fairseq's argument: a folder, or several, separated as in PATH, of which the first counts. It may be
            relative, such as ".".
    """
    return Path(os.path.abspath(data.split(os.pathsep)[0])).parent / MANIFEST


def prepared_folder(path: Path) -> Path:
    """Return the folder of prepared data that a path means, which may also be its folder `bin`, as for fairseq."""
    is_bin = path.name == "bin" and not (path / MANIFEST).exists() and (path.parent / MANIFEST).exists()
    return path.parent if is_bin else path


def read_manifest(path: Path) -> dict[str, Any]:
    """Read a manifest that `python -m data_prep prepare` wrote.

    Raises:
        DataError: the file is missing or is not such a manifest.
    """
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file (the manifest)") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as a manifest: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise DataError(f"{path}: not a manifest written by this version of `python -m data_prep prepare`")
    return manifest


def text_options(manifest: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the options that decide how text becomes tokens, those that are not recorded with their defaults.

    Raises:
        DataError: the manifest, which was read from `path`, is not one of sentence pairs, or names an unknown
            segmentation.
    """
    options = manifest.get("options")
    if not isinstance(options, dict) or "segmentation" not in options:
        raise DataError(f"{path}: contains no segmentation; prepare the data again")
    found = {name: options.get(name, default) for name, default in _TEXT_OPTIONS.items()}
    for name, known in (("segmentation", SEGMENTATIONS), ("target_segmentation", TARGET_SEGMENTATIONS)):
        if found[name] not in known:
            raise DataError(f"{path}: unknown {name} '{found[name]}'; prepare the data again")
    return found


def languages(manifest: dict[str, Any]) -> tuple[str, str]:
    """Return the source and the target language."""
    options = manifest.get("options", {})
    return options.get("source_lang", "zh"), options.get("target_lang", "en")


def text_files(manifest: dict[str, Any]) -> dict[str, str]:
    """Return the SHA-256 of the files that translation needs, by path relative to the manifest."""
    files = manifest.get("files", {})
    return {name: files[name] for name in sorted(files) if _TEXT_FILES.fullmatch(name)}


def fingerprint(path: Path) -> str:
    """Return a checksum of what decides how text becomes token ids: the options, dictionaries and subword models.

    Data that is prepared again from the same input has the same fingerprint. Checkpoints record it.

    Raises:
        DataError: the manifest cannot be used.
    """
    manifest = read_manifest(path)
    files = {name: checksum for name, checksum in text_files(manifest).items() if name != TRUECASE}
    record = json.dumps({"options": text_options(manifest, path), "files": files}, sort_keys=True)
    return hashlib.sha256(record.encode()).hexdigest()


def check_files(path: Path, names: Collection[str] | None = None) -> None:
    """Compare the files that translation needs with the checksums of the manifest.

    Args:
        path: the manifest.
        names: only these files, relative to the manifest, as far as it lists them. Default: all

    Raises:
        DataError: names the file that is missing or has changed.
    """
    for name, expected in text_files(read_manifest(path)).items():
        if names is not None and name not in names:
            continue
        file = path.parent / name
        try:
            actual = hashlib.sha256(file.read_bytes()).hexdigest()
        except OSError as error:
            raise DataError(f"{file}: cannot be read ({error.strerror}); {path} lists it: copy it again") from error
        check_checksum(file, actual, expected, path, "copy the file and the manifest again from the prepared data")


def check_checksum(file: Path, actual: str, expected: str, manifest: Path, remedy: str) -> None:
    """Compare the checksum of a file with that in a manifest.

    Args:
        file: the file, for the error message.
        actual: its SHA-256, hexadecimal.
        expected: the one in the manifest.
        manifest: the manifest, for the error message.
        remedy: what to do if they differ.

    Raises:
        DataError: they differ.
    """
    if actual != expected:
        raise DataError(
            f"{file}: is not the file that {manifest} describes (SHA-256 {actual[:12]}..., expected "
            f"{expected[:12]}...); {remedy}"
        )
