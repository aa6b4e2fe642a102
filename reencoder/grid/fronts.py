"""One grid while it is swept: its states at all points, and what a front of blocks does to them, forward and backward.

Axes: K swept dimensions, `points` and `blocks` (see `layout`), `batch`, `d` hidden size, E width of the extra input.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .block import OutputForm, State
from .cell import activate, cell_backward, cell_forward
from .layout import Front, GridLayout
from .products import FixedMatrix, grid_products

_HELD = 32
"""Where gates are computed again, those of one block in so many are held at a time."""

After = Callable[[Sequence[Front], Tensor], None]


class SweepInputs(NamedTuple):
    """The tensors of a sweep but for the sides: see `sweep`; what is per block has one row a block and sentence."""

    weight: Tensor
    bias: Tensor | None
    extra: Tensor | None
    extra_weight: Tensor | None
    mask: Tensor | None
    real: Tensor | None


class FrontGrid:
    """The states at the points of one grid, and how a front computes them.

    Args:
        inputs: the grid's tensors.
        layout: its layout.
        hidden: hidden vectors at the points, shape (points, batch, K * d).
        memory: memories at the points, same shape.
        prepared: weight and extra weight, where they have been rearranged already.
    """

    def __init__(
        self,
        inputs: SweepInputs,
        layout: GridLayout,
        hidden: Tensor,
        memory: Tensor,
        prepared: tuple[FixedMatrix, FixedMatrix | None] | None = None,
    ) -> None:
        self.inputs, self.layout = inputs, layout
        self.batch, self.width = hidden.shape[1:]
        self.d = self.width // len(layout.extents)
        self.hidden, self.memory = hidden, memory
        self.entered, self.entered_memory = (part[: layout.blocks].flatten(0, 1) for part in (hidden, memory))
        self.products = grid_products(inputs.weight, inputs.bias, layout, prepared and prepared[0])
        self.extra_product = prepared and prepared[1]
        if inputs.extra_weight is not None and self.extra_product is None:
            self.extra_product = FixedMatrix(inputs.extra_weight, len(layout.fronts))

    def columns(self, n: int) -> slice:
        """The columns of dimension n."""
        return slice(n * self.d, (n + 1) * self.d)

    def rows(self, front: Front) -> slice:
        return slice(front.start * self.batch, (front.start + front.blocks) * self.batch)

    def new_gates(self, rows: int) -> Tensor:
        return self.hidden.new_empty(rows, 4 * self.width)

    def products_of_extra(self) -> Tensor | None:
        """What the extra input adds to the gates of all blocks, shape (blocks * batch, 4 * K * d)."""
        if self.extra_product is None or self.inputs.extra is None:
            return None
        return self.extra_product(self.inputs.extra)

    def compute_gates(self, front: Front, gates: Tensor | None = None, has_base: bool = False) -> Tensor:
        """The activated gates of a front.

        Args:
            front: the front.
            gates: takes them, shape (count * batch, 4 * K * d).
            has_base: whether `gates` holds what the extra input adds.

        Returns:
            `gates`, or a new tensor of that shape.
        """
        rows = self.rows(front)
        products = self.products.forward(front, self.entered[rows])
        if has_base:
            assert gates is not None
            products += gates
        elif self.extra_product is not None and self.inputs.extra is not None:
            products += self.extra_product(self.inputs.extra[rows])
        gates = products if gates is None else gates
        activate(products, gates)
        return gates

    def compute_states(self, front: Front, gates: Tensor, output_form: OutputForm) -> None:
        """Put what leaves the blocks of a front at its points."""
        rows, mask, real = self.rows(front), self.inputs.mask, self.inputs.real
        entered, memory = self.entered[rows], self.entered_memory[rows]
        new_hidden, new_memory = cell_forward(gates.to(memory.dtype), memory, output_form)
        if mask is not None:
            new_hidden *= mask[rows]
        if real is not None:
            new_hidden = torch.where(real[rows], new_hidden, entered)
            new_memory = torch.where(real[rows], new_memory, memory)
        for states, new in ((self.hidden, new_hidden), (self.memory, new_memory)):
            new = new.view(front.blocks, self.batch, self.width)
            for n, moves in enumerate(front.moves):
                for block, point, count in moves:
                    states[point : point + count, :, self.columns(n)] = new[block : block + count, :, self.columns(n)]

    def leaving(self, n: int) -> State:
        """Copies of the states that leave along dimension n."""
        return State(*(part[self.layout.leaving[n], :, self.columns(n)].clone() for part in (self.hidden, self.memory)))

    def gradient_of_new(
        self, front: Front, entered: Tensor | None, left: Sequence[Tensor | None], at_points: Tensor | None
    ) -> Tensor:
        """Gradient of what the blocks of a front put at the points.

        Args:
            front: the front.
            entered: gradient of what entered the blocks of the next front, shape (its count, batch, K * d).
            left: for each dimension the gradient of what left the grid, shape (other extent, batch, d), or None.
            at_points: gradient of the points themselves; `entered` holds those of the next front's already.

        Returns:
            shape (count * batch, K * d), a new tensor.
        """
        grad = self.memory.new_empty(front.blocks, self.batch, self.width)
        behind = front.start + front.blocks
        for n, moves in enumerate(front.moves):
            columns, left_n = self.columns(n), left[n]
            for block, point, count in moves:
                part = grad[block : block + count, :, columns]
                if point < self.layout.blocks:
                    assert entered is not None
                    part.copy_(entered[point - behind : point - behind + count, :, columns])
                    continue
                position = point - self.layout.leaving[n].start
                if left_n is None:
                    part.zero_()
                else:
                    part.copy_(left_n[position : position + count])
                if at_points is not None:
                    part += at_points[point : point + count, :, columns]
        return grad.flatten(0, 1)

    def backward_front(
        self, front: Front, gates: Tensor, grad_hidden: Tensor, grad_memory: Tensor, output_form: OutputForm
    ) -> tuple[Tensor, Tensor]:
        """From the gradients of a front's new states to those of the states that entered it.

        `gates` holds the activated gates, and their gradients (before activation) afterwards; the gradients given are
        overwritten. All have one row a block and sentence.
        """
        rows, mask, real = self.rows(front), self.inputs.mask, self.inputs.real
        passed: tuple[Tensor, Tensor] | None = None
        if real is not None:
            padding = real[rows].logical_not()
            passed = grad_hidden * padding, grad_memory * padding
            grad_hidden *= real[rows]
            grad_memory *= real[rows]
        if mask is not None:
            grad_hidden *= mask[rows]
        if gates.dtype == grad_memory.dtype:
            grad_entered_memory = cell_backward(gates, self.entered_memory[rows], grad_hidden, grad_memory, output_form)
        else:
            wide = gates.to(grad_memory.dtype)
            grad_entered_memory = cell_backward(wide, self.entered_memory[rows], grad_hidden, grad_memory, output_form)
            gates.copy_(wide)
        grad_entered = self.products.backward(front, gates)
        if passed is not None:
            grad_entered += passed[0]
            grad_entered_memory += passed[1]
        return grad_entered, grad_entered_memory

    def backward_front_again(
        self, front: Front, grad_hidden: Tensor, grad_memory: Tensor, output_form: OutputForm, after: After
    ) -> tuple[Tensor, Tensor]:
        """`backward_front` for a front without gates: they are computed again, a few blocks at a time.

        Args:
            after: is called with the blocks and their gates' gradients, before those are dropped.
        """
        grad_entered = self.hidden.new_empty(grad_hidden.shape)
        for piece in _pieces(front, max(1, self.layout.blocks // _HELD)):
            gates = self.compute_gates(piece)
            rows = self.rows(piece)
            inside = slice(rows.start - front.start * self.batch, rows.stop - front.start * self.batch)
            grad_entered[inside], grad_memory[inside] = self.backward_front(
                piece, gates, grad_hidden[inside], grad_memory[inside], output_form
            )
            after([piece], gates)
        return grad_entered, grad_memory


def _pieces(front: Front, blocks: int) -> Iterator[Front]:
    """A front in pieces of at most `blocks` blocks; of a piece only the blocks are right, not where states go."""
    for first in range(0, front.blocks, blocks):
        count = min(blocks, front.blocks - first)
        at = tuple(p + (first if n == 0 else -first) for n, p in enumerate(front.first))
        yield front._replace(start=front.start + first, blocks=count, first=at)
