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

from ..block import OUTPUT_FORMS, OutputForm, State
from ..checks import check_shape
from .fixed_matrix import MANY, FixedMatrix
from .fronts import Arriving
from .fused_grid import FusedGrid, FusedInputs
from .products import add_product, sum_type
from .scan import Front, GridLayout, grid_layout

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
    """Takes `FusedInputs` and the sides (hidden, memory in turn); returns the leaving states likewise, and the hidden
    vectors at all points or those that leave all blocks, as requested."""

    @staticmethod
    def forward(ctx: Any, options: _Options, *tensors: Any) -> tuple[Tensor, ...]:  # type: ignore[override]
        layout, inputs, sides = options.layout, FusedInputs(*tensors[:6]), tensors[6:]
        hidden, memory = _at_points(sides[0::2], layout), _at_points(sides[1::2], layout)
        left = hidden.new_empty(layout.blocks, *hidden.shape[1:]) if options.wanted == "leaving" else None
        grid = FusedGrid(inputs, layout, hidden, memory, options.packed, left)
        keep = options.keep_gates and any(ctx.needs_input_grad)
        # What the extra input adds to the gates is one product for all blocks; the gates overwrite it.
        base = None if options.recompute_gates else grid.products_of_extra()
        gates = grid.new_gates(len(grid.entering)) if keep and base is None else base
        for front in layout.fronts:
            front_gates = None if gates is None else gates[grid.span(front)]
            grid.forward_front(front, front_gates, base is not None, options.output_form)
        ctx.save_for_backward(*inputs, grid.hidden, grid.memory)
        ctx.options, ctx.gates = options, gates if keep else None
        ctx.set_materialize_grads(False)
        leaving = [part for n in range(len(layout.extents)) for part in grid.leaving(n)]
        return tuple(leaving) if options.wanted is None else (*leaving, hidden if left is None else left)

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
        layout, dimensions = options.layout, len(options.layout.extents)
        saved = ctx.saved_tensors  # once: with checkpointing a second look computes everything again, or fails
        grid = FusedGrid(FusedInputs(*saved[:6]), layout, *saved[6:])
        inputs, batch = grid.inputs, grid.batch
        grad_leaving = list(grads[: 2 * dimensions])
        if grid.fronts is not None and grid.fronts.on_gpu:
            grad_leaving = [None if grad is None else grad.contiguous() for grad in grad_leaving]
        further = None if options.wanted is None else grads[2 * dimensions]
        further = None if further is None else further.contiguous()
        at_points, at_blocks = (further, None) if options.wanted == "entering" else (None, further)
        # The gradients overwrite the gates, which saves a copy of the largest array. Gates are recomputed if they were
        # not kept or if another backward pass has overwritten them (`retain_graph`).
        kept, ctx.gates = ctx.gates, None
        grad_entering = None if kept is None else grid.new_gradients()
        grad_sides = [
            part.new_empty(len(points), batch, grid.d)
            for points in layout.entering
            for part in (grid.hidden, grid.memory)
            if grad_entering is None
        ]
        grad_extra = None if inputs.extra is None else torch.empty_like(inputs.extra)
        grad_extra_weight = (
            None
            if inputs.extra_weight is None
            else torch.zeros_like(inputs.extra_weight, dtype=sum_type(inputs.extra_weight.dtype))
        )

        def accumulate(fronts: Sequence[Front], gate_gradients: Tensor) -> None:
            """Add the contribution of consecutive fronts to the gradients of the weights and of the extra input."""
            span = slice(grid.span(fronts[0]).start, grid.span(fronts[-1]).stop)
            grid.products.accumulate(fronts, gate_gradients, grid.entering[span])
            if inputs.extra is not None and inputs.extra_weight is not None:
                assert grad_extra is not None and grad_extra_weight is not None
                torch.mm(gate_gradients, inputs.extra_weight, out=grad_extra[span])
                add_product(grad_extra_weight, gate_gradients.t(), inputs.extra[span])

        hidden = Arriving(None, layout.blocks, tuple(grad_leaving[0::2]), at_points, at_blocks)
        memory = Arriving(None, layout.blocks, tuple(grad_leaving[1::2]))
        for front in reversed(layout.fronts):
            if kept is None:
                entering = grid.backward_front_recomputing(front, hidden, memory, options.output_form, accumulate)
            else:
                span = grid.span(front)
                into = grad_entering and (grad_entering[0][span], grad_entering[1][span])
                entering = grid.backward_front(front, kept[span], hidden, memory, options.output_form, into)
            shape = (front.blocks, batch, grid.width)
            hidden = hidden._replace(next=entering[0].view(shape), next_start=front.start)
            memory = memory._replace(next=entering[1].view(shape), next_start=front.start)
            assert hidden.next is not None and memory.next is not None
            for n, block in enumerate(front.entries):
                if block >= 0 and grad_entering is None:
                    k, elements = sum(front.first), grid.part(n)
                    grad_sides[2 * n][k] = hidden.next[block, :, elements]
                    grad_sides[2 * n + 1][k] = memory.next[block, :, elements]
        if grad_entering is not None:
            grad_sides = [
                part.view(layout.blocks, batch, grid.width)[points, :, grid.part(n)]
                for n, points in enumerate(layout.entering)
                for part in grad_entering
            ]
        if at_points is not None:
            for n, points in enumerate(layout.entering):
                grad_sides[2 * n] += at_points[points, :, grid.part(n)]
        if kept is not None:
            accumulate(layout.fronts, kept)
        grad_weight, grad_bias = grid.products.grad_weight, grid.products.grad_bias
        assert grad_weight is not None
        return (
            None,
            grad_weight.view_as(inputs.weight),
            None if inputs.bias is None or grad_bias is None else grad_bias.view_as(inputs.bias),
            grad_extra,
            None if grad_extra_weight is None else grad_extra_weight.to(inputs.weight.dtype),
            None,
            None,
            *grad_sides,
        )


