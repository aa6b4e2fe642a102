"""One function for every grid: it takes the fast sweep where that can compute the grid, and the wavefront elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import torch
from torch import Tensor

from .block import OUTPUT_FORMS, OutputForm, State
from .checks import check_lengths, check_shape
from .dimension import Dimension, weight_positions
from .layout import grid_layout
from .sweep import sweep
from .wavefront import grid_wavefront, scanned

Engine = Literal["auto", "sweep", "wavefront"]
ENGINES = ("auto", "sweep", "wavefront")


def can_sweep(dimensions: Sequence[Dimension]) -> bool:
    """Whether `sweep` can compute a grid: one or two dimensions, all with cells and of the same priority."""
    return (
        len(dimensions) <= 2
        and all(dim.has_memory for dim in dimensions)
        and len({d.priority for d in dimensions}) == 1
    )


@torch.compiler.disable  # compiled models call the engine as it is: its loop over fronts would be unrolled
def compute_grid(
    sides: Sequence[State],
    weights: Sequence[Tensor],
    biases: Sequence[Tensor | None],
    dimensions: Sequence[Dimension],
    extents: Sequence[int],
    *,
    lengths: Sequence[Tensor | None] | None = None,
    masks: Sequence[Tensor | None] | None = None,
    output_form: OutputForm = "tanh_om",
    recompute: bool = False,
    engine: Engine = "auto",
) -> list[State]:
    """Compute a grid of N dimensions.

    Args:
        sides: for each dimension the states that enter the grid, hidden of shape (*other extents, batch, d), memory the
            same, or (*other extents, batch, 0) along a dimension without cells.
        weights: for each dimension its matrices, shape (*positions, rows, N * d): along every dimension of the grid as
            many as it has positions, or 1 where shared (`weight_positions`); rows is 4 * d (gates u, f, o, c) or,
            without cells, d. Columns: hidden vectors, dimension after dimension.
        biases: for each dimension shape (*positions, rows), or None.
        dimensions: what each dimension is like.
        extents: number of blocks along each dimension.
        lengths: for each dimension how many positions of each sample are real, int64, shape (batch,), or None for all.
            A block at any other position is padding: it hands on unchanged what enters it, along all dimensions.
        masks: for each dimension factors of the hidden vectors that leave the blocks along it (dropout), shape
            (*extents, batch, d), or None.
        output_form: see `lstm_transform`.
        recompute: compute the gates again in the backward pass instead of keeping them: less than half of the memory,
            about a third more time. Only the sweep can. (Activation checkpointing does not help it.)
        engine: "sweep" (fast; gradients of first order only; see `can_sweep`), "wavefront" (everything, gradients of
            any order), or "auto": the sweep where possible.

    Returns:
        for each dimension the states that leave the grid, in the shape of `sides`.

    Raises:
        ValueError: if arguments do not agree; the message says what was expected and got.
    """
    device = sides[0].hidden.device.type
    autocast = torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)
    if autocast:
        # Memories add up many small terms: they stay in single precision.
        sides = [State(side.hidden.to(torch.get_autocast_dtype(device)), side.memory.float()) for side in sides]
    _check(sides, weights, biases, dimensions, extents, lengths, masks, output_form, engine)
    if not autocast and weights[0].dtype != sides[0].hidden.dtype:
        raise ValueError(f"sides: expected {weights[0].dtype} as the weights, got {sides[0].hidden.dtype}")
    if engine == "auto":
        engine = "sweep" if can_sweep(dimensions) else "wavefront"
    if recompute and engine == "wavefront":
        raise ValueError("recompute: only the sweep can, and it cannot compute this grid; see `can_sweep`")
    options: dict[str, Any] = {"lengths": lengths, "masks": masks, "output_form": output_form}
    if engine == "wavefront":
        return grid_wavefront(sides, weights, biases, dimensions, extents, **options)
    numbers = range(len(dimensions))
    layout = grid_layout(tuple(extents), sides[0].hidden.device)
    mask = None
    if masks is not None and any(part is not None for part in masks):
        shape = (*extents, *sides[0].hidden.shape[-2:])
        parts = [sides[0].hidden.new_ones(shape) if part is None else scanned(part, dimensions) for part in masks]
        mask = torch.cat(parts, dim=-1).flatten(0, len(extents) - 1)[torch.argsort(layout.order.flatten())]
    real = None
    for n in numbers:
        length = None if lengths is None else lengths[n]
        if length is not None:
            position = layout.coordinates[n]
            inside = (extents[n] - 1 - position if dimensions[n].reverse else position)[:, None] < length
            real = inside if real is None else real & inside
    one_dimension = len(dimensions) == 1
    entering = []
    for n in numbers:
        side = State(*(scanned(part, dimensions, n) for part in sides[n]))
        entering.append(State(*(part.unsqueeze(0) for part in side)) if one_dimension else side)
    output = sweep(
        entering,
        _stacked([scanned(weight, dimensions) for weight in weights], 2),
        None if biases[0] is None else _stacked([scanned(bias, dimensions) for bias in biases], 1),
        extents=extents,
        real=real,
        mask=mask,
        output_form=output_form,
        recompute=recompute,
    )
    results = []
    for n in numbers:
        side = output.leaving[n]
        side = State(*(part.squeeze(0) for part in side)) if one_dimension else side
        results.append(State(*(scanned(part, dimensions, n) for part in side)))
    return results


def _stacked(parameters: Sequence[Any], axes: int) -> Tensor:
    """All dimensions' matrices (or biases) in one: gates u, f, o, c, within each dimension after dimension."""
    if len(parameters) == 1:
        return parameters[0]
    by_gate = [part.unflatten(-axes, (4, -1)) for part in parameters]
    return torch.cat(by_gate, dim=-axes).flatten(-axes - 1, -axes)


