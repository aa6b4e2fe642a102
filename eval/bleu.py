"""BLEU, chrF and TER of detokenised hypotheses against several raw references, with sacreBLEU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import zip_longest
from typing import Any

from data_prep.errors import DataError

METRICS = ("BLEU", "BLEU-1ref", "chrF2", "TER")
"""Names of the scores that have a confidence interval."""


@dataclass(frozen=True)
class Interval:
    """A 95% confidence interval from bootstrap resampling of the sentences (Koehn, 2004).

    Attributes:
        mean: mean of the scores of the samples.
        half_width: half of the width of the interval around the mean.
    """

    mean: float
    half_width: float

    def to_text(self) -> str:
        """Return the interval as text."""
        return f"{self.mean:.2f} ± {self.half_width:.2f}"


@dataclass(frozen=True)
class Scores:
    """Corpus scores of one set of hypotheses.

    Attributes:
        bleu: BLEU against all references, 0 to 100.
        bleu_first_reference: BLEU against only the first reference of each source, 0 to 100.
        chrf2: chrF2 against all references, 0 to 100.
        ter: translation edit rate against all references, 0 or more; lower is better.
        length_ratio: ratio of `hypothesis_length` to `reference_length`.
        precisions: BLEU's modified n-gram precisions for n = 1..4, 0 to 100.
        brevity_penalty: BLEU's brevity penalty, 0 to 1.
        hypothesis_length: length of the hypotheses in 13a tokens.
        reference_length: length of the closest references in 13a tokens.
        sources: number of sources.
        references: number of references of all sources.
        bleu_signature: sacreBLEU's signature of `bleu`.
        bleu_first_reference_signature: sacreBLEU's signature of `bleu_first_reference`.
        chrf2_signature: sacreBLEU's signature of `chrf2`.
        ter_signature: sacreBLEU's signature of `ter`.
        confidence: the confidence interval of each of `METRICS`; empty if nothing was resampled.
    """

    bleu: float
    bleu_first_reference: float
    chrf2: float
    ter: float
    length_ratio: float
    precisions: tuple[float, ...]
    brevity_penalty: float
    hypothesis_length: int
    reference_length: int
    sources: int
    references: int
    bleu_signature: str
    bleu_first_reference_signature: str
    chrf2_signature: str
    ter_signature: str
    confidence: Mapping[str, Interval] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the scores as a JSON object, in full precision; without ``confidence`` if nothing was resampled."""
        values = asdict(self)
        if not self.confidence:
            del values["confidence"]
        return values

    def to_text(self) -> str:
        """Return the scores as a few lines of text, each score with its signature."""
        rows = [
            ("BLEU", self.bleu, "BLEU", "all references", self.bleu_signature),
            ("BLEU", self.bleu_first_reference, "BLEU-1ref", "first reference", self.bleu_first_reference_signature),
            ("chrF2", self.chrf2, "chrF2", "all references", self.chrf2_signature),
            ("TER", self.ter, "TER", "all references", self.ter_signature),
        ]
        lines = []
        for name, value, metric, against, signature in rows:
            interval = f"  ({self.confidence[metric].to_text()})" if metric in self.confidence else ""
            lines.append(f"{name:5}  {value:6.2f}{interval}   {against:15}     {signature}")
        if self.confidence:
            lines.append("in parentheses: mean and 95% confidence interval of bootstrap resampling")
        lines.append(
            f"length ratio {self.length_ratio:.3f} ({self.hypothesis_length} / {self.reference_length} tokens), "
            f"brevity penalty {self.brevity_penalty:.3f}, {self.sources} sources, {self.references} references"
        )
        return "\n".join(lines)


