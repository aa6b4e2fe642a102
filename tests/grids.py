"""Random grids, and slow references of grids and stacks of planes, for the tests of `reencoder.grid`.

The references use `grid_reference` alone and find every order by themselves: they share nothing with the fast path.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from typing import Any, NamedTuple

import pytest
import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional as F

from reencoder.grid.block import OUTPUT_FORMS, OutputForm, State
from reencoder.grid.compute import compute_grid
from reencoder.grid.dimension import KINDS, Dimension, weight_positions
from reencoder.grid.modules import PlaneStack
from reencoder.grid.reference import grid_reference


class Case:
    """Random arguments of a grid; `leaves` are those that have a gradient.

    Args:
        dimensions: options of each dimension.
        extents: number of blocks along each.
        batch: number of samples.
        d: hidden size.
        bias: give the grid biases.
        padded: give samples lengths of their own.
        dropped: give the grid dropout masks.
        form: see `lstm_transform`.
        seed: of the random numbers.
        dtype: type of all tensors.
        device: of all tensors. The numbers are the same on all devices.
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
        device: torch.device | str = "cpu",
    ) -> None:
        generator = torch.Generator().manual_seed(seed)

        def draw(*shape: int) -> Tensor:
            return torch.randn(*shape, dtype=dtype, generator=generator).to(device).requires_grad_()

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
            lengths = [torch.randint(1, n + 1, (batch,), generator=generator) for n in extents]
            if batch > 1:  # of one sample perhaps nothing is real, of the others something is
                lengths[0][-1] *= torch.randint(0, 2, (), generator=generator)
            self.options["lengths"] = [length.to(device) for length in lengths]
        if dropped:
            kept = torch.rand(count, *extents, batch, d, generator=generator) < 0.7
            self.options["masks"] = list((kept.to(device, dtype) / 0.7).unbind(0))
        self.leaves = [part for side in self.sides for part in side] + self.weights
        self.leaves += [bias for bias in self.biases if bias is not None]

    def arguments(self) -> tuple[Any, ...]:
        return self.sides, self.weights, self.biases, self.dimensions, self.extents

    def reference(self) -> list[Tensor]:
        """What the slow twin returns, hidden and memory of each dimension in turn."""
        return [part for state in grid_reference(*self.arguments(), **self.options) for part in state]

    def compute(self, **options: Any) -> list[Tensor]:
        """What `compute_grid` returns, likewise."""
        options = {**self.options, **options}
        return [part for state in compute_grid(*self.arguments(), **options) for part in state]


def with_gradients(outputs: Sequence[Tensor], leaves: Sequence[Tensor]) -> list[Tensor]:
    """The outputs, and the gradients of a random linear function of them, zero where there is none."""
    generator = torch.Generator().manual_seed(1)
    weights = [torch.randn(part.shape, dtype=torch.float64, generator=generator).to(part.device) for part in outputs]
    loss = torch.stack([(part * weight).sum() for part, weight in zip(outputs, weights, strict=True)]).sum()
    gradients = torch.autograd.grad(loss, leaves, allow_unused=True)
    found = [
        torch.zeros_like(leaf) if gradient is None else gradient
        for leaf, gradient in zip(leaves, gradients, strict=True)
    ]
    return [*outputs, *found]


def assert_all_close(
    mine: Sequence[Tensor], expected: Sequence[Tensor], rtol: float = 1e-11, atol: float = 1e-13
) -> None:
    for one, two in zip(mine, expected, strict=True):
        torch.testing.assert_close(one, two, rtol=rtol, atol=atol)


def torch_gates(weight: Tensor) -> Tensor:
    """torch's order of the gates, i f g o, from ours, u f o c (u is i, c is g), along the first axis."""
    u, f, o, c = weight.chunk(4)
    return torch.cat([u, f, c, o])


