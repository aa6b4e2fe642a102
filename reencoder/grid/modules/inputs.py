"""How data points enter a grid."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..block import State


class InputProjection(nn.Module):
    """Brings data points into a grid, as the pair (hidden, memory) that enters along one dimension.

    Args:
        input_size: width of a data point.
        hidden_size: d.
        has_memory: True if the dimension along which they enter has cells.
        dropout: probability of dropping an element of the hidden vectors, in training.

    Raises:
        ValueError: the input size is below 1.
    """

    def __init__(self, input_size: int, hidden_size: int, has_memory: bool = True, dropout: float = 0.0) -> None:
        super().__init__()
        if input_size < 1:
            raise ValueError(f"input size: expected at least 1, got {input_size}")
        self.hidden_size, self.dropout = hidden_size, dropout
        self.linear = nn.Linear(input_size, hidden_size * (2 if has_memory else 1))

    def forward(self, input: Tensor) -> State:
        """Project an input of shape (..., input size).

        Returns:
            Hidden and memory of shape (..., d), memory of width 0 without cells.

        Raises:
            ValueError: the input has another width.
        """
        if input.size(-1) != self.linear.in_features:
            raise ValueError(f"input: expected {self.linear.in_features} features, got shape {tuple(input.shape)}")
        projected = self.linear(input)
        hidden, memory = projected[..., : self.hidden_size], projected[..., self.hidden_size :]
        if memory.dtype in (torch.bfloat16, torch.float16) and self.linear.weight.dtype == torch.float32:
            memory = memory.float()  # under autocast, memories stay in single precision
        return State(F.dropout(hidden, self.dropout, self.training), memory)
