"""The layers from states or features to logits."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ..grid import State


class StateLogits(nn.Module):
    """The linear layer from the states that leave the top of a grid to the logits.

    Args:
        hidden_size: d.
        classes: number of classes to predict.
        reads_memory: read [hidden; memory] instead of hidden alone.
    """

    def __init__(self, hidden_size: int, classes: int, reads_memory: bool) -> None:
        super().__init__()
        self.reads_memory = reads_memory
        self.output = nn.Linear(hidden_size * (2 if reads_memory else 1), classes)

    def forward(self, state: State) -> Tensor:
        """Logits of shape (..., classes) for states of shape (..., d)."""
        logits: Tensor = self.output(torch.cat(state, dim=-1) if self.reads_memory else state.hidden)
        return logits


class OutputLayer(nn.Module):
    """From features to the logits of words, with the word vectors as weights if they are shared.

    Args:
        features: number of features.
        words: number of words to predict.
        embedding: use its vectors as the weights, after a projection if their size differs from the number of features.
            Default: weights of its own
        embed_scale: by what the rows of `embedding` are multiplied to give word vectors.
    """

    def __init__(
        self, features: int, words: int, embedding: nn.Embedding | None = None, embed_scale: float = 1.0
    ) -> None:
        super().__init__()
        self.project: nn.Linear | None = None
        self.scale = 1.0
        if embedding is not None:
            if embedding.embedding_dim != features:
                self.project = nn.Linear(features, embedding.embedding_dim, bias=False)
            features = embedding.embedding_dim
            # Word vectors of unit variance would give logits of standard deviation sqrt(features).
            self.scale = embed_scale * features**-0.5
        self.output = nn.Linear(features, words)
        nn.init.zeros_(self.output.bias)
        if embedding is not None:
            self.output.weight = embedding.weight

    def forward(self, features: Tensor) -> Tensor:
        """Logits of shape (..., words) for features of shape (..., features)."""
        if self.project is not None:
            features = self.project(features)
        logits: Tensor = self.output(features * self.scale if self.scale != 1.0 else features)
        return logits
