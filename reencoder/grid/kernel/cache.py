"""A cache of layouts that is bounded by the memory that they take."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from threading import Lock
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor

LIMIT = 32 * 2**20
"""Bytes that a cache may hold; this is some 100 layouts of 60 x 60 blocks or 14 of 200 x 200."""

_TENSOR = 600
"""Bytes that a tensor takes beside its elements, about."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def cached_by_size(function: Callable[Arguments, Result]) -> Callable[Arguments, Result]:
    """Keep the results of a function that were used last, as many as take up to `LIMIT` bytes, at least one.

    `functools.lru_cache` counts results instead, and those of long sequences take a hundred times as much as others.

    Args:
        function: takes hashable arguments, and returns (nested) tuples, lists and tensors.

    Returns:
        The function with the cache; threads may share it.
    """
    results: OrderedDict[Hashable, tuple[Result, int]] = OrderedDict()
    lock = Lock()
    held = 0

    @wraps(function)
    def cached(*args: Arguments.args, **kwargs: Arguments.kwargs) -> Result:
        nonlocal held
        key = (args, tuple(kwargs.items()))
        with lock:
            if key in results:
                results.move_to_end(key)
                return results[key][0]
        # Outside of the lock, as functions with a cache call one another. What is kept must also serve training.
        with torch.inference_mode(False):
            result = function(*args, **kwargs)
        size = _size(result)
        with lock:
            if key not in results:
                results[key] = result, size
                held += size
            while held > LIMIT and len(results) > 1:
                held -= results.popitem(last=False)[1][1]
        return result

    return cached


def _size(value: object) -> int:
    """Number of bytes that a value takes, about; parts that are shared count wherever they occur."""
    if isinstance(value, Tensor):
        return _TENSOR + value.nbytes
    if isinstance(value, tuple | list):
        return sys.getsizeof(value) + sum(map(_size, value))
    return sys.getsizeof(value)
