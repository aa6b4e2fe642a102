"""Marks on parameters that are matrices inside a network, between its input and output layers.

Optimizers get parameters without names, so the models mark them; fairseq's composite optimizer reads marks as well.
"""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn


def mark_hidden_matrices(parameters: Iterable[nn.Parameter], rows: int | None = None) -> None:
    """Mark parameters that are matrices, or stacks of them.

    Args:
        parameters: shape (..., height, columns).
        rows: a matrix consists of independent parts of this many rows, such as the gates of an LSTM transform.
            Default: one part
    """
    for parameter in parameters:
        parameter.hidden_matrix_rows = rows or parameter.size(-2)  # type: ignore[attr-defined]


def hidden_matrix_rows(parameter: nn.Parameter) -> int | None:
    """Height of the parts of a parameter that `mark_hidden_matrices` has marked, None for any other."""
    return getattr(parameter, "hidden_matrix_rows", None)
