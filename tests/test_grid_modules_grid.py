"""`GridLSTM` against torch's LSTM cell, and what it refuses."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from torch import nn

from reencoder.grid import Dimension, GridLSTM, State
from tests.grids import assert_all_close, double_precision, torch_gates  # noqa: F401

BATCH, D = 3, 5

pytestmark = pytest.mark.usefixtures("double_precision")


def test_one_dimension_is_torchs_lstm_cell_run_without_input() -> None:
    """Section 3 for N = 1 under the common output form: the layers of a 1-LSTM are the steps of an LSTM cell."""
    grid = GridLSTM(D, [Dimension()], [6], output_form="o_tanhm")
    cell = nn.LSTMCell(1, D)
    with torch.no_grad():
        cell.weight_hh.copy_(torch_gates(grid.weights[0][0]))
        cell.bias_ih.copy_(torch_gates(grid.biases[0][0]))
        cell.bias_hh.zero_()
        cell.weight_ih.zero_()
    start = State(*torch.randn(2, BATCH, D).unbind(0))
    state = start
    for _ in range(6):
        state = State(*cell(torch.zeros(BATCH, 1), (state.hidden, state.memory)))
    (top,) = grid([start])
    assert_all_close(top, state)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GridLSTM(0, [Dimension()], [1]), "hidden size: expected at least 1, got 0"),
        (lambda: GridLSTM(3, [Dimension()], [1], dropout=1.0), "dropout: expected a probability"),
        (lambda: GridLSTM(3, [Dimension()], [1, 2]), "extents: expected one for each of 1 dimensions, got 2"),
        (lambda: GridLSTM(3, [Dimension(untied=True)], [None]), "extents: dimension 0 is untied"),
        (lambda: GridLSTM(3, [Dimension()], [0]), "extents: expected at least 1 along dimension 0, got 0"),
        (lambda: GridLSTM(3, [Dimension()], [1], output_form=cast(Any, "tanh")), "output form: expected one of"),
        (lambda: GridLSTM(3, [Dimension()], [1], engine=cast(Any, "fast")), "engine: expected one of"),
        (
            lambda: GridLSTM(3, [Dimension()], [1], engine="general", recompute_gates=True),
            "only the fused engine supports it",
        ),
    ],
)
def test_wrong_options_are_named(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        ([None, None], "sides: expected at least one"),
        ([None], "sides: expected one .* for each of 2"),
        ([State(*torch.zeros(2, 2, 1, 3).unbind(0)), None], "given ones do not determine the extent of dimension 0"),
        ([State(*torch.zeros(2, 3, 1, 3).unbind(0))] * 2, "hidden vectors of side 0: expected shape"),
    ],
)
def test_wrong_inputs_are_named(sides: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GridLSTM(3, [Dimension()] * 2, [None, 2])(sides)
