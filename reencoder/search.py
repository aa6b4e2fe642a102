"""Search with a minimum length of each translation, relative to its source (section 4.4)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from fairseq.search import Search


class MinimumLengthSearch(nn.Module):
    """Any search strategy of fairseq, with the end of a sentence forbidden below the minimum length.

    It wraps a strategy rather than a generator: fairseq's generator calls `step` after it has applied forced prefixes
    and the maximum length, and both override the minimum.

    Args:
        search: the strategy to use otherwise.
        ratio: minimum number of words of a translation per word of its source.
    """

    # fairseq's generator calls `set_src_lengths` before each step of a strategy with this attribute.
    needs_src_lengths = True

    def __init__(self, search: Search, ratio: float) -> None:
        super().__init__()
        self.search = search
        self.ratio = ratio
        self.eos: int = search.eos
        self.supports_constraints: bool = search.supports_constraints
        self.stop_on_max_len: bool = search.stop_on_max_len
        self._src_lengths: Tensor | None = None

    def set_src_lengths(self, src_lengths: Tensor) -> None:
        """Set the source lengths of the sentences, end of sentence included; shape (batch,)."""
        self._src_lengths = src_lengths
        if getattr(self.search, "needs_src_lengths", False):
            self.search.set_src_lengths(src_lengths)

    def init_constraints(self, batch_constraints: Tensor | None, beam_size: int) -> None:
        self.search.init_constraints(batch_constraints, beam_size)

    def prune_sentences(self, batch_idxs: Tensor) -> None:
        self.search.prune_sentences(batch_idxs)

    def update_constraints(self, active_hypos: Tensor) -> None:
        self.search.update_constraints(active_hypos)

    def step(self, step: int, lprobs: Tensor, *args: Any, **kwargs: Any) -> Any:
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
        others = torch.cat([lprobs[:, :, : self.eos], lprobs[:, :, self.eos + 1 :]], dim=2).amax(dim=2)
        end.masked_fill_(too_short[:, None] & (others > -math.inf), -math.inf)
        return self.search.step(step, lprobs, *args, **kwargs)
