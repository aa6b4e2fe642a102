"""What layouts are kept, and how much memory they may take."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from reencoder.grid.kernel import cache
from reencoder.grid.kernel.cache import cached_by_size
from reencoder.grid.kernel.general import _front_indices
from reencoder.grid.kernel.scan import grid_layout, rescan_index, scan_index


def test_what_was_used_last_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "LIMIT", 80_000)
    computed = []

    @cached_by_size
    def numbers(count: int) -> tuple[list[Tensor]]:
        computed.append(count)
        return ([torch.arange(count)],)

    for count in (3_000, 4_000, 3_000, 4_001, 3_000, 4_000):  # 8 bytes each: two of them fit into the limit
        assert len(numbers(count)[0][0]) == count
    assert computed == [3_000, 4_000, 4_001, 4_000]
    numbers(1_000_000)
    numbers(1_000_000)  # too large, but the next layer needs it as well
    assert computed[4:] == [1_000_000]
    numbers(10)
    numbers(3_000)
    numbers(4_000)
    numbers(10)
    assert computed[5:] == [10, 3_000, 4_000], "they fit again, together"


def test_failures_are_not_kept() -> None:
    for _ in range(2):
        with pytest.raises(ValueError, match="at least 1"):
            grid_layout((0, 1))


FORWARDS, BACKWARDS, DEVICE = (False, False), (True, True), torch.device("cpu")


@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        (grid_layout, (DEVICE,)),
        (scan_index, (FORWARDS, DEVICE)),
        (rescan_index, (FORWARDS, BACKWARDS, DEVICE)),
        (_front_indices, (DEVICE,)),
    ],
    ids=["grid_layout", "scan_index", "rescan_index", "_front_indices"],
)
def test_layouts_of_many_shapes_do_not_fill_the_memory(
    function: Callable[..., Any], arguments: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    limit = 5 * cache._size(function((40, 100), *arguments))
    monkeypatch.setattr(cache, "LIMIT", limit)
    alive = [weakref.ref(_last_tensor(function((40, extent), *arguments))) for extent in range(100, 120)]
    gc.collect()
    assert 0 < sum(reference() is not None for reference in alive) <= 5
    usual = ((20, 24), *arguments)
    assert function(*usual) is function(*usual)


def _last_tensor(result: Any) -> Tensor:
    return result if isinstance(result, Tensor) else _last_tensor(result[-1])
