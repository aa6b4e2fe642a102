"""Compare translations of the same sources by several systems."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from data_prep.errors import DataError

from .bleu import Scores, check_counts, reference_streams, score
from .buckets import FrequencyBucket, LengthBucket, by_frequency, by_length, ranges_of
from .sentences import Differences, differences, sentence_scores
from .significance import Significance, significance_of


@dataclass(frozen=True)
class Comparison:
    """Systems compared with the first of them.

    Attributes:
        scores: scores of each system, see `eval.bleu.score`.
        significance: the tests against all references.
        first_reference: the tests against the first reference of each source; None if there are no others.
        lengths: BLEU by length of the sources; see `eval.buckets.by_length`.
        frequencies: F1 of words by their frequency; see `eval.buckets.by_frequency`.
        sentence_scores: for each system the scores of its sentences; see `eval.sentences.sentence_scores`.
        sentences: for every system but the first, how it differs from the first; see `eval.sentences.differences`.
    """

    scores: Mapping[str, Scores]
    significance: Significance
    first_reference: Significance | None
    lengths: Sequence[LengthBucket]
    frequencies: Sequence[FrequencyBucket]
    sentence_scores: Mapping[str, Sequence[float]]
    sentences: Mapping[str, Differences]

    @property
    def baseline(self) -> str:
        """Name of the first system."""
        return next(iter(self.scores))

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as a JSON object, in full precision."""
        return {
            "baseline": self.baseline,
            "scores": {name: scores.to_json() for name, scores in self.scores.items()},
            **self.significance.to_json(),
            "first_reference": None if self.first_reference is None else self.first_reference.to_json(),
            "by_source_length": [bucket.to_json() for bucket in self.lengths],
            "by_word_frequency": [bucket.to_json() for bucket in self.frequencies],
            "sentences": {name: found.to_json() for name, found in self.sentences.items()},
        }


@dataclass(frozen=True)
class CompareOptions:
    """What is compared.

    Attributes:
        lengths: limits of the lengths of sources; see `eval.buckets.by_length`.
        frequencies: limits of the frequencies of words; see `eval.buckets.by_frequency`.
        sentences: maximum number of wins, and of losses, to show for each system.
        keep_case: score the text as written instead of lower-casing both sides.
        samples: number of bootstrap samples, at least 2.
        trials: number of trials of approximate randomisation.

    Raises:
        DataError: a number is out of range, or limits do not ascend.
    """

    lengths: Sequence[int] = (5, 8, 12, 16)
    frequencies: Sequence[int] = (0, 9, 99, 999)
    sentences: int = 5
    keep_case: bool = False
    samples: int = 1000
    trials: int = 10000

    def __post_init__(self) -> None:
        if self.samples < 2:
            raise DataError(f"--samples {self.samples}: must be at least 2")
        if self.trials < 1:
            raise DataError(f"--trials {self.trials}: must be at least 1")
        if self.sentences < 0:
            raise DataError(f"--sentences {self.sentences}: must not be negative")
        ranges_of("--lengths", self.lengths, 1)
        ranges_of("--frequencies", self.frequencies, 0)


def check_number(systems: Collection[str]) -> None:
    """Check that there are several systems.

    Raises:
        DataError: there are not.
    """
    if len(systems) < 2:
        raise DataError(f"{len(systems)} system to compare; expected at least two")


def compare(
    systems: Mapping[str, Sequence[str]],
    references: Sequence[Sequence[str]],
    sources: Sequence[str] | None = None,
    counts: Mapping[str, int] | None = None,
    options: CompareOptions | None = None,
    scores: Mapping[str, Scores] | None = None,
) -> Comparison:
    """Compare systems with the first of them.

    Args:
        systems: for each name its detokenised hypotheses, one per source; two systems or more.
        references: for each source its raw references, one or more; the number may differ between sources.
        sources: raw sources, for BLEU by length. Default: none
        counts: how often words occur in the training data, for F1 by frequency. Default: unknown
        options: see `CompareOptions`.
        scores: scores of each system, with the same `keep_case`. Default: they are computed

    Raises:
        DataError: there are fewer than two systems, or a number of lines is wrong.
    """
    options = options or CompareOptions()
    check_number(systems)
    for hypotheses in systems.values():
        check_counts(hypotheses, references)
    case = options.keep_case
    # Before the tests, which take long
    lengths = [] if sources is None else by_length(systems, references, sources, options.lengths, keep_case=case)
    frequencies = (
        [] if counts is None else by_frequency(systems, references, counts, options.frequencies, keep_case=case)
    )
    of_sentences = {name: sentence_scores(own, references, keep_case=case) for name, own in systems.items()}
    sentences = differences(systems, references, of_sentences, sources, count=options.sentences)
    streams = reference_streams(references)
    test = partial(significance_of, systems, keep_case=case, samples=options.samples, trials=options.trials)
    return Comparison(
        scores or {name: score(hypotheses, references, keep_case=case) for name, hypotheses in systems.items()},
        test(streams),
        test(streams[:1]) if len(streams) > 1 else None,
        lengths,
        frequencies,
        of_sentences,
        sentences,
    )