def _at_points(sides: Sequence[Tensor], layout: GridLayout) -> Tensor:
    """A new array for the states at all points that holds those that enter the grid; shape (points, batch, K * d)."""
    batch, d = sides[0].shape[1:]
    points = sides[0].new_empty(layout.points, batch, len(sides) * d)
    points[layout.blocks :] = 0
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
    """Compute a grid of K = 1 or 2 dimensions.

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

    Raises:
        ValueError: shapes, types or devices do not agree; the message says what was expected and what was given.
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
    _check(sides, FusedInputs(weight, bias, extra, extra_weight, mask, real), layout, output_form)
    tensors = [
        weight,
        bias,
        None if extra is None else extra.flatten(0, 1),
        extra_weight,
        None if mask is None else mask.flatten(0, 1),
        None if real is None else real.reshape(-1, 1),
        *(part for side in sides for part in side),
    ]
    keep_gates = torch.is_grad_enabled() and not recompute_gates
    if autocast or torch.is_grad_enabled():
        packed = None  # packed for another type, or the weights are about to change
    options = _Options(layout, output_form, recompute_gates, wanted, packed, keep_gates)
    guard = torch.autocast(device, enabled=False) if autocast else nullcontext()
    with guard:
        results = _FusedFunction.apply(options, *tensors)
    leaving = tuple(State(*results[2 * n : 2 * n + 2]) for n in range(dimensions))
    return FusedOutput(leaving, None if wanted is None else results[-1][: layout.blocks])


def _check(sides: Sequence[State], inputs: FusedInputs, layout: GridLayout, output_form: str) -> None:
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
    if inputs.mask is not None and inputs.mask.requires_grad:
        raise ValueError("mask: expected a tensor that does not require gradients, which are not computed for it")
    check_shape("real", inputs.real, (layout.blocks, batch), None)
