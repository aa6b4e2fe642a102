"""Words on their way into the grid: vectors, the states that they become, and padding."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from fairseq.data import Dictionary
from torch import Tensor, nn
from torch.nn import functional

from ..grid import State
from ..optim.matrices import mark_hidden_matrices


class WordStates(nn.Module):
    """Word vectors, and the pair (hidden, memory) that each becomes where it enters a layer.

    Args:
        dictionary: the words.
        hidden_size: d.
        layers: indices of the layers that the words enter.
        embed_dim: size of the word vectors; 0: a vector is the pair itself, the same for all layers.
        embed_std: initial standard deviation of the vectors.
        embed_scale: a vector is this times a row of `embed_tokens`. Steps whose size does not depend on that of the
            gradients, such as Adam's, move the vectors by this times as much.
        init_scale: the projections of vectors to pairs start uniform within +-`init_scale / sqrt(embed_dim)`.
        dropout: dropout of the elements of the vectors, in training.
        word_dropout: probability of replacing a word by the unknown word, in training.
    """

    def __init__(
        self,
        dictionary: Dictionary,
        *,
        hidden_size: int,
        layers: Sequence[int],
        embed_dim: int,
        embed_std: float,
        embed_scale: float,
        init_scale: float,
        dropout: float = 0.0,
        word_dropout: float = 0.0,
    ) -> None:
        super().__init__()
        self.layers = tuple(layers)
        self.dropout, self.word_dropout = dropout, word_dropout
        self.embed_scale = embed_scale
        self.unknown, self.first_word = dictionary.unk(), dictionary.nspecial
        width = 2 * hidden_size
        self.embed_tokens = nn.Embedding(len(dictionary), embed_dim or width, padding_idx=dictionary.pad())
        nn.init.normal_(self.embed_tokens.weight, std=embed_std / embed_scale)
        nn.init.zeros_(self.embed_tokens.weight[dictionary.pad()])
        self.projections = nn.ModuleDict()
        if embed_dim:
            bound = init_scale / embed_dim**0.5
            for layer in self.layers:
                projection = nn.Linear(embed_dim, width, bias=False)
                nn.init.uniform_(projection.weight, -bound, bound)
                # Adam's steps are as large as those of word vectors, but add up over the width: the states would grow
                # until they saturate the gates.
                mark_hidden_matrices(projection.parameters())
                self.projections[str(layer)] = projection

    @property
    def size(self) -> int:
        """Size of the word vectors."""
        return self.embed_tokens.embedding_dim

    def vectors(self, tokens: Tensor) -> Tensor:
        """Look up words.

        Args:
            tokens: shape (batch, positions).

        Returns:
            Their vectors, shape (positions, batch, e), after dropout of whole words and of elements.
        """
        tokens = tokens.t()
        if self.training and self.word_dropout > 0.0:
            dropped = torch.rand(tokens.shape, device=tokens.device) < self.word_dropout
            tokens = tokens.masked_fill(dropped & (tokens >= self.first_word), self.unknown)
        vectors = self.embed_tokens(tokens)
        if self.embed_scale != 1.0:
            vectors = vectors * self.embed_scale
        return functional.dropout(vectors, self.dropout, self.training)

    def forward(self, vectors: Tensor) -> dict[int, State]:
        """The states that words become.

        Args:
            vectors: what `vectors` returned, shape (positions, batch, e).

        Returns:
            For each layer that the words enter, their states, shape (positions, batch, d).
        """
        if not self.projections:
            shared = State(*vectors.chunk(2, dim=-1))
            return dict.fromkeys(self.layers, shared)
        return {layer: State(*self.projections[str(layer)](vectors).chunk(2, dim=-1)) for layer in self.layers}


def pad_on_the_right(tokens: Tensor, pad: int) -> tuple[Tensor, Tensor]:
    """Move padding from the left of each sentence to its right.

    Args:
        tokens: shape (batch, length), padded on either side.
        pad: index of the padding symbol.

    Returns:
        The tokens, shape (batch, length), and the number of padding symbols that were on the left, shape (batch,).
    """
    left = tokens.eq(pad).long().cumprod(dim=1).sum(dim=1)
    positions = torch.arange(tokens.size(1), device=tokens.device)
    index = (positions + left[:, None]) % tokens.size(1)
    return tokens.gather(1, index), left


def restore_padding(features: Tensor, left: Tensor) -> Tensor:
    """Undo `pad_on_the_right` for what was computed of the tokens.

    Args:
        features: shape (batch, length, width).
        left: number of padding symbols on the left, shape (batch,).

    Returns:
        The features, each at the position where its token was; shape (batch, length, width).
    """
    length = features.size(1)
    index = (torch.arange(length, device=features.device) - left[:, None]) % length
    return features.gather(1, index.unsqueeze(-1).expand_as(features))
