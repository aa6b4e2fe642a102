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

from .arguments import check_grid, check_no_gradient, check_plane
from .block import OutputForm, State
from .checks import check_lengths
from .compilation import not_compiled
from .dimension import Dimension
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
    "choose_engine",
    "compute_grid",
    "compute_plane",
    "pack_plane",
]

Engine = Literal["auto", "fused", "general"]
ENGINES = ("auto", "fused", "general")
_WHAT_FUSED_COMPUTES = "computes one or two dimensions, all with LSTM cells and of equal priority"


def can_fuse(dimensions: Sequence[Dimension]) -> bool:
    """True if the fused engine can compute a grid: one or two dimensions, all with cells and of equal priority."""
    return (
        len(dimensions) <= 2
        and all(dim.has_memory for dim in dimensions)
        and len({d.priority for d in dimensions}) == 1
    )


def choose_engine(engine: Engine, dimensions: Sequence[Dimension], recompute_gates: bool = False) -> Engine:
    """Return the engine that computes a grid, "fused" or "general".

    Raises:
        ValueError: the engine is not known, or cannot compute the grid, or gates cannot be recomputed in it.
    """
    if engine not in ENGINES:
        raise ValueError(f"engine: expected one of {', '.join(ENGINES)}, got {engine!r}")
    fused = can_fuse(dimensions)
    if engine == "fused" and not fused:
        raise ValueError(f"engine: fused {_WHAT_FUSED_COMPUTES}")
    if recompute_gates and (engine == "general" or not fused):
        raise ValueError(f"recompute_gates: only the fused engine supports it, which {_WHAT_FUSED_COMPUTES}")
    return ("fused" if fused else "general") if engine == "auto" else engine


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
    autocast = _autocast_type(sides)
    sides = [_of_autocast(side, autocast) for side in sides]
    check_grid(sides, weights, biases, dimensions, extents, lengths, masks, output_form, autocast is not None)
    engine = choose_engine(engine, dimensions, recompute_gates)
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
        for n, part in enumerate(masks):
            check_no_gradient(f"mask {n}", part)
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
    autocast = _autocast_type(sides)
    sides = (_of_autocast(sides[0], autocast), _of_autocast(sides[1], autocast))
    below = below and below._replace(states=_of_autocast(below.states, autocast))
    states = None if below is None else below.states
    check_plane(sides, weight, bias, extents, states, depth, mask, depth_mask, output_form, autocast is not None)
    batch, d = sides[0].hidden.shape[-2:]
    device = sides[0].hidden.device
    lengths = _lengths_of_padded(lengths, extents, batch, device)
    real = real_blocks(grid_layout(extents, device).coordinates, extents, scan, lengths)
    entering = None if below is None else below.in_order_of(scan, extents).states
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


def _autocast_type(sides: Sequence[State]) -> torch.dtype | None:
    """The type that autocast gives to products on the device of the sides; None where it is off."""
    device = sides[0].hidden.device.type if sides else "cpu"
    enabled = torch.amp.is_autocast_available(device) and torch.is_autocast_enabled(device)
    return torch.get_autocast_dtype(device) if enabled else None


def _of_autocast(state: State, dtype: torch.dtype | None) -> State:
    """A state in the types of autocast: memories add up many small terms and stay in single precision."""
    return state if dtype is None else State(state.hidden.to(dtype), state.memory.float())


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
