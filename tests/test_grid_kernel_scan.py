"""The layout of grids, the order of scans, and which blocks are padding."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reencoder.grid.kernel.scan import Move, flip_to_scan, grid_layout, real_blocks, rescan_index, scan_index
from tests.grids import block_positions

SCANS = [(first, second) for first in (False, True) for second in (False, True)]
EXTENTS = st.tuples(st.integers(1, 5), st.integers(1, 5))


@pytest.mark.parametrize("extents", [(0, 3), (), (2, 2, 2)])
def test_layout_refuses_what_it_cannot_lay_out(extents: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="one or two extents of at least 1"):
        grid_layout(extents) if extents else grid_layout((0,))


@pytest.mark.parametrize("extents", [(1, 1), (1, 4), (4, 1), (2, 2), (3, 5), (5, 3), (5,), (1,)])
def test_layout_keeps_its_promises(extents: tuple[int, ...]) -> None:
    """Every state goes where the block that reads it, or its side, expects it."""
    layout = grid_layout(extents)
    blocks = [tuple(block) for block in layout.coordinates.t().tolist()]
    number = {block: n for n, block in enumerate(blocks)}
    assert len(number) == layout.blocks == math.prod(extents)
    assert all(layout.order[block] == n for block, n in number.items())
    assert torch.equal(layout.order.flatten()[layout.row_major], torch.arange(layout.blocks))
    lines = [layout.blocks // extent for extent in extents]
    assert [(points.start, points.stop) for points in layout.leaving] == [
        (layout.blocks, layout.blocks + count) for count in lines
    ]
    assert layout.points == layout.blocks + max(lines)

    def point(block: tuple[int, ...], n: int) -> int:
        behind = (*block[:n], block[n] + 1, *block[n + 1 :])
        return number[behind] if behind in number else layout.blocks + sum(p for m, p in enumerate(block) if m != n)

    seen = 0
    for k, front in enumerate(layout.fronts):
        assert front.start == seen
        inside = blocks[front.start : front.start + front.blocks]
        assert all(sum(block) == k for block in inside)
        assert front.first == inside[0]
        for n, moves in enumerate(front.moves):
            went = {move.block + m: move.point + m for move in moves for m in range(move.blocks)}
            assert went == {m: point(block, n) for m, block in enumerate(inside)}
            assert layout.outputs[n, front.start : front.start + front.blocks].tolist() == list(went.values())
            entries = [m for m, block in enumerate(inside) if block[n] == 0]
            assert entries == ([front.entries[n]] if front.entries[n] >= 0 else [])
        seen += front.blocks
    assert seen == layout.blocks


def test_layout_of_the_documented_grid() -> None:
    """The 2 x 3 grid that the module's docstring draws."""
    layout = grid_layout((2, 3))
    assert layout.order.tolist() == [[0, 1, 3], [2, 4, 5]]
    assert [range(front.start, front.start + front.blocks) for front in layout.fronts] == [
        range(0, 1), range(1, 3), range(3, 5), range(5, 6),
    ]  # fmt: skip
    assert layout.leaving == (slice(6, 9), slice(6, 8))
    assert layout.points == 9
    assert layout.outputs.tolist() == [[2, 4, 6, 5, 7, 8], [1, 3, 4, 6, 5, 7]]
    assert layout.fronts[1].moves == ((Move(0, 4, 1), Move(1, 6, 1)), (Move(0, 3, 2),))
    assert layout.fronts[1].entries == (0, 1)
    assert [points.tolist() for points in layout.entering] == [[0, 1, 3], [0, 2]]


@given(EXTENTS, st.sampled_from(SCANS))
def test_scan_index_is_the_order_of_the_fronts(extents: tuple[int, int], scan: tuple[bool, bool]) -> None:
    positions, blocks = scan_index(extents, scan)
    assert positions.tolist() == [i * extents[1] + j for i, j in block_positions(extents, scan)]
    assert torch.equal(positions[blocks], torch.arange(extents[0] * extents[1]))


@given(EXTENTS, st.sampled_from(SCANS), st.sampled_from(SCANS))
def test_rescan_index_leads_from_one_scan_to_the_next(
    extents: tuple[int, int], scan: tuple[bool, bool], next_scan: tuple[bool, bool]
) -> None:
    index = rescan_index(extents, scan, next_scan)
    order = block_positions(extents, scan)
    assert [order[block] for block in index.tolist()] == block_positions(extents, next_scan)


def test_sides_and_weights_are_flipped_along_the_reversed_axes_that_have_a_length() -> None:
    tensor = torch.arange(6).view(2, 3)
    assert flip_to_scan(tensor, [True, False]).tolist() == [[3, 4, 5], [0, 1, 2]]
    assert flip_to_scan(tensor, [True, True]).tolist() == [[5, 4, 3], [2, 1, 0]]
    shared = tensor[:1]
    assert flip_to_scan(shared, [True, False]) is shared


@given(EXTENTS, st.sampled_from(SCANS), st.data())
def test_real_blocks_lie_within_all_lengths(
    extents: tuple[int, int], scan: tuple[bool, bool], data: st.DataObject
) -> None:
    lengths = [data.draw(st.lists(st.integers(0, extent), min_size=3, max_size=3)) for extent in extents]
    coordinates = grid_layout(extents).coordinates
    real = real_blocks(coordinates, extents, scan, [torch.tensor(length) for length in lengths])
    assert real is not None
    expected = [[i < lengths[0][b] and j < lengths[1][b] for b in range(3)] for i, j in block_positions(extents, scan)]
    assert real.tolist() == expected
    first = real_blocks(coordinates, extents, scan, [torch.tensor(lengths[0]), None])
    assert first is not None
    assert first.tolist() == [[i < lengths[0][b] for b in range(3)] for i, _ in block_positions(extents, scan)]
    assert real_blocks(coordinates, extents, scan, [None, None]) is None
