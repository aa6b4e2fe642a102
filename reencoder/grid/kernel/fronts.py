"""The element-wise work of the fronts of one grid: what it works on, and what each way to do it offers.

`torch_fronts` does it with some twenty operations of torch per front, and is the readable one. `compiled` (C, on a CPU)
and `triton_fronts` (on a GPU) do the same in compiled code.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from torch import Tensor

from ..block import OutputForm, State
from .products import Products
from .scan import Front, GridLayout

COMPILE = "REENCODER_COMPILE"
"""Environment variable: 0 forbids compiled code; 1 requires it on a CPU."""


def compiling_forbidden() -> bool:
    """True if `REENCODER_COMPILE` forbids compiled code."""
    return os.environ.get(COMPILE) == "0"


@dataclass
class GridStates:
    """The states of one grid at all of its points, and what the fronts do to them besides the transforms.

    Attributes:
        layout: the grid's layout.
        hidden: hidden vectors at the points, shape (points, batch, K * d), contiguous.
        memory: memories at the points, same shape, contiguous.
        mask: dropout factors, shape (blocks * batch, K * d), or None.
        real: False where a block is padding, shape (blocks * batch, 1), or None.
        leaving_blocks: takes the hidden vectors that leave all blocks, shape (blocks, batch, K * d), contiguous, or
            None.
        batch, width, d: sizes; the width is K * d.
    """

    layout: GridLayout
    hidden: Tensor
    memory: Tensor
    mask: Tensor | None = None
    real: Tensor | None = None
    leaving_blocks: Tensor | None = None

    def __post_init__(self) -> None:
        self.batch, self.width = self.hidden.shape[1:]
        self.d = self.width // len(self.layout.extents)

    def part(self, n: int) -> slice:
        """The elements of a state that belong to dimension n."""
        return slice(n * self.d, (n + 1) * self.d)

    def span(self, front: Front) -> slice:
        """The place of a front on the axis of blocks * batch."""
        return slice(front.start * self.batch, (front.start + front.blocks) * self.batch)

    def entering_blocks(self) -> State:
        """The states that enter all blocks, a view of those at the points, shape (blocks * batch, K * d)."""
        return State(self.hidden, self.memory).map(lambda at: at[: self.layout.blocks].flatten(0, 1))

    def leaving(self, n: int) -> State:
        """Copies of the states that leave the grid along dimension n."""
        return State(self.hidden, self.memory).map(lambda at: at[self.layout.leaving[n], :, self.part(n)].clone())


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

    def before(self, front: Front, entering: Tensor) -> Arriving:
        """What arrives at the front before `front`, from the gradients of what enters this one, shape (rows, K * d)."""
        by_block = entering.view(front.blocks, len(entering) // front.blocks, entering.size(1))
        return self._replace(next=by_block, next_start=front.start)


class Fronts(Protocol):
    """A way to do the element-wise work of one grid.

    Attributes:
        few_launches: whether every launch counts, as for kernels on a GPU: gradients of what enters the blocks then lie
            in one array for all fronts, and `Arriving.leaving` has to be contiguous.
    """

    few_launches: bool

    def activate(self, gates: Tensor) -> None:
        """Replace products by gates, shape (n, 4 * K * d)."""

    def forward(
        self, front: Front, gates: Tensor, products: Products | None, add: bool, output_form: OutputForm
    ) -> None:
        """Compute the gates of a front and put the states that leave its blocks at the points where they go.

        Args:
            front: the front.
            gates: takes the gates, shape (blocks * batch, 4 * K * d), contiguous.
            products: computes the products `W H + b`; None if `gates` holds them.
            add: add to them what `gates` holds.
            output_form: see `lstm_transform`.
        """

    def backward(
        self,
        front: Front,
        gates: Tensor,
        arriving: tuple[Arriving, Arriving],
        products: Products,
        into: tuple[Tensor, Tensor] | None,
        output_form: OutputForm,
    ) -> tuple[Tensor, Tensor]:
        """Gradients of the states that enter a front from those of the states that leave it.

        Args:
            front: the front.
            gates: its gates, which the gradients of its products replace, shape (blocks * batch, 4 * K * d).
            arriving: the gradients of the leaving hidden vectors and memories.
            products: the products of the grid.
            into: optional output buffers.
            output_form: see `lstm_transform`.

        Returns:
            Gradients of the entering hidden and memory vectors, each of shape (blocks * batch, K * d), without those
            of `Arriving.at_points`.
        """
