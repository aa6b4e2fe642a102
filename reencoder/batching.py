"""Batches limited by blocks: a two-dimensional model costs source x target length, padding included."""

from __future__ import annotations

from math import inf

import numpy as np
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
    most_blocks, most_tokens, most_sentences = max_blocks or inf, max_tokens or inf, max_sentences or inf
    # Python's own numbers: this runs for each sentence in every epoch, and is several times as slow with numpy's.
    sizes = zip(source_sizes[indices].tolist(), target_sizes[indices].tolist(), strict=True)
    batches: list[NDArray[np.int64]] = []
    start = longest_source = longest_target = 0
    for end, (source, target) in enumerate(sizes):
        wide, high, count = max(longest_source, source), max(longest_target, target), end - start + 1
        if count > 1 and (
            count > most_sentences or count * wide * high > most_blocks or count * max(wide, high) > most_tokens
        ):
            batches.append(indices[start:end])
            start, wide, high = end, source, target
        longest_source, longest_target = wide, high
    if start < len(indices):
        batches.append(indices[start:])
    return batches
