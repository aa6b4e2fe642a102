"""The variants of prepared Tatoeba data that the recipes train on."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from data_prep.errors import DataError
from data_prep.files import read_json, sha256_of
from data_prep.options import Options
from reencoder.text.manifest import MANIFEST

from ..options import differences

_PIECES: Mapping[str, Any] = {
    "segmentation": "jieba-sentencepiece",
    "target_segmentation": "sentencepiece",
    "sentencepiece_type": "bpe",
    "sentencepiece_vocab_size": 8000,
    "sentencepiece_target_vocab_size": 6000,
}
_PHRASES: Mapping[str, Any] = {"phrase_pairs": 120_000}

VARIANTS: Mapping[str, Mapping[str, Any]] = {
    "words": {},
    "words-all": {"min_count": 1},
    "phrases": _PHRASES,
    "words-all-phrases": {"min_count": 1, **_PHRASES},
    "characters": {"segmentation": "char"},
    "bpe": {
        "segmentation": "sentencepiece",
        "target_segmentation": "sentencepiece",
        "sentencepiece_type": "bpe",
        "sentencepiece_vocab_size": 5000,
        "sentencepiece_target_vocab_size": 3700,
    },
    "pieces": _PIECES,
    "pieces-sampled": {**_PIECES, "subword_samples": 8},
    "pieces-phrases": {**_PIECES, **_PHRASES},
    "pieces-phrases-aligned": {**_PIECES, **_PHRASES, "word_alignments": True},
    "pieces-phrases-translated": {**_PIECES, **_PHRASES},
}
"""Options of data preparation by the name of the variant."""

SYNTHETIC: Mapping[str, Sequence[str]] = {"pieces-phrases-translated": ("forward", "backward")}
"""The translations of the training set that a variant contains, see `recipes.tatoeba.synthetic`."""


def prepare_data(tsv: Path | None, work: Path, variant: str = "words") -> Path:
    """Prepare a variant of the data below `work` unless it exists.

    Args:
        tsv: file of pairs; None to download the current one.
        work: folder of the runs.
        variant: one of `VARIANTS`. Default: "words"

    Returns:
        The folder of prepared data.

    Raises:
        DataError: the folder has data of another file or of other options, bad input, a missing translation of the
            training set or package, or the download failed; no prepared data is written then.
    """
    from data_prep.prepare import format_counts, prepare

    data = work / "data" / variant
    if (data / MANIFEST).exists():
        given = known_pairs(tsv, work)
        if given is not None:
            check_input(data, given)
        _check_options(data, Options(dest=data, tsv=[Path()], **VARIANTS[variant]))
        print(f"{data}: already prepared", file=sys.stderr)
        return data
    synthetic = [synthetic_path(name, work) for name in SYNTHETIC.get(variant, ())]
    options = Options(dest=data, tsv=[pairs_of(tsv, work)], synthetic_tsv=synthetic, **VARIANTS[variant])
    print(format_counts(prepare(options)))
    return data


def _check_options(data: Path, expected: Options) -> None:
    """Check that data were prepared with the options of today's variant.

    Raises:
        DataError: they were prepared with others.
    """
    differing = differences(read_json(data / MANIFEST)["options"], expected.recorded())
    if differing:
        raise DataError(f"{data}: was prepared with other options ({differing}); remove it, or give another --work")


def _downloaded(work: Path) -> Path:
    return work / "cmn-eng.tsv"


def input_checksum(data: Path) -> str:
    """Return the SHA-256 of the file of pairs from which data were prepared."""
    checksum: str = read_json(data / MANIFEST)["inputs"]["tsv"]["sha256"]
    return checksum


def check_input(data: Path, tsv: Path) -> None:
    """Check that data were prepared from this file of pairs.

    Raises:
        DataError: they were prepared from another.
    """
    if sha256_of(tsv) != input_checksum(data):
        raise DataError(f"{data}: was prepared from another file than {tsv}; give that file, or another --work")


def known_pairs(tsv: Path | None, work: Path) -> Path | None:
    """Return the file of pairs that was given or downloaded earlier; None if there is none."""
    downloaded = _downloaded(work)
    return tsv or (downloaded if downloaded.exists() else None)


def pairs_of(tsv: Path | None, work: Path) -> Path:
    """Return the file of pairs; download it if none is given.

    Raises:
        DataError: the download failed.
    """
    if tsv is not None:
        return tsv
    from data_prep.download import download_tatoeba

    tsv = _downloaded(work)
    if not tsv.exists():
        print(f"downloaded {tsv}, SHA-256 {download_tatoeba(tsv)}", file=sys.stderr)
    return tsv


def synthetic_path(name: str, work: Path) -> Path:
    """Return the file of the pairs of a translation of the training set. Its record is beside it, with ".json"."""
    return work / "synthetic" / f"{name}.tsv"


def synthetic_records(variant: str, work: Path) -> dict[str, dict[str, Any]]:
    """Return the records of the translations that a variant contains, by their names.

    Each has the names of the `teachers`, the `sha256` of the pairs, the `tsv_sha256` of the file of pairs whose
    training set was translated, the `seconds` that each teacher's training (CPU time) and the translation took, and the
    `provenance`.

    Args:
        variant: one of `VARIANTS`.
        work: folder of the runs.
    """
    return {name: read_json(synthetic_path(name, work).with_suffix(".json")) for name in SYNTHETIC.get(variant, ())}
