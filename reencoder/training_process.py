"""Settings of the process that speed up training on a CPU."""

from __future__ import annotations

import ctypes
import os
import sys

import torch

from .float32_products import set_matmul_precision

KEEP_MEMORY = "REENCODER_KEEP_MEMORY"
"""Environment variable that turns `keep_freed_memory` off if it is 0."""


def set_up_training(matmul_precision: str = "highest") -> None:
    """Set the process up for training; the tasks call this before each epoch.

    Args:
        matmul_precision: see `set_matmul_precision`.
    """
    keep_freed_memory()
    flush_denormals()
    set_matmul_precision(matmul_precision)


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
