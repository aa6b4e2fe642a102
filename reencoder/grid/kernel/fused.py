"""A grid of one or two dimensions with LSTM cells, front by front, with a hand-written backward pass.

Axes: K dimensions (1 or 2), `blocks` of the grid and `points` between them (see `scan`), `batch`, `d` hidden size, E
width of the extra input. No dimension has priority: these are the blocks of section 3.1. `general` computes all other
grids; `reference` is the slow, readable twin of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from ..block import OutputForm, State
from .fixed_matrix import MANY, FixedMatrix
from .fronts import Arriving
from .fused_gradients import SideGradients, WeightGradients
from .fused_grid import FusedGrid, FusedInputs
from .scan import GridLayout, grid_layout

PackedWeights = tuple[FixedMatrix, FixedMatrix | None]
"""Weight and extra weight of `compute_fused`, packed by `pack_weights`."""


class FusedOutput(NamedTuple):
    """What `compute_fused` returns.

    Attributes:
        leaving: for each dimension the states that leave the grid along it, each of shape (other extent, batch, d).
        blocks: the hidden vectors that enter or leave every block, as requested, dimension after dimension, shape
            (blocks, batch, K * d); None if they were not.
    """

    leaving: tuple[State, ...]
    blocks: Tensor | None


Wanted = Literal["entering", "leaving"]
"""Which hidden vectors of all blocks `compute_fused` returns."""


class _Options(NamedTuple):
    layout: GridLayout
    output_form: OutputForm
    recompute_gates: bool
    wanted: Wanted | None
    packed: PackedWeights | None
    keep_gates: bool


_INPUTS = len(FusedInputs._fields)


class _Refused(torch.autograd.Function):
    """Passes a gradient on, and cannot be differentiated."""

    @staticmethod
    def forward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        return gradient.view_as(gradient)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> None:
        raise RuntimeError(
            "the fast engine has first derivatives only; to differentiate twice, set engine = 'general' on the grid "
            "(planes, as in GridLSTM3d and the Reencoder, have the fast engine alone)"
        )


def _refuse_second_derivatives(gradients: Sequence[Tensor | None]) -> tuple[Tensor | None, ...]:
    return tuple(None if part is None else _Refused.apply(part.detach().requires_grad_()) for part in gradients)


class _FusedFunction(torch.autograd.Function):
    """Takes `FusedInputs` by rows and the sides (hidden, memory in turn); returns the leaving states likewise, and the
    hidden vectors at all points or those that leave all blocks, as requested."""

    @staticmethod
    def forward(ctx: Any, options: _Options, *tensors: Any) -> tuple[Tensor, ...]:  # type: ignore[override]
        layout, inputs, sides = options.layout, FusedInputs(*tensors[:_INPUTS]), tensors[_INPUTS:]
        hidden, memory = _at_points(sides[0::2], layout), _at_points(sides[1::2], layout)
        leaving_blocks = hidden.new_empty(layout.blocks, *hidden.shape[1:]) if options.wanted == "leaving" else None
        grid = FusedGrid(inputs, layout, hidden, memory, options.packed, leaving_blocks)
        keep = options.keep_gates and any(ctx.needs_input_grad)
        # What the extra input adds to the gates is one product for all blocks; the gates overwrite it.
        gates = None if options.recompute_gates else grid.products_of_extra()
        if gates is None and keep:
            gates = hidden.new_empty(layout.blocks * grid.states.batch, 4 * grid.states.width)
        for front in layout.fronts:
            grid.forward_front(front, None if gates is None else gates[grid.states.span(front)], options.output_form)
        ctx.save_for_backward(*inputs, hidden, memory)
        ctx.options, ctx.gates = options, gates if keep else None
        ctx.set_materialize_grads(False)
        leaving = [part for n in range(len(layout.extents)) for part in grid.states.leaving(n)]
        if options.wanted is None:
            return tuple(leaving)
        return (*leaving, hidden if leaving_blocks is None else leaving_blocks)

    @staticmethod
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        with torch.no_grad():
            gradients = _FusedFunction._gradients(ctx, *grads)
        # Enabled only with `create_graph`. torch's `once_differentiable` would refuse a second derivative only if the
        # arriving gradients require one, and otherwise leave its part out of the sum without a word.
        return _refuse_second_derivatives(gradients) if torch.is_grad_enabled() else gradients

    @staticmethod
    def _gradients(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        options: _Options = ctx.options
        saved = ctx.saved_tensors  # once: with checkpointing a second look computes everything again, or fails
        grid = FusedGrid(FusedInputs(*saved[:_INPUTS]), options.layout, *saved[_INPUTS:])
        # The gradients overwrite the gates, which saves a copy of the largest array. Gates are recomputed if they were
        # not kept or if another backward pass has overwritten them (`retain_graph`).
        kept, ctx.gates = ctx.gates, None
        weights = WeightGradients(grid)
        sides = SideGradients(grid, in_one_array=kept is not None and grid.fronts.few_launches)
        hidden, memory = _arriving_last(grid, options.wanted, grads)
        for front in reversed(options.layout.fronts):
            if kept is None:
                entering = grid.backward_recomputing(front, (hidden, memory), options.output_form, weights.add)
            else:
                gates, into = kept[grid.states.span(front)], sides.place(front)
                entering = grid.fronts.backward(
                    front, gates, (hidden, memory), grid.products, into, options.output_form
                )
            sides.take(front, entering)
            hidden, memory = hidden.before(front, entering[0]), memory.before(front, entering[1])
        if kept is not None:
            weights.add(options.layout.fronts, kept)
        return None, *weights.of_inputs(), *sides.of_sides(hidden.at_points)


def _arriving_last(grid: FusedGrid, wanted: Wanted | None, grads: Sequence[Tensor | None]) -> tuple[Arriving, Arriving]:
    """The gradients that arrive at the last front, from those of the outputs of `_FusedFunction`."""
    count = 2 * len(grid.layout.extents)
    leaving = grads[:count]
    if grid.fronts.few_launches:
        leaving = [None if grad is None else grad.contiguous() for grad in leaving]
    of_blocks = None if wanted is None else grads[count]
    of_blocks = None if of_blocks is None else of_blocks.contiguous()
    at_points, at_blocks = (of_blocks, None) if wanted == "entering" else (None, of_blocks)
    return (
        Arriving(None, grid.layout.blocks, tuple(leaving[0::2]), at_points, at_blocks),
        Arriving(None, grid.layout.blocks, tuple(leaving[1::2])),
    )


def _at_points(sides: Sequence[Tensor], layout: GridLayout) -> Tensor:
    """A new array for the states at all points that holds those that enter the grid; shape (points, batch, K * d).

    The rest is not initialized: nothing reads it before it is written. Where the extents differ, a part of the points
    behind the last block is never written.
    """
    batch, d = sides[0].shape[1:]
    points = sides[0].new_empty(layout.points, batch, len(sides) * d)
    for n, side in enumerate(sides):
        points[layout.entering[n], :, n * d : (n + 1) * d] = side
    return points


def pack_weights(weight: Tensor, extra_weight: Tensor | None = None) -> PackedWeights:
    """Pack the weights of `compute_fused`, shape (4 * K * d, ...), once for many calls without gradients.

    The result is valid only while the weights do not change. `compute_fused` ignores it where gradients are enabled and
    under autocast.
    """
    with torch.no_grad():
        return FixedMatrix(weight, MANY), None if extra_weight is None else FixedMatrix(extra_weight, MANY)


def compute_fused(
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
    recompute_gates: bool = False,
    wanted: Wanted | None = None,
    packed: PackedWeights | None = None,
) -> FusedOutput:
    """Compute a grid of K = 1 or 2 dimensions. The arguments are not checked here: `compute_grid` does it.

    Args:
        sides: for each dimension the states that enter the grid along it, hidden and memory of shape (other extent,
            batch, d), in the order of the scan; with one dimension the first axis has length 1.
        weight: one matrix for all blocks, shape (4 * K * d, K * d), or shape (*positions, 4 * K * d, K * d) with one
            matrix per coordinate along untied dimensions and 1 along the others. First of the last two axes: gates u,
            f, o, c, and within each gate dimension after dimension. Last axis: hidden vectors, dimension after
            dimension.
        bias: shape of `weight` without its last axis, or None.
        extents: number of blocks along each dimension.
        extra: a further input of every block (the depth of a plane, section 3.3), in the order of the blocks (see
            `scan`), shape (blocks, batch, E).
        extra_weight: the part of W that multiplies it, shape (4 * K * d, E), shared by all blocks.
        real: False where a block is padding, which states pass unchanged; bool, in the order of the blocks, shape
            (blocks, batch). Default: no padding.
        mask: dropout factors of the hidden vectors that leave each block, in the order of the blocks, shape (blocks,
            batch, K * d).
        output_form: see `lstm_transform`.
        recompute_gates: recompute the gates in the backward pass instead of keeping them, which takes less than half of
            the memory and about a third more time.
        wanted: return the hidden vectors that enter or leave all blocks, too.
        packed: what `pack_weights` made of the weights.

    Returns:
        See `FusedOutput`. Under autocast, products and hidden vectors have autocast's type; memories keep theirs.
    """
    dimensions = len(extents)
    layout = grid_layout(tuple(extents), sides[0].hidden.device)
    device = sides[0].hidden.device.type
    autocast = torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)
    dtype = torch.get_autocast_dtype(device) if autocast else sides[0].hidden.dtype
    if autocast:
        sides = [State(side.hidden.to(dtype), side.memory.float()) for side in sides]
        weight = weight.to(dtype)
        bias, extra, extra_weight = (None if part is None else part.to(dtype) for part in (bias, extra, extra_weight))
    if weight.dim() == 2:
        weight = weight.view(*[1] * dimensions, *weight.shape)
        bias = None if bias is None else bias.view(*[1] * dimensions, -1)
    inputs = FusedInputs(weight, bias, extra, extra_weight, mask, real)
    keep_gates = torch.is_grad_enabled() and not recompute_gates
    if autocast or torch.is_grad_enabled():
        packed = None  # packed for another type, or the weights are about to change
    options = _Options(layout, output_form, recompute_gates, wanted, packed, keep_gates)
    guard = torch.autocast(device, enabled=False) if autocast else nullcontext()
    with guard:
        results = _FusedFunction.apply(options, *inputs.by_rows(), *(part for side in sides for part in side))
    leaving = tuple(State(*results[2 * n : 2 * n + 2]) for n in range(dimensions))
    return FusedOutput(leaving, None if wanted is None else results[-1][: layout.blocks])
