"""Which words of a translation are not in a reference, and which words of the reference are missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher


@dataclass(frozen=True)
class Word:
    """A word of a text.

    Attributes:
        text: the word.
        differs: True if the other text has no such word at this place.
    """

    text: str
    differs: bool


def closest(hypothesis: str, references: Sequence[str]) -> str:
    """Return the reference that has most words in common with the hypothesis, in their order; of equal ones the first.

    Args:
        hypothesis: a translation.
        references: one or more.
    """
    return max(references, key=lambda reference: _matcher(hypothesis, reference).ratio())


def mark(hypothesis: str, reference: str) -> tuple[list[Word], list[Word]]:
    """Return the words of both texts, marked where they differ. Case and punctuation around words are ignored.

    Args:
        hypothesis: a translation.
        reference: what it is compared with.

    Returns:
        The words of the hypothesis and of the reference.
    """
    own, other = hypothesis.split(), reference.split()
    common = _matcher(hypothesis, reference).get_matching_blocks()
    matched_own = {block.a + n for block in common for n in range(block.size)}
    matched_other = {block.b + n for block in common for n in range(block.size)}
    return (
        [Word(word, n not in matched_own) for n, word in enumerate(own)],
        [Word(word, n not in matched_other) for n, word in enumerate(other)],
    )


def _matcher(hypothesis: str, reference: str) -> SequenceMatcher[str]:
    return SequenceMatcher(None, _keys(hypothesis), _keys(reference), autojunk=False)


def _keys(text: str) -> list[str]:
    """Return what words are compared by; a word that is only punctuation stays as it is."""
    return [word.lower().strip(".,!?;:\"'") or word for word in text.split()]
