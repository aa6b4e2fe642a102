"""The manifest of prepared data: what was made of what, with which options and versions."""

import json
import platform
import unicodedata
from importlib import metadata
from pathlib import Path
from typing import Any

from data_prep.errors import DataError
from data_prep.files import sha256_of
from data_prep.text import SEGMENTATIONS, ChineseSegmenter

FORMAT = "data_prep/1"
MANIFEST = "manifest.json"
SENTENCEPIECE_MODEL = "sentencepiece.zh.model"


def package_versions() -> dict[str, str]:
    """Return the version of everything that has a say in the output (Unicode's too: NFKC depends on it)."""
    import opencc

    versions = {"python": platform.python_version(), "unicode": unicodedata.unidata_version}
    versions["fairseq"] = _first_version("ve-fairseq", "fairseq")
    # Asked of the module, for several distributions bring one of this name.
    versions["opencc"] = str(getattr(opencc, "__version__", None) or _first_version("OpenCC"))
    for name in ("jieba", "numpy", "sacremoses", "sentencepiece", "torch"):
        versions[name] = _first_version(name)
    return versions


def describe_file(path: Path) -> dict[str, Any]:
    """Return a file's path as given, SHA-256 and size in bytes."""
    return {"path": str(path), "sha256": sha256_of(path), "bytes": path.stat().st_size}


def checksums(directory: Path) -> dict[str, str]:
    """Return the SHA-256 of every file under `directory`, by relative path, in order."""
    files = sorted(path for path in directory.rglob("*") if path.is_file())
    return {path.relative_to(directory).as_posix(): sha256_of(path) for path in files}


def write_manifest(directory: Path, manifest: dict[str, Any]) -> None:
    """Write `manifest`, its format added, as DIRECTORY/manifest.json."""
    text = json.dumps({"format": FORMAT} | manifest, indent=2, ensure_ascii=False)
    # A path that is no UTF-8 holds lone surrogates: written as \udcXX, which JSON reads back.
    (directory / MANIFEST).write_text(text + "\n", encoding="utf-8", errors="backslashreplace", newline="\n")


def read_manifest(path: Path) -> dict[str, Any]:
    """Read a manifest that `prepare` wrote. Raises DataError where it is missing or something else."""
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise DataError(f"{path}: no such file (the manifest)") from None
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as a manifest: {error}") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise DataError(f"{path}: not a manifest that this version of `python -m data_prep prepare` wrote")
    return manifest


def foreign_file(directory: Path) -> Path | None:
    """Return a file under `directory` which `prepare` did not write there; None where all are its own."""
    try:
        own = read_manifest(directory / MANIFEST).get("files", {})
    except DataError:
        own = {}
    for path in sorted(directory.rglob("*")):
        name = path.relative_to(directory).as_posix()
        if not path.is_dir() and name not in own and not (own and name == MANIFEST):
            return path
    return None


def segmenter_from_manifest(path: Path) -> ChineseSegmenter:
    """Return the segmenter with which the data beside the manifest was made.

    Raises DataError as `read_manifest` does, and for a missing sentencepiece model.
    """
    options = read_manifest(path).get("options")
    segmentation = options.get("segmentation") if isinstance(options, dict) else None
    if segmentation not in SEGMENTATIONS:
        raise DataError(f"{path}: names no known segmentation; prepare the data again")
    return ChineseSegmenter(segmentation, path.parent / SENTENCEPIECE_MODEL)


def _first_version(*names: str) -> str:
    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return "unknown"
