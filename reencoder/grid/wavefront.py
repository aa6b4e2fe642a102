"""A grid of any number of dimensions with everything that section 3 lets it vary, front by front, under autograd.

Blocks whose positions (counted along the scan) have the same sum do not depend on one another and are computed at once.
Gradients are autograd's own, of any order. `sweep` is faster for the grids that it can compute; `reference` is the
slow, readable twin, and its axes are those of this file.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .block import OutputForm, State, lstm_states, plain_activation
from .dimension import Dimension, priority_levels


class _Line(NamedTuple):
    """How one front and one dimension meet; int64 each.

    Attributes:
        enter: lines of the side whose states enter the grid here.
        inside: places in the front before from which the other states come.
        order: brings `enter`, then `inside`, into the order of the front's blocks; None if they are.
        leave: places of the blocks whose states leave the grid here.
    """

    enter: Tensor
    inside: Tensor
    order: Tensor | None
    leave: Tensor


class _Front(NamedTuple):
    """Blocks that are computed at once.

    Attributes:
        first: position of the first block.
        positions: of all, in row-major order, int64, shape (count, N).
        lines: one a dimension.
    """

    first: tuple[int, ...]
    positions: Tensor
    lines: list[_Line]


@lru_cache(maxsize=64)
@torch.inference_mode(False)  # what is kept here serves trainings too
def _fronts(extents: tuple[int, ...], device: torch.device) -> tuple[list[_Front], list[Tensor]]:
    """The fronts of a grid, and for each dimension where in the order of leaving the state of each line lies."""
    numbers = range(len(extents))
    positions = torch.cartesian_prod(*(torch.arange(extent) for extent in extents)).view(-1, len(extents))
    strides = [torch.Size(extents[n + 1 :]).numel() for n in numbers]
    lines = torch.stack([_line_numbers(positions, extents, n) for n in numbers])
    sums = positions.sum(dim=1)
    place = torch.empty(len(positions), dtype=torch.long)
    fronts = []
    left: list[list[Tensor]] = [[] for _ in numbers]
    for blocks in torch.argsort(sums, stable=True).split(torch.bincount(sums).tolist()):
        at_lines = []
        for n, extent in enumerate(extents):
            at = positions[blocks, n]
            first = at == 0
            arrangement = torch.cat([first.nonzero().flatten(), first.logical_not().nonzero().flatten()])
            order = None if bool((arrangement.diff() == 1).all()) else torch.argsort(arrangement).to(device)
            leave = (at == extent - 1).nonzero().flatten()
            left[n].append(lines[n, blocks[leave]])
            enter, inside = lines[n, blocks[first]], place[blocks[~first] - strides[n]]
            at_lines.append(_Line(enter.to(device), inside.to(device), order, leave.to(device)))
        place[blocks] = torch.arange(len(blocks))
        fronts.append(_Front(tuple(positions[blocks[0]].tolist()), positions[blocks].to(device), at_lines))
    return fronts, [torch.argsort(torch.cat(parts)).to(device) for parts in left]


def _line_numbers(positions: Tensor, extents: Sequence[int], n: int) -> Tensor:
    """Row-major number of each position along all dimensions but n."""
    number = torch.zeros(len(positions), dtype=torch.long)
    for m, extent in enumerate(extents):
        if m != n:
            number = number * extent + positions[:, m]
    return number


def grid_wavefront(
    sides: Sequence[State],
    weights: Sequence[Tensor],
    biases: Sequence[Tensor | None],
    dimensions: Sequence[Dimension],
    extents: Sequence[int],
    *,
    lengths: Sequence[Tensor | None] | None = None,
    masks: Sequence[Tensor | None] | None = None,
    output_form: OutputForm = "tanh_om",
) -> list[State]:
    """Compute a grid front by front; arguments and results are those of `grid_reference`."""
    numbers = range(len(dimensions))
    fronts, orders = _fronts(tuple(extents), sides[0].hidden.device)
    weights, biases = ([scanned(part, dimensions) for part in parts] for parts in (weights, biases))
    masks = [scanned(mask, dimensions) for mask in masks or [None for _ in numbers]]
    starts = [State(*(_in_lines(scanned(part, dimensions, n)) for part in sides[n])) for n in numbers]
    left: list[list[State]] = [[] for _ in numbers]
    before = starts  # of the first front nothing is read
    for front in fronts:
        states = [_entering(before[n], starts[n], front.lines[n]) for n in numbers]
        own_masks = [None if mask is None else mask[tuple(front.positions.t())] for mask in masks]
        leaving = _blocks(states, front, weights, biases, own_masks, dimensions, output_form)
        real = _real(front.positions, lengths, dimensions, extents)
        for n in numbers:
            hidden, memory = leaving[n]
            if real is not None:
                hidden = torch.where(real, hidden, states[n].hidden)
                memory = torch.where(real, memory, states[n].memory)
            leaving[n] = State(hidden.to(states[n].hidden.dtype), memory)
            left[n].append(State(*(part[front.lines[n].leave] for part in leaving[n])))
        before = leaving
    results = []
    for n in numbers:
        parts = (torch.cat([state[part] for state in left[n]])[orders[n]] for part in (0, 1))
        shaped = (part.view_as(side) for part, side in zip(parts, sides[n], strict=True))
        results.append(State(*(scanned(part, dimensions, n) for part in shaped)))
    return results


def scanned(tensor: Any, dimensions: Sequence[Dimension], left_out: int | None = None) -> Any:
    """Turn the leading axes, one a dimension but `left_out`, into the order of the scan, or back."""
    if tensor is None:
        return None
    reverse = [dim.reverse for n, dim in enumerate(dimensions) if n != left_out]
    axes = [axis for axis, turned in enumerate(reverse) if turned and tensor.size(axis) > 1]
    return tensor.flip(axes) if axes else tensor


def _in_lines(side: Tensor) -> Tensor:
    """A side with one axis for all lines, shape (lines, batch, d)."""
    return side.reshape(side.shape[:-2].numel(), *side.shape[-2:])


def _entering(before: State, start: State, line: _Line) -> State:
    """What enters the blocks of a front along one dimension."""
    if len(line.inside) == 0:
        return State(start.hidden[line.enter], start.memory[line.enter])
    if len(line.enter) == 0:
        return State(before.hidden[line.inside], before.memory[line.inside])
    parts = (torch.cat([s[line.enter], b[line.inside]]) for s, b in zip(start, before, strict=True))
    return State(*(part if line.order is None else part[line.order] for part in parts))


def _real(
    positions: Tensor,
    lengths: Sequence[Tensor | None] | None,
    dimensions: Sequence[Dimension],
    extents: Sequence[int],
) -> Tensor | None:
    """Which blocks of a front are not padding, bool, shape (count, batch, 1); None if all are real."""
    real: Tensor | None = None
    for n, length in enumerate(lengths or []):
        if length is not None:
            position = extents[n] - 1 - positions[:, n] if dimensions[n].reverse else positions[:, n]
            inside = position[:, None] < length
            real = inside if real is None else real & inside
    return None if real is None else real.unsqueeze(-1)


def _blocks(
    states: Sequence[State],
    front: _Front,
    weights: Sequence[Tensor],
    biases: Sequence[Tensor | None],
    masks: Sequence[Tensor | None],
    dimensions: Sequence[Dimension],
    output_form: OutputForm,
) -> list[State]:
    """`grid_block` for all blocks of a front; states have the shape (count, batch, d)."""
    hidden = [state.hidden for state in states]
    leaving = list(states)
    for level in priority_levels(dimensions):
        concatenated = torch.cat(hidden, dim=-1)
        for n in level:
            products = _product(concatenated, front, weights[n], biases[n])
            kind = dimensions[n].kind
            if kind == "lstm":
                leaving[n] = lstm_states(products, states[n].memory, output_form)
            else:
                leaving[n] = State(plain_activation(products, kind), states[n].memory)
            mask = masks[n]
            if mask is not None:
                leaving[n] = State(leaving[n].hidden * mask, leaving[n].memory)
        for n in level:
            hidden[n] = leaving[n].hidden
    return leaving


def _product(rows: Tensor, front: _Front, weight: Tensor, bias: Tensor | None) -> Tensor:
    """`W H + b` with the weights of each block's position; rows have the shape (count, batch, N * d)."""
    dimensions = front.positions.size(1)
    shared = [n for n in range(dimensions) if weight.size(n) == 1]
    untied = [n for n in range(dimensions) if weight.size(n) > 1]
    if not untied:
        return torch.nn.functional.linear(rows, weight.flatten(0, -2), None if bias is None else bias.flatten())
    matrices = weight.squeeze(tuple(shared))
    vectors = None if bias is None else bias.squeeze(tuple(shared))
    if len(untied) == 1 and dimensions <= 2:
        # From block to block of a front the position rises along the first dimension and falls along the second: the
        # matrices are used where they are, where an index would copy them for every front.
        step = 1 if untied[0] == 0 else -1
        products = []
        for k in range(len(rows)):
            at = front.first[untied[0]] + step * k
            products.append(torch.nn.functional.linear(rows[k], matrices[at], None if vectors is None else vectors[at]))
        return torch.stack(products)
    index = tuple(front.positions[:, n] for n in untied)
    own = matrices[index].transpose(1, 2)
    return torch.bmm(rows, own) if vectors is None else torch.baddbmm(vectors[index].unsqueeze(1), rows, own)
