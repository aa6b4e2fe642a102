"""What wraps a strategy of fairseq's search: a minimum length (section 4.4), a look at each step, any batch."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from fairseq.search import Search

Candidates = tuple[Tensor, Tensor, Tensor]
"""What a strategy returns of a step: scores, words and hypotheses of the candidates, shape (batch, candidates) each."""


class _WrappedSearch(nn.Module):
    """A strategy of fairseq's search that does what another one does.

    Wrapping a strategy rather than the generator leaves forced prefixes and the maximum length to fairseq's generator,
    which calls `step` after it has applied both.

    Args:
        search: the strategy to use.
    """

    # fairseq's generator reads this once, where it is made with a strategy. One that gets its strategy later calls
    # `set_src_lengths` before each step only if its own `should_set_src_lengths` is set.
    needs_src_lengths = True

    def __init__(self, search: Search) -> None:
        super().__init__()
        self.search = search
        self.eos: int = search.eos
        self.supports_constraints: bool = search.supports_constraints
        self.stop_on_max_len: bool = search.stop_on_max_len

    def set_src_lengths(self, src_lengths: Tensor) -> None:
        """Set the source lengths of the sentences, end of sentence included; shape (batch,)."""
        if getattr(self.search, "needs_src_lengths", False):
            self.search.set_src_lengths(src_lengths)

    def init_constraints(self, batch_constraints: Tensor | None, beam_size: int) -> None:
        self.search.init_constraints(batch_constraints, beam_size)

    def prune_sentences(self, batch_idxs: Tensor) -> None:
        self.search.prune_sentences(batch_idxs)

    def update_constraints(self, active_hypos: Tensor) -> None:
        self.search.update_constraints(active_hypos)


class MinimumLengthSearch(_WrappedSearch):
    """Any search strategy of fairseq, with the end of a sentence forbidden below the minimum length.

    Args:
        search: the strategy to use otherwise.
        ratio: minimum number of words of a translation per word of its source.
    """

    def __init__(self, search: Search, ratio: float) -> None:
        super().__init__(search)
        self.ratio = ratio
        self._src_lengths: Tensor | None = None

    def set_src_lengths(self, src_lengths: Tensor) -> None:
        """Set the source lengths of the sentences, end of sentence included; shape (batch,)."""
        self._src_lengths = src_lengths
        super().set_src_lengths(src_lengths)

    def step(self, step: int, lprobs: Tensor, *args: Any, **kwargs: Any) -> Candidates:
        """Choose the candidates of one step.

        Args:
            step: number of words that every hypothesis has so far.
            lprobs: log probabilities of the next word, shape (batch, beam, words); changed in place.
            args: passed on to the wrapped strategy.
            kwargs: passed on to the wrapped strategy.

        Returns:
            What the wrapped strategy returns.
        """
        assert self._src_lengths is not None
        too_short = step < self.ratio * (self._src_lengths - 1)
        end = lprobs[:, :, self.eos]
        # Where only the end is possible (a forced prefix, the maximum length), it stays possible.
        others = torch.maximum(lprobs[:, :, : self.eos].amax(dim=2), lprobs[:, :, self.eos + 1 :].amax(dim=2))
        end.masked_fill_(too_short[:, None] & (others > -math.inf), -math.inf)
        return self.search.step(step, lprobs, *args, **kwargs)


class WatchedSearch(_WrappedSearch):
    """Any search strategy of fairseq; after each step it shows the best hypothesis of each sentence.

    A sentence is shown until its best hypothesis ends. What the search returns in the end may be another one: it goes
    on until the beam is full of finished hypotheses, and compares these by their length-normalised scores.

    Args:
        search: the strategy to use.
        show: called with the id of a sentence (`id` in fairseq's sample) and the tokens of its best hypothesis.
    """

    def __init__(self, search: Search, show: Callable[[int, Tensor], None]) -> None:
        super().__init__(search)
        self._show = show
        self._ended: set[int] = set()

    def step(
        self, step: int, lprobs: Tensor, scores: Tensor, prev_output_tokens: Tensor, original_batch_idxs: Tensor
    ) -> Candidates:
        """Choose the candidates of one step, and show the best.

        Args:
            step: number of words that every hypothesis has so far.
            lprobs: log probabilities of the next word, shape (batch, beam, words).
            scores: scores of the hypotheses so far, shape (batch, beam, step).
            prev_output_tokens: the hypotheses so far, shape (batch * beam, step + 1).
            original_batch_idxs: the ids of the sentences, shape (batch,).

        Returns:
            What the wrapped strategy returns.
        """
        found = self.search.step(step, lprobs, scores, prev_output_tokens, original_batch_idxs)
        _, words, hypotheses = found
        best = hypotheses[:, 0] + torch.arange(len(lprobs), device=lprobs.device) * lprobs.size(1)
        # One copy from the device per step, not several per sentence.
        grown = torch.cat([original_batch_idxs[:, None], prev_output_tokens[best, 1:], words[:, :1]], dim=1).cpu()
        for sentence, tokens in zip(grown[:, 0].tolist(), grown[:, 1:], strict=True):
            if tokens[-1] == self.eos:
                self._ended.add(sentence)
            elif sentence not in self._ended:
                self._show(sentence, tokens)
        return found


class _SearchByPosition(_WrappedSearch):
    """Any search strategy of fairseq; it is told the positions of the sentences in their batch, not their ids."""

    def __init__(self, search: Search) -> None:
        super().__init__(search)
        self._ids: Tensor | None = None  # of the sentences of the batch

    def step(
        self, step: int, lprobs: Tensor, scores: Tensor, prev_output_tokens: Tensor, original_batch_idxs: Tensor
    ) -> Candidates:
        """Choose the candidates of one step; see `WatchedSearch.step`."""
        if step == 0:
            self._ids = original_batch_idxs
        assert self._ids is not None
        positions = original_batch_idxs[:, None].eq(self._ids).int().argmax(dim=1)
        return self.search.step(step, lprobs, scores, prev_output_tokens, positions)


def by_position(search: Search) -> Search:
    """Return a strategy that works with every batch.

    fairseq's diverse beam search takes the ids of sentences for their positions in the batch, and fails in all
    batches but the first.

    Args:
        search: a strategy of fairseq's search.
    """
    from fairseq.search import DiverseBeamSearch

    return _SearchByPosition(search) if isinstance(search, DiverseBeamSearch) else search
