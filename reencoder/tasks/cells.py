"""Batches budgeted by cells: a two-dimensional model costs source x target length, padding included."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from fairseq.data import LanguagePairDataset
from numpy.typing import NDArray


def batch_by_cells(
    indices: NDArray[np.int64],
    source_sizes: NDArray[np.int64],
    target_sizes: NDArray[np.int64],
    max_cells: int | None = None,
    max_tokens: int | None = None,
    max_sentences: int | None = None,
) -> list[NDArray[np.int64]]:
    """Cut `indices` into consecutive batches; no sentence is ever left out.

    Args:
        indices: sentence numbers in the order wanted (similar sizes side by side give full batches).
        source_sizes: source length of every sentence number.
        target_sizes: target length of every sentence number.
        max_cells: most cells a batch, sentences x longest source x longest target; a sentence above it makes a batch
            of its own.
        max_tokens: most tokens a batch on either side, padding included; likewise.
        max_sentences: most sentences a batch.

    Returns:
        the batches, in order.
    """
    limits = (max_cells or np.inf, max_tokens or np.inf, max_sentences or np.inf)
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


class CellBatchedPairs(LanguagePairDataset):
    """Sentence pairs that are sorted and batched by cells.

    Args:
        pairs: the data set to take over.
        max_cells: see `batch_by_cells`; None for no such limit.
    """

    def __init__(self, pairs: LanguagePairDataset, max_cells: int | None) -> None:
        self.__dict__.update(vars(pairs))
        self.max_cells = max_cells

    def batch_by_size(  # type: ignore[no-untyped-def]
        self, indices, max_tokens=None, max_sentences=None, required_batch_size_multiple=1
    ) -> Sequence[NDArray[np.int64]]:
        """Batches of `indices`.

        `required_batch_size_multiple` is not followed, since fairseq keeps it by dropping sentences.
        """
        sizes = np.asarray(self.src_sizes)
        targets = sizes if self.tgt_sizes is None else np.asarray(self.tgt_sizes)
        return batch_by_cells(np.asarray(indices), sizes, targets, self.max_cells, max_tokens, max_sentences)
