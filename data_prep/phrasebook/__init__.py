"""The embedded phrasebook: Chinese-English travel sentences from a synchronous grammar, to try the project without a
download."""

from __future__ import annotations

import os
from pathlib import Path

from ..pairs import write_tsv
from .generate import generate_pairs

__all__ = ["generate_pairs", "write_phrasebook"]


def write_phrasebook(path: str | os.PathLike[str], count: int = 24000, seed: int = 1) -> None:
    """Write pairs in the format of Tatoeba's export: English, tab, Chinese, tab, attribution (`phrasebook:TOPIC`).

    Args:
        path: file to write, UTF-8 with LF line ends; an existing file is replaced when the new one is complete.
        count: number of pairs.
        seed: random seed.

    Raises:
        DataError: `count` is below 1 or more than the grammar can generate, or the file cannot be written.
    """
    write_tsv(Path(path), generate_pairs(count, seed))
