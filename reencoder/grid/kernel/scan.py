"""The order in which blocks are computed, where their states lie in memory, and which blocks are padding.

A *scan* visits the positions along each dimension forwards or, where `reverse` is set, backwards; coordinates in this
package count along the scan. Blocks whose coordinates have the same sum do not depend on one another: they form a
*front*, which is computed in one step. In a grid of one dimension every front is one block. In a grid of two dimensions
the fronts are the anti-diagonals `i + j = k`, each ordered from low i to high i. Blocks are numbered front after front.
A grid of 2 x 3 blocks:

                        j = 0             j = 1             j = 2
                          |                 |                 |
    i = 0  ------>  block 0 (k = 0) - block 1 (k = 1) - block 3 (k = 2)  ------>  point 6
                          |                 |                 |
    i = 1  ------>  block 2 (k = 1) - block 4 (k = 2) - block 5 (k = 3)  ------>  point 7
                          |                 |                 |
                          v                 v                 v
                       point 6           point 7           point 8

States of dimension 0, whose coordinate is i, travel downwards here, those of dimension 1 to the right.

A *point* is a place in memory for one state per dimension. There is one point per block, numbered like the blocks, for
the states that enter the block. The points after them, here 6 to 8, are for the states that leave the grid: along
dimension 0 ordered by j, along dimension 1 ordered by i. Both share these points, since a point has elements of its own
for each dimension.

    points      0     1  2      3  4      5      6  7  8
    read by   k = 0   k = 1     k = 2   k = 3    nothing (leaving states)

A front therefore reads one contiguous run of points. Along each dimension it writes one contiguous run of the next
front's points, plus at most one point of a state that leaves the grid: front k = 1 reads points 1 and 2, writes along
dimension 0 point 4 and (leaving) point 6, and along dimension 1 points 3 and 4. So nothing is gathered between fronts,
and the states that entered all blocks form one array in the order of the blocks.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from .cache import cached_by_size

Scan = tuple[bool, bool]
"""For each of a plane's two dimensions, whether it is computed in reverse."""


class Move(NamedTuple):
    """Where consecutive blocks of a front put the states that leave them along one dimension.

    Attributes:
        block: first of these blocks, counted within the front.
        point: the point that takes its state; the states of the following blocks go to the following points.
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
        first: coordinates of the first block; from block to block the first coordinate rises by one and the second
            falls by one.
        moves: for each dimension, where the leaving states go.
        entries: for each dimension the index within the front of the one block whose state enters the grid from
            outside, or -1 if there is none. For the k-th front that state is the k-th of its side.
    """

    start: int
    blocks: int
    first: tuple[int, ...]
    moves: tuple[tuple[Move, ...], ...]
    entries: tuple[int, ...]


class GridLayout(NamedTuple):
    """The layout of a grid of one or two dimensions; `grid_layout` makes it.

    Attributes:
        extents: number of blocks along each dimension.
        fronts: all fronts, in order of computation.
        coordinates: coordinates of every block, int64, shape (dimensions, blocks).
        order: number of the block at each pair of coordinates, int64, shape `extents`.
        row_major: the inverse: the row-major number of every block's coordinates, int64, shape (blocks,).
        entering: for each dimension the points that take the states which enter the grid along it, int64, one for each
            coordinate along the other dimension.
        leaving: for each dimension the points that hold the states which leave the grid along it.
        outputs: for each dimension the point that takes the state which leaves each block, int64, shape (dimensions,
            blocks).
    """

    extents: tuple[int, ...]
    fronts: tuple[Front, ...]
    coordinates: Tensor
    order: Tensor
    row_major: Tensor
    entering: tuple[Tensor, ...]
    leaving: tuple[slice, ...]
    outputs: Tensor

    @property
    def blocks(self) -> int:
        return self.order.numel()

    @property
    def points(self) -> int:
        return max(points.stop for points in self.leaving)


