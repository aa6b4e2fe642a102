"""`GridLSTM1d` and `GridLSTM2d` against torch's LSTMs and the slow reference, in pieces, and what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from reencoder.grid import GridLSTM1d, GridLSTM2d, State
from reencoder.grid.dimension import KINDS
from reencoder.grid.reference import grid_reference
from tests.grids import assert_all_close, double_precision, torch_gates  # noqa: F401

BATCH, D = 3, 5

pytestmark = pytest.mark.usefixtures("double_precision")


def test_plain_prioritized_depth_is_a_stacked_lstm() -> None:
    """Section 3.3's claim, as far as it holds: with the common output form, a depth that has priority (3.2) and carries
    the hidden vector that leaves along time, unchanged."""
    layers, steps = 3, 4
    grid = GridLSTM2d(2, D, layers, untied=True, depth="identity", depth_priority=1, output_form="o_tanhm")
    stacked = nn.LSTM(D, D, layers)
    time, depth = grid.grid.weights
    with torch.no_grad():
        depth.copy_(torch.eye(D, 2 * D).expand_as(depth))  # V = [1 0]: time's output, nothing of the layer below
        grid.grid.biases[1].zero_()
        for layer in range(layers):
            getattr(stacked, f"weight_hh_l{layer}").copy_(torch_gates(time[0, layer, :, :D]))
            getattr(stacked, f"weight_ih_l{layer}").copy_(torch_gates(time[0, layer, :, D:]))
            getattr(stacked, f"bias_ih_l{layer}").copy_(torch_gates(grid.grid.biases[0][0, layer]))
            getattr(stacked, f"bias_hh_l{layer}").zero_()
    words = torch.randn(steps, BATCH, 2)
    states = State(*torch.randn(2, layers, BATCH, D).unbind(0))
    top, final = grid(words, states)
    expected, (hidden, memory) = stacked(grid.project(words).hidden, (states.hidden, states.memory))
    assert_all_close([top.hidden, *final], [expected, hidden, memory])


def test_plain_depth_without_priority_is_not_a_stacked_lstm() -> None:
    """Then the depth carries what *enters* a block along time: a layer sees its lower neighbor one step late."""
    grid = GridLSTM2d(2, D, 2, depth="identity")
    words = torch.randn(3, BATCH, 2, requires_grad=True)
    top, _ = grid(words)
    (gradient,) = torch.autograd.grad(top.hidden[0].sum(), words)
    time, depth = grid.grid.weights
    with torch.no_grad():
        time.zero_()
        depth.copy_(torch.eye(D, 2 * D).expand_as(depth))
    top, _ = grid(words)
    assert gradient.abs().sum() > 0
    assert torch.autograd.grad(top.hidden[0].sum(), words)[0].abs().sum() == 0


@settings(max_examples=25)
@given(
    st.integers(1, 6),
    st.integers(1, 3),
    st.booleans(),
    st.sampled_from(KINDS),
    st.integers(0, 1),
    st.booleans(),
    st.integers(0, 9),
)
def test_time_and_depth_is_the_reference(
    steps: int, layers: int, untied: bool, depth: Any, priority: int, recompute_gates: bool, seed: int
) -> None:
    torch.manual_seed(seed)
    recompute_gates = recompute_gates and depth == "lstm" and priority == 0
    model = GridLSTM2d(
        2, D, layers, untied=untied, depth=depth, depth_priority=priority, recompute_gates=recompute_gates
    )  # fmt: skip
    words, lengths = torch.randn(steps, BATCH, 2), torch.randint(1, steps + 1, (BATCH,))
    states = State(*torch.randn(2, layers, BATCH, D).unbind(0))
    top, final = model(words, states, lengths)
    grid = model.grid
    sides = [states, model.project(words)]
    leaving = grid_reference(
        sides, list(grid.weights), list(grid.biases), grid.dimensions, (steps, layers), lengths=[lengths, None]
    )
    parameters = list(model.parameters())
    mine, expected = [*top, *final], [*leaving[1], *leaving[0]]
    assert_all_close(mine, expected)
    losses = (sum((part * part).sum() for part in parts) for parts in (mine, expected))
    gradients = [torch.autograd.grad(loss, parameters, allow_unused=True) for loss in losses]  # type: ignore[arg-type]
    for one, two in zip(*gradients, strict=True):
        torch.testing.assert_close(one, two)


@pytest.mark.parametrize("depth", ["lstm", "relu"])
def test_a_long_sequence_in_chunks_is_the_whole(depth: Any) -> None:
    model = GridLSTM2d(2, D, 3, depth=depth)
    words = torch.randn(9, BATCH, 2)
    whole, final = model(words)
    states, tops = None, []
    for chunk in words.split([4, 1, 4]):
        top, states = model(chunk, states)
        tops.append(top.hidden)
    assert states is not None
    assert_all_close([torch.cat(tops), *states], [whole.hidden, *final])


def test_dropout_acts_only_in_training() -> None:
    model = GridLSTM2d(2, D, 3, dropout=0.5)
    words = torch.randn(4, BATCH, 2)
    assert not torch.equal(model(words)[0].hidden, model(words)[0].hidden)
    dropped = (model(words)[0].hidden == 0).double().mean()
    assert 0.2 < dropped < 0.8
    model.eval()
    assert torch.equal(model(words)[0].hidden, model(words)[0].hidden)


def test_parameters_start_as_documented() -> None:
    model = GridLSTM2d(2, 40, 3, untied=True, forget_bias=2.0)
    weight, bias = model.grid.weights[0], model.grid.biases[0]
    assert weight.shape == (1, 3, 160, 80)
    assert 0.95 * 1.7 / 80**0.5 < weight.abs().max() <= 1.7 / 80**0.5
    assert torch.equal(bias[..., 40:80], torch.full((1, 3, 40), 2.0))
    assert bias.sum() == 3 * 40 * 2
    assert not list(GridLSTM2d(2, 4, 1, bias=False).grid.biases)
    assert "extents=(None, 3)" in repr(model)


def test_states_may_be_plain_pairs_as_torchs_lstm_takes_them() -> None:
    model, words = GridLSTM2d(2, D, 2), torch.randn(3, BATCH, 2)
    hidden, memory = torch.randn(2, 2, BATCH, D).unbind(0)
    assert_all_close(model(words, (hidden, memory))[0], model(words, State(hidden, memory))[0])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: GridLSTM1d(0, 3, 1), "input size: expected at least 1, got 0"),
        (lambda: GridLSTM1d(2, 0, 1), "hidden size: expected at least 1, got 0"),
        (lambda: GridLSTM2d(2, 3, 2, dropout=1.5), r"dropout: expected a probability in \[0, 1\), got 1.5"),
        (
            lambda: GridLSTM2d(2, 3, 2, depth="relu", recompute_gates=True),
            "recompute_gates: only the fused engine supports it",
        ),
        (lambda: GridLSTM2d(2, 3, 2)(torch.zeros(4, 2)), r"input: expected shape \(time, batch, features\)"),
        (lambda: GridLSTM2d(2, 3, 2)(torch.zeros(4, 1, 3)), "input: expected 2 features"),
    ],
)
def test_wrong_options_and_inputs_are_named(make: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make()
