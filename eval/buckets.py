"""Where systems differ: BLEU of short and long sources, and how well frequent and rare words are translated."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from data_prep.errors import DataError

from .bleu import new_metrics, reference_streams


@dataclass(frozen=True)
class LengthBucket:
    """BLEU of the sources of similar length. The length is that of the raw text in characters without white space.

    Attributes:
        lowest: lowest length.
        highest: highest length; None if there is no limit.
        sources: number of sources.
        bleu: BLEU of each system against all references.
        bleu_first_reference: BLEU of each system against the first reference.
    """

    lowest: int
    highest: int | None
    sources: int
    bleu: Mapping[str, float]
    bleu_first_reference: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Return the bucket as a JSON object."""
        return {
            "from": self.lowest,
            "to": self.highest,
            "sources": self.sources,
            "bleu": dict(self.bleu),
            "bleu_first_reference": dict(self.bleu_first_reference),
        }


@dataclass(frozen=True)
class FrequencyBucket:
    """How well the words that occur similarly often in the training data are translated.

    A word of a hypothesis is right if it is in the reference, at most as many times as there. With several references,
    the one that gives the hypothesis the highest F1 is used. Words are BLEU's 13a tokens.

    Attributes:
        lowest: lowest number of occurrences in the training data.
        highest: highest number of occurrences; None if there is no limit.
        words: number of words of the first references in this bucket.
        f1: of each system, 0 to 100, the references chosen among all.
        f1_first_reference: of each system, 0 to 100, against the first references.
    """

    lowest: int
    highest: int | None
    words: int
    f1: Mapping[str, float]
    f1_first_reference: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """Return the bucket as a JSON object."""
        return {
            "from": self.lowest,
            "to": self.highest,
            "reference_words": self.words,
            "f1": dict(self.f1),
            "f1_first_reference": dict(self.f1_first_reference),
        }


def range_text(lowest: int, highest: int | None) -> str:
    """Return a range of numbers as text."""
    if highest is None:
        return f"{lowest}+"
    return str(lowest) if lowest == highest else f"{lowest}-{highest}"


def by_length(
    systems: Mapping[str, Sequence[str]],
    references: Sequence[Sequence[str]],
    sources: Sequence[str],
    limits: Sequence[int],
    *,
    keep_case: bool = False,
) -> list[LengthBucket]:
    """Return BLEU of sources of similar length.

    Args:
        systems: for each name its detokenised hypotheses, one per source.
        references: for each source its raw references.
        sources: raw sources.
        limits: highest length of each bucket but the last, which has no limit; ascending. Empty buckets are left out.
        keep_case: score the text as written instead of lower-casing both sides. Default: False

    Raises:
        DataError: the numbers of sources and references differ, or the limits do not ascend.
    """
    if len(sources) != len(references):
        raise DataError(f"{len(sources)} sources, but {len(references)} lines of references")
    lengths = [len("".join(source.split())) for source in sources]
    buckets = []
    for lowest, highest in ranges_of("--lengths", limits, 1):
        inside = [n for n, length in enumerate(lengths) if lowest <= length and (highest is None or length <= highest)]
        if inside:
            streams = reference_streams([references[n] for n in inside])
            picked = {name: [hypotheses[n] for n in inside] for name, hypotheses in systems.items()}
            every, first = (
                {name: _bleu(hypotheses, against, keep_case) for name, hypotheses in picked.items()}
                for against in (streams, streams[:1])
            )
            buckets.append(LengthBucket(lowest, highest, len(inside), every, first))
    return buckets


def _bleu(hypotheses: Sequence[str], streams: Sequence[Sequence[Any]], keep_case: bool) -> float:
    return float(new_metrics(keep_case)["BLEU"].corpus_score(hypotheses, streams).score)


def ranges_of(option: str, limits: Sequence[int], least: int) -> list[tuple[int, int | None]]:
    """Return the ranges up to each limit, and the one above all.

    Raises:
        DataError: the limits do not ascend, or the first is below `least`.
    """
    if any(limit < least for limit in limits) or any(a >= b for a, b in pairwise(limits)):
        raise DataError(f"{option} {' '.join(map(str, limits))}: must be at least {least} and ascend")
    return list(zip([0, *(limit + 1 for limit in limits)], [*limits, None], strict=True))


def count_words(lines: Iterable[str], *, keep_case: bool = False) -> Counter[str]:
    """Return how often each 13a token occurs in detokenised text.

    Args:
        lines: sentences of the training data.
        keep_case: do not lower-case the text. Default: False
    """
    counts: Counter[str] = Counter()
    for line in lines:
        counts.update(words_of(line, keep_case))
    return counts


def words_of(text: str, keep_case: bool) -> list[str]:
    """Return the words of a sentence as BLEU counts them: 13a tokens, lower-cased unless `keep_case` is set."""
    from sacrebleu.tokenizers.tokenizer_13a import Tokenizer13a

    tokens: str = Tokenizer13a()(text.rstrip() if keep_case else text.lower().rstrip())
    return tokens.split()


def by_frequency(
    systems: Mapping[str, Sequence[str]],
    references: Sequence[Sequence[str]],
    counts: Mapping[str, int],
    limits: Sequence[int],
    *,
    keep_case: bool = False,
) -> list[FrequencyBucket]:
    """Return how well words are translated, by their frequency in the training data.

    Args:
        systems: for each name its detokenised hypotheses, one per source.
        references: for each source its raw references.
        counts: how often each word occurs in the training data; see `count_words`.
        limits: highest number of occurrences of each bucket but the last; ascending. Empty buckets are left out.
        keep_case: do not lower-case the text. Default: False

    Raises:
        DataError: the limits do not ascend.
    """
    ranges = ranges_of("--frequencies", limits, 0)
    bags = [[Counter(words_of(text, keep_case)) for text in texts] for texts in references]
    outputs = {
        name: [Counter(words_of(text, keep_case)) for text in hypotheses] for name, hypotheses in systems.items()
    }
    chosen = {
        name: [max(texts, key=lambda bag: _f1(hypothesis, bag)) for hypothesis, texts in zip(own, bags, strict=True)]
        for name, own in outputs.items()
    }
    first = [texts[0] for texts in bags]
    buckets = []
    for lowest, highest in ranges:

        def inside(word: str, lowest: int = lowest, highest: int | None = highest) -> bool:
            return lowest <= counts.get(word, 0) and (highest is None or counts.get(word, 0) <= highest)

        words = sum(count for bag in first for word, count in bag.items() if inside(word))
        if words:
            every = {name: _bucket_f1(own, chosen[name], inside) for name, own in outputs.items()}
            one = {name: _bucket_f1(own, first, inside) for name, own in outputs.items()}
            buckets.append(FrequencyBucket(lowest, highest, words, every, one))
    return buckets


def _f1(hypothesis: Counter[str], reference: Counter[str]) -> float:
    total = hypothesis.total() + reference.total()
    return 2 * (hypothesis & reference).total() / total if total else 0.0


def _bucket_f1(
    hypotheses: Sequence[Counter[str]], references: Sequence[Counter[str]], inside: Callable[[str], bool]
) -> float:
    """Return the F1, 0 to 100, over all sentences, of the words that are `inside` the bucket."""
    matches = total = 0
    for hypothesis, reference in zip(hypotheses, references, strict=True):
        matches += sum(count for word, count in (hypothesis & reference).items() if inside(word))
        for bag in (hypothesis, reference):
            total += sum(count for word, count in bag.items() if inside(word))
    return 100 * 2 * matches / total if total else 0.0
