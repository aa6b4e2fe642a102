"""Options of dimensions, and what follows from them."""

from __future__ import annotations

import pytest

from reencoder.grid.dimension import Dimension, priority_levels, weight_positions


def test_a_wrong_kind_of_dimension_is_named() -> None:
    with pytest.raises(ValueError, match=r"kind of a dimension: expected one of lstm, .*, got 'gru'"):
        Dimension("gru")  # type: ignore[arg-type]


def test_dimensions_of_higher_priority_come_later() -> None:
    dimensions = [Dimension(priority=2), Dimension(), Dimension(priority=1), Dimension()]
    assert priority_levels(dimensions) == [[1, 3], [2], [0]]


def test_untied_dimensions_have_weights_at_every_position() -> None:
    assert weight_positions([Dimension(untied=True), Dimension(), Dimension("relu", untied=True)], (4, 5, 6)) == (
        4,
        1,
        6,
    )


def test_dimensions_without_cells_have_no_gates_and_no_memory() -> None:
    assert [Dimension(kind).outputs(5) for kind in ("lstm", "identity", "tanh", "relu")] == [20, 5, 5, 5]  # type: ignore[arg-type]
    assert [Dimension(kind).has_memory for kind in ("lstm", "relu")] == [True, False]  # type: ignore[arg-type]
