"""One grid as the fused engine computes it: the products and the element-wise work of a front, forward and backward.

Axes: K dimensions, `points` and `blocks` (see `scan`), `batch`, `d` hidden size, E width of the extra input. States
have K * d elements, dimension after dimension.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..block import OutputForm
from .compiled import compiled_fronts
from .fixed_matrix import FixedMatrix
from .fronts import Arriving, Fronts, GridStates
from .products import grid_products
from .scan import Front, GridLayout, Move
from .torch_fronts import TorchFronts
from .triton_fronts import triton_fronts

_PIECES = 48
"""Where gates are recomputed, at most 1 / _PIECES of all blocks have theirs in memory at a time."""

OnGateGradients = Callable[[Sequence[Front], Tensor], None]


class FusedInputs(NamedTuple):
    """The tensors of `compute_fused` except the sides, in its shapes or, for `FusedGrid`, as `by_rows` returns them."""

    weight: Tensor
    bias: Tensor | None
    extra: Tensor | None
    extra_weight: Tensor | None
    mask: Tensor | None
    real: Tensor | None

    def by_rows(self) -> FusedInputs:
        """The same with one axis for blocks and batch: a row is a sample of a block."""
        return self._replace(
            extra=None if self.extra is None else self.extra.flatten(0, 1),
            mask=None if self.mask is None else self.mask.flatten(0, 1),
            real=None if self.real is None else self.real.reshape(-1, 1),
        )


def choose_fronts(states: GridStates) -> Fronts:
    """The fastest way to do the element-wise work of a grid that there is for its device and types."""
    return (triton_fronts if states.hidden.is_cuda else compiled_fronts)(states) or TorchFronts(states)


class FusedGrid:
    """One grid, front by front.

    Args:
        inputs: the grid's tensors, by rows.
        layout: its layout.
        hidden: hidden vectors at the points, shape (points, batch, K * d).
        memory: memories at the points, same shape.
        packed: weight and extra weight, if they have been packed already.
        leaving_blocks: takes the hidden vectors that leave all blocks, shape (blocks, batch, K * d), if given.

    Attributes:
        states: the states at the points.
        entering: the states that enter all blocks, each of shape (blocks * batch, K * d).
        products: the products with the weight.
        fronts: does the element-wise work.
    """

    def __init__(
        self,
        inputs: FusedInputs,
        layout: GridLayout,
        hidden: Tensor,
        memory: Tensor,
        packed: tuple[FixedMatrix, FixedMatrix | None] | None = None,
        leaving_blocks: Tensor | None = None,
    ) -> None:
        self.inputs, self.layout = inputs, layout
        self.states = GridStates(layout, hidden, memory, inputs.mask, inputs.real, leaving_blocks)
        self.entering = self.states.entering_blocks()
        self.products = grid_products(inputs.weight, inputs.bias, layout, packed and packed[0])
        self.fronts = choose_fronts(self.states)
        self._packed_extra = packed and packed[1]

    def products_of_extra(self) -> Tensor | None:
        """What the extra input adds to the products of all blocks, shape (blocks * batch, 4 * K * d)."""
        if self.inputs.extra is None or self.inputs.extra_weight is None:
            return None
        if self._packed_extra is None:
            return torch.nn.functional.linear(self.inputs.extra, self.inputs.extra_weight)
        return self._packed_extra(self.inputs.extra)

    def _all_products(self, front: Front) -> Tensor:
        """Products of a front with all that adds to them, shape (blocks * batch, 4 * K * d)."""
        span = self.states.span(front)
        products = self.products.forward(front, self.entering.hidden[span])
        if self.inputs.extra is not None and self.inputs.extra_weight is not None:
            if self._packed_extra is None:
                fronts = len(self.layout.fronts)
                rows = len(self.inputs.extra) // fronts
                self._packed_extra = FixedMatrix(self.inputs.extra_weight, fronts, rows)
            products += self._packed_extra(self.inputs.extra[span])
        return products

    def forward_front(self, front: Front, gates: Tensor | None, output_form: OutputForm) -> None:
        """Compute a front: its gates, and the states that leave its blocks, at the points where they go.

        Args:
            front: the front.
            gates: takes the gates, shape (blocks * batch, 4 * K * d), and holds what the extra input adds to the
                products, if there is one; None if nobody needs the gates.
            output_form: see `lstm_transform`.
        """
        if gates is None:
            self.fronts.forward(front, self._all_products(front), None, False, output_form)
        else:
            self.fronts.forward(front, gates, self.products, self.inputs.extra is not None, output_form)

    def backward_recomputing(
        self,
        front: Front,
        arriving: tuple[Arriving, Arriving],
        output_form: OutputForm,
        on_gate_gradients: OnGateGradients,
    ) -> tuple[Tensor, Tensor]:
        """`Fronts.backward` without stored gates: they are recomputed for a few blocks at a time.

        Args:
            front, arriving, output_form: see `Fronts.backward`.
            on_gate_gradients: called with the blocks and the gradient of their products before that is dropped.

        Returns:
            See `Fronts.backward`.
        """
        whole = self.states.span(front)
        grads = torch.empty_like(self.entering.hidden[whole]), torch.empty_like(self.entering.memory[whole])
        for piece in _pieces(front, max(1, self.layout.blocks // _PIECES)):
            gates = self._all_products(piece)
            self.fronts.activate(gates)
            span = self.states.span(piece)
            inside = slice(span.start - whole.start, span.stop - whole.start)
            # Without names of their own, which would keep the gradients of one piece until the next has its own.
            grads[0][inside], grads[1][inside] = self.fronts.backward(
                piece, gates, arriving, self.products, None, output_form
            )
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
