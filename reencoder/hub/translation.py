"""A translation as users see it, and the scores of a given one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Translation:
    """A translation of one text.

    Attributes:
        text: readable English.
        score: the length-normalised log-probability to base 2, as fairseq prints it; that of a text that was split is
            the mean over its parts, weighted by their tokens.
        tokens: the tokens of the model, separated by spaces.
    """

    text: str
    score: float
    tokens: str


@dataclass(frozen=True)
class TokenScores:
    """The scores that a model gives to a translation.

    Attributes:
        tokens: the tokens of the translation; `<unk>` stands for one that the model does not know.
        scores: the log-probability to base 2 of each token given those before it, and of the end of the sentence.
    """

    tokens: tuple[str, ...]
    scores: tuple[float, ...]

    @property
    def total(self) -> float:
        """The log-probability to base 2 of the whole translation."""
        return sum(self.scores)


def join_parts(parts: Sequence[Sequence[Translation]]) -> list[Translation]:
    """Return the translations of a text that was split, the best of all parts joined, then the second, and so on.

    Args:
        parts: the translations of each part, the best first. None for a blank text.
    """
    if len(parts) < 2:
        return list(parts[0]) if parts else []
    return [_joined(group) for group in zip(*parts, strict=False)]


def _joined(group: Sequence[Translation]) -> Translation:
    sizes = [len(part.tokens.split()) + 1 for part in group]
    score = sum(part.score * size for part, size in zip(group, sizes, strict=True)) / sum(sizes)
    return Translation(" ".join(part.text for part in group), score, " ".join(part.tokens for part in group))
