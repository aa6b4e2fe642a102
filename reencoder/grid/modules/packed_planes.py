"""`PackedPlanes`: the weights of planes as the fast engine packs them, kept from one call to the next."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

from ..compilation import not_compiled
from ..compute import PackedWeights, pack_plane


class PackedPlanes:
    """Packed weights, which serve many calls without gradients, such as the words of a search.

    They are kept as long as the weights do not change: any change made in place, such as loading a checkpoint, raises
    the version of a tensor. Writing through `weight.data` does not; a checksum tells. A copy packs again, as packed
    matrices can be neither copied nor pickled.
    """

    def __init__(self) -> None:
        self._packed: list[PackedWeights] | None = None
        self._versions: list[tuple[int, int]] = []
        self._checksums: list[list[float]] = []

    @not_compiled  # reads addresses and versions of tensors, which compiled code does not track
    def of(self, weights: Iterable[Tensor]) -> list[PackedWeights] | None:
        """Return the packed weights of each plane; None where gradients are enabled, or the weights have no versions.

        Args:
            weights: one per plane, see `compute_plane`.
        """
        weights = list(weights)
        if torch.is_grad_enabled() or any(weight.is_inference() for weight in weights):
            return None
        versions = [(weight.data_ptr(), weight._version) for weight in weights]
        valid = self._packed is not None and versions == self._versions
        # Where packing is slower, the "packed" weights are views of the weights, and follow every change.
        if valid and self._checksums:
            valid = [_checksum(weight) for weight in weights] == self._checksums
        if not valid:
            self._packed, self._versions = [pack_plane(weight) for weight in weights], versions
            copied = any(matrix is not None and matrix.packed for pair in self._packed for matrix in pair)
            self._checksums = [_checksum(weight) for weight in weights] if copied else []
        return self._packed

    def discard(self) -> None:
        """Free the memory of the packed weights."""
        self._packed = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_packed": None}


_INTEGERS = {2: torch.int16, 4: torch.int32, 8: torch.int64}
"""Integers by their size in bytes."""


def _checksum(weight: Tensor) -> list[float]:
    """Numbers that tell whether a weight on a CPU has changed: a sum of its bits, and some elements.

    The sum is cheap beside a word of a beam search. Integer sums do not depend on the number of threads;
    the sampled elements catch permutations, which keep the sum.
    """
    elements = weight.detach().flatten()
    sample: list[float] = elements[:: max(1, len(elements) // 16)].tolist()
    # Fewer numbers are summed faster, but only what starts and ends at multiples of 8 bytes can be read as 64-bit ones.
    size = elements.element_size()
    aligned = elements.storage_offset() * size % 8 == 0 and elements.numel() * size % 8 == 0
    bits = torch.int64 if aligned else _INTEGERS[size]
    return [int(elements.view(bits).sum(dtype=torch.int64)), *sample]
