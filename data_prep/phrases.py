"""Phrase pairs that are consistent with a word alignment (Koehn, Och and Marcu 2003)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence, Set
from dataclasses import dataclass

from .check import SPECIAL_SYMBOLS
from .errors import DataError
from .word_alignment import Link

Words = tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class PhraseOptions:
    """Which phrase pairs are added to the training set.

    Attributes:
        phrase_pairs: maximum number of phrase pairs; 0 for none.
        phrase_max_source: maximum number of source words.
        phrase_max_target: maximum number of target words.
        phrase_min_frequency: minimum relative frequency of the target phrase among all those of the source phrase.
        phrase_min_count: minimum number of occurrences.
        phrase_tag: first word of every source phrase.

    Raises:
        DataError: an option is out of range.
    """

    phrase_pairs: int = 0
    phrase_max_source: int = 4
    phrase_max_target: int = 6
    phrase_min_frequency: float = 0.08
    phrase_min_count: int = 1
    phrase_tag: str = "<phrase>"

    def __post_init__(self) -> None:
        tag = self.phrase_tag
        if [tag] != tag.split() or tag in SPECIAL_SYMBOLS:
            reserved = ", ".join(sorted(SPECIAL_SYMBOLS))
            raise DataError(f"--phrase-tag '{tag}': must be one word without spaces and none of {reserved}")


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
    options: PhraseOptions,
) -> list[PhrasePair]:
    """Return the phrase pairs of a corpus that the options allow, most useful first.

    They are sorted by descending count. Pairs with equal counts (most occur once) are sorted by the number of unlinked
    words, because a pair with unlinked words often lacks a translation and would teach a model to omit words; then by
    size (source length times target length, which is their cost in a grid); then by descending frequency.

    Args:
        source: the words of the source sentences.
        target: the words of the target sentences.
        alignment: the links of each pair.
        options: which phrase pairs are kept.
    """
    counts: Counter[tuple[Words, Words]] = Counter()
    unlinked: dict[tuple[Words, Words], int] = {}
    for source_words, target_words, links in zip(source, target, alignment, strict=True):
        sources, targets = {link[0] for link in links}, {link[1] for link in links}
        lengths = len(source_words), len(target_words)
        spans = phrase_spans(links, *lengths, options.phrase_max_source, options.phrase_max_target)
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
        if count >= max(options.phrase_min_count, options.phrase_min_frequency * by_source[pair[0]])
    ]
    phrases.sort(key=lambda p: (-p.count, p.unlinked, len(p.source) * len(p.target), -p.frequency, p.source, p.target))
    return phrases
