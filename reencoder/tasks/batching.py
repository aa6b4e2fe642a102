"""Sentence pairs that are batched by blocks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from fairseq.data import BaseWrapperDataset, LanguagePairDataset
from numpy.typing import NDArray

from ..batching import batch_by_blocks


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
