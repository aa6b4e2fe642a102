"""How the process computes products of float32 matrices: how precisely and, on a CPU, by which library.

On x86 CPUs torch has two libraries for these products, MKL and oneDNN. For full precision it takes MKL, which is much
slower than oneDNN on some of AMD's processors with AVX-512. If less precision is allowed, it takes oneDNN, which then
computes less exactly only on processors with units for that. On all others, allowing less precision changes the library
and nothing else. Whether that is so, and whether it is faster, is measured here.
"""

from __future__ import annotations

import logging
import math
import os
import time
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import torch

T = TypeVar("T")

MATMUL_PRECISIONS = ("highest", "high", "medium")
"""The values of `torch.set_float32_matmul_precision`."""

ONEDNN = "REENCODER_ONEDNN"
"""Environment variable: 0 leaves products in full precision to MKL, 1 lets oneDNN compute them wherever it can;
otherwise the faster one does.

The last bits of results depend on it. Set it where two runs have to agree to the last bit.
"""

_BY_ONEDNN = "medium"
"""The precision for which torch takes oneDNN."""

_FULL = 1e-5
"""Maximum error of products in full precision, relative to the largest entry. Float32 has some 1e-7, bfloat16 1e-4."""

_GAIN = 0.8
"""oneDNN has to take less than 80% of MKL's time, so that near-ties always resolve to MKL."""


def set_matmul_precision(precision: str) -> None:
    """Set the precision of the process's products and, for full precision on a CPU, the library.

    Args:
        precision: one of `MATMUL_PRECISIONS`.
    """
    torch.set_float32_matmul_precision(precision)
    if torch.cuda.is_available():  # the setting is that of the GPU's products, too
        return
    if precision != "highest":
        _warn_without_effect(precision)
    elif onednn_pays():
        torch.set_float32_matmul_precision(_BY_ONEDNN)


@cache
def _warn_without_effect(precision: str) -> None:
    """Say so, once per process, if a precision changes nothing."""
    if not lowers_precision(precision):
        logging.getLogger(__name__).warning(
            f"--matmul-precision {precision}: this processor computes the products in full float32 all the same"
        )


def onednn_pays() -> bool:
    """True if oneDNN should compute products in full precision; see `ONEDNN`."""
    wish = os.environ.get(ONEDNN)
    if wish == "0" or lowers_precision(_BY_ONEDNN):
        return False
    return wish == "1" or _onednn_is_faster(torch.get_num_threads())


@cache
def lowers_precision(precision: str) -> bool:
    """Return whether a precision makes products of float32 matrices on the CPU less exact, by a trial.

    Only some processors have units for less exact products, and torch does not tell which of them it uses.

    Args:
        precision: one of `MATMUL_PRECISIONS`.
    """
    matrix = torch.linspace(0.1, 1.1, 128 * 128, device="cpu", dtype=torch.float32).view(128, 128)
    exact = matrix.double() @ matrix.double()
    product = _with_precision(precision, lambda: matrix @ matrix)
    return bool((product - exact).abs().max() > _FULL * exact.abs().max())


@cache
def _onednn_is_faster(threads: int) -> bool:
    """Measure, which takes some hundredths of a second; `threads` only tells apart what was measured with others."""
    rows, inputs, outputs = 256, 320, 1280
    x, y, weight = (
        torch.full(size, 0.01, device="cpu", dtype=torch.float32)
        for size in ((rows, inputs), (rows, outputs), (outputs, inputs))
    )
    clock = time.process_time if threads == 1 else time.perf_counter
    best = {"highest": math.inf, _BY_ONEDNN: math.inf}

    def seconds() -> float:
        started = clock()
        torch.mm(x, weight.t())
        torch.mm(y, weight)
        torch.mm(y.t(), x)
        return clock() - started

    for _ in range(5):  # in turn, so that a slow moment of the machine affects both
        for precision in best:
            best[precision] = min(best[precision], _with_precision(precision, seconds))
    return best[_BY_ONEDNN] < _GAIN * best["highest"]


def _with_precision(precision: str, compute: Callable[[], T]) -> T:
    """Return what `compute` returns, without gradients, with a precision that is set for its duration only."""
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision(precision)
        with torch.no_grad(), torch.autocast("cpu", enabled=False):
            return compute()
    finally:
        torch.set_float32_matmul_precision(before)
