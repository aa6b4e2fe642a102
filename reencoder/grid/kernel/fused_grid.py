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
from .compiled import compiled_fronts
from .fixed_matrix import FixedMatrix
from .fronts import Arriving, Fronts
from .gates import activate, cell_backward, cell_forward
from .products import grid_products
from .scan import Front, GridLayout, Move
from .triton_fronts import triton_fronts

_PIECES = 48
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
        left: takes the hidden vectors that leave all blocks, shape (blocks, batch, K * d), if given.
    """

    def __init__(
        self,
        inputs: FusedInputs,
        layout: GridLayout,
        hidden: Tensor,
        memory: Tensor,
        packed: tuple[FixedMatrix, FixedMatrix | None] | None = None,
        left: Tensor | None = None,
    ) -> None:
        self.inputs, self.layout = inputs, layout
        self.batch, self.width = hidden.shape[1:]
        self.d = self.width // len(layout.extents)
        self.hidden, self.memory = hidden, memory
        self.entering, self.entering_memory = (part[: layout.blocks].flatten(0, 1) for part in (hidden, memory))
        self.products = grid_products(inputs.weight, inputs.bias, layout, packed and packed[0])
        self._packed_extra = packed and packed[1]
        self.left = left
        choose = triton_fronts if hidden.is_cuda else compiled_fronts
        self.fronts: Fronts | None = choose(layout, hidden, memory, inputs.mask, inputs.real, left)

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
        if self.inputs.extra is None or self.inputs.extra_weight is None:
            return None
        if self._packed_extra is None:
            return torch.nn.functional.linear(self.inputs.extra, self.inputs.extra_weight)
        return self._packed_extra(self.inputs.extra)

    def compute_gates(self, front: Front, gates: Tensor | None = None, has_base: bool = False) -> Tensor:
        """The activated gates of a front.

        Args:
            front: the front.
            gates: is overwritten with the result if given, shape (front's blocks * batch, 4 * K * d).
            has_base: True if `gates` holds what the extra input adds to the products.

        Returns:
            `gates`, or a new tensor of that shape.
        """
        products = self._products(front, gates if has_base else None)
        gates = products if gates is None else gates
        if self.fronts is not None and products is gates:
            self.fronts.activate(gates)
        else:
            activate(products, gates)
        return gates

    def _products(self, front: Front, base: Tensor | None) -> Tensor:
        """Products of a front with all that adds to them, shape (blocks * batch, 4 * K * d)."""
        span = self.span(front)
        products = self.products.forward(front, self.entering[span])
        if base is not None:
            products += base
        elif self.inputs.extra is not None and self.inputs.extra_weight is not None:
            if self._packed_extra is None:
                fronts = len(self.layout.fronts)
                self._packed_extra = FixedMatrix(self.inputs.extra_weight, fronts, len(self.entering) // fronts)
            products += self._packed_extra(self.inputs.extra[span])
        return products

    def forward_front(self, front: Front, gates: Tensor | None, has_base: bool, output_form: OutputForm) -> None:
        """Compute a front: its gates, and the states that leave its blocks, at the points where they go.

        Args:
            front: the front.
            gates: takes the gates if given, see `compute_gates`.
            has_base: see `compute_gates`.
            output_form: see `lstm_transform`.
        """
        if self.fronts is None:
            self.compute_states(front, self.compute_gates(front, gates, has_base), output_form)
        elif gates is None:
            self.fronts.forward(front, self._products(front, None), None, False, None, output_form)
        else:
            products = self.products.forward_into(front, self.entering[self.span(front)], gates, has_base)
            bias = self.products.bias_to_add
            self.fronts.forward(front, gates, products, has_base, bias, output_form)

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
        if self.left is not None:
            self.left.flatten(0, 1)[span] = new_hidden
        for states, new in ((self.hidden, new_hidden), (self.memory, new_memory)):
            new = new.view(front.blocks, self.batch, self.width)
            for n, moves in enumerate(front.moves):
                for block, point, count in moves:
                    states[point : point + count, :, self.part(n)] = new[block : block + count, :, self.part(n)]

    def leaving(self, n: int) -> State:
        """Copies of the states that leave the grid along dimension n."""
        return State(self.hidden, self.memory).map(lambda at: at[self.layout.leaving[n], :, self.part(n)].clone())

    def new_gradients(self) -> tuple[Tensor, Tensor] | None:
        """Uninitialized gradients of the states that enter all blocks, each of shape (blocks * batch, K * d).

        On a GPU those of the sides are taken from them at once, which saves launches. None on a CPU, where each front
        has gradients of its own, which stay in the cache.
        """
        if self.fronts is None or not self.fronts.on_gpu:
            return None
        return torch.empty_like(self.entering), torch.empty_like(self.entering_memory)

    def _gradient_of_leaving(self, front: Front, arriving: Arriving) -> Tensor:
        """Gradient of the states that leave the blocks of a front, a new tensor of shape (blocks * batch, K * d)."""
        grad = self.memory.new_empty(front.blocks, self.batch, self.width)
        for n, moves in enumerate(front.moves):
            elements, grad_leaving = self.part(n), arriving.leaving[n]
            for block, point, count in moves:
                target = grad[block : block + count, :, elements]
                if point < self.layout.blocks:
                    assert arriving.next is not None
                    first = point - arriving.next_start
                    target.copy_(arriving.next[first : first + count, :, elements])
                elif grad_leaving is None:
                    target.zero_()
                else:
                    first = point - self.layout.leaving[n].start
                    target.copy_(grad_leaving[first : first + count])
                if arriving.at_points is not None:
                    target += arriving.at_points[point : point + count, :, elements]
        if arriving.at_blocks is not None:
            grad += arriving.at_blocks[front.start : front.start + front.blocks]
        return grad.flatten(0, 1)

    def backward_front(
        self,
        front: Front,
        gates: Tensor,
        hidden: Arriving,
        memory: Arriving,
        output_form: OutputForm,
        into: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Tensor, Tensor]:
        """Gradients of the states that enter a front from those of the states that leave it.

        Args:
            front: the front.
            gates: its activated gates, shape (blocks * batch, 4 * K * d); overwritten with the gradient of the
                products.
            hidden: gradients of the leaving hidden vectors.
            memory: gradients of the leaving memories.
            output_form: see `lstm_transform`.
            into: memory for the result, which may be used.

        Returns:
            Gradients of the entering hidden and memory vectors, each of shape (blocks * batch, K * d), without those
            of `Arriving.at_points`.
        """
        if self.fronts is not None:
            return self.fronts.backward(front, gates, (hidden, memory), self.products, into, output_form)
        span, mask, real = self.span(front), self.inputs.mask, self.inputs.real
        grad_hidden, grad_memory = (self._gradient_of_leaving(front, part) for part in (hidden, memory))
        passed: tuple[Tensor, Tensor] | None = None
        if real is not None:
            padding = real[span].logical_not()
            passed = grad_hidden * padding, grad_memory * padding
            grad_hidden *= real[span]
            grad_memory *= real[span]
        if mask is not None:
            grad_hidden *= mask[span]
        entering_memory = self.entering_memory[span]
        if gates.dtype == grad_memory.dtype:
            grad_entering_memory = cell_backward(gates, entering_memory, grad_hidden, grad_memory, output_form)
        else:
            wide = gates.to(grad_memory.dtype)
            grad_entering_memory = cell_backward(wide, entering_memory, grad_hidden, grad_memory, output_form)
            gates.copy_(wide)
        grad_entering = self.products.backward(front, gates)
        if passed is not None:
            grad_entering += passed[0]
            grad_entering_memory += passed[1]
        return grad_entering, grad_entering_memory

    def backward_front_recomputing(
        self,
        front: Front,
        hidden: Arriving,
        memory: Arriving,
        output_form: OutputForm,
        on_gate_gradients: OnGateGradients,
    ) -> tuple[Tensor, Tensor]:
        """`backward_front` without stored gates: they are recomputed for a few blocks at a time.

        Args:
            front, hidden, memory, output_form: see `backward_front`.
            on_gate_gradients: called with the blocks and the gradient of their products before that is dropped.

        Returns:
            See `backward_front`.
        """
        rows = front.blocks * self.batch
        grads = self.hidden.new_empty(rows, self.width), self.memory.new_empty(rows, self.width)
        for piece in _pieces(front, max(1, self.layout.blocks // _PIECES)):
            gates = self.compute_gates(piece)
            span = self.span(piece)
            inside = slice(span.start - front.start * self.batch, span.stop - front.start * self.batch)
            grads[0][inside], grads[1][inside] = self.backward_front(piece, gates, hidden, memory, output_form)
            on_gate_gradients([piece], gates)
        return grads


def _pieces(front: Front, blocks: int) -> Iterator[Front]:
    """Cut a front into pieces of at most `blocks` blocks; `entries` of a piece are not adapted."""
    for first in range(0, front.blocks, blocks):
        count = min(blocks, front.blocks - first)
        at = tuple(p + (first if n == 0 else -first) for n, p in enumerate(front.first))
        moves = tuple(tuple(_inside(moves, first, first + count)) for moves in front.moves)
        yield front._replace(start=front.start + first, blocks=count, first=at, moves=moves)


def _inside(moves: Sequence[Move], first: int, stop: int) -> Iterator[Move]:
    """The parts of moves that concern the blocks from `first` to before `stop`, counted from `first`."""
    for block, point, count in moves:
        begin, end = max(block, first), min(block + count, stop)
        if begin < end:
            yield Move(begin - first, point + begin - block, end - begin)
