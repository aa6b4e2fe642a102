"""Settings of the process that speed up training on a CPU."""

from __future__ import annotations

import ctypes
import logging
import os
import sys
from functools import cache

import torch

KEEP_MEMORY = "REENCODER_KEEP_MEMORY"
"""Environment variable that turns `keep_freed_memory` off if it is 0."""


MATMUL_PRECISIONS = ("highest", "high", "medium")
"""The values of `torch.set_float32_matmul_precision`."""


def set_up_training(matmul_precision: str = "highest") -> None:
    """Set the process up for training; the tasks call this before each epoch.

    Args:
        matmul_precision: one of `MATMUL_PRECISIONS`.
    """
    keep_freed_memory()
    flush_denormals()
    torch.set_float32_matmul_precision(matmul_precision)
    if matmul_precision != "highest" and not torch.cuda.is_available():
        _warn_without_effect(matmul_precision)


@cache
def _warn_without_effect(precision: str) -> None:
    """Say so, once per process, if a precision changes nothing."""
    if not lowers_precision(precision):
        logging.getLogger(__name__).warning(
            f"--matmul-precision {precision}: this processor computes the products in full float32 all the same"
        )


def lowers_precision(precision: str) -> bool:
    """Return whether a precision changes products of float32 matrices on the CPU, by a trial.

    Only some processors have units for less exact products, and torch does not tell which of them it uses.

    Args:
        precision: one of `MATMUL_PRECISIONS`.
    """
    before = torch.get_float32_matmul_precision()
    matrix = torch.linspace(0.1, 1.1, 128 * 128).reshape(128, 128)
    products = []
    try:
        for tried in ("highest", precision):
            torch.set_float32_matmul_precision(tried)
            products.append(matrix @ matrix)
    finally:
        torch.set_float32_matmul_precision(before)
    return not torch.equal(*products)


def flush_denormals() -> bool:
    """Let this thread, and those that it starts from now on, replace numbers below 1.2e-38 by zero.

    A processor computes with such numbers many times more slowly. The gradients of a saturated block, and averages
    of gradients that have become zero, consist of them: a training that went wrong took four times as long per update.

    Returns:
        True if the processor can do so.
    """
    return bool(torch.set_flush_denormal(True))


def keep_freed_memory() -> bool:
    """Let the C library reuse freed memory instead of returning it to the system. It affects the whole process.

    On a CPU every training step frees and allocates the same hundreds of megabytes. By default glibc requests large
    blocks from the system each time, which clears them page by page: that costs as much as all element-wise work of a
    grid. With this setting the process keeps the most memory that it ever used. `REENCODER_KEEP_MEMORY=0` forbids it.

    Returns:
        True if applied; False if forbidden or if the C library is not glibc.
    """
    if sys.platform != "linux" or os.environ.get(KEEP_MEMORY) == "0":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # musl has none
        return False
    trim_threshold, mmap_max = -1, -4  # from malloc.h
    return bool(mallopt(mmap_max, 0)) and bool(mallopt(trim_threshold, -1))
