"""Hypotheses in the output of fairseq-generate, in the order of the sources."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from data_prep.errors import DataError

UNKNOWN = "<unk>"
"""How fairseq prints an unknown word in a hypothesis."""

_SHOWN_IDS = 10


@dataclass(frozen=True)
class Hypothesis:
    """The best hypothesis for one source.

    Attributes:
        score: the length-normalised log-probability to base 2 that fairseq-generate prints.
        tokens: tokens of the hypothesis, joined by spaces; may be empty.
    """

    score: float
    tokens: str


def parse_hypotheses(lines: Iterable[str]) -> dict[int, Hypothesis]:
    """Collect the lines ``H-<id>\\t<score>\\t<tokens>`` of fairseq-generate's output; other lines are skipped.

    Returns:
        The hypotheses by id, which is the position of the source in the data, counted from 0.

    Raises:
        DataError: an ``H-`` line is malformed, or an id occurs twice (only one hypothesis per source can be scored).
    """
    hypotheses: dict[int, Hypothesis] = {}
    for number, line in enumerate(lines, start=1):
        if not line.startswith("H-"):
            continue
        fields = line.rstrip("\n").split("\t")
        try:
            name, score, tokens = fields
            identifier = int(name.removeprefix("H-"))
            hypothesis = Hypothesis(float(score), tokens)
        except ValueError as error:
            raise DataError(
                f"output of fairseq-generate, line {number}: expected H-<id>, score and tokens separated by tabs, "
                f"found {line.rstrip()[:80]!r}"
            ) from error
        if identifier in hypotheses:
            raise DataError(
                f"output of fairseq-generate, line {number}: a second hypothesis for source id {identifier}; "
                "expected exactly one per source"
            )
        hypotheses[identifier] = hypothesis
    return hypotheses


def in_source_order(hypotheses: dict[int, Hypothesis], sources: int) -> list[Hypothesis]:
    """Return the hypotheses of the ids 0 to `sources` - 1, in this order.

    Raises:
        DataError: an id has no hypothesis, or a hypothesis belongs to no source.
    """
    missing = [identifier for identifier in range(sources) if identifier not in hypotheses]
    if missing:
        raise DataError(
            f"{len(hypotheses)} hypotheses for {sources} sources; none for id {_listed(missing)} (counted from 0)"
        )
    unexpected = sorted(identifier for identifier in hypotheses if not 0 <= identifier < sources)
    if unexpected:
        raise DataError(
            f"{len(hypotheses)} hypotheses for {sources} sources; unexpected id {_listed(unexpected)}: "
            "the binarised data and the raw text do not belong together"
        )
    return [hypotheses[identifier] for identifier in range(sources)]


def drop_unknown(tokens: str) -> tuple[str, int]:
    """Remove unknown words from a tokenised hypothesis; return the rest and the number of words removed."""
    words = tokens.split()
    known = [word for word in words if word != UNKNOWN]
    return " ".join(known), len(words) - len(known)


def _listed(identifiers: list[int]) -> str:
    shown = ", ".join(str(identifier) for identifier in identifiers[:_SHOWN_IDS])
    rest = len(identifiers) - _SHOWN_IDS
    return f"{shown} and {rest} more" if rest > 0 else shown
