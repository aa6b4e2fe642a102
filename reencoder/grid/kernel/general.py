"""A grid of any number of dimensions with every variant of section 3, front by front, under autograd.

Gradients are autograd's own, of any order. `fused` is faster for the grids that it can compute; `reference` is the
slow, readable twin, and its axes are those of this file. A *line* of a dimension is all blocks that differ only in its
coordinate: one state travels along each line.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import torch
from torch import Tensor

from ..block import OutputForm, State, grid_block
from ..dimension import Dimension
from .cache import cached_by_size
from .scan import flip_to_scan, real_blocks


class _Links(NamedTuple):
    """Where the states of one front come from and go to along one dimension; int64 each.

    Attributes:
        entering: lines whose states enter the grid at this front.
        inside: indices in the previous front of the blocks that the other states come from.
        order: brings `entering` followed by `inside` into the order of the front's blocks; None if it is that order.
        leaving: indices of the blocks whose states leave the grid.
    """

    entering: Tensor
    inside: Tensor
    order: Tensor | None
    leaving: Tensor


class _FrontIndex(NamedTuple):
    """The indices of one front.

    Attributes:
        first: coordinates of the first block.
        coordinates: of all blocks, in row-major order, int64, shape (blocks, N).
        links: for each dimension where states come from and go to.
    """

    first: tuple[int, ...]
    coordinates: Tensor
    links: list[_Links]


@cached_by_size
def _front_indices(extents: tuple[int, ...], device: torch.device) -> tuple[list[_FrontIndex], list[Tensor]]:
    """The fronts of a grid, and for each dimension the place of every line's state in the order of leaving."""
    numbers = range(len(extents))
    coordinates = torch.cartesian_prod(*(torch.arange(extent) for extent in extents)).view(-1, len(extents))
    strides = [torch.Size(extents[n + 1 :]).numel() for n in numbers]
    lines = torch.stack([_line_numbers(coordinates, extents, n) for n in numbers])
    sums = coordinates.sum(dim=1)
    place = torch.empty(len(coordinates), dtype=torch.long)
    fronts = []
    departures: list[list[Tensor]] = [[] for _ in numbers]
    for blocks in torch.argsort(sums, stable=True).split(torch.bincount(sums).tolist()):
        links = []
        for n, extent in enumerate(extents):
            at = coordinates[blocks, n]
            first = at == 0
            arrangement = torch.cat([first.nonzero().flatten(), first.logical_not().nonzero().flatten()])
            order = None if bool((arrangement.diff() == 1).all()) else torch.argsort(arrangement).to(device)
            leaving = (at == extent - 1).nonzero().flatten()
            departures[n].append(lines[n, blocks[leaving]])
            entering, inside = lines[n, blocks[first]], place[blocks[~first] - strides[n]]
            links.append(_Links(entering.to(device), inside.to(device), order, leaving.to(device)))
        place[blocks] = torch.arange(len(blocks))
        fronts.append(_FrontIndex(tuple(coordinates[blocks[0]].tolist()), coordinates[blocks].to(device), links))
    return fronts, [torch.argsort(torch.cat(parts)).to(device) for parts in departures]


def _line_numbers(coordinates: Tensor, extents: Sequence[int], n: int) -> Tensor:
    """Row-major number of every block's line of dimension n."""
    number = torch.zeros(len(coordinates), dtype=torch.long)
    for m, extent in enumerate(extents):
        if m != n:
            number = number * extent + coordinates[:, m]
    return number


def compute_general(
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
    fronts, orders = _front_indices(tuple(extents), sides[0].hidden.device)
    reverse = [dim.reverse for dim in dimensions]
    weights = [flip_to_scan(weight, reverse) for weight in weights]
    biases = [None if bias is None else flip_to_scan(bias, reverse) for bias in biases]
    masks = [None if mask is None else flip_to_scan(mask, reverse) for mask in masks or [None for _ in numbers]]
    side_reverse = [reverse[:n] + reverse[n + 1 :] for n in numbers]
    starts = [_in_lines(sides[n], side_reverse[n]) for n in numbers]
    departures: list[list[State]] = [[] for _ in numbers]
    previous = starts  # the first front reads nothing of it
    for front in fronts:
        states = [_entering(previous[n], starts[n], front.links[n]) for n in numbers]
        own_masks = [None if mask is None else mask[tuple(front.coordinates.t())] for mask in masks]
        leaving = grid_block(states, dimensions, partial(_product, front, weights, biases), output_form, own_masks)
        real = real_blocks(front.coordinates.t(), extents, reverse, lengths or [None for _ in numbers])
        for n in numbers:
            hidden, memory = leaving[n]
            if real is not None:
                hidden = torch.where(real.unsqueeze(-1), hidden, states[n].hidden)
                memory = torch.where(real.unsqueeze(-1), memory, states[n].memory)
            leaving[n] = State(hidden.to(states[n].hidden.dtype), memory)
            departures[n].append(_select(leaving[n], front.links[n].leaving))
        previous = leaving
    results = []
    for n in numbers:
        parts = (torch.cat([state[part] for state in departures[n]])[orders[n]] for part in (0, 1))
        shaped = (part.view_as(side) for part, side in zip(parts, sides[n], strict=True))
        results.append(State(*(flip_to_scan(part, side_reverse[n]) for part in shaped)))
    return results


def _in_lines(side: State, reverse: Sequence[bool]) -> State:
    """A side in the order of the scan, with one axis for all lines: shape (lines, batch, d)."""
    return side.map(lambda part: flip_to_scan(part, reverse).reshape(part.shape[:-2].numel(), *part.shape[-2:]))


def _select(states: State, index: Tensor) -> State:
    """The states of the blocks or lines `index`."""
    return states.map(lambda part: part[index])


def _entering(previous: State, start: State, links: _Links) -> State:
    """The states that enter the blocks of a front along one dimension."""
    if len(links.inside) == 0:
        return _select(start, links.entering)
    if len(links.entering) == 0:
        return _select(previous, links.inside)
    parts = (torch.cat([s[links.entering], p[links.inside]]) for s, p in zip(start, previous, strict=True))
    return State(*(part if links.order is None else part[links.order] for part in parts))


def _product(
    front: _FrontIndex, weights: Sequence[Tensor], biases: Sequence[Tensor | None], n: int, hidden: Tensor
) -> Tensor:
    """`W_n H + b_n` with the weights of each block's position; H has shape (blocks, batch, N * d)."""
    weight, bias = weights[n], biases[n]
    dimensions = front.coordinates.size(1)
    shared = [m for m in range(dimensions) if weight.size(m) == 1]
    untied = [m for m in range(dimensions) if weight.size(m) > 1]
    if not untied:
        return torch.nn.functional.linear(hidden, weight.flatten(0, -2), None if bias is None else bias.flatten())
    matrices = weight.squeeze(tuple(shared))
    vectors = None if bias is None else bias.squeeze(tuple(shared))
    if len(untied) == 1 and dimensions <= 2:
        # From block to block of a front the first coordinate rises and the second falls, so the matrices are used in
        # place; an index would copy them for every front.
        step = 1 if untied[0] == 0 else -1
        products = []
        for k in range(len(hidden)):
            at = front.first[untied[0]] + step * k
            own_bias = None if vectors is None else vectors[at]
            products.append(torch.nn.functional.linear(hidden[k], matrices[at], own_bias))
        return torch.stack(products)
    index = tuple(front.coordinates[:, m] for m in untied)
    own = matrices[index].transpose(1, 2)
    return torch.bmm(hidden, own) if vectors is None else torch.baddbmm(vectors[index].unsqueeze(1), hidden, own)
