"""The states of one grid at all of its points, and what a front does to them, forward and backward.

Axes: K dimensions, `points` and `blocks` (see `scan`), `batch`, `d` hidden size, E width of the extra input. States
have K * d elements, dimension after dimension.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..block import OutputForm, State
from .gates import activate, cell_backward, cell_forward
from .products import FixedMatrix, grid_products
from .scan import Front, GridLayout

_PIECES = 32
"""Where gates are recomputed, at most 1 / _PIECES of all blocks have theirs in memory at a time."""

OnGateGradients = Callable[[Sequence[Front], Tensor], None]


class FusedInputs(NamedTuple):
    """The tensors of `compute_fused` except the sides; blocks and batch are one axis, blocks * batch."""

    weight: Tensor
    bias: Tensor | None
    extra: Tensor | None
    extra_weight: Tensor | None
    mask: Tensor | None
    real: Tensor | None


class FusedGrid:
    """The states at the points of one grid, and how a front computes them.

    Args:
        inputs: the grid's tensors.
        layout: its layout.
        hidden: hidden vectors at the points, shape (points, batch, K * d).
        memory: memories at the points, same shape.
        packed: weight and extra weight, if they have been packed already.
    """

    def __init__(
        self,
        inputs: FusedInputs,
        layout: GridLayout,
        hidden: Tensor,
        memory: Tensor,
        packed: tuple[FixedMatrix, FixedMatrix | None] | None = None,
    ) -> None:
        self.inputs, self.layout = inputs, layout
        self.batch, self.width = hidden.shape[1:]
        self.d = self.width // len(layout.extents)
        self.hidden, self.memory = hidden, memory
        self.entering, self.entering_memory = (part[: layout.blocks].flatten(0, 1) for part in (hidden, memory))
        self.products = grid_products(inputs.weight, inputs.bias, layout, packed and packed[0])
        self.extra_product = packed and packed[1]
        if inputs.extra_weight is not None and self.extra_product is None:
            self.extra_product = FixedMatrix(inputs.extra_weight, len(layout.fronts))

    def part(self, n: int) -> slice:
        """The elements of a state that belong to dimension n."""
        return slice(n * self.d, (n + 1) * self.d)

    def span(self, front: Front) -> slice:
        """The place of a front on the axis of blocks * batch."""
        return slice(front.start * self.batch, (front.start + front.blocks) * self.batch)

    def new_gates(self, count: int) -> Tensor:
        """Uninitialized gates, shape (count, 4 * K * d)."""
        return self.hidden.new_empty(count, 4 * self.width)

    def products_of_extra(self) -> Tensor | None:
        """What the extra input adds to the products of all blocks, shape (blocks * batch, 4 * K * d)."""
        if self.extra_product is None or self.inputs.extra is None:
            return None
        return self.extra_product(self.inputs.extra)

    def compute_gates(self, front: Front, gates: Tensor | None = None, has_base: bool = False) -> Tensor:
        """The activated gates of a front.

        Args:
            front: the front.
            gates: is overwritten with the result if given, shape (front's blocks * batch, 4 * K * d).
            has_base: True if `gates` holds what the extra input adds to the products.

        Returns:
            `gates`, or a new tensor of that shape.
        """
        span = self.span(front)
        products = self.products.forward(front, self.entering[span])
        if has_base:
            assert gates is not None
            products += gates
        elif self.extra_product is not None and self.inputs.extra is not None:
            products += self.extra_product(self.inputs.extra[span])
        gates = products if gates is None else gates
        activate(products, gates)
        return gates

    def compute_states(self, front: Front, gates: Tensor, output_form: OutputForm) -> None:
        """Put the states that leave the blocks of a front at the points where they go."""
        span, mask, real = self.span(front), self.inputs.mask, self.inputs.real
        hidden, memory = self.entering[span], self.entering_memory[span]
        new_hidden, new_memory = cell_forward(gates.to(memory.dtype), memory, output_form)
        if mask is not None:
            new_hidden *= mask[span]
        if real is not None:
            new_hidden = torch.where(real[span], new_hidden, hidden)
            new_memory = torch.where(real[span], new_memory, memory)
        for states, new in ((self.hidden, new_hidden), (self.memory, new_memory)):
            new = new.view(front.blocks, self.batch, self.width)
            for n, moves in enumerate(front.moves):
                for block, point, count in moves:
                    states[point : point + count, :, self.part(n)] = new[block : block + count, :, self.part(n)]

    def leaving(self, n: int) -> State:
        """Copies of the states that leave the grid along dimension n."""
        return State(self.hidden, self.memory).map(lambda at: at[self.layout.leaving[n], :, self.part(n)].clone())

    def gradient_of_leaving(
        self,
        front: Front,
        next_entering: Tensor | None,
        leaving_grid: Sequence[Tensor | None],
        at_points: Tensor | None,
    ) -> Tensor:
        """Gradient of the states that leave the blocks of a front.

        Args:
            front: the front.
            next_entering: gradient of the states that entered the next front, shape (its blocks, batch, K * d).
            leaving_grid: for each dimension the gradient of the states that leave the grid, shape (other extent, batch,
                d), or None.
            at_points: gradient of the states at all points; `next_entering` already includes the next front's.

        Returns:
            A new tensor of shape (blocks * batch, K * d).
        """
        grad = self.memory.new_empty(front.blocks, self.batch, self.width)
        next_start = front.start + front.blocks
        for n, moves in enumerate(front.moves):
            elements, grad_leaving = self.part(n), leaving_grid[n]
            for block, point, count in moves:
                target = grad[block : block + count, :, elements]
                if point < self.layout.blocks:
                    assert next_entering is not None
                    target.copy_(next_entering[point - next_start : point - next_start + count, :, elements])
                    continue
                position = point - self.layout.leaving[n].start
                if grad_leaving is None:
                    target.zero_()
                else:
                    target.copy_(grad_leaving[position : position + count])
                if at_points is not None:
                    target += at_points[point : point + count, :, elements]
        return grad.flatten(0, 1)

    def backward_front(
        self, front: Front, gates: Tensor, grad_hidden: Tensor, grad_memory: Tensor, output_form: OutputForm
    ) -> tuple[Tensor, Tensor]:
        """Gradients of the states that enter a front from those of the states that leave it.

        Args:
            front: the front.
            gates: its activated gates, shape (blocks * batch, 4 * K * d); overwritten with the gradient of the
                products.
            grad_hidden: gradient of the leaving hidden vectors, shape (blocks * batch, K * d); overwritten.
            grad_memory: gradient of the leaving memories, same shape; overwritten.
            output_form: see `lstm_transform`.

        Returns:
            Gradients of the entering hidden and memory vectors, each of shape (blocks * batch, K * d).
        """
        span, mask, real = self.span(front), self.inputs.mask, self.inputs.real
        passed: tuple[Tensor, Tensor] | None = None
        if real is not None:
            padding = real[span].logical_not()
            passed = grad_hidden * padding, grad_memory * padding
            grad_hidden *= real[span]
            grad_memory *= real[span]
        if mask is not None:
            grad_hidden *= mask[span]
        memory = self.entering_memory[span]
        if gates.dtype == grad_memory.dtype:
            grad_entering_memory = cell_backward(gates, memory, grad_hidden, grad_memory, output_form)
        else:
            wide = gates.to(grad_memory.dtype)
            grad_entering_memory = cell_backward(wide, memory, grad_hidden, grad_memory, output_form)
            gates.copy_(wide)
        grad_entering = self.products.backward(front, gates)
        if passed is not None:
            grad_entering += passed[0]
            grad_entering_memory += passed[1]
        return grad_entering, grad_entering_memory

    def backward_front_recomputing(
        self,
        front: Front,
        grad_hidden: Tensor,
        grad_memory: Tensor,
        output_form: OutputForm,
        on_gate_gradients: OnGateGradients,
    ) -> tuple[Tensor, Tensor]:
        """`backward_front` without stored gates: they are recomputed for a few blocks at a time.

        Args:
            front, grad_hidden, grad_memory, output_form: see `backward_front`.
            on_gate_gradients: called with the blocks and the gradient of their products before that is dropped.

        Returns:
            See `backward_front`.
        """
        grad_entering = self.hidden.new_empty(grad_hidden.shape)
        for piece in _pieces(front, max(1, self.layout.blocks // _PIECES)):
            gates = self.compute_gates(piece)
            span = self.span(piece)
            inside = slice(span.start - front.start * self.batch, span.stop - front.start * self.batch)
            grad_entering[inside], grad_memory[inside] = self.backward_front(
                piece, gates, grad_hidden[inside], grad_memory[inside], output_form
            )
            on_gate_gradients([piece], gates)
        return grad_entering, grad_memory


def _pieces(front: Front, blocks: int) -> Iterator[Front]:
    """Cut a front into pieces of at most `blocks` blocks; `moves` and `entries` of a piece are not adapted."""
    for first in range(0, front.blocks, blocks):
        count = min(blocks, front.blocks - first)
        at = tuple(p + (first if n == 0 else -first) for n, p in enumerate(front.first))
        yield front._replace(start=front.start + first, blocks=count, first=at)
