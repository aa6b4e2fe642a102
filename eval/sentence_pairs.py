"""Sentence pairs as tokens, as a model reads them: of a split, or of raw text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from data_prep.errors import DataError
from data_prep.files import read_lines

from .hypotheses import read_candidates
from .prepared import check_unchanged


@dataclass(frozen=True)
class SentencePair:
    """A source and a target.

    Attributes:
        source: tokens joined by spaces.
        target: tokens joined by spaces.
        number: number of the sentence in its split, counted from 1; None if it is in none.
    """

    source: str
    target: str
    number: int | None = None


def split_pairs(
    data: Path, split: str, numbers: Sequence[int] | None = None, translations: Path | None = None
) -> list[SentencePair]:
    """Return the sentences of a split with their first references or their translations.

    Args:
        data: folder written by ``python -m data_prep prepare``.
        split: ``test`` or ``valid``.
        numbers: numbers of sentences, counted from 1. Default: all
        translations: output of fairseq-generate, whose best hypotheses are the targets. Default: the first references

    Raises:
        DataError: a file is missing, malformed or not the one that was prepared, a number is out of range, or a
            translation is empty.
    """
    source, target = (data / "text" / f"{split}.{language}" for language in ("zh", "en"))
    check_unchanged(data, [source, *([target] if translations is None else [])])
    sources = read_lines(source)
    if translations is None:
        targets = read_lines(target)
        if len(targets) != len(sources):
            raise DataError(f"{data / 'text'}: {len(sources)} sources, but {len(targets)} targets in the {split} set")
    else:
        targets = [candidates[0].tokens for candidates in read_candidates(translations, len(sources), sources)]
    pairs = []
    for number in range(1, len(sources) + 1) if numbers is None else numbers:
        if not 1 <= number <= len(sources):
            raise DataError(f"--sentences {number}: the {split} set has the sentences 1 to {len(sources)}")
        pairs.append(SentencePair(sources[number - 1], targets[number - 1], number))
    return pairs


def raw_pair(data: Path, source: str, target: str) -> SentencePair:
    """Return a raw sentence pair, segmented and tokenised like the data, without characters that are in no sentence.

    Args:
        data: folder written by ``python -m data_prep prepare``.
        source: raw source.
        target: raw target.

    Raises:
        DataError: the manifest of the data, or a file that it lists, is missing, damaged or changed.
    """
    from reencoder.text.pipeline import TextPipeline

    pipeline = TextPipeline(data)
    return SentencePair(pipeline.encode_source(source), pipeline.encode_target(target))
