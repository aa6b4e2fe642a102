"""The orthogonal matrix nearest to a matrix, approximately, for many matrices at once (Newton-Schulz iteration)."""

from __future__ import annotations

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic polynomial a s + b s^3 + c s^5 that drives singular values towards 1; those of Muon's author."""


def orthogonalize(matrices: Tensor, steps: int = 5, eps: float = 1e-7) -> Tensor:
    """Replace the singular values of matrices by values near 1 (between 0.7 and 1.2 after 5 steps, unless tiny).

    Computed in bfloat16 on a GPU, where that is many times faster, and in float32 on a CPU, where bfloat16 products may
    be many times slower.

    Args:
        matrices: shape (n, rows, columns).
        steps: number of iterations, three products each.
        eps: added to norms, so that zeros stay zeros.

    Returns:
        The matrices, in the type of the input.
    """
    a, b, c = COEFFICIENTS
    x = matrices.to(torch.bfloat16 if matrices.is_cuda else torch.float32)
    tall = x.size(-2) > x.size(-1)
    if tall:
        x = x.mT
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + eps)
    for _ in range(steps):
        squares = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(squares, squares, squares, beta=b, alpha=c), x, beta=a)
    return (x.mT if tall else x).to(matrices.dtype)
