"""A grid with one or two swept dimensions, computed front by front, with an explicit backward pass.

Axes: K swept dimensions (1 or 2), `blocks` of the grid and `points` between them (see `layout`), `batch`, `d` hidden
size, E width of the extra input. All swept dimensions have LSTM cells and none has priority: the blocks of section 3.1.
Whatever else a grid may vary is computed by `wavefront`; `reference` is the slow, readable twin of both.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .block import OUTPUT_FORMS, OutputForm, State
from .cell import activate, cell_backward, cell_forward
from .checks import check_shape
from .layout import Front, GridLayout, grid_layout
from .products import FixedMatrix, grid_products

_HELD = 32
"""Where gates are computed again, those of one block in so many are held at a time."""

_After = Callable[[Sequence[Front], Tensor], None]


class SweepOutput(NamedTuple):
    """What a sweep returns.

    Attributes:
        leaving: for each dimension the states that leave the grid along it, each of shape (other extent, batch, d).
        points: hidden vectors at every point, dimension after dimension, shape (points, batch, K * d); None unless
            asked for. A point where a state leaves holds nothing useful in the columns of the other dimension.
    """

    leaving: tuple[State, ...]
    points: Tensor | None


class _Options(NamedTuple):
    layout: GridLayout
    output_form: OutputForm
    recompute: bool
    want_points: bool


class _Inputs(NamedTuple):
    """The tensors of a sweep but for the sides: see `sweep`; what is per block has one row a block and sentence."""

    weight: Tensor
    bias: Tensor | None
    extra: Tensor | None
    extra_weight: Tensor | None
    mask: Tensor | None
    real: Tensor | None


class _Grid:
    """The states at the points of one grid, and how a front computes them.

    Args:
        inputs: the grid's tensors.
        layout: its layout.
        hidden: hidden vectors at the points, shape (points, batch, K * d).
        memory: memories at the points, same shape.
    """

    def __init__(self, inputs: _Inputs, layout: GridLayout, hidden: Tensor, memory: Tensor) -> None:
        self.inputs, self.layout = inputs, layout
        self.batch, self.width = hidden.shape[1:]
        self.d = self.width // len(layout.extents)
        self.hidden, self.memory = hidden, memory
        self.entered, self.entered_memory = (part[: layout.blocks].flatten(0, 1) for part in (hidden, memory))
        self.products = grid_products(inputs.weight, inputs.bias, layout)
        self.extra_product: FixedMatrix | None = None
        if inputs.extra_weight is not None:
            self.extra_product = FixedMatrix(inputs.extra_weight, len(layout.fronts))

    def columns(self, n: int) -> slice:
        """The columns of dimension n."""
        return slice(n * self.d, (n + 1) * self.d)

    def rows(self, front: Front) -> slice:
        return slice(front.start * self.batch, (front.start + front.blocks) * self.batch)

    def new_gates(self, rows: int) -> Tensor:
        return self.hidden.new_empty(rows, 4 * self.width)

    def compute_gates(self, front: Front, gates: Tensor | None = None) -> Tensor:
        """The activated gates of a front, in `gates` if given; shape (count * batch, 4 * K * d)."""
        rows = self.rows(front)
        products = self.products.forward(front, self.entered[rows])
        if self.extra_product is not None and self.inputs.extra is not None:
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
        self, front: Front, grad_hidden: Tensor, grad_memory: Tensor, output_form: OutputForm, after: _After
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


class _Sweep(torch.autograd.Function):
    """`_Inputs` and the sides (hidden and memory in turn) in; what leaves, in the same order, and the points out."""

    @staticmethod
    def forward(ctx: Any, options: _Options, *tensors: Any) -> tuple[Tensor, ...]:  # type: ignore[override]
        layout, inputs, sides = options.layout, _Inputs(*tensors[:6]), tensors[6:]
        grid = _Grid(inputs, layout, _at_points(sides[0::2], layout), _at_points(sides[1::2], layout))
        keep = any(ctx.needs_input_grad) and not options.recompute
        gates = grid.new_gates(len(grid.entered)) if keep else None
        for front in layout.fronts:
            front_gates = grid.compute_gates(front, None if gates is None else gates[grid.rows(front)])
            grid.compute_states(front, front_gates, options.output_form)
        ctx.save_for_backward(*inputs, grid.hidden, grid.memory)
        ctx.options, ctx.gates = options, gates
        ctx.set_materialize_grads(False)
        leaving = [part for n in range(len(layout.extents)) for part in grid.leaving(n)]
        return (*leaving, grid.hidden) if options.want_points else tuple(leaving)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        options: _Options = ctx.options
        layout, dimensions = options.layout, len(options.layout.extents)
        grid = _Grid(_Inputs(*ctx.saved_tensors[:6]), layout, *ctx.saved_tensors[6:])
        inputs, batch = grid.inputs, grid.batch
        left_hidden, left_memory = grads[0 : 2 * dimensions : 2], grads[1 : 2 * dimensions : 2]
        at_points = grads[2 * dimensions] if options.want_points else None
        # The gates become their own gradients, which spares the largest array a copy. They are computed again where
        # they were not kept, or where another backward pass has used them up (`retain_graph`).
        kept, ctx.gates = ctx.gates, None
        grad_sides = [
            part.new_zeros(len(points), batch, grid.d)
            for points in layout.entering
            for part in (grid.hidden, grid.memory)
        ]
        grad_extra = None if inputs.extra is None else torch.empty_like(inputs.extra)
        grad_extra_weight = None if inputs.extra_weight is None else torch.zeros_like(inputs.extra_weight)

        def after(fronts: Sequence[Front], gates: Tensor) -> None:
            """What is made of the gates' gradients of many blocks at once."""
            rows = slice(grid.rows(fronts[0]).start, grid.rows(fronts[-1]).stop)
            grid.products.accumulate(fronts, gates, grid.entered[rows])
            if inputs.extra is not None and inputs.extra_weight is not None:
                assert grad_extra is not None and grad_extra_weight is not None
                torch.mm(gates, inputs.extra_weight, out=grad_extra[rows])
                grad_extra_weight.addmm_(gates.t(), inputs.extra[rows])

        entered: tuple[Tensor, Tensor] | None = None
        for front in reversed(layout.fronts):
            grad_hidden = grid.gradient_of_new(front, entered and entered[0], left_hidden, at_points)
            grad_memory = grid.gradient_of_new(front, entered and entered[1], left_memory, None)
            entered = None  # frees its memory before more is taken
            if kept is None:
                entered = grid.backward_front_again(front, grad_hidden, grad_memory, options.output_form, after)
            else:
                gates = kept[grid.rows(front)]
                entered = grid.backward_front(front, gates, grad_hidden, grad_memory, options.output_form)
            del grad_hidden, grad_memory
            entered = entered[0].view(-1, batch, grid.width), entered[1].view(-1, batch, grid.width)
            if at_points is not None:
                entered[0].add_(at_points[front.start : front.start + front.blocks])
            for n, block in enumerate(front.entries):
                if block >= 0:
                    k = sum(front.first)
                    grad_sides[2 * n][k] = entered[0][block, :, grid.columns(n)]
                    grad_sides[2 * n + 1][k] = entered[1][block, :, grid.columns(n)]
        if kept is not None:
            after(layout.fronts, kept)
        grad_weight, grad_bias = grid.products.grad_weight, grid.products.grad_bias
        assert grad_weight is not None
        return (
            None,
            grad_weight.view_as(inputs.weight),
            None if inputs.bias is None or grad_bias is None else grad_bias.view_as(inputs.bias),
            grad_extra,
            grad_extra_weight,
            None,
            None,
            *grad_sides,
        )


