"""The block against the paper's equations and torch's LSTM; the layout; dropout masks."""

from __future__ import annotations

import math

import pytest
import torch

from reencoder.grid.block import State, grid_block, lstm_transform
from reencoder.grid.dimension import Dimension
from reencoder.grid.dropout import dropout_mask
from reencoder.grid.layout import grid_layout

BATCH, D = 3, 4


def test_block_is_the_papers_equations() -> None:
    """Sections 2.1 and 3.1 spelled out element by element for two dimensions with unequal weights."""
    torch.manual_seed(0)
    states = [State(*torch.randn(2, 1, D, dtype=torch.float64).unbind(0)) for _ in range(2)]
    weights = [torch.randn(4 * D, 2 * D, dtype=torch.float64) for _ in range(2)]
    out = grid_block(states, weights, [None, None], [Dimension(), Dimension()])
    big_h = [*states[0].hidden[0].tolist(), *states[1].hidden[0].tolist()]
    for n in range(2):
        for k in range(D):
            dots = [
                sum(w * h for w, h in zip(weights[n][gate * D + k].tolist(), big_h, strict=True)) for gate in range(4)
            ]
            u, f, o = (1 / (1 + math.exp(-dot)) for dot in dots[:3])
            memory = f * states[n].memory[0, k].item() + u * math.tanh(dots[3])
            assert out[n].memory[0, k].item() == pytest.approx(memory, rel=1e-12)
            assert out[n].hidden[0, k].item() == pytest.approx(math.tanh(o * memory), rel=1e-12)


def test_prioritised_dimension_reads_the_others_outputs() -> None:
    """Section 3.2 for three dimensions, the first one prioritised, the last one plain (3.3)."""
    torch.manual_seed(0)
    states = [State(*torch.randn(2, BATCH, D, dtype=torch.float64).unbind(0)) for _ in range(2)]
    states.append(State(torch.randn(BATCH, D, dtype=torch.float64), torch.empty(BATCH, 0, dtype=torch.float64)))
    weights = [torch.randn(rows, 3 * D, dtype=torch.float64) for rows in (4 * D, 4 * D, D)]
    first, second, third = grid_block(
        states, weights, [None] * 3, [Dimension(priority=1), Dimension(), Dimension("relu")]
    )
    big_h = torch.cat([state.hidden for state in states], dim=1)
    expected_second = lstm_transform(big_h, states[1].memory, weights[1])
    expected_third = (big_h @ weights[2].t()).clamp(min=0)
    big_h = torch.cat([states[0].hidden, expected_second.hidden, expected_third], dim=1)
    expected_first = lstm_transform(big_h, states[0].memory, weights[0])
    torch.testing.assert_close(second, expected_second)
    torch.testing.assert_close(third.hidden, expected_third)
    torch.testing.assert_close(first, expected_first)


def test_common_output_form_is_torchs_lstm_cell() -> None:
    torch.manual_seed(0)
    cell = torch.nn.LSTMCell(D, D, dtype=torch.float64)
    x, h, c = torch.randn(3, BATCH, D, dtype=torch.float64).unbind(0)
    # torch orders the gates i, f, g, o; here they are u (= i), f, o, c (= g)
    order = [0, 1, 3, 2]
    weight = torch.cat([cell.weight_ih, cell.weight_hh], dim=1).view(4, D, 2 * D)[order].reshape(4 * D, 2 * D)
    bias = (cell.bias_ih + cell.bias_hh).view(4, D)[order].reshape(-1)
    mine = lstm_transform(torch.cat([x, h], dim=1), c, weight, bias, "o_tanhm")
    torch.testing.assert_close(tuple(mine), tuple(cell(x, (h, c))))


def test_a_wrong_kind_of_dimension_is_named() -> None:
    with pytest.raises(ValueError, match=r"kind of a dimension: expected one of lstm, .*, got 'gru'"):
        Dimension("gru")  # type: ignore[arg-type]


@pytest.mark.parametrize("extents", [(0, 3), (), (2, 2, 2)])
def test_layout_refuses_what_it_cannot_lay_out(extents: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="one or two extents of at least 1"):
        grid_layout(extents) if extents else grid_layout((0,))


@pytest.mark.parametrize("extents", [(1, 1), (1, 4), (4, 1), (2, 2), (3, 5), (5, 3), (5,), (1,)])
def test_layout_keeps_its_promises(extents: tuple[int, ...]) -> None:
    """Every state goes where the block that reads it, or its side, expects it."""
    layout = grid_layout(extents)
    blocks = [tuple(column) for column in layout.coordinates.t().tolist()]
    number = {block: n for n, block in enumerate(blocks)}
    assert len(number) == layout.blocks == math.prod(extents)
    assert all(layout.order[block] == n for block, n in number.items())
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


@pytest.mark.parametrize("probability", [0.0, 0.1, 0.5, 0.9])
def test_dropout_mask_drops_and_scales(probability: float) -> None:
    torch.manual_seed(0)
    mask = dropout_mask((300, 7, 101), probability, torch.zeros(1))
    dropped = (mask == 0).float().mean().item()
    deviation = math.sqrt(probability * (1 - probability) / mask.numel())
    assert dropped == pytest.approx(probability, abs=5 * deviation + 1e-12)
    kept = mask[mask != 0]
    torch.testing.assert_close(kept, torch.full_like(kept, 1 / (1 - probability)), rtol=1e-4, atol=0)
