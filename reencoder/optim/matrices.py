"""Marks on parameters that are matrices inside a network, between its input and output layers.

Optimizers get parameters without names, so the models mark them. fairseq's own models do not; `mark_layers` does it.
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


def mark_layers(model: nn.Module, vocabulary: int) -> None:
    """Mark the matrices of the linear layers and LSTMs of a model that marks none itself, such as fairseq's own.

    Args:
        model: the model; one with marks stays as it is.
        vocabulary: number of words: a layer with as many outputs is the output layer, which is not marked.
    """
    if any(hidden_matrix_rows(parameter) is not None for parameter in model.parameters()):
        return
    for module in model.modules():
        matrices = [parameter for parameter in module.parameters(recurse=False) if parameter.dim() == 2]
        if isinstance(module, (nn.LSTM, nn.LSTMCell)):
            gates = [matrix for matrix in matrices if len(matrix) == 4 * module.hidden_size]
            mark_hidden_matrices(gates, module.hidden_size)
        elif isinstance(module, nn.Linear) and module.out_features != vocabulary:
            mark_hidden_matrices(matrices)


def hidden_matrix_rows(parameter: nn.Parameter) -> int | None:
    """Height of the parts of a parameter that `mark_hidden_matrices` has marked, None for any other."""
    return getattr(parameter, "hidden_matrix_rows", None)