def _check(
    sides: Sequence[State],
    weights: Sequence[Tensor],
    biases: Sequence[Tensor | None],
    dimensions: Sequence[Dimension],
    extents: Sequence[int],
    lengths: Sequence[Tensor | None] | None,
    masks: Sequence[Tensor | None] | None,
    output_form: str,
    engine: str,
) -> None:
    count = len(dimensions)
    for name, values in (
        ("sides", sides), ("weights", weights), ("biases", biases), ("extents", extents), ("lengths", lengths),
        ("masks", masks),
    ):  # fmt: skip
        if values is not None and len(values) != count:
            raise ValueError(f"{name}: expected one entry for each of the {count} dimensions, got {len(values)}")
    if count == 0 or min(extents) < 1:
        raise ValueError(f"extents: expected at least one, each of at least 1, got {tuple(extents)}")
    if output_form not in OUTPUT_FORMS:
        raise ValueError(f"output form: expected one of {', '.join(OUTPUT_FORMS)}, got {output_form!r}")
    if engine not in ENGINES:
        raise ValueError(f"engine: expected one of {', '.join(ENGINES)}, got {engine!r}")
    if engine == "sweep" and not can_sweep(dimensions):
        raise ValueError("engine: the sweep computes one or two dimensions, all with cells and of the same priority")
    batch, d = sides[0].hidden.shape[-2:]
    positions = weight_positions(dimensions, extents)
    for n, dim in enumerate(dimensions):
        others = (*extents[:n], *extents[n + 1 :], batch)
        check_shape(f"hidden vectors of side {n}", sides[n].hidden, (*others, d), sides[0].hidden)
        check_shape(f"memories of side {n}", sides[n].memory, (*others, d if dim.has_memory else 0), sides[0].memory)
        rows = dim.outputs(d)
        check_shape(f"weight {n}", weights[n], (*positions, rows, count * d), weights[0])
        if weights[n].device != sides[0].hidden.device:
            raise ValueError(f"weight {n}: expected {sides[0].hidden.device} as the sides, got {weights[n].device}")
        check_shape(f"bias {n}", biases[n], (*positions, rows), weights[0])
        if (biases[n] is None) != (biases[0] is None):
            raise ValueError("biases: expected one for every dimension or none at all")
        length = None if lengths is None else lengths[n]
        check_lengths(f"lengths along dimension {n}", length, batch, extents[n], sides[0].hidden.device)
        check_shape(f"mask {n}", None if masks is None else masks[n], (*extents, batch, d), None)
