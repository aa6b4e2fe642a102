"""The samples of a problem as fairseq data sets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from fairseq.data import FairseqDataset
from numpy.typing import NDArray

from .problems import Symbols
from .sample_source import SampleSource

Sample = tuple[int, Symbols, Symbols]
"""Index, source of shape (S,), target of shape (T,)."""


class ProblemDataset(FairseqDataset):
    """A split of a problem: held out and constant, or drawn again for each epoch.

    Args:
        source: draws the samples.
        split: `train`, `valid` or `test`.
        size: number of training samples per epoch; the other splits have the sizes of the source's.

    Raises:
        ValueError: there is no such split, or the size is below 1.
    """

    def __init__(self, source: SampleSource, split: str, size: int) -> None:
        if split not in ("train", "valid", "test"):
            raise ValueError(f"{split}: no such split; there are train, valid and test")
        if size < 1:
            raise ValueError(f"--samples-per-epoch: expected at least 1, got {size}")
        self.source = source
        self.epoch = 1
        self._fixed = {"train": None, "valid": source.valid, "test": source.test}[split]
        self._size = size if self._fixed is None else len(self._fixed[0])

    def set_epoch(self, epoch: int) -> None:
        """Switch to the training samples of `epoch`; held-out samples stay the same."""
        self.epoch = epoch

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, index: int) -> Sample:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int]) -> list[Sample]:
        """The samples `indices`, drawn together; torch's loader requests whole batches here."""
        numbers = [int(index) for index in indices]
        if not numbers:  # fills up a shard that has run out of samples
            return []
        if self._fixed is None:
            source, target = self.source.train(self.epoch, numbers)
        else:
            source, target = self._fixed[0][numbers], self._fixed[1][numbers]
        return list(zip(numbers, source, target, strict=True))

    def collater(self, samples: Sequence[Sample]) -> dict[str, Any]:
        """Collate samples.

        Returns:
            fairseq's batch: `id` of shape (batch,), `net_input.src_tokens` of shape (batch, S), `target` of shape
            (batch, T), and the numbers of sentences and (target) tokens.
        """
        if not samples:
            return {}
        numbers, sources, targets = zip(*samples, strict=True)
        target = torch.from_numpy(np.stack(targets))
        return {
            "id": torch.tensor(numbers),
            "nsentences": len(samples),
            "ntokens": target.numel(),
            "net_input": {"src_tokens": torch.from_numpy(np.stack(sources))},
            "target": target,
        }

    def num_tokens(self, index: int) -> int:
        """Length of the longer side, the same for all samples."""
        return max(self.source.problem.source_length, self.source.problem.target_length)

    def size(self, index: int) -> tuple[int, int]:
        """Source and target length, the same for all samples."""
        return self.source.problem.source_length, self.source.problem.target_length

    def batch_by_size(  # type: ignore[no-untyped-def]
        self, indices, max_tokens=None, max_sentences=None, required_batch_size_multiple=1
    ) -> list[NDArray[np.int64]]:
        """Consecutive batches of `indices`, of at least one sample, however small `max_tokens` is.

        `required_batch_size_multiple` has no effect, because fairseq enforces it by dropping samples.
        """
        most = max(max_tokens, self.num_tokens(0)) if max_tokens else None
        batches: list[NDArray[np.int64]] = super().batch_by_size(indices, most, max_sentences, 1)
        return batches
