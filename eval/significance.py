"""Are the differences between systems more than chance?

Paired bootstrap resampling (Koehn, 2004) as sacreBLEU implements it, and paired approximate randomisation (Riezler and
Maxwell, 2005) with sacreBLEU's metrics and draws. Each p-value is that of the hypothesis that a system is as good as
the first one.

Randomisation counts the shuffles whose difference is at least as large as the observed one. ``sacrebleu --paired-ar``
counts only larger ones, and so takes two systems that differ in a single sentence for significantly different: each
shuffle of them has the same difference. Otherwise the p-values are the same.

The bootstrap's p-value is one-sided, since sacreBLEU counts samples whose difference exceeds its mean by more than the
observed one: at most about 0.43, where no difference is observed, and half of the two-sided value of randomisation for
larger differences. Where the scores are equal it is 1 here: sacreBLEU gives it the lowest value there is.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from math import isclose
from typing import Any

from .bleu import new_metrics

METRICS = ("BLEU", "chrF2", "TER")
"""Names of the metrics, as sacreBLEU has them."""

SIDES = "p boot. is one-sided, as sacreBLEU computes it, and about half of p rand., which is two-sided"
"""What a reader of the p-values has to know."""

_EQUAL = 1e-9
"""Differences in scores up to which they count as equal: sums in another order differ by less than a billionth."""


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


def significance_of(
    systems: Mapping[str, Sequence[str]],
    streams: Sequence[Sequence[Any]],
    *,
    keep_case: bool = False,
    samples: int = 1000,
    trials: int = 10000,
) -> Significance:
    """Test every system against the first.

    Args:
        systems: for each name its detokenised hypotheses, one per source; two systems or more.
        streams: references; see `eval.bleu.reference_streams`.
        keep_case: score the text as written instead of lower-casing both sides. Default: False
        samples: number of bootstrap samples. Default: 1000
        trials: number of trials of approximate randomisation. Default: 10000
    """
    from sacrebleu.significance import PairedTest

    named: list[tuple[str, Sequence[str]]] = [(name, list(hypotheses)) for name, hypotheses in systems.items()]
    with _quiet():
        signatures, bootstrap = PairedTest(named, new_metrics(keep_case), streams, test_type="bs", n_samples=samples)()
    tests, both = {}, {}
    for name, metric in new_metrics(keep_case).items():
        p_values = _randomised(metric, list(systems.values()), streams, trials)
        results: Sequence[Any] = bootstrap[name]
        tests[name] = {
            system: _tested(results[number], results[0], p_values[number]) for number, system in enumerate(systems)
        }
        signature = metric.get_signature()
        signature.update("seed", str(_seed()).lower())
        signature.update("ar", trials)
        both[name] = {"bootstrap": str(signatures[name]), "randomisation": str(signature)}
    return Significance(tests, both)


def _tested(result: Any, baseline: Any, p_randomisation: float | None) -> Tested:
    """Return the results of a system from those of sacreBLEU's bootstrap of it and of the first system."""
    p_bootstrap: float | None = result.p_value
    if p_bootstrap is not None and isclose(result.score, baseline.score, abs_tol=_EQUAL):
        p_bootstrap = 1.0
    return Tested(result.score, float(result.mean), float(result.ci), p_bootstrap, p_randomisation)


def _randomised(
    metric: Any, systems: Sequence[Sequence[str]], streams: Sequence[Sequence[Any]], trials: int
) -> list[float | None]:
    """Return the p-value of each system's difference from the first, None for the first itself."""
    import numpy as np

    def score(statistics: Any) -> float:
        return float(metric._compute_score_from_stats(statistics).score)

    statistics = [np.array(metric._extract_corpus_statistics(system, streams), dtype=float) for system in systems]
    swapped = np.random.default_rng(_seed()).integers(2, size=(trials, len(systems[0])), dtype=bool).astype(float)
    found: list[float | None] = [None]
    for other in statistics[1:]:
        both = statistics[0].sum(0) + other.sum(0)
        observed = abs(score(statistics[0].sum(0)) - score(other.sum(0)))
        shuffled = swapped @ (statistics[0] - other) + other.sum(0)
        extreme = sum(abs(score(one) - score(both - one)) >= observed - _EQUAL for one in shuffled)
        found.append((extreme + 1) / (trials + 1))  # the observed one is one of the shuffles
    return found


def _seed() -> int | None:
    """Return the seed that sacreBLEU takes from the environment; None for another one each time."""
    seed = os.environ.get("SACREBLEU_SEED", "12345")
    return None if seed.lower() == "none" else int(seed)


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
