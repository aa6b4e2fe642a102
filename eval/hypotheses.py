"""Hypotheses in the output of fairseq-generate, one or more per source, in the order of the sources."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple, TypeVar

from data_prep.errors import DataError
from data_prep.files import read_lines
from reencoder.text.pieces import UNKNOWN

from .lines import shown

_EXPECTED = {
    "S": "S-<id> and the source",
    "T": "T-<id> and the target",
    "H": "H-<id>, score and tokens",
    "P": "P-<id> and the scores of tokens",
}
"""What a line of each kind in the output consists of."""

T = TypeVar("T")


@dataclass(frozen=True)
class Hypothesis:
    """A hypothesis for one source.

    Attributes:
        score: the length-normalised log-probability to base 2 that fairseq-generate prints.
        tokens: tokens of the hypothesis, joined by spaces; may be empty.
        token_scores: log-probability to base 2 of each token and of the end of the sentence, penalties included;
            empty if fairseq-generate did not print them.
    """

    score: float
    tokens: str
    token_scores: tuple[float, ...] = ()


class OutputLine(NamedTuple):
    """What fairseq-generate says of a source.

    Attributes:
        number: number of the line, counted from 1.
        kind: ``S`` source, ``T`` target, ``H`` hypothesis, or ``P`` scores of the tokens of a hypothesis.
        identifier: position of the source in the data, counted from 0.
        tokens: the tokens, joined by spaces; empty with ``P``.
        scores: of a hypothesis its score, of ``P`` the scores of the tokens; log-probabilities to base 2.
    """

    number: int
    kind: str
    identifier: int
    tokens: str
    scores: tuple[float, ...]


def parse_output(lines: Iterable[str], kinds: str) -> Iterator[OutputLine]:
    """Yield the lines ``<kind>-<id>`` of fairseq-generate's output, as they come; other lines are skipped.

    Args:
        lines: output of fairseq-generate.
        kinds: the kinds to yield, such as ``"STH"``.

    Raises:
        DataError: such a line is malformed.
    """
    for number, line in enumerate(lines, start=1):
        kind = line[:1]
        if line[1:2] != "-" or kind not in kinds:
            continue
        try:
            name, *fields = line.rstrip("\n").split("\t")
            scores: tuple[float, ...] = ()
            if kind == "H":
                score, tokens = fields
                scores = (float(score),)
            else:
                (tokens,) = fields
            if kind == "P":
                scores, tokens = tuple(map(float, tokens.split())), ""
            yield OutputLine(number, kind, int(name[2:]), tokens, scores)
        except ValueError as error:
            raise DataError(
                f"output of fairseq-generate, line {number}: expected {_EXPECTED[kind]}, separated by tabs, found "
                f"{line.rstrip()[:80]!r}"
            ) from error


def parse_candidates(lines: Iterable[str], at_most: int | None = None) -> dict[int, list[Hypothesis]]:
    """Collect hypotheses and the scores of their tokens.

    Args:
        lines: output of fairseq-generate.
        at_most: maximum number of hypotheses per source. Default: no maximum

    Returns:
        The hypotheses by id, in the order of the output (best first). An id is the position of the source in the data,
        counted from 0.

    Raises:
        DataError: a line is malformed, or a source has more hypotheses than `at_most`.
    """
    found: dict[int, list[Hypothesis]] = {}
    for number, kind, identifier, tokens, scores in parse_output(lines, "HP"):
        if kind == "H":
            known = found.setdefault(identifier, [])
            known.append(Hypothesis(scores[0], tokens))
            if at_most is not None and len(known) > at_most:
                which, expected = ("a second", "exactly one") if at_most == 1 else ("another", f"at most {at_most}")
                raise DataError(
                    f"output of fairseq-generate, line {number}: {which} hypothesis for source id {identifier}; "
                    f"expected {expected} per source"
                )
        elif identifier in found:  # otherwise its line H- is missing, which `in_source_order` reports
            hypotheses = found[identifier]
            hypotheses[-1] = replace(hypotheses[-1], token_scores=scores)
    return found


def read_candidates(
    path: Path, sources: int, tokens: Sequence[str] | None = None, token_scores: bool = False
) -> list[list[Hypothesis]]:
    """Read the output of fairseq-generate for a split.

    Args:
        path: the output.
        sources: number of sources in the split.
        tokens: the sources' tokens joined by spaces, to make sure that the output is one for this split. Default:
            unknown
        token_scores: every hypothesis must have token scores. Default: False

    Returns:
        The hypotheses of each source, best first.

    Raises:
        DataError: names the file, which cannot be read, is malformed, or belongs to other sources.
    """
    lines = read_lines(path)
    try:
        if tokens is not None:
            _check_sources(lines, tokens)
        candidates = in_source_order(parse_candidates(lines), sources)
        if token_scores:
            check_token_scores(candidates)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error
    return candidates


def _check_sources(lines: Iterable[str], tokens: Sequence[str]) -> None:
    """Check that the sources in an output have the tokens of the split's, except unknown words.

    Raises:
        DataError: names the first line that differs.
    """
    for line in parse_output(lines, "S"):
        if line.identifier >= len(tokens):
            raise DataError(
                f"output of fairseq-generate, line {line.number}: sentence {line.identifier} (counted from 0), but the "
                f"split has {len(tokens)}: it is an output for another split or for other data"
            )
        expected = tokens[line.identifier]
        words, known = line.tokens.split(), expected.split()
        if words != [UNKNOWN if word == UNKNOWN else other for word, other in zip_longest(words, known)]:
            raise DataError(
                f"output of fairseq-generate, line {line.number}: its source is {line.tokens[:60]!r}, but that of the "
                f"split is {expected[:60]!r}: it is an output for another split or for other data"
            )


def best_hypotheses(candidates: Mapping[int, Sequence[Hypothesis]]) -> dict[int, Hypothesis]:
    """Return the first hypothesis of each source."""
    return {identifier: hypotheses[0] for identifier, hypotheses in candidates.items()}


def in_source_order(hypotheses: Mapping[int, T], sources: int) -> list[T]:
    """Return what the ids 0 to `sources` - 1 have, in this order.

    Raises:
        DataError: an id has no hypothesis, or there is a hypothesis for an id that no source has.
    """
    missing = [identifier for identifier in range(sources) if identifier not in hypotheses]
    if missing:
        raise DataError(
            f"{len(hypotheses)} hypotheses for {sources} sources; none for id {shown(missing)} (counted from 0)"
        )
    unexpected = sorted(identifier for identifier in hypotheses if not 0 <= identifier < sources)
    if unexpected:
        raise DataError(
            f"{len(hypotheses)} hypotheses for {sources} sources; unexpected id {shown(unexpected)}: "
            "the binarised data and the raw text do not belong together"
        )
    return [hypotheses[identifier] for identifier in range(sources)]


def check_token_scores(candidates: Sequence[Sequence[Hypothesis]]) -> None:
    """Check that every hypothesis has token scores.

    Raises:
        DataError: names the source of a hypothesis without them.
    """
    for identifier, hypotheses in enumerate(candidates):
        if not all(hypothesis.token_scores for hypothesis in hypotheses):
            raise DataError(
                f"no token scores (line P-{identifier}) for source id {identifier} in the output of fairseq-generate"
            )


def drop_unknown(tokens: str) -> tuple[str, int]:
    """Remove unknown words from a tokenised hypothesis; return the rest and the number of words removed."""
    words = tokens.split()
    known = [word for word in words if word != UNKNOWN]
    return " ".join(known), len(words) - len(known)
