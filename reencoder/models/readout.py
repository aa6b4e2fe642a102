"""From the states of a grid to logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..grid import State


class Readout(nn.Module):
    """The layer that the softmax reads.

    Args:
        hidden_size: d.
        classes: number of classes to predict.
        reads_memory: read [hidden; memory] instead of hidden alone.
        embedding: use its vectors as the weights of the output layer, after a projection if their size differs from
            what is read. Default: weights of its own
    """

    def __init__(
        self, hidden_size: int, classes: int, reads_memory: bool, embedding: nn.Embedding | None = None
    ) -> None:
        super().__init__()
        self.reads_memory = reads_memory
        width = hidden_size * (2 if reads_memory else 1)
        self.project: nn.Linear | None = None
        self.scale = 1.0
        if embedding is not None:
            if embedding.embedding_dim != width:
                self.project = nn.Linear(width, embedding.embedding_dim, bias=False)
            width = embedding.embedding_dim
            # Word vectors of unit variance would give logits of standard deviation sqrt(width).
            self.scale = width**-0.5
        self.output = nn.Linear(width, classes)
        if embedding is not None:
            self.output.weight = embedding.weight

    def features(self, state: State) -> Tensor:
        """What is read of states of shape (..., d): shape (..., d or 2 * d)."""
        return torch.cat(state, dim=-1) if self.reads_memory else state.hidden

    def logits(self, features: Tensor) -> Tensor:
        """Logits of shape (..., classes) for features of shape (..., d or 2 * d)."""
        if self.project is not None:
            features = self.project(features)
        logits: Tensor = self.output(features * self.scale if self.scale != 1.0 else features)
        return logits

    def forward(self, state: State) -> Tensor:
        """Logits of shape (..., classes) for states of shape (..., d)."""
        return self.logits(self.features(state))
