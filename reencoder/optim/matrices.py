"""Marks on parameters: which of them are matrices inside a network, between what reads symbols and what predicts them.

An optimizer is given parameters without names; fairseq's own composite optimizer, too, reads marks on them.
"""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn


def mark_hidden_matrices(parameters: Iterable[nn.Parameter]) -> None:
    """Mark parameters that are matrices, or stacks of them: shape (..., rows, columns)."""
    for parameter in parameters:
        parameter.hidden_matrix = True  # type: ignore[attr-defined]


def is_hidden_matrix(parameter: nn.Parameter) -> bool:
    """Whether `mark_hidden_matrices` has marked it."""
    return getattr(parameter, "hidden_matrix", False)
