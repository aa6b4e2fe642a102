"""Phrase pairs that are consistent with a word alignment (Koehn, Och and Marcu 2003)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from .errors import DataError
from .word_alignment import Link

Words = tuple[str, ...]

_RESERVED = {"<s>", "<pad>", "</s>", "<unk>"}


@dataclass(frozen=True)
class PhraseLimits:
    """Which phrase pairs are kept.

    Attributes:
        max_source: maximum number of source words.
        max_target: maximum number of target words.
        min_frequency: minimum relative frequency of the target phrase among all those of the source phrase.
        min_count: minimum number of occurrences.
    """

    max_source: int = 4
    max_target: int = 6
    min_frequency: float = 0.08
    min_count: int = 1


@dataclass(frozen=True)
class PhraseOptions:
    """The options of the phrase pairs.

    Attributes:
        pairs: maximum number of phrase pairs.
        limits: which phrase pairs are candidates.
        tag: first word of every source phrase.
        seed: random seed of the word alignment.

    Raises:
        DataError: an option is out of range.
    """

    pairs: int
    limits: PhraseLimits
    tag: str = "<phrase>"
    seed: int = 1

    def __post_init__(self) -> None:
        limits = self.limits
        for option, value in (
            ("--phrase-pairs", self.pairs),
            ("--phrase-max-source", limits.max_source),
            ("--phrase-max-target", limits.max_target),
            ("--phrase-min-count", limits.min_count),
        ):
            if value < 1:
                raise DataError(f"{option} {value}: must be at least 1")
        if not 0 <= limits.min_frequency <= 1:
            raise DataError(f"--phrase-min-frequency {limits.min_frequency}: must be between 0 and 1")
        if [self.tag] != self.tag.split() or self.tag in _RESERVED:
            raise DataError(
                f"--phrase-tag '{self.tag}': must be one word without spaces and none of {', '.join(sorted(_RESERVED))}"
            )


@dataclass(frozen=True)
class PhrasePair:
    """A phrase pair.

    Attributes:
        source: source words.
        target: target words.
        count: number of occurrences.
        frequency: number of occurrences divided by that of all phrase pairs with this source.
        unlinked: number of words without a link, in the occurrence that has the fewest.
    """

    source: Words
    target: Words
    count: int
    frequency: float
    unlinked: int


def phrase_spans(
    links: Set[Link], source_length: int, target_length: int, max_source: int, max_target: int
) -> Iterator[tuple[range, range]]:
    """Yield the phrase pairs of a sentence pair that are consistent with its alignment.

    A phrase pair is consistent if it has at least one link and none of its words is linked to a word outside it. It may
    begin and end with unlinked words.

    Args:
        links: the alignment.
        source_length: number of source words.
        target_length: number of target words.
        max_source: maximum number of source words of a phrase pair.
        max_target: maximum number of target words of a phrase pair.

    Yields:
        The positions of the source words and of the target words.
    """
    sources_of: list[list[int]] = [[] for _ in range(target_length)]
    targets_of: list[list[int]] = [[] for _ in range(source_length)]
    for source, target in links:
        sources_of[target].append(source)
        targets_of[source].append(target)
    for first in range(target_length):
        for last in range(first, min(first + max_target, target_length)):
            linked = [source for target in range(first, last + 1) for source in sources_of[target]]
            if not linked:
                continue
            low, high = min(linked), max(linked)
            inside = (first <= target <= last for source in range(low, high + 1) for target in targets_of[source])
            if high - low >= max_source or not all(inside):
                continue
            start = low
            while start >= 0 and (start == low or not targets_of[start]):
                end = high
                while end < source_length and end - start < max_source and (end == high or not targets_of[end]):
                    yield range(start, end + 1), range(first, last + 1)
                    end += 1
                start -= 1


def extract_phrases(
    source: Iterable[Sequence[str]],
    target: Iterable[Sequence[str]],
    alignment: Iterable[Set[Link]],
    limits: PhraseLimits,
) -> list[PhrasePair]:
    """Return the phrase pairs of a corpus within the limits, most useful first.

    They are sorted by descending count. Pairs with equal counts (most occur once) are sorted by the number of unlinked
    words, because a pair with unlinked words often lacks a translation and would teach a model to omit words; then by
    size (source length times target length, which is their cost in a grid); then by descending frequency.

    Args:
        source: the words of the source sentences.
        target: the words of the target sentences.
        alignment: the links of each pair.
        limits: which phrase pairs are kept.
    """
    counts: Counter[tuple[Words, Words]] = Counter()
    unlinked: dict[tuple[Words, Words], int] = {}
    for source_words, target_words, links in zip(source, target, alignment, strict=True):
        sources, targets = {link[0] for link in links}, {link[1] for link in links}
        spans = phrase_spans(links, len(source_words), len(target_words), limits.max_source, limits.max_target)
        for source_span, target_span in spans:
            pair = (
                tuple(source_words[source_span.start : source_span.stop]),
                tuple(target_words[target_span.start : target_span.stop]),
            )
            without = len(set(source_span) - sources) + len(set(target_span) - targets)
            counts[pair] += 1
            unlinked[pair] = min(without, unlinked.get(pair, without))
    by_source: Counter[Words] = Counter()
    for (source_phrase, _), count in counts.items():
        by_source[source_phrase] += count
    phrases = [
        PhrasePair(*pair, count, count / by_source[pair[0]], unlinked[pair])
        for pair, count in counts.items()
        if count >= limits.min_count and count >= limits.min_frequency * by_source[pair[0]]
    ]
    phrases.sort(key=lambda p: (-p.count, p.unlinked, len(p.source) * len(p.target), -p.frequency, p.source, p.target))
    return phrases
