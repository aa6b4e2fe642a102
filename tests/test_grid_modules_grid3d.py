"""`GridLSTM3d` against the slow reference, under autocast, and what it refuses."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from reencoder.grid import GridLSTM3d, State
from reencoder.grid.dimension import KINDS
from reencoder.grid.modules.grid3d import CORNER_SCANS
from tests.grids import assert_all_close, double_precision, stack_reference  # noqa: F401

BATCH, D = 3, 5

pytestmark = pytest.mark.usefixtures("double_precision")


@settings(max_examples=25)
@given(
    st.tuples(st.integers(1, 4), st.integers(1, 4)),
    st.integers(1, 3),
    st.sampled_from(KINDS),
    st.tuples(st.booleans(), st.integers(0, 1), st.booleans(), st.booleans()),
    st.integers(0, 9),
)
def test_planes_are_the_reference(
    extents: tuple[int, int], layers: int, depth: Any, options: tuple[bool, int, bool, bool], seed: int
) -> None:
    untied, priority, recompute_gates, padded = options
    torch.manual_seed(seed)
    model = GridLSTM3d(
        2, D, layers, untied=untied, depth=depth, depth_priority=priority, recompute_gates=recompute_gates
    )  # fmt: skip
    picture = torch.randn(*extents, BATCH, 2)
    states = [
        cast(
            tuple[State, State],
            tuple(State(*torch.randn(2, extent, BATCH, D).unbind(0)) for extent in reversed(extents)),
        )
        for _ in range(layers)
    ]
    lengths = tuple(torch.randint(1, extent + 1, (BATCH,)) if padded else None for extent in extents)
    top, leaving = model(picture, states, lengths)
    assert model.stack.options.scans == CORNER_SCANS[:layers]
    expected_leaving, expected_top = stack_reference(model.stack, states, model.project(picture), cast(Any, lengths))
    mine = [*top, *(part for pair in leaving for state in pair for part in state)]
    expected = [*expected_top, *(part for pair in expected_leaving for state in pair for part in state)]
    assert_all_close(mine, expected)
    losses = (sum((part * part).sum() for part in parts) for parts in (mine, expected))
    gradients = [torch.autograd.grad(loss, list(model.parameters())) for loss in losses]  # type: ignore[arg-type]
    for one, two in zip(*gradients, strict=True):
        torch.testing.assert_close(one, two)


def test_autocast_keeps_memories_of_planes_in_single_precision() -> None:
    torch.set_default_dtype(torch.float32)
    model, picture = GridLSTM3d(2, 16, 3), torch.randn(4, 5, BATCH, 2)
    exact, _ = model(picture)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        top, states = model(picture)
    assert top.memory.dtype == states[0][0].memory.dtype == torch.float32
    # bfloat16 rounds by up to 2 ** -8 = 0.004; the error was at most 0.0053 with 300 other weights and inputs
    assert ((top.memory - exact.memory).norm() / exact.memory.norm()).item() < 0.04


def test_states_default_to_zeros() -> None:
    model, picture = GridLSTM3d(2, D, 2), torch.randn(3, 4, BATCH, 2)
    zeros = tuple(State(*torch.zeros(2, extent, BATCH, D)) for extent in (4, 3))
    assert_all_close(model(picture)[0], model(picture, [zeros, zeros])[0])


def test_dropout_acts_only_in_training_and_on_the_depth_too() -> None:
    model, picture = GridLSTM3d(2, 40, 2, dropout=0.5), torch.randn(3, 4, BATCH, 2)
    top, leaving = model(picture)
    for hidden in (top.hidden, *(state.hidden for pair in leaving for state in pair)):
        assert 0.3 < (hidden == 0).double().mean() < 0.7
    model.eval()
    assert torch.equal(model(picture)[0].hidden, model(picture)[0].hidden)
    assert (model(picture)[0].hidden != 0).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layers": 0}, "layers: expected at least 1, got 0"),
        ({"scans": [(True, True)]}, "scans: expected one for each of 2 layers, got 1"),
        ({"scans": [(True,), (False, True)]}, "scans: expected a pair of booleans"),
        ({"dropout": 1.5}, r"^dropout: expected a probability in \[0, 1\), got 1.5"),
        ({"output_form": "nonsense"}, "output form: expected one of tanh_om, o_tanhm, got 'nonsense'"),
        ({"hidden_size": 0}, "hidden size: expected at least 1, got 0"),
        ({"input_size": 0}, "input size: expected at least 1, got 0"),
        ({"depth": "gru"}, "kind of a dimension: expected one of lstm, .*, got 'gru'"),
        ({"depth_priority": 2}, "depth priority: expected 0 or 1, got 2"),
        ({"init_scale": 0.0}, "init scale: expected above 0"),
    ],
)
def test_wrong_options_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GridLSTM3d(**{"input_size": 2, "hidden_size": 3, "layers": 2, **options})


@pytest.mark.parametrize(
    ("shape", "states", "message"),
    [
        ((4, 1, 2), None, r"input: expected shape \(A, B, batch, features\)"),
        ((0, 1, 2, 2), None, r"input: expected shape \(A, B, batch, features\)"),
        ((4, 1, 2, 3), None, "input: expected 2 features"),
        ((4, 1, 2, 2), [(None, None)], "states: expected a pair for each of 2 layers, got 1"),
        ((4, 1, 2, 2), [(State(*torch.zeros(2, 4, 2, 3)), None)] * 2, "hidden vectors of side 0: expected shape"),
    ],
)
def test_wrong_inputs_are_named(shape: tuple[int, ...], states: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GridLSTM3d(2, 3, 2)(torch.zeros(shape), states)