def _at_points(sides: Sequence[Tensor], layout: GridLayout) -> Tensor:
    """An array for the states at all points, with those that enter the grid put in; shape (points, batch, K * d)."""
    batch, d = sides[0].shape[1:]
    points = sides[0].new_empty(layout.points, batch, len(sides) * d)
    points[layout.blocks :] = 0
    for n, side in enumerate(sides):
        points[layout.entering[n], :, n * d : (n + 1) * d] = side
    return points


def _pieces(front: Front, blocks: int) -> Iterator[Front]:
    """A front in pieces of at most `blocks` blocks; of a piece only the blocks are right, not where states go."""
    for first in range(0, front.blocks, blocks):
        count = min(blocks, front.blocks - first)
        at = tuple(p + (first if n == 0 else -first) for n, p in enumerate(front.first))
        yield front._replace(start=front.start + first, blocks=count, first=at)


@torch.compiler.disable  # compiled models call the sweep as it is: its loop over fronts would be unrolled
def sweep(
    sides: Sequence[State],
    weight: Tensor,
    bias: Tensor | None = None,
    *,
    extents: Sequence[int],
    extra: Tensor | None = None,
    extra_weight: Tensor | None = None,
    real: Tensor | None = None,
    mask: Tensor | None = None,
    output_form: OutputForm = "tanh_om",
    recompute: bool = False,
    want_points: bool = False,
) -> SweepOutput:
    """Compute a grid of K = 1 or 2 swept dimensions.

    Args:
        sides: for each dimension the states that enter the grid along it, hidden and memory of shape (other extent,
            batch, d); with one dimension the first axis has the length 1.
        weight: one matrix for all blocks, shape (4 * K * d, K * d), or one for each position along the dimensions whose
            weights are not shared, shape (*positions, 4 * K * d, K * d), where shared dimensions count 1. Rows: gates
            u, f, o, c, within each dimension after dimension. Columns: hidden vectors, dimension after dimension.
        bias: as `weight`, without its last axis.
        extents: number of blocks along each dimension.
        extra: a further input of every block (of a dimension that is not swept, section 3.3), in the order of the
            blocks (see `layout`), shape (blocks, batch, E).
        extra_weight: its columns of W, shape (4 * K * d, E), shared by all blocks.
        real: False for the blocks that hand on what enters them unchanged, bool, in the order of the blocks, shape
            (blocks, batch): padding. Default: none.
        mask: factors of the hidden vectors that leave each block (dropout), in the order of the blocks, shape (blocks,
            batch, K * d).
        output_form: see `lstm_transform`.
        recompute: compute the gates again in the backward pass instead of keeping them, which takes a third of the
            memory and about a third more time.
        want_points: return the hidden vectors at all points.

    Returns:
        see `SweepOutput`. Under autocast products and hidden vectors have autocast's type, memories stay as they are.

    Raises:
        ValueError: if shapes, types or devices do not agree; the message says what was expected and got.
    """
    dimensions = len(extents)
    layout = grid_layout(tuple(extents), sides[0].hidden.device)
    device = sides[0].hidden.device.type
    autocast = torch.is_autocast_enabled(device)
    dtype = torch.get_autocast_dtype(device) if autocast else sides[0].hidden.dtype
    if autocast:
        sides = [State(side.hidden.to(dtype), side.memory.float()) for side in sides]
        weight = weight.to(dtype)
        bias, extra, extra_weight = (None if part is None else part.to(dtype) for part in (bias, extra, extra_weight))
    if weight.dim() == 2:
        weight = weight.view(*[1] * dimensions, *weight.shape)
        bias = None if bias is None else bias.view(*[1] * dimensions, -1)
    _check(sides, _Inputs(weight, bias, extra, extra_weight, mask, real), layout, output_form)
    tensors = [
        weight,
        bias,
        None if extra is None else extra.flatten(0, 1),
        extra_weight,
        None if mask is None else mask.flatten(0, 1),
        None if real is None else real.reshape(-1, 1),
        *(part for side in sides for part in side),
    ]
    with torch.autocast(device, enabled=False):
        results = _Sweep.apply(_Options(layout, output_form, recompute, want_points), *tensors)
    leaving = tuple(State(*results[2 * n : 2 * n + 2]) for n in range(dimensions))
    return SweepOutput(leaving, results[-1] if want_points else None)


