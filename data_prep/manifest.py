"""The manifest of prepared data: inputs, outputs, options and versions."""

from __future__ import annotations

import json
import platform
import shutil
import unicodedata
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any

from reencoder.text.manifest import FORMAT, MANIFEST, check_files, fingerprint, read_manifest, text_files, text_options
from reencoder.text.pieces import join_pieces
from reencoder.text.segmentation import detokenize_english

from .errors import DataError
from .files import new_file, sha256_of


def package_versions(aligner: bool = False, repair: bool = False) -> dict[str, str]:
    """Return the version of everything that affects the output, Unicode included, because NFKC depends on it.

    Args:
        aligner: include the word aligner, which only phrase pairs and word alignments need. Default: False
        repair: include ftfy, which only `--mojibake` needs. Default: False
    """
    import opencc

    versions = {"python": platform.python_version(), "unicode": unicodedata.unidata_version}
    versions["fairseq"] = _first_version("ve-fairseq", "fairseq")
    # The module knows its version; several distributions provide a module of this name.
    versions["opencc"] = str(getattr(opencc, "__version__", None) or _first_version("OpenCC"))
    optional = [*(["eflomal"] if aligner else []), *(["ftfy"] if repair else [])]
    for name in ("jieba", "numpy", "sacremoses", "sentencepiece", "torch", *optional):
        versions[name] = _first_version(name)
    return versions


def checksums(directory: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below `directory`, by relative path in sorted order."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): sha256_of(path) for path in files}


def write_manifest(directory: Path, manifest: dict[str, Any]) -> None:
    """Write `manifest` and its format version to `directory/manifest.json`."""
    text = json.dumps({"format": FORMAT} | manifest, indent=2, ensure_ascii=False)
    # A path that is not UTF-8 contains lone surrogates. They are written as \udcXX, which JSON reads back.
    (directory / MANIFEST).write_text(text + "\n", encoding="utf-8", errors="backslashreplace", newline="\n")


def copy_text_files(data: Path, dest: Path, overwrite: bool = False) -> None:
    """Copy the manifest and the files that translation needs, so that they travel with the checkpoints in `dest`.

    Args:
        data: folder of prepared data.
        dest: folder of checkpoints, which is made if it is missing.
        overwrite: replace the files of other data. Default: False

    Raises:
        DataError: the data are damaged, `dest` has the files of other data, or a file cannot be written.
    """
    manifest = data / MANIFEST
    check_files(manifest)
    if not overwrite and (dest / MANIFEST).exists():
        try:
            same = fingerprint(dest / MANIFEST) == fingerprint(manifest)
        except DataError as error:
            raise DataError(f"{error}; to replace it, give --overwrite") from None
        if not same:
            raise DataError(
                f"{dest / MANIFEST}: belongs to data prepared otherwise than {data}, with which checkpoints in {dest} "
                "may have been trained; choose another folder, or give --overwrite"
            )
    # The manifest comes last: without it the other files count for nothing.
    for name in [*text_files(read_manifest(manifest)), MANIFEST]:
        with new_file(dest / name) as temporary:
            shutil.copyfile(data / name, temporary)


def foreign_file(directory: Path) -> Path | None:
    """Return a file below `directory` that `prepare` did not write, or None."""
    try:
        own = read_manifest(directory / MANIFEST).get("files", {})
    except DataError:
        own = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if not path.is_dir() and name not in own and not (own and name == MANIFEST):
            return path
    return None


def detokenizer_from_manifest(path: Path) -> Callable[[str], str]:
    """Return the function that turns a line of target tokens of the data beside the manifest into text.

    Raises:
        DataError: the manifest cannot be read (see `read_manifest` and `text_options`).
    """
    if text_options(read_manifest(path), path)["target_segmentation"] == "words":
        return detokenize_english
    return lambda line: detokenize_english(join_pieces(line))


def _first_version(*names: str) -> str:
    """Return the version of the first distribution of these that is installed, or "unknown"."""
    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return "unknown"
