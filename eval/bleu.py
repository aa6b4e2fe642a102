"""BLEU and chrF of detokenised hypotheses against several raw references, with sacreBLEU."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import zip_longest
from typing import Any

from data_prep.errors import DataError


@dataclass(frozen=True)
class Scores:
    """Corpus scores of one set of hypotheses.

    Attributes:
        bleu: BLEU against all references, 0 to 100.
        bleu_first_reference: BLEU against only the first reference of each source, 0 to 100.
        chrf2: chrF2 against all references, 0 to 100.
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
    """

    bleu: float
    bleu_first_reference: float
    chrf2: float
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

    def to_json(self) -> dict[str, Any]:
        """Return the scores as a JSON object, in full precision."""
        return asdict(self)

    def to_text(self) -> str:
        """Return the scores as a few lines of text, each score with its signature."""
        return "\n".join(
            [
                f"BLEU   {self.bleu:6.2f}   all references      {self.bleu_signature}",
                f"BLEU   {self.bleu_first_reference:6.2f}   first reference     {self.bleu_first_reference_signature}",
                f"chrF2  {self.chrf2:6.2f}   all references      {self.chrf2_signature}",
                f"length ratio {self.length_ratio:.3f} ({self.hypothesis_length} / {self.reference_length} tokens), "
                f"brevity penalty {self.brevity_penalty:.3f}, {self.sources} sources, {self.references} references",
            ]
        )


def score(hypotheses: Sequence[str], references: Sequence[Sequence[str]], *, keep_case: bool = False) -> Scores:
    """Score detokenised hypotheses.

    Args:
        hypotheses: one per source, detokenised.
        references: for each source its raw references, one or more; the number may differ between sources.
        keep_case: score the text as written instead of lower-casing both sides. Default: False

    Raises:
        DataError: the numbers of hypotheses and sources differ, there is no source, or a source has no reference.
    """
    from sacrebleu.metrics import BLEU, CHRF

    check_counts(hypotheses, references)
    streams = reference_streams(references)
    bleu = BLEU(lowercase=not keep_case)
    first = BLEU(lowercase=not keep_case)
    chrf = CHRF(lowercase=not keep_case)
    bleu_score = bleu.corpus_score(hypotheses, streams)
    first_score = first.corpus_score(hypotheses, [streams[0]])
    chrf_score = chrf.corpus_score(hypotheses, streams)
    return Scores(
        bleu=bleu_score.score,
        bleu_first_reference=first_score.score,
        chrf2=chrf_score.score,
        length_ratio=bleu_score.ratio,
        precisions=tuple(bleu_score.precisions),
        brevity_penalty=bleu_score.bp,
        hypothesis_length=bleu_score.sys_len,
        reference_length=bleu_score.ref_len,
        sources=len(references),
        references=sum(len(texts) for texts in references),
        bleu_signature=str(bleu.get_signature()),
        bleu_first_reference_signature=str(first.get_signature()),
        chrf2_signature=str(chrf.get_signature()),
    )


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
