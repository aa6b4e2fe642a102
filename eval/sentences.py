"""The sentences that a system translates much better, or much worse, than another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from data_prep.errors import DataError

from .bleu import new_metrics


@dataclass(frozen=True)
class Difference:
    """A sentence that two systems translate differently. Scores are chrF2 of the sentence against all references.

    Attributes:
        number: number of the sentence, counted from 1.
        source: raw source; None if it is unknown.
        references: raw references.
        baseline: what the first system says.
        hypothesis: what the other system says.
        baseline_score: score of `baseline`, 0 to 100.
        score: score of `hypothesis`, 0 to 100.
    """

    number: int
    source: str | None
    references: Sequence[str]
    baseline: str
    hypothesis: str
    baseline_score: float
    score: float

    @property
    def gain(self) -> float:
        """By how much the other system is better than the first one."""
        return self.score - self.baseline_score


@dataclass(frozen=True)
class Differences:
    """How a system differs from the first one, sentence by sentence.

    Attributes:
        better: number of sentences with a higher score.
        worse: number of sentences with a lower score.
        equal: number of sentences with the same score.
        wins: largest gains, largest first.
        losses: largest losses, largest first.
    """

    better: int
    worse: int
    equal: int
    wins: Sequence[Difference]
    losses: Sequence[Difference]

    def to_json(self) -> dict[str, Any]:
        """Return the differences as a JSON object."""
        return asdict(self)


def sentence_scores(
    hypotheses: Sequence[str], references: Sequence[Sequence[str]], *, keep_case: bool = False
) -> list[float]:
    """Return chrF2 of each sentence against its references, 0 to 100.

    Args:
        hypotheses: one per source, detokenised.
        references: for each source its raw references.
        keep_case: score the text as written instead of lower-casing both sides. Default: False
    """
    metric = new_metrics(keep_case)["chrF2"]
    return [
        float(metric.sentence_score(hypothesis, list(texts)).score)
        for hypothesis, texts in zip(hypotheses, references, strict=True)
    ]


def differences(
    systems: Mapping[str, Sequence[str]],
    references: Sequence[Sequence[str]],
    scores: Mapping[str, Sequence[float]],
    sources: Sequence[str] | None = None,
    *,
    count: int = 5,
) -> dict[str, Differences]:
    """Return, for every system but the first, how it differs from the first.

    Args:
        systems: for each name its detokenised hypotheses, one per source.
        references: for each source its raw references.
        scores: for each name the scores of its sentences; see `sentence_scores`.
        sources: raw sources. Default: unknown
        count: maximum number of wins, and of losses. Default: 5

    Raises:
        DataError: `count` is negative.
    """
    if count < 0:
        raise DataError(f"--sentences {count}: must not be negative")
    (first, baseline), *others = systems.items()
    found = {}
    for name, hypotheses in others:
        rows = [
            Difference(
                n + 1,
                None if sources is None else sources[n],
                list(references[n]),
                baseline[n],
                hypotheses[n],
                scores[first][n],
                scores[name][n],
            )
            for n in range(len(references))
        ]
        ordered = sorted(rows, key=lambda row: (-row.gain, row.number))
        wins = [row for row in ordered if row.gain > 0]
        losses = [row for row in ordered if row.gain < 0][::-1]
        found[name] = Differences(
            len(wins), len(losses), len(rows) - len(wins) - len(losses), wins[:count], losses[:count]
        )
    return found
