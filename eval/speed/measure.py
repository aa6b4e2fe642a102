"""Measuring the time and the memory of a computation."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

Work = Callable[[], object]
"""A computation to measure."""


def clock() -> float:
    """Return seconds: of the process with one thread, else of the wall."""
    return time.process_time() if torch.get_num_threads() == 1 else time.perf_counter()


def alternating(work: Sequence[Work], repeats: int) -> list[float]:
    """Run several computations in turn, so that a slow moment of the machine affects all of them.

    With one thread the time is that in which the process has the processor, so that other processes, which make it
    wait, count as little as possible.

    Args:
        work: the computations; each runs once before the measurement.
        repeats: number of measured runs of each.

    Returns:
        The median time of each, in seconds.
    """
    for piece in work:
        piece()
    times: list[list[float]] = [[] for _ in work]
    for _ in range(repeats):
        for piece, taken in zip(work, times, strict=True):
            started = clock()
            piece()
            taken.append(clock() - started)
    return [median(taken) for taken in times]


class _Storages(TorchDispatchMode):
    """Counts the bytes of all tensors that operations create, until they are freed."""

    def __init__(self) -> None:
        super().__init__()
        self.bytes = self.peak = 0
        self._known: set[int] = set()

    def __torch_dispatch__(self, function: Any, types: Any, arguments: Any = (), options: Any = None) -> Any:
        result = function(*arguments, **(options or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor) and tensor.layout == torch.strided:
                self._add(tensor.untyped_storage())
        return result

    def _add(self, storage: torch.UntypedStorage) -> None:
        key, size = storage._cdata, storage.nbytes()
        if key in self._known:
            return
        self._known.add(key)
        self.bytes += size
        self.peak = max(self.peak, self.bytes)
        weakref.finalize(storage, self._remove, key, size)

    def _remove(self, key: int, size: int) -> None:
        self._known.discard(key)
        self.bytes -= size


def peak_bytes(work: Work) -> int:
    """Return the peak memory of the tensors that `work` creates, in bytes, without memory used within an operation."""
    with _Storages() as storages:
        work()
    return storages.peak
