"""Checks that say what was expected and what was got."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor


def check_shape(name: str, tensor: Tensor | None, shape: Sequence[int], like: Tensor | None) -> None:
    """Check the shape of a tensor, and that it has the type and device of `like`.

    Raises:
        ValueError: naming the tensor, what was expected and what it is.
    """
    if tensor is None:
        return
    if tensor.shape != tuple(shape):
        raise ValueError(f"{name}: expected shape {tuple(shape)}, got {tuple(tensor.shape)}")
    if like is not None and (tensor.dtype != like.dtype or tensor.device != like.device):
        raise ValueError(
            f"{name}: expected {like.dtype} on {like.device} as the others, got {tensor.dtype} on {tensor.device}"
        )
