"""Compare translations of the same sources by several systems: are the differences more than chance?

Paired bootstrap resampling (Koehn, 2004) and paired approximate randomisation (Riezler and Maxwell, 2005), both as
sacreBLEU implements them, except that the p-value of equal scores is 1: sacreBLEU gives it the lowest value there is.
Each p-value is that of the hypothesis that a system is as good as the first one.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from itertools import pairwise
from math import isclose
from typing import Any

from data_prep.errors import DataError

from .bleu import Scores, check_counts, reference_streams, score

METRICS = ("BLEU", "chrF2", "TER")
"""Names of the metrics, as sacreBLEU has them."""


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
class Comparison:
    """Systems compared with the first of them.

    Attributes:
        scores: scores of each system, see `eval.bleu.score`.
        tests: for each metric in `METRICS` the results of each system.
        signatures: for each metric sacreBLEU's signatures of the two tests, ``bootstrap`` and ``randomisation``.
        lengths: BLEU by length of the sources; see `by_length`.
    """

    scores: Mapping[str, Scores]
    tests: Mapping[str, Mapping[str, Tested]]
    signatures: Mapping[str, Mapping[str, str]]
    lengths: Sequence[Mapping[str, Any]]

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as a JSON object, in full precision."""
        return {
            "baseline": next(iter(self.scores)),
            "scores": {name: scores.to_json() for name, scores in self.scores.items()},
            "tests": {
                metric: {name: asdict(test) for name, test in tests.items()} for metric, tests in self.tests.items()
            },
            "signatures": {metric: dict(signatures) for metric, signatures in self.signatures.items()},
            "by_source_length": [dict(bucket) for bucket in self.lengths],
        }

    def to_text(self) -> str:
        """Return the comparison as tables."""
        width = max(len("system"), *map(len, self.scores))
        head = (
            f"{'system':{width}}  {'score':>6}  {'mean and 95% interval':>21}  {'p bootstrap':>11}  {'p random.':>11}"
        )
        lines = []
        for metric, tests in self.tests.items():
            lines += [f"{metric}{' (lower is better)' if metric == 'TER' else ''}", f"  {head}"]
            for name, test in tests.items():
                interval = f"{test.mean:.2f} ± {test.interval:.2f}"
                p_values = [_p_value(value) for value in (test.p_bootstrap, test.p_randomisation)]
                lines.append(
                    f"  {name:{width}}  {test.score:6.2f}  {interval:>21}  {p_values[0]:>11}  {p_values[1]:>11}"
                )
            lines += [f"  {signature}" for signature in self.signatures[metric].values()]
        lines.append("first reference, length ratio")
        for name, scores in self.scores.items():
            lines.append(f"  {name:{width}}  {scores.bleu_first_reference:6.2f}  {scores.length_ratio:6.3f}")
        if self.lengths:
            names = "".join(f"  {name:>{max(6, len(name))}}" for name in self.scores)
            lines += ["BLEU by length of the source, in characters", f"  {'length':>9}  {'sources':>7}{names}"]
            for bucket in self.lengths:
                values = "".join(f"  {bucket['bleu'][name]:{max(6, len(name))}.2f}" for name in self.scores)
                lines.append(f"  {_range(bucket):>9}  {bucket['sources']:7}{values}")
        lines.append(f"*: p < 0.05, compared with {next(iter(self.scores))}")
        return "\n".join(lines)


def compare(
    systems: Mapping[str, Sequence[str]],
    references: Sequence[Sequence[str]],
    sources: Sequence[str] | None = None,
    *,
    limits: Sequence[int] = (),
    keep_case: bool = False,
    samples: int = 1000,
    trials: int = 10000,
) -> Comparison:
    """Compare systems with the first of them.

    Args:
        systems: for each name its detokenised hypotheses, one per source; two systems or more.
        references: for each source its raw references, one or more; the number may differ between sources.
        sources: raw sources, for BLEU by length. Default: none
        limits: see `by_length`.
        keep_case: score the text as written instead of lower-casing both sides. Default: False
        samples: number of bootstrap samples. Default: 1000
        trials: number of trials of approximate randomisation. Default: 10000

    Raises:
        DataError: there are fewer than two systems, or a number of lines or of samples is wrong.
    """
    from sacrebleu.metrics import BLEU, CHRF, TER
    from sacrebleu.significance import PairedTest

    if len(systems) < 2:
        raise DataError(f"{len(systems)} system to compare; expected at least two")
    for option, value in (("--samples", samples), ("--trials", trials)):
        if value < 1:
            raise DataError(f"{option} {value}: must be at least 1")
    for hypotheses in systems.values():
        check_counts(hypotheses, references)
    streams = reference_streams(references)
    named: list[tuple[str, Sequence[str]]] = [(name, list(hypotheses)) for name, hypotheses in systems.items()]

    def test(kind: str, count: int) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
        metrics = {
            "BLEU": BLEU(lowercase=not keep_case),
            "chrF2": CHRF(lowercase=not keep_case),
            "TER": TER(case_sensitive=keep_case),
        }
        with _quiet():
            signatures, results = PairedTest(named, metrics, streams, test_type=kind, n_samples=count)()
        return signatures, results

    bootstrap_signatures, bootstrap = test("bs", samples)
    randomisation_signatures, randomisation = test("ar", trials)
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
    scores = {name: score(hypotheses, references, keep_case=keep_case) for name, hypotheses in systems.items()}
    lengths = [] if sources is None else by_length(systems, references, sources, limits, keep_case=keep_case)
    return Comparison(scores, tests, signatures, lengths)


def by_length(
    systems: Mapping[str, Sequence[str]],
    references: Sequence[Sequence[str]],
    sources: Sequence[str],
    limits: Sequence[int],
    *,
    keep_case: bool = False,
) -> list[dict[str, Any]]:
    """Return BLEU of sources of similar length. The length is that of the raw text in characters without white space.

    Args:
        systems: for each name its detokenised hypotheses, one per source.
        references: for each source its raw references.
        sources: raw sources.
        limits: highest length of each bucket but the last, which has no limit; ascending. Empty buckets are left out.
        keep_case: score the text as written instead of lower-casing both sides. Default: False

    Returns:
        For each bucket ``from``, ``to`` (None for the last), the number of ``sources`` and the ``bleu`` of each system.

    Raises:
        DataError: the numbers of sources and references differ, or the limits do not ascend.
    """
    if len(sources) != len(references):
        raise DataError(f"{len(sources)} sources, but {len(references)} lines of references")
    if any(limit < 1 for limit in limits) or any(a >= b for a, b in pairwise(limits)):
        raise DataError(f"--lengths {' '.join(map(str, limits))}: must be at least 1 and ascend")
    lengths = [len("".join(source.split())) for source in sources]
    buckets = []
    for lowest, highest in zip([0, *(limit + 1 for limit in limits)], [*limits, None], strict=True):
        inside = [n for n, length in enumerate(lengths) if lowest <= length and (highest is None or length <= highest)]
        if inside:
            picked = [references[n] for n in inside]
            bleu = {
                name: score([hypotheses[n] for n in inside], picked, keep_case=keep_case).bleu
                for name, hypotheses in systems.items()
            }
            buckets.append({"from": lowest, "to": highest, "sources": len(inside), "bleu": bleu})
    return buckets


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


def _p_value(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}{'*' if value < 0.05 else ' '}"


def _range(bucket: Mapping[str, Any]) -> str:
    return f"{bucket['from']}+" if bucket["to"] is None else f"{bucket['from']}-{bucket['to']}"
