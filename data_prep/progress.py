"""Progress bars on standard error, all in one style."""

from collections.abc import Iterable
from typing import TypeVar

from tqdm import tqdm

T = TypeVar("T")


def progress(items: Iterable[T], description: str, total: int | None = None) -> Iterable[T]:
    """Iterate over `items`, showing how many have passed; `total` is needed where `items` has no length."""
    return tqdm(items, desc=description, total=total, unit=" lines", unit_scale=True, mininterval=0.5)
