"""The Reencoder as the paper describes it (section 4.4), one sentence pair and one block at a time.

It is written from the paper's equations, in plain torch, and uses nothing of `reencoder.grid` or `reencoder.models`:
the oracle of the whole model. It reads parameters by the names they have in a checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

Pair = tuple[Tensor, Tensor]
Mask = Callable[[int, int, int], tuple[Tensor, Tensor]]
"""Dropout factors of a block, (layer, source position, target position) to those of its two leaving hidden vectors."""


@dataclass
class SlowReencoder:
    """A Reencoder in evaluation mode, or in training mode with given dropout factors.

    Args:
        parameters: the state dict of the model.
        options: its configuration.
        mask: dropout factors of the blocks; None for no dropout.
    """

    parameters: dict[str, Tensor]
    options: Any
    mask: Mask | None = None

    def logits(self, source: list[int], previous: list[int]) -> tuple[Tensor, Tensor | None]:
        """Logits after each of `previous`, shape (T, words); weights of the source positions, shape (T, S), or None."""
        options, d = self.options, self.options.hidden_size
        zero = (torch.zeros(d).double(), torch.zeros(d).double())
        # States on their way along the target dimension, for each layer and source position.
        down = [
            [
                self.enter("encoder", word, layer) if layer == 0 or options.upper_source == "word" else zero
                for word in source
            ]
            for layer in range(options.layers)
        ]
        rows: list[Tensor] = []
        all_weights: list[Tensor] = []
        for j, word in enumerate(previous):
            below: list[Tensor | None] = [None for _ in source]
            end = zero
            for layer in range(options.layers):
                if layer == 0 or options.upper_target == "word":
                    across = self.enter("decoder", word, layer)
                else:
                    across = end if options.upper_target == "continue" else zero
                order = range(len(source)) if layer % 2 == 0 else range(len(source) - 1, -1, -1)
                for i in order:
                    across, down[layer][i], below[i] = self.block(layer, i, j, across, down[layer][i], below[i])
                end = across
            features, weights = self.read(end, below, source)
            rows.append(features)
            if weights is not None:
                all_weights.append(weights)
        return self.output(torch.stack(rows)), torch.stack(all_weights) if all_weights else None

    def enter(self, side: str, word: int, layer: int) -> Pair:
        """The pair (hidden, memory) with which a word enters a layer."""
        vector = self.word_vectors(side)[word]
        if self.options.embed_dim:
            vector = self.parameters[f"{side}.words.projections.{layer}.weight"] @ vector
        d = self.options.hidden_size
        return vector[:d], vector[d:]

    def word_vectors(self, side: str) -> Tensor:
        """The word vectors of a language, one per row."""
        return self.options.embed_scale * self.parameters[f"{side}.words.embed_tokens.weight"]

    def block(
        self, layer: int, i: int, j: int, across: Pair, down: Pair, below: Tensor | None
    ) -> tuple[Pair, Pair, Tensor | None]:
        """Equations of sections 2.1 and 3.1: what leaves along the source, along the target and along the depth."""
        options, d = self.options, self.options.hidden_size
        depth = [] if below is None else [below]
        entering = torch.cat([across[0], down[0], *depth])
        leaving: list[Pair] = []
        for n, (_hidden, memory) in enumerate((across, down)):
            products = []
            for gate in range(4):  # u, f, o, c
                rows = slice(gate * 2 * d + n * d, gate * 2 * d + (n + 1) * d)
                product = self.parameters[f"decoder.grid.stack.weights.{layer}"][rows] @ entering
                if not options.no_bias:
                    product = product + self.parameters[f"decoder.grid.stack.biases.{layer}"][rows]
                products.append(product)
            u, f, o = (torch.sigmoid(product) for product in products[:3])
            new_memory = f * memory + u * torch.tanh(products[3])
            new_hidden = torch.tanh(o * new_memory) if options.output_form == "tanh_om" else o * torch.tanh(new_memory)
            if self.mask is not None:
                new_hidden = new_hidden * self.mask(layer, i, j)[n]
            leaving.append((new_hidden, new_memory))
        up: Tensor | None = None
        if layer + 1 < options.layers or options.readout != "end":
            reads = leaving if options.depth_priority else [across, down]
            up = self.parameters[f"decoder.grid.stack.depth_weights.{layer}"] @ torch.cat(
                [reads[0][0], reads[1][0], *depth]
            )
        return leaving[0], leaving[1], up

    def read(self, end: Pair, depth: list[Tensor | None], source: list[int]) -> tuple[Tensor, Tensor | None]:
        """What the softmax reads of a row, and the weights of the source positions."""
        options = self.options
        features = [end[0], end[1]] if options.softmax_reads == "hidden-memory" else [end[0]]
        if options.readout == "end":
            return torch.cat(features), None
        found = torch.stack([state for state in depth if state is not None])  # (S, d)
        if options.readout == "max":
            winning, where = found.max(dim=0)
            shares = [(where == i).to(found).mean() for i in range(len(found))]  # of the elements, won by block i
            return torch.cat([*features, winning]), torch.stack(shares)
        scores = torch.tanh(found) @ self.parameters["decoder.readout.score.weight"].T  # (S, heads)
        weights = torch.exp(scores) / torch.exp(scores).sum(dim=0)
        size = options.hidden_size // options.readout_heads
        for head in range(options.readout_heads):
            features.append(weights[:, head] @ found[:, head * size : (head + 1) * size])
        mean = weights.mean(dim=1)
        if options.readout == "lexical-attention":
            features.append(torch.tanh(mean @ self.word_vectors("encoder")[source]))
        return torch.cat(features), mean

    def output(self, features: Tensor) -> Tensor:
        """Logits of features."""
        options, parameters = self.options, self.parameters
        if options.readout_dim:
            weight, bias = parameters["decoder.hidden_layer.weight"], parameters["decoder.hidden_layer.bias"]
            features = torch.tanh(features @ weight.T + bias)
        weight = parameters["decoder.output.output.weight"]
        if options.share_decoder_input_output_embed:
            if weight.size(1) != features.size(1):
                features = features @ parameters["decoder.output.project.weight"].T
            features = features / weight.size(1) ** 0.5
            weight = self.word_vectors("decoder")
        return features @ weight.T + parameters["decoder.output.output.bias"]
