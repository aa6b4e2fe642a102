"""What sentences are compared by. The segmentation, which translation needs too, is in `reencoder/text`."""

from __future__ import annotations

import re
import unicodedata

from reencoder.text.pipeline import clean
from reencoder.text.segmentation import (
    SEGMENTATIONS,
    TARGET_SEGMENTATIONS,
    ChineseSegmenter,
    EnglishTokenizer,
    detokenize_english,
    simplified_nfkc,
    to_simplified,
)

__all__ = [
    "SEGMENTATIONS",
    "TARGET_SEGMENTATIONS",
    "ChineseSegmenter",
    "EnglishTokenizer",
    "clean",
    "detokenize_english",
    "normalise_chinese",
    "normalise_english",
    "simplified_nfkc",
    "to_simplified",
]

_NOT_ALPHANUMERIC = re.compile(r"[\W_]")


def normalise_chinese(text: str) -> str:
    """Return the key by which Chinese sentences are compared: NFKC, letters and digits only."""
    return _NOT_ALPHANUMERIC.sub("", unicodedata.normalize("NFKC", text))


def normalise_english(text: str) -> str:
    """Return the key by which English sentences are compared: NFKC, lower-cased, letters and digits only."""
    return _NOT_ALPHANUMERIC.sub("", unicodedata.normalize("NFKC", text).lower())
