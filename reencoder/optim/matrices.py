"""Marks on parameters that are matrices inside a network, between its input and output layers.

Optimizers get parameters without names, so the models mark them; fairseq's composite optimizer reads marks as well.
"""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn


def mark_hidden_matrices(parameters: Iterable[nn.Parameter]) -> None:
    """Mark parameters that are matrices, or stacks of them: shape (..., rows, columns)."""
    for parameter in parameters:
        parameter.hidden_matrix = True  # type: ignore[attr-defined]


def is_hidden_matrix(parameter: nn.Parameter) -> bool:
    """True if `mark_hidden_matrices` has marked the parameter."""
    return getattr(parameter, "hidden_matrix", False)
