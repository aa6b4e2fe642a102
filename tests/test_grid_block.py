"""The block against the paper's equations and torch's LSTM."""

from __future__ import annotations

import math

import pytest
import torch

from reencoder.grid.block import State, grid_block, lstm_transform
from reencoder.grid.dimension import Dimension

BATCH, D = 3, 4


def test_block_is_the_papers_equations() -> None:
    """Sections 2.1 and 3.1 spelled out element by element for two dimensions with unequal weights."""
    torch.manual_seed(0)
    states = [State(*torch.randn(2, 1, D, dtype=torch.float64).unbind(0)) for _ in range(2)]
    weights = [torch.randn(4 * D, 2 * D, dtype=torch.float64) for _ in range(2)]
    out = grid_block(states, [Dimension(), Dimension()], lambda n, hidden: hidden @ weights[n].t())
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


def test_prioritized_dimension_reads_the_others_outputs() -> None:
    """Section 3.2 for three dimensions, the first one prioritized, the last one plain (3.3)."""
    torch.manual_seed(0)
    states = [State(*torch.randn(2, BATCH, D, dtype=torch.float64).unbind(0)) for _ in range(2)]
    states.append(State(torch.randn(BATCH, D, dtype=torch.float64), torch.empty(BATCH, 0, dtype=torch.float64)))
    weights = [torch.randn(rows, 3 * D, dtype=torch.float64) for rows in (4 * D, 4 * D, D)]
    first, second, third = grid_block(
        states, [Dimension(priority=1), Dimension(), Dimension("relu")], lambda n, hidden: hidden @ weights[n].t()
    )
    big_h = torch.cat([state.hidden for state in states], dim=1)
    expected_second = lstm_transform(big_h @ weights[1].t(), states[1].memory)
    expected_third = (big_h @ weights[2].t()).clamp(min=0)
    big_h = torch.cat([states[0].hidden, expected_second.hidden, expected_third], dim=1)
    expected_first = lstm_transform(big_h @ weights[0].t(), states[0].memory)
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
    mine = lstm_transform(torch.cat([x, h], dim=1) @ weight.t() + bias, c, "o_tanhm")
    torch.testing.assert_close(tuple(mine), tuple(cell(x, (h, c))))


def test_map_applies_to_hidden_and_memory() -> None:
    hidden, memory = State(torch.tensor([1.0, 2.0]), torch.tensor([3.0])).map(lambda part: part * 2)
    assert (hidden.tolist(), memory.tolist()) == ([2.0, 4.0], [6.0])
