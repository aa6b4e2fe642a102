"""The orthogonal matrix nearest to a matrix, approximately, for many matrices at once (Newton-Schulz iteration)."""

from __future__ import annotations

import logging
import math
import time
from functools import cache

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the quintic polynomial a s + b s^3 + c s^5 that drives singular values towards 1; those of Muon's author."""

PRECISIONS = ("auto", "float32", "bfloat16")
"""In which numbers to compute; for auto see `compute_dtype`."""

_SMALL = 64
"""On a CPU, matrices with fewer rows or columns take no less time in bfloat16."""

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

    Raises:
        ValueError: there is no such precision.
    """
    x = matrices.to(compute_dtype(precision, matrices.device, min(matrices.shape[-2:])))
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


def compute_dtype(precision: str, device: torch.device, size: int) -> torch.dtype:
    """Return the type that `orthogonalize` computes in.

    For "auto", that is bfloat16 on a GPU. On a CPU it is bfloat16 if the matrices are not small and a trial finds it
    faster. Several processes that train one model on CPUs take float32, as their trials could differ.

    Args:
        precision: one of `PRECISIONS`.
        device: where the matrices are.
        size: the smaller of their numbers of rows and columns.

    Raises:
        ValueError: there is no such precision.
    """
    if precision not in PRECISIONS:
        raise ValueError(f"precision {precision}: expected one of {', '.join(PRECISIONS)}")
    if precision != "auto":
        return torch.bfloat16 if precision == "bfloat16" else torch.float32
    if device.type == "cpu" and size >= _SMALL and not _one_of_several_processes():
        # the library of float32 products depends on their precision
        faster = _bfloat16_is_faster(torch.get_num_threads(), torch.get_float32_matmul_precision())
        return torch.bfloat16 if faster else torch.float32
    return torch.bfloat16 if device.type == "cuda" else torch.float32


def _one_of_several_processes() -> bool:
    group = torch.distributed
    return group.is_available() and group.is_initialized() and group.get_world_size() > 1


@cache
def _bfloat16_is_faster(threads: int, matmul_precision: str) -> bool:
    """Measure, which takes a tenth of a second at most; the arguments tell apart what was measured with others.

    A processor without units for bfloat16 takes several times as long with it; with them, some 60% as long or less.
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
    faster = best[torch.bfloat16] < _GAIN * best[torch.float32]
    logging.getLogger(__name__).info(f"Muon orthogonalizes large matrices in {'bfloat16' if faster else 'float32'}")
    return faster
