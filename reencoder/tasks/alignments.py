"""Word alignments of a training set that consists of several parts."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import Any

from fairseq.data import ConcatDataset, data_utils


def load_alignments(folder: Path, split: str, languages: tuple[str, str], combine: bool, upsample_primary: int) -> Any:
    """Load the word alignments of a split in the order in which fairseq concatenates the parts of its pairs.

    fairseq itself loads those of the first part only.

    Args:
        folder: folder of binarised data.
        split: name of the split; the names of its further parts end with 1, 2, ...
        languages: source and target language.
        combine: load all parts, not only the first.
        upsample_primary: how often each pair of the first part occurs, if there are several parts.

    Returns:
        A data set with the links of each pair: positions of source and of target tokens, alternately.

    Raises:
        ValueError: a part has no alignments, or the data were prepared for the other direction.
    """
    pair = "-".join(languages)
    if not (folder / f"{split}.{pair}.{languages[0]}.idx").exists():
        raise ValueError(
            f"--load-alignments: {folder} has no {split}.{pair}.{languages[0]}.idx; alignments are read only in the "
            "direction, and with the --dataset-impl, of the prepared data"
        )
    parts: list[Any] = []
    for number in count():
        part = split + (str(number) if number else "")
        if (number and not combine) or not (folder / f"{part}.{pair}.{languages[0]}.idx").exists():
            break
        for suffix in ("idx", "bin"):
            file = folder / f"{part}.align.{pair}.{suffix}"
            if not file.exists() or file.stat().st_size == 0:
                raise ValueError(
                    f"--load-alignments: {file} is missing or empty; prepare the data again, with "
                    "python -m data_prep prepare --word-alignments"
                )
        parts.append(data_utils.load_indexed_dataset(str(folder / f"{part}.align.{pair}")))
    if len(parts) == 1:
        return parts[0]
    return ConcatDataset(parts, [upsample_primary] + [1] * (len(parts) - 1))