@cached_by_size
def grid_layout(extents: tuple[int, ...], device: torch.device | str = "cpu") -> GridLayout:
    """The layout of a grid of `extents` blocks, with its index tensors on `device`.

    Raises:
        ValueError: there are not one or two extents, or one of them is below 1.
    """
    if len(extents) not in (1, 2) or min(extents) < 1:
        raise ValueError(f"expected one or two extents of at least 1, got {' x '.join(map(str, extents))}")
    dimensions = len(extents)
    first_extent, second_extent = extents if dimensions == 2 else (extents[0], 1)
    blocks = first_extent * second_extent
    fronts = tuple(_fronts(first_extent, second_extent, dimensions))
    # Computed where they are needed, without a look at any value: nothing is copied, and a GPU is not waited for.
    starts, firsts = torch.tensor([(front.start, front.first[0]) for front in fronts]).to(device).t()
    i, j = (torch.arange(extent, device=device) for extent in (first_extent, second_extent))
    k = i[:, None] + j
    numbers = starts[k] + i[:, None] - firsts[k]
    row_major = numbers.flatten().argsort()
    first_leaving, second_leaving = (blocks + coordinate for coordinate in (j, i))
    # The point that block (i, j) writes along each dimension.
    outputs = torch.stack(
        [torch.cat([numbers[1:], first_leaving[None]]), torch.cat([numbers[:, 1:], second_leaving[:, None]], dim=1)]
    ).flatten(1)[:, row_major]
    coordinates = torch.stack([row_major // second_extent, row_major % second_extent])
    leaving = (slice(blocks, blocks + second_extent), slice(blocks, blocks + first_extent))
    return GridLayout(
        extents,
        fronts,
        coordinates[:dimensions],
        numbers.view(extents),
        row_major,
        (numbers[0], numbers[:, 0])[:dimensions],
        leaving[:dimensions],
        outputs[:dimensions],
    )


def _fronts(first_extent: int, second_extent: int, dimensions: int) -> Iterator[Front]:
    """Yield the fronts of a grid of two dimensions, of which the second may have one block and not count."""
    blocks, start = first_extent * second_extent, 0
    for k in range(first_extent + second_extent - 1):
        first, last = max(0, k - second_extent + 1), min(first_extent - 1, k)
        count = last - first + 1
        at_end = int(last == first_extent - 1), int(k - first == second_extent - 1)  # its last, its first block
        # In the next front the blocks are one further along the first dimension, or at the same coordinate of it.
        next_start = start + count - max(0, k - second_extent + 2)
        down, right = next_start + first + 1, next_start + first
        moves = (
            _moves(Move(0, down, count - at_end[0]), Move(count - 1, blocks + k - last, at_end[0])),
            _moves(Move(0, blocks + first, at_end[1]), Move(at_end[1], right + at_end[1], count - at_end[1])),
        )
        entries = (0 if first == 0 else -1, count - 1 if last == k else -1)
        yield Front(start, count, (first, k - first)[:dimensions], moves[:dimensions], entries[:dimensions])
        start += count


def _moves(*moves: Move) -> tuple[Move, ...]:
    return tuple(move for move in moves if move.blocks > 0)


@cached_by_size
def scan_index(extents: tuple[int, int], scan: Scan, device: torch.device | str = "cpu") -> tuple[Tensor, Tensor]:
    """The positions of the blocks in the order of a scan, and the inverse.

    Args:
        extents: number of blocks along each dimension.
        scan: for each dimension whether it is computed in reverse.
        device: where the index tensors are needed.

    Returns:
        The row-major number of every block's position, and the block at every position; int64, shape (blocks,).
    """
    layout = grid_layout(extents, device)
    blocks = layout.order.flip([n for n, reverse in enumerate(scan) if reverse]).flatten()
    return blocks.argsort(), blocks


@cached_by_size
def rescan_index(
    extents: tuple[int, int],
    scan: Scan,
    next_scan: Scan,
    device: torch.device | str = "cpu",
) -> Tensor:
    """For every block in the order of `next_scan` its number in the order of `scan`, int64, shape (blocks,)."""
    return scan_index(extents, scan, device)[1][scan_index(extents, next_scan, device)[0]]


def flip_to_scan(tensor: Tensor, reverse: Sequence[bool]) -> Tensor:
    """Flip the leading axes of `tensor`, one per entry of `reverse`, between the order of positions and of the scan."""
    axes = [axis for axis, flipped in enumerate(reverse) if flipped and tensor.size(axis) > 1]
    return tensor.flip(axes) if axes else tensor


def real_blocks(
    coordinates: Tensor, extents: Sequence[int], reverse: Sequence[bool], lengths: Sequence[Tensor | None]
) -> Tensor | None:
    """Which blocks are not padding: those whose position lies within the sample's length along every dimension.

    Args:
        coordinates: coordinates of the blocks along the scan, int64, shape (dimensions, blocks).
        extents: number of blocks along each dimension.
        reverse: for each dimension whether it is computed in reverse.
        lengths: for each dimension the number of real positions of each sample, shape (batch,), or None if all are.

    Returns:
        bool, shape (blocks, batch); None if no dimension has lengths.
    """
    real: Tensor | None = None
    for at, extent, backwards, length in zip(coordinates, extents, reverse, lengths, strict=True):
        if length is not None:
            inside = (extent - 1 - at if backwards else at)[:, None] < length
            real = inside if real is None else real & inside
    return real
