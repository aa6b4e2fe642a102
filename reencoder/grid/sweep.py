"""A grid with one or two swept dimensions, computed front by front, with an explicit backward pass.

Axes: K swept dimensions (1 or 2), `blocks` of the grid and `points` between them (see `layout`), `batch`, `d` hidden
size, E width of the extra input. All swept dimensions have LSTM cells and none has priority: the blocks of section 3.1.
Whatever else a grid may vary is computed by `wavefront`; `reference` is the slow, readable twin of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from .block import OUTPUT_FORMS, OutputForm, State
from .checks import check_shape
from .fronts import FrontGrid, SweepInputs
from .layout import Front, GridLayout, grid_layout
from .products import FixedMatrix

Prepared = tuple[FixedMatrix, FixedMatrix | None]
"""Weight and extra weight of `sweep`, rearranged by `prepare`."""


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
    prepared: Prepared | None
    keep: bool


class _Sweep(torch.autograd.Function):
    """`SweepInputs` and the sides (hidden, memory in turn) in; what leaves, in the same order, and the points out."""

    @staticmethod
    def forward(ctx: Any, options: _Options, *tensors: Any) -> tuple[Tensor, ...]:  # type: ignore[override]
        layout, inputs, sides = options.layout, SweepInputs(*tensors[:6]), tensors[6:]
        grid = FrontGrid(
            inputs, layout, _at_points(sides[0::2], layout), _at_points(sides[1::2], layout), options.prepared
        )
        keep = options.keep and any(ctx.needs_input_grad)
        # What the extra input adds to the gates is one product for all blocks, and the gates are computed in its place.
        base = None if options.recompute else grid.products_of_extra()
        gates = grid.new_gates(len(grid.entered)) if keep and base is None else base
        for front in layout.fronts:
            front_gates = None if gates is None else gates[grid.rows(front)]
            front_gates = grid.compute_gates(front, front_gates, base is not None)
            grid.compute_states(front, front_gates, options.output_form)
        ctx.save_for_backward(*inputs, grid.hidden, grid.memory)
        ctx.options, ctx.gates = options, gates if keep else None
        ctx.set_materialize_grads(False)
        leaving = [part for n in range(len(layout.extents)) for part in grid.leaving(n)]
        return (*leaving, grid.hidden) if options.want_points else tuple(leaving)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *grads: Tensor | None) -> tuple[Tensor | None, ...]:
        options: _Options = ctx.options
        layout, dimensions = options.layout, len(options.layout.extents)
        grid = FrontGrid(SweepInputs(*ctx.saved_tensors[:6]), layout, *ctx.saved_tensors[6:])
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
            entered = entered[0].view(front.blocks, batch, grid.width), entered[1].view(front.blocks, batch, grid.width)
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


def prepare(weight: Tensor, extra_weight: Tensor | None = None) -> Prepared:
    """Rearrange the weights of `sweep` (shape (4 * K * d, ...)) once for many sweeps without gradient.

    The result is only right as long as the weights stay what they are; `sweep` does not use it where gradients are
    enabled or under autocast.
    """
    with torch.no_grad():
        return FixedMatrix(weight, _MANY), None if extra_weight is None else FixedMatrix(extra_weight, _MANY)


_MANY = 1 << 20


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
    prepared: Prepared | None = None,
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
        recompute: compute the gates again in the backward pass instead of keeping them, which takes less than
            half of the memory and about a third more time.
        want_points: return the hidden vectors at all points.
        prepared: what `prepare` made of the weights, for many sweeps without gradient.

    Returns:
        see `SweepOutput`. Under autocast products and hidden vectors have autocast's type, memories stay as they are.

    Raises:
        ValueError: if shapes, types or devices do not agree; the message says what was expected and got.
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
    _check(sides, SweepInputs(weight, bias, extra, extra_weight, mask, real), layout, output_form)
    tensors = [
        weight,
        bias,
        None if extra is None else extra.flatten(0, 1),
        extra_weight,
        None if mask is None else mask.flatten(0, 1),
        None if real is None else real.reshape(-1, 1),
        *(part for side in sides for part in side),
    ]
    keep = torch.is_grad_enabled() and not recompute
    if autocast or torch.is_grad_enabled():
        prepared = None  # made for another type, or gradients may come: then the weights change
    guard = torch.autocast(device, enabled=False) if autocast else nullcontext()
    with guard:
        results = _Sweep.apply(_Options(layout, output_form, recompute, want_points, prepared, keep), *tensors)
    leaving = tuple(State(*results[2 * n : 2 * n + 2]) for n in range(dimensions))
    return SweepOutput(leaving, results[-1] if want_points else None)


def _check(sides: Sequence[State], inputs: SweepInputs, layout: GridLayout, output_form: str) -> None:
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
        raise ValueError("mask: the sweep has no gradient for it; expected one that requires none")
    check_shape("real", inputs.real, (layout.blocks, batch), None)
