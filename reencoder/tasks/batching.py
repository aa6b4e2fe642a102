"""Batches limited by blocks: a two-dimensional model costs source x target length, padding included."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from fairseq.data import BaseWrapperDataset, LanguagePairDataset
from numpy.typing import NDArray


def batch_by_blocks(
    indices: NDArray[np.int64],
    source_sizes: NDArray[np.int64],
    target_sizes: NDArray[np.int64],
    max_blocks: int | None = None,
    max_tokens: int | None = None,
    max_sentences: int | None = None,
) -> list[NDArray[np.int64]]:
    """Cut `indices` into consecutive batches; no sentence is ever left out.

    Args:
        indices: sentence numbers in the wanted order (neighbours of similar size make full batches).
        source_sizes: source length of every sentence number.
        target_sizes: target length of every sentence number.
        max_blocks: maximum number of blocks per batch: sentences x longest source x longest target. A sentence above
            the limit gets a batch of its own.
        max_tokens: maximum number of tokens per batch on either side, padding included. A sentence above the limit gets
            a batch of its own.
        max_sentences: maximum number of sentences per batch.

    Returns:
        The batches, in order.
    """
    limits = (max_blocks or np.inf, max_tokens or np.inf, max_sentences or np.inf)
    batches: list[NDArray[np.int64]] = []
    start = longest_source = longest_target = 0
    for end, (source, target) in enumerate(zip(source_sizes[indices], target_sizes[indices], strict=True)):
        wide, high, count = max(longest_source, source), max(longest_target, target), end - start + 1
        cost = (count * wide * high, count * max(wide, high), count)
        if count > 1 and any(value > limit for value, limit in zip(cost, limits, strict=True)):
            batches.append(indices[start:end])
            start, wide, high = end, source, target
        longest_source, longest_target = wide, high
    if start < len(indices):
        batches.append(indices[start:])
    return batches


class BlockBatchedPairs(BaseWrapperDataset):
    """Sentence pairs that are batched by blocks.

    Args:
        pairs: the sentence pairs.
        max_blocks: see `batch_by_blocks`; None for no such limit.
    """

    def __init__(self, pairs: LanguagePairDataset, max_blocks: int | None) -> None:
        super().__init__(pairs)
        self.max_blocks = max_blocks

    @property
    def src(self) -> Any:
        """The source sentences; fairseq-generate reads them."""
        return self.dataset.src

    @property
    def tgt(self) -> Any:
        """The target sentences; fairseq-generate reads them."""
        return self.dataset.tgt

    def batch_by_size(  # type: ignore[no-untyped-def]
        self, indices, max_tokens=None, max_sentences=None, required_batch_size_multiple=1
    ) -> Sequence[NDArray[np.int64]]:
        """Batches of `indices`.

        `required_batch_size_multiple` has no effect, because fairseq enforces it by dropping sentences.
        """
        sources = np.asarray(self.dataset.src_sizes)
        targets = sources if self.dataset.tgt_sizes is None else np.asarray(self.dataset.tgt_sizes)
        return batch_by_blocks(np.asarray(indices), sources, targets, self.max_blocks, max_tokens, max_sentences)
