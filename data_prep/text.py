"""What sentences are compared by."""

from __future__ import annotations

import re
import unicodedata

_NOT_ALPHANUMERIC = re.compile(r"[\W_]")


def normalise_chinese(text: str) -> str:
    """Return the key by which Chinese sentences are compared: NFKC, letters and digits only."""
    return _NOT_ALPHANUMERIC.sub("", unicodedata.normalize("NFKC", text))


def normalise_english(text: str) -> str:
    """Return the key by which English sentences are compared: NFKC, lower-cased, letters and digits only."""
    return _NOT_ALPHANUMERIC.sub("", unicodedata.normalize("NFKC", text).lower())
