"""Scores of given translations under any fairseq translation models, in batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from torch import Tensor

MAX_PAIRS, MAX_BLOCKS = 64, 25_000
"""Limits of a batch: its pairs, and pairs x longest source x longest target, which is what it takes of memory."""


def score_pairs(
    task: Any,
    models: Sequence[Any],
    sources: Sequence[Tensor],
    targets: Sequence[Tensor],
    device: torch.device,
    max_pairs: int = MAX_PAIRS,
    max_blocks: int = MAX_BLOCKS,
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the index of each pair and its hypothesis of fairseq, batch after batch, the largest pairs first.

    A hypothesis has the `positional_scores` of its tokens: natural logarithms, shape (target tokens,).

    Args:
        task: fairseq's task.
        models: its models, on `device`; several are an ensemble.
        sources: each of shape (source tokens,), with the end of the sentence.
        targets: each of shape (target tokens,), with the end of the sentence.
        device: where to compute.
        max_pairs: maximum number of pairs per batch. Default: `MAX_PAIRS`
        max_blocks: maximum number of blocks per batch. Default: `MAX_BLOCKS`
    """
    import numpy as np
    import torch
    from fairseq import utils
    from fairseq.data import LanguagePairDataset
    from fairseq.dataclass.configs import GenerationConfig

    from .batching import batch_by_blocks

    dictionaries = task.source_dictionary, task.target_dictionary
    scorer = task.build_generator(models, GenerationConfig(score_reference=True))
    sizes = [np.array([len(line) for line in side], dtype=np.int64) for side in (sources, targets)]
    # The pairs of a batch are of similar size; the largest come first: too little memory shows at once.
    order = np.argsort(-sizes[0] * sizes[1], kind="stable")
    for chosen in batch_by_blocks(order, sizes[0], sizes[1], max_blocks=max_blocks, max_sentences=max_pairs):
        source, target = ([side[n] for n in chosen] for side in (sources, targets))
        pairs = LanguagePairDataset(
            source,
            [len(line) for line in source],
            dictionaries[0],
            target,
            [len(line) for line in target],
            dictionaries[1],
            shuffle=False,
        )
        batch = pairs.collater([pairs[n] for n in range(len(pairs))])
        batch = utils.apply_to_sample(lambda tensor: tensor.to(device), batch)
        with torch.no_grad():
            found = task.inference_step(scorer, models, batch)
        # The collater sorts by length; its ids are positions in `chosen`.
        for position, hypotheses in zip(batch["id"].tolist(), found, strict=True):
            yield int(chosen[position]), hypotheses[0]