def _check(sides: Sequence[State], inputs: _Inputs, layout: GridLayout, output_form: str) -> None:
    count = len(layout.extents)
    if len(sides) != count:
        raise ValueError(f"sides: expected one for each of the {count} dimensions, got {len(sides)}")
    if output_form not in OUTPUT_FORMS:
        raise ValueError(f"output form: expected one of {', '.join(OUTPUT_FORMS)}, got {output_form!r}")
    batch, d = sides[0].hidden.shape[1:]
    first = sides[0]
    for n, side in enumerate(sides):
        shape = (len(layout.entering[n]), batch, d)
        check_shape(f"hidden vectors of side {n}", side.hidden, shape, first.hidden)
        check_shape(f"memories of side {n}", side.memory, shape, first.memory)
    weight, gates = inputs.weight, 4 * count * d
    positions = weight.shape[:-2]
    if len(positions) != count or any(
        have not in (1, extent) for have, extent in zip(positions, layout.extents, strict=True)
    ):
        raise ValueError(
            f"weight: expected along each dimension one matrix or one for each of {layout.extents} positions, got "
            f"{tuple(positions)}"
        )
    check_shape("weight", weight, (*positions, gates, count * d), None)
    check_shape("bias", inputs.bias, (*positions, gates), weight)
    if (inputs.extra is None) != (inputs.extra_weight is None):
        raise ValueError("extra: expected the extra input together with its weight")
    if inputs.extra is not None:
        width = inputs.extra.size(-1)
        check_shape("extra", inputs.extra, (layout.blocks, batch, width), first.hidden)
        check_shape("extra weight", inputs.extra_weight, (gates, width), weight)
    check_shape("mask", inputs.mask, (layout.blocks, batch, count * d), None)
    check_shape("real", inputs.real, (layout.blocks, batch), None)
