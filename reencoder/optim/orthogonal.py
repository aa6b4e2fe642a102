"""The orthogonal matrix nearest to a matrix, approximately, for many matrices at once (Newton-Schulz iteration)."""

from __future__ import annotations

import math
import time
from functools import cache

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic polynomial a s + b s^3 + c s^5 that drives singular values towards 1; those of Muon's author."""

PRECISIONS = ("auto", "float32", "bfloat16")
"""In which numbers to compute; auto: bfloat16 on a GPU, and on a CPU with units for it, where it is faster."""

_GAIN = 0.8
"""bfloat16 has to take less than 80% of the time on a CPU, so that near-ties always resolve to float32."""


def orthogonalize(matrices: Tensor, steps: int = 5, eps: float = 1e-7, precision: str = "auto") -> Tensor:
    """Replace the singular values of matrices by values near 1 (between 0.7 and 1.2 after 5 steps, unless tiny).

    Args:
        matrices: shape (n, rows, columns).
        steps: number of iterations, three products each.
        eps: added to norms, so that zeros stay zeros.
        precision: one of `PRECISIONS`. The iteration tolerates the rounding errors of bfloat16.

    Returns:
        The matrices, in the type of the input.
    """
    x = matrices.to(compute_dtype(precision, matrices.device))
    tall = x.size(-2) > x.size(-1)
    if tall:
        x = x.mT
    x = _iterate(x / (x.norm(dim=(-2, -1), keepdim=True) + eps), steps)
    return (x.mT if tall else x).to(matrices.dtype)


def _iterate(x: Tensor, steps: int) -> Tensor:
    a, b, c = COEFFICIENTS
    for _ in range(steps):
        squares = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(squares, squares, squares, beta=b, alpha=c), x, beta=a)
    return x


def compute_dtype(precision: str, device: torch.device) -> torch.dtype:
    """Return the type that `orthogonalize` computes in.

    Args:
        precision: one of `PRECISIONS`.
        device: where the matrices are.
    """
    if precision == "auto":
        cpu = device.type == "cpu"
        # the library of float32 products depends on their precision
        fast = cpu and _bfloat16_is_faster(torch.get_num_threads(), torch.get_float32_matmul_precision())
        return torch.bfloat16 if fast or device.type == "cuda" else torch.float32
    return torch.bfloat16 if precision == "bfloat16" else torch.float32


@cache
def _bfloat16_is_faster(threads: int, matmul_precision: str) -> bool:
    """Measure, which takes some hundredths of a second at most; the arguments tell apart what was measured with others.

    A processor without units for bfloat16 takes several times as long with it; with them, half as long or less.
    """
    # orthonormal rows, which stay of this size
    x = torch.eye(128, 256, dtype=torch.float32, device="cpu").expand(4, -1, -1).contiguous()
    ways = {dtype: x.to(dtype) for dtype in (torch.float32, torch.bfloat16)}
    best = dict.fromkeys(ways, math.inf)
    clock = time.process_time if threads == 1 else time.perf_counter
    with torch.no_grad(), torch.autocast("cpu", enabled=False):
        for _ in range(5):  # in turn, so that a slow moment of the machine affects both
            for dtype, given in ways.items():
                started = clock()
                _iterate(given, 1)
                best[dtype] = min(best[dtype], clock() - started)
    return best[torch.bfloat16] < _GAIN * best[torch.float32]
