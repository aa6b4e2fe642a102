"""The embedded phrasebook: Chinese-English travel sentences from a synchronous grammar, for trials without a
download."""

from __future__ import annotations

import os
from pathlib import Path

from data_prep.files import new_file, write_lines
from data_prep.phrasebook.generate import Pair, generate_pairs

__all__ = ["Pair", "generate_pairs", "write_phrasebook"]


def write_phrasebook(path: str | os.PathLike[str], count: int = 24000, seed: int = 1) -> None:
    """Write pairs in the format of Tatoeba's export: English, tab, Chinese, tab, attribution (``phrasebook:<topic>``).

    The file is UTF-8 with LF line ends; an existing one is replaced, and only once the new one is complete. Raises
    ValueError as ``generate_pairs`` does, and DataError where the file cannot be written.
    """
    pairs = generate_pairs(count, seed)
    with new_file(Path(path), overwrite=True, option="phrasebook") as temporary:
        write_lines(temporary, (f"{pair.english}\t{pair.chinese}\tphrasebook:{pair.topic}" for pair in pairs))
