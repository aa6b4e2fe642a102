"""Compare translations of the same sources by several systems: are the differences more than chance?

Paired bootstrap resampling (Koehn, 2004) and paired approximate randomisation (Riezler and Maxwell, 2005), both as
sacreBLEU implements them, except that the p-value of equal scores is 1: sacreBLEU gives it the lowest value there is.
Each p-value is that of the hypothesis that a system is as good as the first one. The bootstrap's is one-sided, since
sacreBLEU counts samples whose difference exceeds its mean by more than the observed one: at most about 0.43, where no
difference is observed, and half of the two-sided value of randomisation for larger differences.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import isclose
from typing import Any

from data_prep.errors import DataError

from .bleu import Scores, check_counts, new_metrics, reference_streams, score
from .buckets import FrequencyBucket, LengthBucket, by_frequency, by_length, ranges_of
from .sentences import Differences, differences

METRICS = ("BLEU", "chrF2", "TER")
"""Names of the metrics, as sacreBLEU has them."""

SIDES = "p boot. is one-sided, as sacreBLEU computes it, and about half of p rand., which is two-sided"
"""What a reader of the p-values has to know."""


@dataclass(frozen=True)
class Tested:
    """A system's score with one metric, against the first system.

    Attributes:
        score: score of the corpus, 0 to 100 (TER: 0 or more, lower is better).
        mean: mean of the scores of the bootstrap samples.
        interval: half of the width of the 95% confidence interval around `mean`.
        p_bootstrap: p-value of the paired bootstrap, or None for the first system.
        p_randomisation: p-value of approximate randomisation, or None for the first system.
    """

    score: float
    mean: float
    interval: float
    p_bootstrap: float | None
    p_randomisation: float | None


@dataclass(frozen=True)
class Significance:
    """The tests of all systems against one set of references.

    Attributes:
        tests: for each metric in `METRICS` the results of each system.
        signatures: for each metric sacreBLEU's signatures of the two tests, ``bootstrap`` and ``randomisation``.
    """

    tests: Mapping[str, Mapping[str, Tested]]
    signatures: Mapping[str, Mapping[str, str]]

    def to_json(self) -> dict[str, Any]:
        """Return the tests as a JSON object, in full precision."""
        return {
            "tests": {
                metric: {name: asdict(test) for name, test in tests.items()} for metric, tests in self.tests.items()
            },
            "signatures": {metric: dict(signatures) for metric, signatures in self.signatures.items()},
        }


@dataclass(frozen=True)
class Comparison:
    """Systems compared with the first of them.

    Attributes:
        scores: scores of each system, see `eval.bleu.score`.
        significance: the tests against all references.
        first_reference: the tests against the first reference of each source; None if there are no others.
        lengths: BLEU by length of the sources; see `eval.buckets.by_length`.
        frequencies: F1 of words by their frequency; see `eval.buckets.by_frequency`.
        sentences: for every system but the first, how it differs from the first; see `eval.sentences.differences`.
    """

    scores: Mapping[str, Scores]
    significance: Significance
    first_reference: Significance | None
    lengths: Sequence[LengthBucket]
    frequencies: Sequence[FrequencyBucket]
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
        samples: number of bootstrap samples.
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
        for option, value in (("--samples", self.samples), ("--trials", self.trials)):
            if value < 1:
                raise DataError(f"{option} {value}: must be at least 1")
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
) -> Comparison:
    """Compare systems with the first of them.

    Args:
        systems: for each name its detokenised hypotheses, one per source; two systems or more.
        references: for each source its raw references, one or more; the number may differ between sources.
        sources: raw sources, for BLEU by length. Default: none
        counts: how often words occur in the training data, for F1 by frequency. Default: unknown
        options: see `CompareOptions`.

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
    sentences = differences(systems, references, sources, count=options.sentences, keep_case=case)
    streams = reference_streams(references)
    return Comparison(
        {name: score(hypotheses, references, keep_case=case) for name, hypotheses in systems.items()},
        significance_of(systems, streams, options),
        significance_of(systems, streams[:1], options) if len(streams) > 1 else None,
        lengths,
        frequencies,
        sentences,
    )


def significance_of(
    systems: Mapping[str, Sequence[str]], streams: Sequence[Sequence[Any]], options: CompareOptions
) -> Significance:
    """Test every system against the first.

    Args:
        systems: for each name its detokenised hypotheses, one per source.
        streams: references; see `eval.bleu.reference_streams`.
        options: numbers of samples and trials, and the case.
    """
    from sacrebleu.significance import PairedTest

    named: list[tuple[str, Sequence[str]]] = [(name, list(hypotheses)) for name, hypotheses in systems.items()]

    def test(kind: str, count: int) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        metrics = new_metrics(options.keep_case)
        with _quiet():
            signatures, results = PairedTest(named, metrics, streams, test_type=kind, n_samples=count)()
        return signatures, results

    bootstrap_signatures, bootstrap = test("bs", options.samples)
    randomisation_signatures, randomisation = test("ar", options.trials)
    tests = {
        metric: {name: _tested(bootstrap[metric], randomisation[metric], number) for number, name in enumerate(systems)}
        for metric in METRICS
    }
    signatures = {
        metric: {
            "bootstrap": str(bootstrap_signatures[metric]),
            "randomisation": str(randomisation_signatures[metric]),
        }
        for metric in METRICS
    }
    return Significance(tests, signatures)


def _tested(bootstrap: Sequence[Any], randomisation: Sequence[Any], number: int) -> Tested:
    """Return the results of a system from those of sacreBLEU's tests of all systems."""
    result = bootstrap[number]
    p_values: list[float | None] = [result.p_value, randomisation[number].p_value]
    if number > 0 and isclose(result.score, bootstrap[0].score, abs_tol=1e-9):
        p_values = [1.0, 1.0]
    return Tested(result.score, float(result.mean), float(result.ci), *p_values)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep sacreBLEU from reporting each of its steps."""
    logger = logging.getLogger("sacrebleu")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
