"""Options of the modules: what is refused, and what follows from them."""

from __future__ import annotations

from typing import Any

import pytest

from reencoder.grid import BlockOptions, PlaneStackOptions
from reencoder.grid.modules.options import alternating_scans

TWO_SCANS = ((False, False), (True, True))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_size": 0}, "^hidden size: expected at least 1, got 0"),
        ({"dropout": 1.0}, "^dropout: expected a probability"),
        ({"dropout": -0.1}, "^dropout: expected a probability"),
        ({"output_form": "tanh"}, "^output form: expected one of tanh_om, o_tanhm, got 'tanh'"),
        ({"init_scale": 0.0}, "^init scale: expected above 0"),
        ({"init_scale": float("inf")}, "^init scale: expected above 0"),
        ({"init_scale": float("nan")}, "^init scale: expected above 0"),
        ({"forget_bias": float("nan")}, "^forget bias: expected a finite number, got nan"),
        ({"forget_bias": float("-inf")}, "^forget bias: expected a finite number, got -inf"),
    ],
)
def test_wrong_options_of_blocks_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        BlockOptions(**{"hidden_size": 3, **options})
    with pytest.raises(ValueError, match=message):
        PlaneStackOptions(**{"hidden_size": 3, "scans": TWO_SCANS, **options})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scans": ()}, "^scans: expected a pair of booleans for each of at least 1 layer"),
        ({"scans": ((True, False, True),)}, "^scans: expected a pair of booleans"),
        ({"depth": "gru"}, "^kind of a dimension: expected one of lstm, .* got 'gru'"),
        ({"depth_priority": 2}, "^depth priority: expected 0 or 1, got 2"),
        ({"depth_dropout": 1.5}, r"^depth dropout: expected a probability in \[0, 1\), got 1.5"),
        ({"depth": "relu", "depth_input": False}, "^untied: layers that share weights need depth_input"),
        ({"depth_output": False}, "^untied: layers that share weights need depth_input"),
        ({"scans": ((True, False),), "continued": (True, False)}, "^continued: .* there is only one layer"),
        ({"untied": True, "depth_input": False}, "^depth: LSTM cells need the memories of a depth_input"),
    ],
)
def test_wrong_options_of_stacks_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PlaneStackOptions(**{"hidden_size": 3, "scans": TWO_SCANS, **options})


def test_scans_take_turns() -> None:
    assert alternating_scans(5, TWO_SCANS) == (TWO_SCANS * 3)[:5]
    with pytest.raises(ValueError, match=r"^layers: expected at least 1, got 0"):
        alternating_scans(0, TWO_SCANS)


def test_layers_are_counted_by_their_scans() -> None:
    options = PlaneStackOptions(hidden_size=3, scans=TWO_SCANS, depth="relu", depth_priority=1)
    assert options.layers == 2
    assert (options.depth_dimension.kind, options.depth_dimension.priority) == ("relu", 1)


def test_a_forget_bias_has_no_effect_without_biases() -> None:
    assert BlockOptions(hidden_size=3, bias=False, forget_bias=2.0).forget_bias == 2.0
