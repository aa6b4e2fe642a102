"""Progress bars on standard error."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


def progress(items: Iterable[T], description: str) -> Iterable[T]:
    """Iterate over `items` and show how many have been processed."""
    return tqdm(items, desc=description, unit=" lines", unit_scale=True, mininterval=0.5)
