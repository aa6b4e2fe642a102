"""A cache of layouts that is bounded by the memory that they take."""

from __future__ import annotations

import sys
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import wraps
from threading import Lock
from typing import Any, Protocol, TypeVar, cast

from torch import Tensor

LIMIT = 32 * 2**20
"""Bytes that a cache may hold; this is some 100 layouts of 60 x 60 blocks or 14 of 200 x 200."""

_TENSOR = 600
"""Bytes that a tensor takes beside its elements, about."""

Result = TypeVar("Result")


class Cached(Protocol[Result]):
    """A function with a cache.

    Attributes:
        __wrapped__: the function without it.
        held: number of bytes, about, that the cache holds.
    """

    __wrapped__: Callable[..., Result]
    held: Callable[[], int]

    def __call__(self, *args: Any) -> Result: ...


def cached_by_size(function: Callable[..., Result]) -> Cached[Result]:
    """Keep the results of a function that were used last, as many as take up to `LIMIT` bytes, at least one.

    `functools.lru_cache` counts results instead, and those of long sequences take a hundred times as much as others.

    Args:
        function: takes hashable positional arguments, and returns (nested) tuples, lists and tensors.

    Returns:
        The function with the cache; threads may share it.
    """
    results: OrderedDict[tuple[Hashable, ...], tuple[Result, int]] = OrderedDict()
    lock = Lock()
    held = 0

    @wraps(function)
    def cached(*args: Hashable) -> Result:
        nonlocal held
        with lock:
            if args in results:
                results.move_to_end(args)
                return results[args][0]
        result = function(*args)  # outside of the lock: functions with a cache call one another
        size = _size(result)
        with lock:
            if args not in results:
                results[args] = result, size
                held += size
            while held > LIMIT and len(results) > 1:
                held -= results.popitem(last=False)[1][1]
        return result

    cached.held = lambda: held  # type: ignore[attr-defined]
    return cast(Cached[Result], cached)


def _size(value: object) -> int:
    """Number of bytes that a value takes, about; parts that are shared count wherever they occur."""
    if isinstance(value, Tensor):
        return _TENSOR + value.nbytes
    if isinstance(value, tuple | list):
        return sys.getsizeof(value) + sum(map(_size, value))
    return sys.getsizeof(value)
