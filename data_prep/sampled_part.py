"""Further copies of the training set with subwords drawn at random, as a further part of it.

A model that sees a word in different pieces learns what the pieces mean, and so copes with words that it has not seen
(Kudo 2018; Provilkov et al. 2020). The part "train" and the held-out sets keep the best segmentation.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .binarise import binarise_further_part
from .errors import DataError
from .files import write_lines
from .progress import progress
from .split import Example
from .subwords import model_name, seed_sampling
from .text import ChineseSegmenter, EnglishTokenizer


@dataclass(frozen=True)
class SamplingOptions:
    """The options of the copies.

    Attributes:
        copies: number of copies of the training set.
        strength: how much the pieces vary, see `load_sentencepiece`.
        seed: random seed.

    Raises:
        DataError: an option is out of range.
    """

    copies: int
    strength: float = 0.1
    seed: int = 1

    def __post_init__(self) -> None:
        if self.copies < 1:
            raise DataError(f"--subword-samples {self.copies}: must be at least 1")
        if not 0 < self.strength <= 1:
            raise DataError(f"--subword-sampling {self.strength}: must be above 0 and at most 1")


def add_sampled_part(
    directory: Path,
    part: str,
    train: Sequence[Example],
    segmenter: ChineseSegmenter,
    tokenizer: EnglishTokenizer,
    languages: tuple[str, str],
    options: SamplingOptions,
) -> dict[str, Any]:
    """Write and binarise the copies, one after the other, as a part of the training set.

    A side that is not split by a sentencepiece model is the same in all copies.

    Args:
        directory: directory of the prepared data, whose part "train" is written and binarised.
        part: name of the part: "train1" or higher.
        train: the training sentences.
        segmenter: the segmenter of the part "train".
        tokenizer: the tokenizer of the part "train".
        languages: source and target language.
        options: the options.

    Returns:
        What the manifest records: counts by language.

    Raises:
        DataError: fairseq-preprocess fails.
    """
    models = [directory / model_name(language) for language in languages]
    chinese = ChineseSegmenter(segmenter.segmentation, models[0], options.strength)
    english = EnglishTokenizer(tokenizer.keep_case, models[1] if models[1].exists() else None, options.strength)
    seed_sampling(options.seed)
    lines: tuple[list[str], list[str]] = ([], [])
    for copy in range(1, options.copies + 1):
        for example in progress(train, f"copy {copy} with sampled subwords"):
            lines[0].append(chinese(example.chinese))
            lines[1].append(english(example.english))
    for language, side in zip(languages, lines, strict=True):
        write_lines(directory / "text" / f"{part}.{language}", side)
    counts = binarise_further_part(directory, part, *languages)
    return {"part": part, "pairs": len(lines[0]), **{language: asdict(side) for language, side in counts.items()}}
