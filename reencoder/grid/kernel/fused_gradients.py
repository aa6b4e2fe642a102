"""Where the backward pass of a fused grid gathers its results, front by front.

Axes: K dimensions, `blocks` and `points` (see `scan`), `batch`, `d` hidden size; a row is a sample of a block.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..block import State
from .fused_grid import FusedGrid, FusedInputs
from .products import add_product, sum_type
from .scan import Front


class WeightGradients:
    """The gradients of the weights, to which fronts add, and of the extra input.

    Args:
        grid: the grid.
    """

    def __init__(self, grid: FusedGrid) -> None:
        self._grid = grid
        extra, weight = grid.inputs.extra, grid.inputs.extra_weight
        self._extra = None if extra is None else torch.empty_like(extra)
        self._extra_weight = None if weight is None else torch.zeros_like(weight, dtype=sum_type(weight.dtype))

    def add(self, fronts: Sequence[Front], gate_gradients: Tensor) -> None:
        """Add what consecutive fronts contribute, from the gradients of their products, shape (rows, 4 * K * d)."""
        grid, inputs = self._grid, self._grid.inputs
        span = slice(grid.states.span(fronts[0]).start, grid.states.span(fronts[-1]).stop)
        grid.products.accumulate(fronts, gate_gradients, grid.entering.hidden[span])
        if inputs.extra is not None and inputs.extra_weight is not None:
            assert self._extra is not None and self._extra_weight is not None
            torch.mm(gate_gradients, inputs.extra_weight, out=self._extra[span])
            add_product(self._extra_weight, gate_gradients.t(), inputs.extra[span])

    def of_inputs(self) -> FusedInputs:
        """The gradients of the inputs; those that have none are None."""
        inputs, weight, bias = self._grid.inputs, self._grid.products.grad_weight, self._grid.products.grad_bias
        assert weight is not None
        return FusedInputs(
            weight=weight.view_as(inputs.weight),
            bias=None if inputs.bias is None or bias is None else bias.view_as(inputs.bias),
            extra=self._extra,
            extra_weight=None if self._extra_weight is None else self._extra_weight.to(inputs.weight.dtype),
            mask=None,
            real=None,
        )


class SideGradients:
    """The gradients of the sides, which are some of those of the states that enter the blocks.

    Args:
        grid: the grid.
        in_one_array: keep those of all blocks, and take the sides' from them at once. That saves launches on a GPU. On
            a CPU those of one front stay in the cache if they are not kept.
    """

    def __init__(self, grid: FusedGrid, in_one_array: bool) -> None:
        self._states = states = grid.states
        self._blocks = State(*map(torch.empty_like, grid.entering)) if in_one_array else None
        self._sides = [
            part.new_empty(len(points), states.batch, states.d)
            for points in states.layout.entering
            for part in (states.hidden, states.memory)
            if not in_one_array
        ]

    def place(self, front: Front) -> tuple[Tensor, Tensor] | None:
        """Where the gradients of the states that enter a front may be put, each of shape (blocks * batch, K * d)."""
        return None if self._blocks is None else self._blocks.map(lambda part: part[self._states.span(front)])

    def take(self, front: Front, entering: tuple[Tensor, Tensor]) -> None:
        """Copy those of the sides from the gradients of the states that enter a front, unless `place` keeps them."""
        if self._blocks is not None:
            return
        k, batch = sum(front.first), self._states.batch
        for n, block in enumerate(front.entries):
            if block >= 0:
                rows, elements = slice(block * batch, (block + 1) * batch), self._states.part(n)
                self._sides[2 * n][k] = entering[0][rows, elements]
                self._sides[2 * n + 1][k] = entering[1][rows, elements]

    def of_sides(self, at_points: Tensor | None) -> list[Tensor]:
        """The gradients of the sides, hidden and memory in turn.

        Args:
            at_points: see `Arriving`.
        """
        states = self._states
        if self._blocks is not None:
            self._sides = [
                part.view(states.layout.blocks, states.batch, states.width)[points, :, states.part(n)]
                for n, points in enumerate(states.layout.entering)
                for part in self._blocks
            ]
        if at_points is not None:
            for n, points in enumerate(states.layout.entering):
                self._sides[2 * n] += at_points[points, :, states.part(n)]
        return self._sides
