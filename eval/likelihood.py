"""Log-probabilities of given translations, line by line."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from data_prep.errors import DataError

from .translation import note

if TYPE_CHECKING:
    from reencoder.hub import Reencoder, TokenScores


@dataclass
class Likelihood:
    """What a model says of all pairs together.

    Attributes:
        pairs: number of pairs that have a score.
        tokens: number of their target tokens, ends of sentences included.
        log2: their log-probability to base 2.
        refused: numbers of the lines that have none, counted from 1.
    """

    pairs: int
    tokens: int
    log2: float
    refused: list[int]

    @property
    def perplexity(self) -> float:
        """Perplexity per token; NaN without tokens."""
        return float(2 ** (-self.log2 / self.tokens)) if self.tokens else float("nan")


def score_stream(
    model: Reencoder,
    groups: Iterable[Sequence[tuple[str, str]]],
    output: IO[str],
    as_json: bool = False,
    normalize: bool = False,
    done: Callable[[int], object] = lambda count: None,
) -> Likelihood:
    """Write one line for each pair, in their order: the log-probability to base 2 of the target given the source.

    The line of a pair whose source is blank or too long is empty, and the pair is reported on standard error.

    Args:
        model: the model.
        groups: pairs of raw Chinese and English; each group is scored together.
        output: where the lines are written, flushed after every group.
        as_json: write objects with `id` (the number of the line), `score`, `tokens` and `token_scores`, of which the
            last is that of the end of the sentence; null if there is none. Default: the score alone
        normalize: divide scores by the number of tokens, the end of the sentence included. Default: False
        done: called with the number of further pairs that have been written, to show progress.
    """
    total = Likelihood(0, 0, 0.0, [])
    first = 1
    for group in groups:

        def report(index: int, error: DataError, first: int = first) -> None:
            total.refused.append(first + index)
            note(f"line {first + index}: not scored: {error}")

        sources, targets = [source for source, _ in group], [target for _, target in group]
        for number, found in enumerate(model.token_scores(sources, targets, on_refused=report), first):
            output.write(_to_line(number, found, as_json, normalize) + "\n")
            if found is not None:
                total.pairs += 1
                total.tokens += len(found.scores)
                total.log2 += found.total
        output.flush()
        done(len(group))
        first += len(group)
    return total


def _to_line(number: int, found: TokenScores | None, as_json: bool, normalize: bool) -> str:
    score = None if found is None else found.total / (len(found.scores) if normalize else 1)
    if not as_json:
        return "" if score is None else f"{score:.4f}"
    document = {
        "id": number,
        "score": None if score is None else round(score, 4),
        "tokens": None if found is None else found.tokens,
        "token_scores": None if found is None else [round(value, 4) for value in found.scores],
    }
    return json.dumps(document, ensure_ascii=False)
