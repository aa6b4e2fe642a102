"""Random grids for the tests of `reencoder.grid`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from reencoder.grid.block import OUTPUT_FORMS, OutputForm, State
from reencoder.grid.dimension import KINDS, Dimension, weight_positions
from reencoder.grid.engine import compute_grid
from reencoder.grid.reference import grid_reference


class Case:
    """Random arguments of a grid; `leaves` are those that have a gradient.

    Args:
        dimensions: what each dimension is like.
        extents: number of blocks along each.
        batch: samples.
        d: hidden size.
        bias: whether there are biases.
        padded: whether samples have lengths of their own.
        dropped: whether there are dropout masks.
        form: see `lstm_transform`.
        seed: of the random numbers.
    """

    def __init__(
        self,
        dimensions: Sequence[Dimension],
        extents: Sequence[int],
        *,
        batch: int = 2,
        d: int = 3,
        bias: bool = True,
        padded: bool = False,
        dropped: bool = False,
        form: OutputForm = "tanh_om",
        seed: int = 0,
        dtype: torch.dtype = torch.float64,
    ) -> None:
        generator = torch.Generator().manual_seed(seed)

        def draw(*shape: int) -> Tensor:
            return torch.randn(*shape, dtype=dtype, generator=generator).requires_grad_()

        self.dimensions, self.extents = list(dimensions), list(extents)
        count, positions = len(dimensions), weight_positions(dimensions, extents)
        self.sides = []
        for n, dim in enumerate(dimensions):
            others = (*extents[:n], *extents[n + 1 :], batch)
            self.sides.append(State(draw(*others, d), draw(*others, d if dim.has_memory else 0)))
        self.weights = [draw(*positions, dim.outputs(d), count * d) for dim in dimensions]
        self.biases: list[Tensor | None] = [draw(*positions, dim.outputs(d)) if bias else None for dim in dimensions]
        self.options: dict[str, Any] = {"output_form": form}
        if padded:
            self.options["lengths"] = [torch.randint(1, n + 1, (batch,), generator=generator) for n in extents]
        if dropped:
            kept = torch.rand(count, *extents, batch, d, generator=generator) < 0.7
            self.options["masks"] = list((kept.to(dtype) / 0.7).unbind(0))
        self.leaves = [part for side in self.sides for part in side] + self.weights
        self.leaves += [bias for bias in self.biases if bias is not None]

    def arguments(self) -> tuple[Any, ...]:
        return self.sides, self.weights, self.biases, self.dimensions, self.extents

    def reference(self) -> list[Tensor]:
        """What the slow twin returns, hidden and memory of each dimension in turn."""
        return [part for state in grid_reference(*self.arguments(), **self.options) for part in state]

    def engine(self, **options: Any) -> list[Tensor]:
        """What the engine returns."""
        return [part for state in compute_grid(*self.arguments(), **self.options, **options) for part in state]


def with_gradients(outputs: Sequence[Tensor], leaves: Sequence[Tensor]) -> list[Tensor]:
    """The outputs, and the gradients of a random linear function of them, zero where there is none."""
    generator = torch.Generator().manual_seed(1)
    weights = [torch.randn(part.shape, dtype=torch.float64, generator=generator) for part in outputs]
    loss = torch.stack([(part * weight).sum() for part, weight in zip(outputs, weights, strict=True)]).sum()
    gradients = torch.autograd.grad(loss, leaves, allow_unused=True)
    found = [
        torch.zeros_like(leaf) if gradient is None else gradient
        for leaf, gradient in zip(leaves, gradients, strict=True)
    ]
    return [*outputs, *found]


def assert_all_close(
    mine: Sequence[Tensor], expected: Sequence[Tensor], rtol: float = 1e-9, atol: float = 1e-11
) -> None:
    for one, two in zip(mine, expected, strict=True):
        torch.testing.assert_close(one, two, rtol=rtol, atol=atol)


@st.composite
def cases(draw: st.DrawFn, max_dimensions: int = 3, cells_only: bool = False) -> Case:
    """Any grid: dimensions of all kinds, or with LSTM cells and no priority alone (`cells_only`)."""
    count = draw(st.integers(1, max_dimensions))
    extents = [draw(st.integers(1, 4 if count < 3 else 3)) for _ in range(count)]
    dimensions = [
        Dimension(
            kind="lstm" if cells_only else draw(st.sampled_from(KINDS)),  # type: ignore[arg-type]
            tied=draw(st.booleans()),
            reverse=draw(st.booleans()),
            priority=0 if cells_only else draw(st.integers(0, 2)),
        )
        for _ in range(count)
    ]
    return Case(
        dimensions,
        extents,
        batch=draw(st.integers(1, 3)),
        d=draw(st.integers(1, 4)),
        bias=draw(st.booleans()),
        padded=draw(st.booleans()),
        dropped=draw(st.booleans()),
        form=draw(st.sampled_from(OUTPUT_FORMS)),  # type: ignore[arg-type]
        seed=draw(st.integers(0, 99)),
    )
