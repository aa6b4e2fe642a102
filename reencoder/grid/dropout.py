"""Dropout masks for whole planes: one draw a plane, cheap enough to vanish beside the matrix products."""

from __future__ import annotations

import torch
from torch import Tensor

_LEVELS = 1 << 16


def dropout_mask(shape: tuple[int, ...], probability: float, like: Tensor) -> Tensor:
    """Factors that drop with `probability` and scale what stays by `1 / (1 - probability)`.

    Each factor comes from 16 random bits, four to a draw of torch's generator, which on a CPU is several times
    faster than one draw a factor; the probability is therefore rounded to a multiple of 1 / 65536, and the scale is
    that of the rounded probability.

    Args:
        shape: shape of the mask.
        probability: probability that a factor is zero, in [0, 1).
        like: a tensor with the dtype and device wanted.

    Returns:
        a tensor of `shape` that holds zeros and `1 / (1 - probability)`.
    """
    dropped = min(round(probability * _LEVELS), _LEVELS - 1)
    count = torch.Size(shape).numel()
    bits = torch.empty((count + 3) // 4, dtype=torch.int64, device=like.device).random_(-(2**63), None)
    kept = bits.view(torch.int16)[:count].view(shape) >= dropped - _LEVELS // 2
    return kept.to(like.dtype).mul_(_LEVELS / (_LEVELS - dropped))