@st.composite
def cases(draw: st.DrawFn, max_dimensions: int = 3, cells_only: bool = False) -> Case:
    """Any grid: dimensions of all kinds, or only LSTM cells without priority (`cells_only`)."""
    count = draw(st.integers(1, max_dimensions))
    extents = [draw(st.integers(1, 4 if count < 3 else 3)) for _ in range(count)]
    dimensions = [
        Dimension(
            kind="lstm" if cells_only else draw(st.sampled_from(KINDS)),  # type: ignore[arg-type]
            untied=draw(st.booleans()),
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


def block_positions(extents: tuple[int, int], scan: tuple[bool, bool]) -> list[tuple[int, int]]:
    """Positions of the blocks of a plane, front after front of a scan, each front from low first coordinate to high."""

    def along_scan(position: tuple[int, int]) -> tuple[int, int]:
        i, j = (
            extent - 1 - at if reverse else at
            for at, extent, reverse in zip(position, extents, scan, strict=True)
        )  # fmt: skip
        return i + j, i

    return sorted(product(range(extents[0]), range(extents[1])), key=along_scan)


def at_positions(blocks: Tensor, extents: tuple[int, int], scan: tuple[bool, bool]) -> Tensor:
    """From one entry per block, in the order of a scan, shape (blocks, ...), to the shape (A, B, ...)."""
    placed = torch.empty(*extents, *blocks.shape[1:], dtype=blocks.dtype)
    for position, entry in zip(block_positions(extents, scan), blocks, strict=True):
        placed[position] = entry
    return placed


class PlaneMasks(NamedTuple):
    """Dropout factors of one plane, in the order of its scan; None without dropout.

    Attributes:
        scanned: of the two scanned dimensions, shape (blocks, batch, 2 * d).
        depth: of the depth, shape (blocks, batch, d).
    """

    scanned: Tensor | None = None
    depth: Tensor | None = None


def stack_reference(
    stack: PlaneStack,
    sides: Sequence[tuple[State | None, State | None]],
    below: State | None,
    lengths: tuple[Tensor | None, Tensor | None] = (None, None),
    masks: Sequence[PlaneMasks] | None = None,
) -> tuple[list[tuple[State, State]], State]:
    """A stack of planes by `grid_reference`: each plane is a three-dimensional grid of A x B x 1 blocks.

    Returns:
        What leaves each layer along the scanned dimensions, and what leaves the last layer along the depth at every
        position (zeros without `depth_output`).
    """
    options = stack.options
    d = options.hidden_size
    first = sides[0] if below is None else None
    if below is not None:
        extents, batch = (below.hidden.size(0), below.hidden.size(1)), below.hidden.size(2)
    else:
        assert first is not None and first[0] is not None and first[1] is not None
        extents, batch = (first[1].hidden.size(0), first[0].hidden.size(0)), first[0].hidden.size(1)
    depth_size = d if options.depth == "lstm" else 0
    # A first layer without states from below is one that reads zeros, by weights of any value.
    depth = below or State(torch.zeros(*extents, batch, d), torch.zeros(*extents, batch, depth_size))
    leaving: list[tuple[State, State]] = []
    for layer, scan in enumerate(options.scans):
        own = layer if options.untied else 0
        weight = F.pad(stack.weights[own], (0, 3 * d - stack.weights[own].size(1))).view(4, 2, d, 3 * d)
        scanned_biases = [None, None] if not options.bias else list(stack.biases[own].view(4, 2, d).unbind(1))
        if own < len(stack.depth_weights):
            depth_weight = F.pad(stack.depth_weights[own], (0, 3 * d - stack.depth_weights[own].size(1)))
        else:
            depth_weight = torch.zeros(4 * d if options.depth == "lstm" else d, 3 * d)
        depth_bias = None
        if options.bias:
            depth_bias = torch.zeros(len(depth_weight))
            if options.depth_bias and own < len(stack.depth_biases):
                depth_bias = stack.depth_biases[own]
        entering = []
        for n in (0, 1):
            side = sides[layer][n]
            if layer > 0 and options.continued[n]:
                side = leaving[-1][n]
            elif side is None:
                side = State(*torch.zeros(2, extents[1 - n], batch, d))
            entering.append(State(*(part.unsqueeze(1) for part in side)))
        placed: list[Tensor | None] = [None, None, None]
        if masks is not None:
            for part, mask in enumerate(masks[layer]):
                if mask is not None:
                    both = at_positions(mask, extents, scan).unsqueeze(2)
                    placed[2 * part : 2 * part + 2] = both.split(d, dim=-1)
        result = grid_reference(
            [*entering, State(*(part for part in depth))],
            [*(weight[:, n].reshape(1, 1, 1, 4 * d, -1) for n in (0, 1)), depth_weight[None, None, None]],
            [None if bias is None else bias.reshape(1, 1, 1, -1) for bias in (*scanned_biases, depth_bias)],
            [
                Dimension(reverse=scan[0]),
                Dimension(reverse=scan[1]),
                Dimension(options.depth, priority=options.depth_priority),
            ],
            (*extents, 1),
            lengths=[*lengths, None],
            masks=placed,
            output_form=options.output_form,
        )
        leaving.append(
            (State(*(part.squeeze(1) for part in result[0])), State(*(part.squeeze(1) for part in result[1])))
        )  # fmt: skip
        depth = result[2]
    return leaving, depth


@pytest.fixture
def double_precision() -> Iterator[None]:
    """New tensors and parameters are of double precision, drawn from a fixed seed."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(torch.float32)
