"""Labelled images as a fairseq data set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from fairseq.data import FairseqDataset
from numpy.typing import NDArray

from ..images.folder import LabelledImages
from .random_stream import Purpose, Stream, below

Sample = tuple[int, NDArray[np.uint8], int]
"""Index, image of shape (height, width), label."""


def shifted(image: NDArray[np.uint8], down: int, right: int) -> NDArray[np.uint8]:
    """Move an image by pixels, negative for up and left; what becomes empty is 0."""
    height, width = image.shape
    moved = np.zeros_like(image)
    moved[max(down, 0) : height + min(down, 0), max(right, 0) : width + min(right, 0)] = image[
        max(-down, 0) : height + min(-down, 0), max(-right, 0) : width + min(-right, 0)
    ]
    return moved


class ImageDataset(FairseqDataset):
    """A split; for training in an order that each epoch draws again, every image shifted by a random distance.

    Order and shifts depend on seed, epoch and index alone: it does not matter which worker draws them, or whether the
    training was resumed.

    Args:
        data: the images and labels.
        training: draw the order.
        seed: seed of order and shifts, from 0 to 2**64 - 1.
        shift: maximum shift in each of the two directions, in pixels.
    """

    def __init__(self, data: LabelledImages, training: bool = False, seed: int = 1, shift: int = 0) -> None:
        self.data, self.training, self.shift = data, training, shift
        self.epoch = 1
        self._order = Stream(seed, Purpose.ORDER, len(data.labels))
        self._shifts = Stream(seed, Purpose.SHIFT, 2)

    @property
    def can_reuse_epoch_itr_across_epochs(self) -> bool:
        """False in training: each epoch has batches of its own."""
        return not self.training

    def set_epoch(self, epoch: int) -> None:
        """Switch to the order and the shifts of `epoch`."""
        self.epoch = epoch

    def __len__(self) -> int:
        return len(self.data.labels)

    def __getitem__(self, index: int) -> Sample:
        image = self.data.images[index]
        if self.shift:
            down, right = below(self._shifts.draw(self.epoch, index), 2 * self.shift + 1) - self.shift
            image = shifted(image, int(down), int(right))
        return int(index), image, int(self.data.labels[index])

    def collater(self, samples: Sequence[Sample]) -> dict[str, Any]:
        """Collate samples.

        Returns:
            fairseq's batch: `id` of shape (batch,), `net_input.images` of shape (batch, height, width), grey levels
            from 0 to 255, `target` of shape (batch, 1), and the numbers of sentences (images) and tokens (labels).
        """
        if not samples:  # fills up a shard that has run out of samples
            return {}
        numbers, images, labels = zip(*samples, strict=True)
        return {
            "id": torch.tensor(numbers),
            "nsentences": len(samples),
            "ntokens": len(samples),
            "net_input": {"images": torch.from_numpy(np.stack(images))},
            "target": torch.tensor(labels).unsqueeze(1),
        }

    def ordered_indices(self) -> NDArray[np.int64]:
        """The indices in the order of the files; in training, in the order of this epoch."""
        if not self.training:
            return np.arange(len(self), dtype=np.int64)
        return np.argsort(self._order.draw(self.epoch, 0), kind="stable").astype(np.int64)

    def num_tokens(self, index: int) -> int:
        """Number of labels of an image."""
        return 1

    def size(self, index: int) -> int:
        """The same as `num_tokens`."""
        return 1

    def batch_by_size(  # type: ignore[no-untyped-def]
        self, indices, max_tokens=None, max_sentences=None, required_batch_size_multiple=1
    ) -> list[NDArray[np.int64]]:
        """Consecutive batches of `indices`; the last one may be smaller, whatever `required_batch_size_multiple`."""
        batches: list[NDArray[np.int64]] = super().batch_by_size(indices, max_tokens, max_sentences, 1)
        return batches
