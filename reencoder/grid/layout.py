"""Where the cells of a two-dimensional plane lie in memory when it is swept by anti-diagonals.

A plane of S x T cells depends on itself along both dimensions, so that all cells (i, j) with equal `i + j` can be
computed at once. Two arrays serve the sweep, both stored diagonal after diagonal and, within a diagonal, by rising i:

* the *interior*, S * T cells: one entry a block (its gates, say);
* the *lattice*, (S + 1) * (T + 1) points: point (i, j) holds the states that enter block (i, j). Points with i == S
  or j == T hold what leaves the plane; the states that enter it lie at i == 0 and j == 0.

Block (i, j) writes its source state to point (i + 1, j) and its target state to point (i, j + 1), both on the next
diagonal. In this order a whole diagonal therefore reads one contiguous run of points and writes two contiguous runs
that overlap by all but one point: no gather and no copy between diagonals.
"""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor


class Diagonal(NamedTuple):
    """One anti-diagonal of blocks, as ranges of cells.

    Attributes:
        interior: first interior cell.
        enter: first lattice point that the diagonal reads.
        leave_target: first lattice point that takes an outgoing target state.
        leave_source: first lattice point that takes an outgoing source state.
        blocks: number of blocks.
    """

    interior: int
    enter: int
    leave_target: int
    leave_source: int
    blocks: int


class PlaneLayout(NamedTuple):
    """The layout of a plane with `source` x `target` blocks; get one from `plane_layout`.

    Attributes:
        source: S, number of source positions.
        target: T, number of target positions.
        diagonals: the S + T - 1 diagonals in the order of the sweep.
        interior: cell of every block in the interior array, int64, shape (S, T).
        interior_source: source position of every cell of the interior array, int64, shape (S * T,).
        interior_target: target position of every cell of the interior array, int64, shape (S * T,).
        lattice: cell of every point in the lattice array, int64, shape (S + 1, T + 1).
    """

    source: int
    target: int
    diagonals: tuple[Diagonal, ...]
    interior: Tensor
    interior_source: Tensor
    interior_target: Tensor
    lattice: Tensor

    @property
    def interior_cells(self) -> int:
        return self.source * self.target

    @property
    def lattice_cells(self) -> int:
        return (self.source + 1) * (self.target + 1)


def _numbered_by_diagonals(rows: int, columns: int) -> Tensor:
    """Number the points of a rectangle diagonal after diagonal; shape (rows, columns)."""
    i, j = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    order = torch.argsort((i + j).flatten() * rows + i.flatten())
    numbers = torch.empty_like(order)
    numbers[order] = torch.arange(rows * columns)
    return numbers.view(rows, columns)


@lru_cache(maxsize=4096)
def plane_layout(source: int, target: int, device: torch.device | str = "cpu") -> PlaneLayout:
    """The layout of a plane of `source` x `target` blocks, its index tensors on `device`.

    Raises:
        ValueError: if either extent is below 1.
    """
    if source < 1 or target < 1:
        raise ValueError(f"a plane needs at least one source and one target position, got {source} x {target}")
    interior = _numbered_by_diagonals(source, target)
    lattice = _numbered_by_diagonals(source + 1, target + 1)
    diagonals = []
    for k in range(source + target - 1):
        first, last = max(0, k - target + 1), min(source - 1, k)
        j = k - first
        diagonals.append(
            Diagonal(
                interior=int(interior[first, j]),
                enter=int(lattice[first, j]),
                leave_target=int(lattice[first, j + 1]),
                leave_source=int(lattice[first + 1, j]),
                blocks=last - first + 1,
            )
        )
    order = torch.argsort(interior.flatten())
    index = [interior, order // target, order % target, lattice]
    return PlaneLayout(source, target, tuple(diagonals), *(tensor.to(device) for tensor in index))
