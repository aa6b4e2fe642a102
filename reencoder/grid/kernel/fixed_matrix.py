"""A matrix for many products: packed once if that is faster.

Every front of a grid multiplies by the same shared matrix. On x86 CPUs oneDNN can *pack* the matrix (rearrange a copy
of it) once and multiply by the packed copy, while the ordinary product rearranges the matrix for every front. Whether
that is faster depends on the processor and on the sizes, so it is measured: once per process for each class of sizes.
"""

from __future__ import annotations

import math
import os
import platform
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache, lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

PACKING = "REENCODER_PACKING"
"""Environment variable: 0 forbids packing, 1 packs every matrix that can be packed; otherwise the faster way is used.

The last bits of results depend on it. Set it where two runs have to agree to the last bit.
"""

MANY = 1 << 20
"""Number of uses of a matrix that is packed for as long as it does not change."""

_GAIN = 0.9
"""Pack only if it takes less than 90% of the plain time, so that near-ties always resolve to plain. Any gain counts if
plain products have the same bits, because oneDNN computes them, too."""

_FEW_ROWS = 16
"""Rows of the products of a search, in which a front is one block for each hypothesis."""


def _without_autocast() -> AbstractContextManager[object]:
    """What is tried and measured once per process must not depend on the caller's autocast."""
    return torch.autocast("cpu", enabled=False)


@cache
def packing_available() -> bool:
    """True if `FixedMatrix` can pack matrices on this machine; tried once per process.

    This torch has to have oneDNN's packed product, which is not a public function, and it has to give correct results.
    """
    if platform.machine() not in ("x86_64", "AMD64") or not torch.backends.mkldnn.is_available():
        return False
    try:
        with torch.no_grad(), _without_autocast():
            # Whole numbers, so that any order of summation gives the same.
            matrix = torch.arange(96, dtype=torch.float32, device="cpu").view(12, 8)
            inputs = torch.arange(24, dtype=torch.float32, device="cpu").view(3, 8)
            packed = torch.ops.mkldnn._reorder_linear_weight(matrix, 3)
            return torch.equal(_packed_product(inputs, packed, None), inputs @ matrix.t())
    except (AttributeError, RuntimeError):
        return False


def _packed_product(inputs: Tensor, packed: Tensor, bias: Tensor | None) -> Tensor:
    return torch.ops.mkldnn._linear_pointwise(inputs, packed, bias, "none", [], "")


class PackingTrial(NamedTuple):
    """What a trial with a matrix found.

    Attributes:
        pack: seconds that it takes to pack the matrix.
        packed: seconds of a product by the packed matrix.
        plain: seconds of an ordinary product.
        same_bits: whether both products are equal to the last bit.
    """

    pack: float
    packed: float
    plain: float
    same_bits: bool = False

    def pays(self, uses: int) -> bool:
        """True if packing is faster for this number of products, and clearly so if it changes their last bits."""
        return self.pack + uses * self.packed < (1.0 if self.same_bits else _GAIN) * uses * self.plain


@lru_cache(maxsize=256)
def _packing_trial(outputs: int, inputs: int, rows: int, threads: int, precision: str) -> PackingTrial:
    """Measure, which takes some ten products; `threads` and `precision` tell apart what was measured with others."""
    with torch.no_grad(), _without_autocast():
        # Inexact products, whose last bits depend on the order of the sums.
        matrix, rows_in = (
            torch.linspace(0.1, 1.1, size * inputs, dtype=torch.float32, device="cpu").view(size, inputs)
            for size in (outputs, rows)
        )
        packed = torch.ops.mkldnn._reorder_linear_weight(matrix, None)
        ways: list[Callable[[], object]] = [
            lambda: torch.ops.mkldnn._reorder_linear_weight(matrix, None),
            lambda: _packed_product(rows_in, packed, None),
            lambda: torch.nn.functional.linear(rows_in, matrix),
        ]
        same_bits = torch.equal(_packed_product(rows_in, packed, None), torch.nn.functional.linear(rows_in, matrix))
        best = [math.inf] * len(ways)
        clock = time.process_time if threads == 1 else time.perf_counter
        for _ in range(4):  # in turn, so that a slow moment of the machine affects all of them
            for n, way in enumerate(ways):
                started = clock()
                way()
                best[n] = min(best[n], clock() - started)
    pack, product, plain = best
    return PackingTrial(pack, product, plain, same_bits)


def packing_pays(outputs: int, inputs: int, rows: int, uses: int) -> bool:
    """True if a matrix should be packed.

    Args:
        outputs, inputs: its shape.
        rows: number of rows of a product, which is rounded to a power of 4.
        uses: number of products.
    """
    wish = os.environ.get(PACKING)
    if wish in ("0", "1"):
        return wish == "1"
    if uses < 2:
        return False
    rounded = int(4 ** round(math.log(max(1, rows), 4)))
    precision = torch.get_float32_matmul_precision()  # the library of plain products depends on it
    return _packing_trial(outputs, inputs, rounded, torch.get_num_threads(), precision).pays(uses)


class FixedMatrix:
    """A matrix for many products, packed if that is faster.

    Args:
        matrix: shape (outputs, inputs); must not require gradients.
        uses: how many products there will be.
        rows: how many rows they have, on average.
    """

    def __init__(self, matrix: Tensor, uses: int, rows: int = _FEW_ROWS) -> None:
        self._matrix = matrix
        self._packed: Tensor | None = None
        packable = matrix.device.type == "cpu" and matrix.dtype == torch.float32 and torch.backends.mkldnn.enabled  # type: ignore[attr-defined]
        if packable and packing_available() and packing_pays(matrix.size(0), matrix.size(1), rows, uses):
            self._packed = torch.ops.mkldnn._reorder_linear_weight(matrix.contiguous(), None)

    @property
    def packed(self) -> bool:
        """True if the matrix has been packed."""
        return self._packed is not None

    def __call__(self, inputs: Tensor, bias: Tensor | None = None) -> Tensor:
        """`inputs @ matrix.t() + bias`, shape (n, outputs), for inputs of shape (n, inputs)."""
        if self._packed is not None:
            return _packed_product(inputs, self._packed, bias)
        return torch.nn.functional.linear(inputs, self._matrix, bias)
