"""Dropout masks of whole planes: one draw per plane, whose cost is negligible beside the matrix products."""

from __future__ import annotations

import torch
from torch import Tensor

_LEVELS = 1 << 16


def dropout_mask(shape: tuple[int, ...], probability: float, like: Tensor) -> Tensor:
    """Factors that are zero with `probability` and `1 / (1 - probability)` otherwise.

    Each factor comes from 16 random bits, so that one draw of torch's generator serves four factors. On a CPU that is
    several times faster than one draw per factor. The probability is therefore rounded to a multiple of 1 / 65536, and
    the scale is that of the rounded probability.

    Args:
        shape: shape of the mask.
        probability: probability that a factor is zero, in [0, 1).
        like: gives the device and the type, but at least float32: narrower types round the scale, always the same way.

    Returns:
        A tensor of the given shape.
    """
    dropped = min(round(probability * _LEVELS), _LEVELS - 1)
    count = torch.Size(shape).numel()
    bits = torch.empty((count + 3) // 4, dtype=torch.int64, device=like.device).random_(-(2**63), None)
    kept = bits.view(torch.int16)[:count].view(shape) >= dropped - _LEVELS // 2
    return kept.to(torch.promote_types(like.dtype, torch.float32)).mul_(_LEVELS / (_LEVELS - dropped))