def score(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], *, keep_case: bool = False, samples: int = 0
) -> Scores:
    """Score detokenised hypotheses.

    Args:
        hypotheses: one per source, detokenised.
        references: for each source its raw references, one or more; the number may differ between sources.
        keep_case: score the text as written instead of lower-casing both sides. Default: False
        samples: number of bootstrap samples for confidence intervals; 0 for none. Default: 0

    Raises:
        DataError: the numbers of hypotheses and sources differ, there is no source, a source has no reference, or the
            number of samples is negative or 1.
    """
    if samples < 0 or samples == 1:
        raise DataError(f"--samples {samples}: must be 0 (no confidence intervals) or at least 2")
    check_counts(hypotheses, references)
    streams = reference_streams(references)
    metrics = new_metrics(keep_case)
    metrics["BLEU-1ref"] = new_metrics(keep_case)["BLEU"]
    found, confidence = {}, {}
    for name, metric in metrics.items():
        against = streams[:1] if name == "BLEU-1ref" else streams
        found[name] = metric.corpus_score(hypotheses, against)
        if samples:
            confidence[name] = _interval(metric, hypotheses, against, samples)
    signatures = {name: str(metric.get_signature()) for name, metric in metrics.items()}
    bleu = found["BLEU"]
    return Scores(
        bleu=bleu.score,
        bleu_first_reference=found["BLEU-1ref"].score,
        chrf2=found["chrF2"].score,
        ter=found["TER"].score,
        length_ratio=bleu.ratio,
        precisions=tuple(bleu.precisions),
        brevity_penalty=bleu.bp,
        hypothesis_length=bleu.sys_len,
        reference_length=bleu.ref_len,
        sources=len(references),
        references=sum(len(texts) for texts in references),
        bleu_signature=signatures["BLEU"],
        bleu_first_reference_signature=signatures["BLEU-1ref"],
        chrf2_signature=signatures["chrF2"],
        ter_signature=signatures["TER"],
        confidence=confidence,
    )


def new_metrics(keep_case: bool) -> dict[str, Any]:
    """Return sacreBLEU's metrics with its default settings, by name: BLEU, chrF2 and TER.

    Args:
        keep_case: score the text as written instead of lower-casing both sides.
    """
    from sacrebleu.metrics import BLEU, CHRF, TER

    return {
        "BLEU": BLEU(lowercase=not keep_case),
        "chrF2": CHRF(lowercase=not keep_case),
        "TER": TER(case_sensitive=keep_case),
    }


def _interval(metric: Any, hypotheses: Sequence[str], streams: Sequence[Any], samples: int) -> Interval:
    """Return the confidence interval as ``sacrebleu --confidence`` computes it, and note it in the metric's signature.

    sacreBLEU's own call fails where some samples score 0, which it gives another type of number than the others.
    """
    import numpy as np
    from sacrebleu.metrics.base import Score
    from sacrebleu.significance import _bootstrap_resample

    metric.n_bootstrap = samples
    statistics = metric._extract_corpus_statistics(hypotheses, streams)
    metric.seed, resampled = _bootstrap_resample(statistics, metric, samples)
    if len({type(sample.score) for sample in resampled}) > 1:
        for sample in resampled:
            sample.score = np.float32(sample.score)  # type: ignore[assignment]
    result = Score("", 0.0)
    result.estimate_ci(resampled)
    return Interval(float(result._mean), float(result._ci))


def check_counts(hypotheses: Sequence[str], references: Sequence[Sequence[str]]) -> None:
    """Check that there is one hypothesis and at least one reference per source.

    Raises:
        DataError: the numbers of hypotheses and sources differ, there is no source, or a source has no reference.
    """
    if len(hypotheses) != len(references):
        raise DataError(f"{len(hypotheses)} hypotheses for {len(references)} sources; expected exactly one per source")
    if not references:
        raise DataError("nothing to score: there is no source")
    for number, texts in enumerate(references, start=1):
        if not texts:
            raise DataError(f"source {number} has no reference")


def reference_streams(references: Sequence[Sequence[str]]) -> list[list[Any]]:
    """Return references as sacreBLEU takes them: one stream per reference number, with None where a source has none.

    A missing reference must not be an empty text: of length 0, it would be the closest to a short hypothesis.
    """
    return [list(stream) for stream in zip_longest(*references)]
