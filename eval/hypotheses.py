"""Hypotheses in the output of fairseq-generate, back in the order of the sources."""

from collections.abc import Iterable
from dataclasses import dataclass

from eval.errors import EvaluationError

UNKNOWN = "<unk>"
"""How fairseq prints an unknown word in a hypothesis."""

_SHOWN_IDS = 10


@dataclass(frozen=True)
class Hypothesis:
    """The best hypothesis for one source.

    Attributes:
        score: as printed by fairseq-generate, the (length-normalised) log-probability to base 2.
        tokens: the hypothesis, tokens joined by blanks; may be empty.
    """

    score: float
    tokens: str


def parse_hypotheses(lines: Iterable[str]) -> dict[int, Hypothesis]:
    """Collect the lines ``H-<id>\\t<score>\\t<tokens>`` by id (the source's position in the data, from 0).

    The other lines (log messages, ``S-``, ``T-``, ``D-``, ``P-``, ``A-``) are passed over; detokenisation is ours, so
    ``D-`` adds nothing to ``H-``.

    Raises:
        EvaluationError: an ``H-`` line is malformed, or an id occurs twice (several hypotheses for a source are not
            what is scored).
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
            raise EvaluationError(
                f"output of fairseq-generate, line {number}: expected H-<id>, score and tokens between tabs, "
                f"found {line.rstrip()[:80]!r}"
            ) from error
        if identifier in hypotheses:
            raise EvaluationError(
                f"output of fairseq-generate, line {number}: a second hypothesis for source id {identifier}; "
                "exactly one for each source is expected"
            )
        hypotheses[identifier] = hypothesis
    return hypotheses


def in_source_order(hypotheses: dict[int, Hypothesis], sources: int) -> list[Hypothesis]:
    """The hypotheses of the ids 0 to ``sources`` - 1, in this order.

    Raises:
        EvaluationError: an id has no hypothesis, or there is one for an id that no source has.
    """
    missing = [identifier for identifier in range(sources) if identifier not in hypotheses]
    if missing:
        raise EvaluationError(
            f"{len(hypotheses)} hypotheses for {sources} sources; none for id {_listed(missing)} (ids count from 0)"
        )
    unexpected = sorted(identifier for identifier in hypotheses if not 0 <= identifier < sources)
    if unexpected:
        raise EvaluationError(
            f"{len(hypotheses)} hypotheses for {sources} sources; unexpected id {_listed(unexpected)}: "
            "the binarised data and the raw text do not belong together"
        )
    return [hypotheses[identifier] for identifier in range(sources)]


def drop_unknown(tokens: str) -> tuple[str, int]:
    """Remove unknown words from a tokenised hypothesis; also return how many there were."""
    words = tokens.split()
    known = [word for word in words if word != UNKNOWN]
    return " ".join(known), len(words) - len(known)


def _listed(identifiers: list[int]) -> str:
    shown = ", ".join(str(identifier) for identifier in identifiers[:_SHOWN_IDS])
    rest = len(identifiers) - _SHOWN_IDS
    return f"{shown} and {rest} more" if rest > 0 else shown
