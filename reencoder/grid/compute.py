"""The two functions that compute grids: `compute_grid` for any grid, `compute_plane` for one plane of a deep stack.

Both check their arguments, bring them into the order of the scan and call an engine of `kernel`, which nothing else
imports. *fused* computes one or two dimensions with LSTM cells of equal priority, with a hand-written backward pass;
*general* computes every grid under autograd. A plane is a fused grid plus one product for the depth.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import torch
from torch import Tensor

from .block import OUTPUT_FORMS, OutputForm, State
from .checks import check_lengths, check_shape
from .compilation import not_compiled
from .dimension import Dimension, weight_positions
from .kernel.depth import DepthStates, DepthWeights, along_depth
from .kernel.fused import PackedWeights, compute_fused, pack_weights
from .kernel.general import compute_general
from .kernel.scan import Scan, flip_to_scan, grid_layout, real_blocks

__all__ = [
    "ENGINES",
    "DepthStates",
    "DepthWeights",
    "Engine",
    "PackedWeights",
    "PlaneOutput",
    "Scan",
    "can_fuse",
    "compute_grid",
    "compute_plane",
    "pack_plane",
]

Engine = Literal["auto", "fused", "general"]
ENGINES = ("auto", "fused", "general")


def can_fuse(dimensions: Sequence[Dimension]) -> bool:
    """True if the fused engine can compute a grid: one or two dimensions, all with cells and of equal priority."""
    return (
        len(dimensions) <= 2
        and all(dim.has_memory for dim in dimensions)
        and len({d.priority for d in dimensions}) == 1
    )


@not_compiled  # torch.compile would unroll the loop over fronts
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
    recompute_gates: bool = False,
    engine: Engine = "auto",
) -> list[State]:
    """Compute a grid of N dimensions.

    Args:
        sides: for each dimension the states that enter the grid, hidden of shape (*other extents, batch, d), memory of
            the same shape, or (*other extents, batch, 0) along a dimension without cells.
        weights: for each dimension its matrices, shape (*positions, outputs, N * d): one per position along untied
            dimensions, 1 along the others (`weight_positions`). Outputs: 4 * d (gates u, f, o, c) or, without cells, d.
            Last axis: hidden vectors, dimension after dimension.
        biases: for each dimension shape (*positions, outputs), or None.
        dimensions: options of each dimension.
        extents: number of blocks along each dimension.
        lengths: for each dimension the number of real positions of each sample, int64, shape (batch,), or None if all
            are real. A block at any other position is padding: states pass through it unchanged along all dimensions.
        masks: for each dimension the dropout factors of the hidden vectors that leave the blocks along it, shape
            (*extents, batch, d), or None.
        output_form: see `lstm_transform`.
        recompute_gates: recompute the gates in the backward pass instead of keeping them: less than half of the memory,
            about a third more time. Only the fused engine supports it.
        engine: "fused" (fast; gradients of first order only; see `can_fuse`), "general" (everything, gradients of any
            order), or "auto": fused where possible.

    Returns:
        For each dimension the states that leave the grid, in the shape of `sides`.

    Raises:
        ValueError: arguments do not agree; the message says what was expected and what was given.
    """
    device = sides[0].hidden.device.type
    autocast = torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)
    if autocast:
        # Memories add up many small terms: they stay in single precision.
        sides = [State(side.hidden.to(torch.get_autocast_dtype(device)), side.memory.float()) for side in sides]
    _check(sides, weights, biases, dimensions, extents, lengths, masks, output_form, engine)
    if not autocast and weights[0].dtype != sides[0].hidden.dtype:
        raise ValueError(f"sides: expected {weights[0].dtype} like the weights, got {sides[0].hidden.dtype}")
    if engine == "auto":
        engine = "fused" if can_fuse(dimensions) else "general"
    if recompute_gates and engine == "general":
        raise ValueError(
            "recompute_gates: only the fused engine supports it, and it cannot compute this grid; see `can_fuse`"
        )
    batch, numbers = sides[0].hidden.size(-2), range(len(dimensions))
    lengths = _lengths_of_padded(lengths or [None for _ in numbers], extents, batch, sides[0].hidden.device)
    if engine == "general":
        return compute_general(
            sides, weights, biases, dimensions, extents, lengths=lengths, masks=masks, output_form=output_form
        )

    reverse = [dim.reverse for dim in dimensions]
    layout = grid_layout(tuple(extents), sides[0].hidden.device)
    mask = None
    if masks is not None and any(part is not None for part in masks):
        ones = sides[0].hidden.new_ones(*extents, *sides[0].hidden.shape[-2:])
        parts = [ones if part is None else flip_to_scan(part, reverse) for part in masks]
        mask = torch.cat(parts, dim=-1).flatten(0, len(extents) - 1)[layout.row_major]
    if len(dimensions) == 1:
        entering = [sides[0].map(lambda part: part.unsqueeze(0))]
    else:
        entering = [_flip_side(side, reverse[1 - n]) for n, side in enumerate(sides)]
    given_biases = [flip_to_scan(bias, reverse) for bias in biases if bias is not None]
    output = compute_fused(
        entering,
        _stack_gates([flip_to_scan(weight, reverse) for weight in weights], 2),
        _stack_gates(given_biases, 1) if given_biases else None,
        extents=extents,
        real=real_blocks(layout.coordinates, extents, reverse, lengths),
        mask=mask,
        output_form=output_form,
        recompute_gates=recompute_gates,
    )
    if len(dimensions) == 1:
        return [output.leaving[0].map(lambda part: part.squeeze(0))]
    return [_flip_side(side, reverse[1 - n]) for n, side in enumerate(output.leaving)]


class PlaneOutput(NamedTuple):
    """What `compute_plane` returns.

    Attributes:
        leaving: for each scanned dimension the states that leave the plane, in the shape and order of the sides.
        depth: the states that leave every block along the depth; None if no transform was given.
    """

    leaving: tuple[State, State]
    depth: DepthStates | None


@not_compiled
def compute_plane(
    sides: tuple[State, State],
    weight: Tensor,
    bias: Tensor | None,
    extents: tuple[int, int],
    *,
    scan: Scan = (False, False),
    below: DepthStates | None = None,
    depth: DepthWeights | None = None,
    lengths: Sequence[Tensor | None] = (None, None),
    mask: Tensor | None = None,
    depth_mask: Tensor | None = None,
    output_form: OutputForm = "tanh_om",
    recompute_gates: bool = False,
    packed: PackedWeights | None = None,
) -> PlaneOutput:
    """Compute one plane of A x B blocks, scanned along both dimensions, and what leaves its blocks along the depth.

    Args:
        sides: for each scanned dimension the states that enter, hidden and memory of shape (other extent, batch, d),
            in the order of the positions whatever the scan.
        weight: of the scanned dimensions, shape (8 * d, 3 * d), or (8 * d, 2 * d) without `below`. First axis: gates u,
            f, o, c, within each gate the first dimension, then the second. Last axis: hidden vectors of both, then of
            the depth.
        bias: shape (8 * d,) or None.
        extents: A and B.
        scan: for each dimension whether it is computed in reverse.
        below: the states that enter the blocks along the depth.
        depth: the transform along the depth; None if the plane has no depth output.
        lengths: for each dimension the number of real positions of each sample, int64, shape (batch,), or None if all
            are real. States pass through padding unchanged.
        mask: dropout factors of the hidden vectors of the scanned dimensions, shape (A * B, batch, 2 * d).
        depth_mask: dropout factors of the hidden vectors that leave along the depth, shape (A * B, batch, d).
        output_form: see `lstm_transform`.
        recompute_gates: see `compute_grid`.
        packed: what `pack_plane` returned, for calls without gradients.

    Returns:
        See `PlaneOutput`.

    Raises:
        ValueError: arguments do not agree; the message says what was expected and what was given.
    """
    batch, d = sides[0].hidden.shape[-2:]
    device = sides[0].hidden.device
    blocks, width = extents[0] * extents[1], (2 if below is None else 3) * d
    check_shape("depth mask", depth_mask, (blocks, batch, d), None)
    if below is not None:
        check_shape("hidden vectors from below", below.states.hidden, (blocks, batch, d), None)
    if depth is not None:
        check_shape("depth weight", depth.weight, (depth.dimension.outputs(d), width), None)
        check_shape("depth bias", depth.bias, (depth.dimension.outputs(d),), None)
    lengths = _lengths_of_padded(lengths, extents, batch, device)
    real = real_blocks(grid_layout(extents, device).coordinates, extents, scan, lengths)
    entering: State | None = None
    if below is not None:
        entering = below.in_order_of(scan, extents).states
        entering = State(entering.hidden, entering.memory.to(sides[0].memory.dtype))
    output = compute_fused(
        [_flip_side(side, scan[1 - n]) for n, side in enumerate(sides)],
        weight[:, : 2 * d],
        bias,
        extents=extents,
        extra=None if entering is None else entering.hidden,
        extra_weight=None if entering is None else weight[:, 2 * d :],
        real=real,
        mask=mask,
        output_form=output_form,
        recompute_gates=recompute_gates,
        wanted=None if depth is None else ("leaving" if depth.dimension.priority else "entering"),
        packed=packed,
    )
    leaving = (_flip_side(output.leaving[0], scan[1]), _flip_side(output.leaving[1], scan[0]))
    if depth is None:
        return PlaneOutput(leaving, None)
    assert output.blocks is not None
    states = along_depth(output.blocks, entering, depth, real, depth_mask, output_form)
    return PlaneOutput(leaving, DepthStates(states, scan))


def pack_plane(weight: Tensor) -> PackedWeights:
    """Pack a plane's weight, shape (8 * d, 2 * d or 3 * d), for many calls of `compute_plane` without gradients.

    The result is valid only while the weight does not change.
    """
    width = weight.size(0) // 4
    return pack_weights(weight[:, :width], weight[:, width:] if weight.size(1) > width else None)


def _flip_side(side: State, reverse: bool) -> State:
    """A side of a grid of two dimensions between the order of positions and of the scan."""
    return side.map(lambda part: flip_to_scan(part, [reverse]))


def _lengths_of_padded(
    lengths: Sequence[Tensor | None], extents: Sequence[int], batch: int, device: torch.device
) -> list[Tensor | None]:
    """Check lengths, and leave out those without padding where looking at them is free: on a CPU."""
    needed: list[Tensor | None] = []
    for n, (length, extent) in enumerate(zip(lengths, extents, strict=True)):
        check_lengths(f"lengths along dimension {n}", length, batch, extent, device)
        full = length is None or (length.device.type == "cpu" and bool((length >= extent).all()))
        needed.append(None if full else length)
    return needed


def _stack_gates(parameters: Sequence[Tensor], axes: int) -> Tensor:
    """The matrices (or biases) of all dimensions in one: gates u, f, o, c, within each dimension after dimension."""
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
    if engine == "fused" and not can_fuse(dimensions):
        raise ValueError("engine: fused computes one or two dimensions, all with cells and of the same priority")
    batch, d = sides[0].hidden.shape[-2:]
    positions = weight_positions(dimensions, extents)
    for n, dim in enumerate(dimensions):
        others = (*extents[:n], *extents[n + 1 :], batch)
        check_shape(f"hidden vectors of side {n}", sides[n].hidden, (*others, d), sides[0].hidden)
        check_shape(f"memories of side {n}", sides[n].memory, (*others, d if dim.has_memory else 0), sides[0].memory)
        outputs = dim.outputs(d)
        check_shape(f"weight {n}", weights[n], (*positions, outputs, count * d), weights[0])
        if weights[n].device != sides[0].hidden.device:
            raise ValueError(f"weight {n}: expected {sides[0].hidden.device} like the sides, got {weights[n].device}")
        check_shape(f"bias {n}", biases[n], (*positions, outputs), weights[0])
        if (biases[n] is None) != (biases[0] is None):
            raise ValueError("biases: expected one for every dimension or none at all")
        check_shape(f"mask {n}", None if masks is None else masks[n], (*extents, batch, d), None)
