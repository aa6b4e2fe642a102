"""Argument checks whose messages say what was expected and what was given."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def check_shape(name: str, tensor: Tensor | None, shape: Sequence[int], like: Tensor | None) -> None:
    """Check the shape of a tensor, and that it has the type and device of `like`.

    Raises:
        ValueError: names the tensor, what was expected and what was given.
    """
    if tensor is None:
        return
    if tensor.shape != tuple(shape):
        raise ValueError(f"{name}: expected shape {tuple(shape)}, got {tuple(tensor.shape)}")
    if like is not None and (tensor.dtype != like.dtype or tensor.device != like.device):
        raise ValueError(
            f"{name}: expected {like.dtype} on {like.device} like the others, got {tensor.dtype} on {tensor.device}"
        )


def check_lengths(name: str, lengths: Tensor | None, batch: int, extent: int, device: torch.device) -> None:
    """Check lengths: one integer per sample, on `device`; on a CPU, where reading them is free, also their range.

    Raises:
        ValueError: names the lengths, what was expected and what was given.
    """
    if lengths is None:
        return
    if not isinstance(lengths, Tensor):
        raise ValueError(f"{name}: expected a tensor, got {type(lengths).__name__}")
    check_shape(name, lengths, (batch,), None)
    if lengths.dtype not in (torch.int64, torch.int32) or lengths.device != device:
        raise ValueError(f"{name}: expected int64 on {device}, got {lengths.dtype} on {lengths.device}")
    if device.type == "cpu" and batch and not 0 <= int(lengths.min()) <= int(lengths.max()) <= extent:
        raise ValueError(f"{name}: expected 0 to {extent}, got {int(lengths.min())} to {int(lengths.max())}")


def check_probability(name: str, value: float) -> None:
    """Check a probability of dropping something: with 1 nothing would be left.

    Raises:
        ValueError: names it, what was expected and what was given.
    """
    if not 0.0 <= value < 1.0:
        raise ValueError(f"{name}: expected a probability in [0, 1), got {value}")
