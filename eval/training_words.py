"""How often words occur in the English side of the training data."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from data_prep.files import read_json, read_lines
from data_prep.manifest import MANIFEST, detokenizer_from_manifest

from .buckets import count_words
from .prepared import check_unchanged


class CaselessCounts(Counter[str]):
    """Counts of lower-cased words; a word in another case has the count of its lower-cased form."""

    def __missing__(self, word: str) -> int:
        lower = word.lower()
        return self[lower] if lower != word else 0

    def get(self, word: str, default: Any = None) -> Any:
        """Return the count of a word in any case."""
        return self[word] or default


def training_file(training: Path | None, data: Path | None) -> Path | None:
    """Return the file with the English side of the training data, or None if there is none.

    Args:
        training: raw text that an option names.
        data: folder written by ``python -m data_prep prepare``, whose text is tokenised.
    """
    if training is not None or data is None:
        return training
    path = data / "text" / "train.en"
    return path if path.exists() and (data / MANIFEST).exists() else None


def training_counts(training: Path | None, data: Path | None, keep_case: bool) -> Counter[str] | None:
    """Return how often each word occurs; see `eval.buckets.count_words`. None if there is no training data.

    Args:
        training: see `training_file`.
        data: see `training_file`.
        keep_case: do not lower-case the text.

    Raises:
        DataError: a file cannot be read, or is not the one that was prepared.
    """
    from tqdm import tqdm

    path = training_file(training, data)
    if path is None:
        return None
    if training is None and data is not None:
        check_unchanged(data, [path])
    lines = tqdm(read_lines(path), desc="count words of the training data", unit="sentence", leave=False)
    if training is not None or data is None:
        return count_words(lines, keep_case=keep_case)
    detokenise = detokenizer_from_manifest(data / MANIFEST)
    counts = count_words(map(detokenise, lines), keep_case=keep_case)
    return counts if read_json(data / MANIFEST)["options"].get("keep_case", False) else CaselessCounts(counts)
