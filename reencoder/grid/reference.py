"""A grid of any number of dimensions, block after block: slow, and the oracle of both fast engines.

Axes: N dimensions, `extents` blocks along each, `batch`, `d` hidden size. The *side* of a dimension is where its states
enter (or leave) the grid: one state for each position along the other dimensions, shape (*other extents, batch, d).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from itertools import product

import torch
from torch import Tensor

from .block import OutputForm, State, grid_block
from .dimension import Dimension


def grid_reference(
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
    """Compute a grid block after block, with `grid_block`.

    Args:
        sides: for each dimension the states that enter the grid, hidden of shape (*other extents, batch, d), memory of
            the same shape, or (*other extents, batch, 0) along a dimension without cells.
        weights: for each dimension its matrices, shape (*positions, outputs, N * d): one per position along untied
            dimensions, 1 along the others (`weight_positions`); outputs is 4 * d or, without cells, d.
        biases: for each dimension shape (*positions, outputs), or None.
        dimensions: options of each dimension.
        extents: number of blocks along each dimension.
        lengths: for each dimension the number of real positions of each sample, int64, shape (batch,), or None if all
            are real. A block at any other position is padding: states pass through it unchanged along all dimensions.
        masks: for each dimension the dropout factors of the hidden vectors that leave the blocks along it, shape
            (*extents, batch, d), or None.
        output_form: see `lstm_transform`.

    Returns:
        For each dimension the states that leave the grid, in the shape of `sides`.
    """
    numbers = range(len(dimensions))
    lengths = lengths or [None for _ in numbers]
    masks = masks or [None for _ in numbers]
    # travelling[n] holds, for each position along the other dimensions, the state that is on its way along dimension n.
    travelling = [
        {other: State(side.hidden[other], side.memory[other]) for other in product(*map(range, side.hidden.shape[:-2]))}
        for side in sides
    ]
    scans = [range(extent)[:: -1 if dim.reverse else 1] for dim, extent in zip(dimensions, extents, strict=True)]
    for position in product(*scans):
        lines = [position[:n] + position[n + 1 :] for n in numbers]
        entering = [travelling[n][lines[n]] for n in numbers]
        own_masks = [None if mask is None else mask[position] for mask in masks]
        leaving = grid_block(entering, dimensions, partial(_product, weights, biases, position), output_form, own_masks)
        for n in numbers:
            state = leaving[n]
            for m in numbers:
                length = lengths[m]
                if length is not None:
                    real = (position[m] < length)[:, None]
                    state = State(*(torch.where(real, new, old) for new, old in zip(state, entering[n], strict=True)))
            travelling[n][lines[n]] = state
    return [
        State(*(torch.stack([s[part] for s in states.values()]).view_as(side[part]) for part in (0, 1)))
        for states, side in zip(travelling, sides, strict=True)
    ]


def _product(
    weights: Sequence[Tensor], biases: Sequence[Tensor | None], position: Sequence[int], n: int, hidden: Tensor
) -> Tensor:
    """`W_n H + b_n` of the block at `position`; H has shape (batch, N * d)."""
    weight, bias = _at(weights[n], position), biases[n]
    return torch.nn.functional.linear(hidden, weight, None if bias is None else _at(bias, position))


def _at(parameter: Tensor, position: Sequence[int]) -> Tensor:
    """The weights of the block at `position`; `parameter` has length 1 along dimensions that share weights."""
    return parameter[tuple(0 if count == 1 else p for p, count in zip(position, parameter.shape, strict=False))]
