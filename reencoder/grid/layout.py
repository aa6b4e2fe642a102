"""Where the blocks of a grid lie in memory when it is swept front by front.

Blocks whose coordinates have the same sum do not depend on one another: such a *front* is computed at once. A grid with
one swept dimension has one block a front; in one with two, S x T blocks (i, j), the fronts are the anti-diagonals
`i + j = k`, from i low to i high.

States live at *points*: one a block, which holds what enters it along each dimension, numbered front after front, and
behind those as many as states leave the grid along one dimension, by rising position along the other; those that leave
along the second dimension share them, in columns of their own. A front therefore reads one contiguous run of
points, and along each dimension writes one contiguous run of the next front, plus at most one that leaves: no gather
between fronts, and what entered all blocks is one array in the order of the blocks.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor


class Move(NamedTuple):
    """Where a run of a front's blocks puts what leaves them along one dimension.

    Attributes:
        block: first block of the run, counted within the front.
        point: the point that takes its state; the next block's goes to the next point.
        blocks: number of blocks.
    """

    block: int
    point: int
    blocks: int


class Front(NamedTuple):
    """Blocks that are computed at once.

    Attributes:
        start: number of the first block, and of the point that it reads.
        blocks: number of blocks.
        first: position of the first block along each dimension; from block to block the first rises by one and the
            second falls by one.
        moves: for each dimension, where the states go.
        entries: for each dimension the number within the front of the one block that reads a state which enters the
            grid along it, or -1 if there is none. That state is the k-th of its side, k the number of the front.
    """

    start: int
    blocks: int
    first: tuple[int, ...]
    moves: tuple[tuple[Move, ...], ...]
    entries: tuple[int, ...]


class GridLayout(NamedTuple):
    """The layout of a grid; get one from `grid_layout`.

    Attributes:
        extents: number of blocks along each swept dimension, one or two of them.
        fronts: in the order of the sweep.
        coordinates: positions of every block along each dimension, int64, shape (dimensions, blocks).
        order: the number of the block at each position, int64, shape `extents`.
        entering: for each dimension the points that take the states which enter the grid along it, int64, one for each
            position along the other dimension.
        leaving: for each dimension the points that hold the states which leave it, as a range.
        outputs: for each dimension the point that takes what leaves each block along it, int64, shape (dimensions,
            blocks).
    """

    extents: tuple[int, ...]
    fronts: tuple[Front, ...]
    coordinates: Tensor
    order: Tensor
    entering: tuple[Tensor, ...]
    leaving: tuple[slice, ...]
    outputs: Tensor

    @property
    def blocks(self) -> int:
        return self.order.numel()

    @property
    def points(self) -> int:
        return max(points.stop for points in self.leaving)


@lru_cache(maxsize=512)
@torch.inference_mode(False)  # what is kept here serves trainings too
def grid_layout(extents: tuple[int, ...], device: torch.device | str = "cpu") -> GridLayout:
    """The layout of a grid of `extents` blocks, its index tensors on `device`.

    Raises:
        ValueError: if there are not one or two extents, or one is below 1.
    """
    if len(extents) not in (1, 2) or min(extents) < 1:
        raise ValueError(f"a grid needs one or two extents of at least 1, got {' x '.join(map(str, extents))}")
    dimensions = len(extents)
    rows, columns = extents if dimensions == 2 else (extents[0], 1)
    i, j = (part.flatten() for part in torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij"))
    by_front = torch.argsort((i + j) * rows + i)
    coordinates = torch.stack([i, j])[:, by_front]
    order = torch.empty_like(by_front)
    order[by_front] = torch.arange(rows * columns)
    numbers = order.view(rows, columns)
    blocks = rows * columns
    leaving = (slice(blocks, blocks + columns), slice(blocks, blocks + rows))

    # The point that block (i, j) writes along each dimension.
    outputs = torch.stack(
        [
            torch.cat([numbers[1:], torch.arange(blocks, blocks + columns)[None]]),
            torch.cat([numbers[:, 1:], torch.arange(blocks, blocks + rows)[:, None]], dim=1),
        ]
    ).flatten(1)[:, by_front]
    fronts = []
    start = 0
    for k in range(rows + columns - 1):
        first, last = max(0, k - columns + 1), min(rows - 1, k)
        count = last - first + 1
        destinations = outputs[:dimensions, start : start + count].tolist()
        entries = (0 if first == 0 else -1, count - 1 if last == k else -1)
        fronts.append(
            Front(
                start,
                count,
                (first, k - first)[:dimensions],
                tuple(_moves(points, blocks) for points in destinations),
                entries[:dimensions],
            )
        )
        start += count
    return GridLayout(
        extents,
        tuple(fronts),
        coordinates[:dimensions].to(device),
        order.view(extents).to(device),
        tuple(points.to(device) for points in (numbers[0], numbers[:, 0])[:dimensions]),
        leaving[:dimensions],
        outputs[:dimensions].to(device),
    )


def _moves(destinations: list[int], blocks: int) -> tuple[Move, ...]:
    """Group consecutive destinations into runs; a point behind the blocks', where a state leaves, stays by itself."""
    moves: list[Move] = []
    for block, point in enumerate(destinations):
        if moves and moves[-1].point + moves[-1].blocks == point and point < blocks:
            moves[-1] = moves[-1]._replace(blocks=moves[-1].blocks + 1)
        else:
            moves.append(Move(block, point, 1))
    return tuple(moves)
