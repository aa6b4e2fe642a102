"""Further copies of the training set with subwords drawn at random, as a further part of it.

A model that sees a word in different pieces learns what the pieces mean, and so copes with words that it has not seen
(Kudo 2018; Provilkov et al. 2020). The part "train" and the held-out sets keep the best segmentation.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from .binarise import binarise_further_part
from .encoding import Encoding, sampled_tokens
from .errors import DataError
from .files import iterate_lines, write_lines
from .workers import Workers


@dataclass(frozen=True, kw_only=True)
class SamplingOptions:
    """The options of the copies.

    Attributes:
        subword_samples: number of copies of the training set; 0 for none.
        subword_sampling: how much the pieces vary, see `load_sentencepiece`.
        subword_seed: random seed.

    Raises:
        DataError: an option is out of range.
    """

    subword_samples: int = 0
    subword_sampling: float = 0.1
    subword_seed: int = 1

    def __post_init__(self) -> None:
        if not 0 < self.subword_sampling <= 1:
            raise DataError(f"--subword-sampling {self.subword_sampling}: must be above 0 and at most 1")


def add_sampled_part(
    directory: Path,
    part: str,
    sentences: int,
    encodings: Mapping[str, Encoding],
    options: SamplingOptions,
    workers: Workers,
) -> dict[str, Any]:
    """Write and binarise the copies, one after the other, as a part of the training set.

    A side that is not split by a sentencepiece model is the same in all copies.

    Args:
        directory: directory of the prepared data, whose part "train" is written and binarised; its folder "normalised"
            has what the tokens are parts of.
        part: name of the part: "train1" or higher.
        sentences: number of training sentences.
        encodings: how sentences of the part "train" become tokens, by language: source, target.
        options: the options.
        workers: processes that do the work.

    Returns:
        What the manifest records: counts by language.

    Raises:
        DataError: fairseq-preprocess fails.
    """
    for language, encoding in encodings.items():
        lines = _copies(directory, sentences, encoding, options, workers)
        write_lines(directory / "text" / f"{part}.{language}", lines)
    counts = binarise_further_part(directory, part, workers=workers.count)
    pairs = options.subword_samples * sentences
    return {"part": part, "pairs": pairs, **{language: asdict(side) for language, side in counts.items()}}


def _copies(
    directory: Path, sentences: int, encoding: Encoding, options: SamplingOptions, workers: Workers
) -> Iterator[str]:
    """Yield the lines of all copies in one language."""
    name = f"train.{encoding.language}"
    for copy in range(1, options.subword_samples + 1):
        if encoding.model is None:
            yield from iterate_lines(directory / "text" / name)
            continue
        sampling = replace(encoding, sampling=options.subword_sampling)
        work = partial(sampled_tokens, sampling, options.subword_seed, copy)
        texts = iterate_lines(directory / "normalised" / name)
        description = f"copy {copy} with sampled subwords: {encoding.language}"
        yield from workers.map_numbered(work, texts, sentences, description)
