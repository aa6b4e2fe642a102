"""The element-wise work of the fronts of one grid, in compiled code: of the C compiler on a CPU, of Triton on a GPU.

Without it, and for types that it does not know, torch does the work with some twenty operations per front.
"""

from __future__ import annotations

import os
from typing import NamedTuple, Protocol

from torch import Tensor

from ..block import OutputForm
from .products import Products
from .scan import Front

COMPILE = "REENCODER_COMPILE"
"""Environment variable: 0 forbids compiled code; 1 requires it on a CPU."""


def compiling_forbidden() -> bool:
    """True if `REENCODER_COMPILE` forbids compiled code."""
    return os.environ.get(COMPILE) == "0"


class Arriving(NamedTuple):
    """Gradients of the states that leave the blocks of a front; of their hidden vectors or of their memories.

    All are contiguous, except `leaving` on a CPU: there a copy would cost more than its strides.

    Attributes:
        next: of the states that enter the next front, shape (its blocks, batch, K * d); None for the last front.
        next_start: the first point of the next front.
        leaving: for each dimension those of the states that leave the grid, shape (other extent, batch, d), or None.
        at_points: further gradients of the states at all points, shape (points, batch, K * d), or None.
        at_blocks: further gradients of the states that leave all blocks, shape (blocks, batch, K * d), or None.
    """

    next: Tensor | None
    next_start: int
    leaving: tuple[Tensor | None, ...]
    at_points: Tensor | None = None
    at_blocks: Tensor | None = None


class Fronts(Protocol):
    """What `FusedGrid` leaves to compiled code.

    Attributes:
        on_gpu: whether the grid is on a GPU, where every launch counts.
    """

    on_gpu: bool

    def activate(self, gates: Tensor) -> None:
        """Replace products by gates, shape (n, 4 * K * d)."""

    def forward(
        self, front: Front, gates: Tensor, products: Tensor | None, add: bool, bias: Tensor | None, form: OutputForm
    ) -> None:
        """Compute the gates of a front and put the states that leave its blocks at the points where they go.

        Args:
            front: the front.
            gates: its products, which the gates replace, shape (blocks * batch, 4 * K * d).
            products: the products if they are not in `gates`.
            add: add `gates` to them.
            bias: is added to the products of each row if given, shape (4 * K * d,), contiguous.
            form: see `lstm_transform`.
        """

    def backward(
        self,
        front: Front,
        gates: Tensor,
        arriving: tuple[Arriving, Arriving],
        products: Products,
        into: tuple[Tensor, Tensor] | None,
        form: OutputForm,
    ) -> tuple[Tensor, Tensor]:
        """Gradients of the states that enter a front; see `FusedGrid.backward_front`.

        Args:
            front: the front.
            gates: its gates, which the gradients of its products replace, shape (blocks * batch, 4 * K * d).
            arriving: the gradients of the leaving hidden vectors and memories.
            products: the products of the grid.
            into: memory for the result, which may be used.
            form: see `lstm_transform`.

        Returns:
            Gradients of the entering hidden and memory vectors, each of shape (blocks * batch, K * d).
        """
