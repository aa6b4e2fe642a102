"""The Reencoder of section 4.4 as a fairseq encoder-decoder model.

The encoder only looks up the source words, whose states enter the grid along the target dimension. The grid, which
reads source and target together, belongs to the decoder. Axes: `batch`, S source positions, T target positions, `d`
hidden size, L layers.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from fairseq.data import Dictionary
from fairseq.models import (
    FairseqEncoder,
    FairseqEncoderDecoderModel,
    FairseqIncrementalDecoder,
    register_model,
)
from torch import Tensor, nn
from torch.nn import functional

from ..grid import State
from ..grid.modules import ReencoderGrid
from ..optim.matrices import mark_hidden_matrices
from .checkpoint_version import VersionedModel
from .options import block_arguments, named_options, register_presets
from .readout import OutputLayer
from .reencoder_config import PRESETS, ReencoderConfig, check_options
from .row_readout import RowReadout
from .translation_lengths import translation_lengths
from .words import WordStates, pad_on_the_right, restore_padding

IncrementalState = dict[str, Any]


class EncoderOutput(NamedTuple):
    """What a `ReencoderEncoder` returns.

    Attributes:
        states: for each layer that words enter, shape (S, batch, d), in the order of the source with padding on the
            right.
        vectors: the word vectors, shape (S, batch, e).
        lengths: number of words, end of sentence included, shape (batch,).
        left_padding: number of padding symbols that were on the left, shape (batch,).
    """

    states: list[State]
    vectors: Tensor
    lengths: Tensor
    left_padding: Tensor


def _words(cfg: ReencoderConfig, dictionary: Dictionary, upper: str) -> WordStates:
    layers = range(cfg.layers if upper == "word" else 1)
    return WordStates(
        dictionary,
        hidden_size=cfg.hidden_size,
        layers=layers,
        embed_dim=cfg.embed_dim,
        embed_std=cfg.embed_std,
        embed_scale=cfg.embed_scale,
        init_scale=cfg.init_scale,
        dropout=cfg.embed_dropout,
        word_dropout=cfg.word_dropout,
    )


def _select(states: list[State], new_order: Tensor) -> list[State]:
    """Select the sentences `new_order`, shape (new batch,), from states of shape (S, batch, d)."""
    return [state.map(lambda part: part.index_select(1, new_order)) for state in states]


class ReencoderEncoder(FairseqEncoder):
    """The states with which the source words enter the grid.

    Args:
        cfg: the options.
        dictionary: the source words.
        max_positions: maximum length of a source.
    """

    def __init__(self, cfg: ReencoderConfig, dictionary: Dictionary, max_positions: int) -> None:
        super().__init__(dictionary)
        self.words = _words(cfg, dictionary, str(cfg.upper_source))
        self._max_positions = max_positions

    def forward(self, src_tokens: Tensor, src_lengths: Tensor | None = None, **_: Any) -> EncoderOutput:
        """Look up the source words.

        Args:
            src_tokens: shape (batch, S), padded on either side.
            src_lengths: not used (lengths are counted); shape (batch,).
            _: fairseq's further inputs, which are not needed.

        Returns:
            See `EncoderOutput`.
        """
        pad = self.dictionary.pad()
        tokens, left = pad_on_the_right(src_tokens, pad)
        vectors = self.words.vectors(tokens)
        return EncoderOutput(list(self.words(vectors).values()), vectors, tokens.ne(pad).sum(dim=1), left)

    def reorder_encoder_out(self, encoder_out: EncoderOutput, new_order: Tensor) -> EncoderOutput:
        """Select the sentences `new_order`, shape (new batch,), from the encoder's output."""
        return EncoderOutput(
            _select(encoder_out.states, new_order),
            encoder_out.vectors.index_select(1, new_order),
            encoder_out.lengths.index_select(0, new_order),
            encoder_out.left_padding.index_select(0, new_order),
        )

    def max_positions(self) -> int:
        """Maximum length of a source, end of sentence included."""
        return self._max_positions


class ReencoderDecoder(FairseqIncrementalDecoder):
    """The grid and the softmax.

    With an incremental state, one call computes the row of the newest target word from the states that left the
    previous row along the target dimension: (L, S, 2 vectors of d) per hypothesis, constant work per word.

    Args:
        cfg: the options.
        dictionary: the target words.
        grid: the grid.
        source_vector_size: size of the source word vectors.
        max_positions: maximum length of a target.

    Raises:
        ValueError: the options of the readout are wrong.
    """

    def __init__(
        self,
        cfg: ReencoderConfig,
        dictionary: Dictionary,
        grid: ReencoderGrid,
        source_vector_size: int,
        max_positions: int,
    ) -> None:
        super().__init__(dictionary)
        self.grid = grid
        mark_hidden_matrices(
            [*self.grid.stack.weights, *self.grid.stack.depth_weights], self.grid.stack.options.hidden_size
        )
        self.words = _words(cfg, dictionary, str(cfg.upper_target))
        with named_options():
            self.readout = RowReadout(
                cfg.hidden_size,
                str(cfg.readout),  # type: ignore[arg-type]
                reads_memory=cfg.softmax_reads == "hidden-memory",
                heads=cfg.readout_heads,
                word_size=source_vector_size,
                dropout=cfg.output_dropout,
            )
        self.output_dropout = cfg.output_dropout
        self.hidden_layer = nn.Linear(self.readout.width, cfg.readout_dim) if cfg.readout_dim else None
        if self.hidden_layer is not None:
            # Adam's steps add up over the width, and would saturate its tanh.
            mark_hidden_matrices([self.hidden_layer.get_parameter("weight")])
        self.output = OutputLayer(
            cfg.readout_dim or self.readout.width,
            len(dictionary),
            self.words.embed_tokens if cfg.share_decoder_input_output_embed else None,
            self.words.embed_scale,
        )
        self._max_positions = max_positions

    def forward(  # type: ignore[override]
        self,
        prev_output_tokens: Tensor,
        encoder_out: EncoderOutput | None = None,
        incremental_state: IncrementalState | None = None,
        features_only: bool = False,
        **_: Any,
    ) -> tuple[Tensor, dict[str, Any]]:
        """Predict the word after each of `prev_output_tokens`.

        Args:
            prev_output_tokens: shape (batch, T), padded on either side.
            encoder_out: what the encoder returned.
            incremental_state: keeps the states between two calls; if given, only the last token is read.
            features_only: return what the softmax reads instead of the logits.
            _: fairseq's further inputs, which are not needed.

        Returns:
            Logits of shape (batch, T or 1, words), and a dictionary whose entry `attn` has the weights of the source
            positions, in the order of `src_tokens`, shape (batch, T or 1, S); [None] if the readout has none (see
            `RowFeatures`).

        Raises:
            ValueError: the encoder's output is missing.
        """
        if encoder_out is None:
            raise ValueError("the Reencoder reads source and target together: it needs the encoder's output")
        left = None
        if incremental_state is not None:
            prev_output_tokens = prev_output_tokens[:, -1:]
        else:
            prev_output_tokens, left = pad_on_the_right(prev_output_tokens, self.dictionary.pad())
        words = self.words(self.words.vectors(prev_output_tokens))
        saved = self.get_incremental_state(incremental_state, "source_states")
        entering = encoder_out.states if saved is None else saved
        vectors, lengths = encoder_out.vectors, encoder_out.lengths
        output = self.grid(
            [words.get(layer) for layer in range(self.layers)],
            [*entering, *[None] * (self.layers - len(entering))],
            lengths,
        )
        self.set_incremental_state(incremental_state, "source_states", output.source_states)
        real = torch.arange(vectors.size(0), device=lengths.device)[:, None] < lengths
        read = self.readout(output.row_ends, output.depth, vectors, real)
        features, weights = read.features.transpose(0, 1), read.weights
        if self.hidden_layer is not None:
            features = torch.tanh(self.hidden_layer(features))
        if left is not None:
            features = restore_padding(features, left)
        if weights is not None:
            weights = restore_padding(weights.permute(2, 0, 1), encoder_out.left_padding).transpose(1, 2)
            weights = weights if left is None else restore_padding(weights, left)
        logits = features if features_only else self.output_layer(features)
        return logits, {"attn": [weights], "inner_states": None}

    def output_layer(self, features: Tensor) -> Tensor:
        """Logits, shape (..., words), of what the softmax reads, shape (..., features)."""
        logits: Tensor = self.output(functional.dropout(features, self.output_dropout, self.training))
        return logits

    @property
    def layers(self) -> int:
        """L, the number of planes."""
        return self.grid.stack.options.layers

    def reorder_incremental_state(self, incremental_state: IncrementalState, new_order: Tensor) -> None:
        """Make the saved states follow the beam; `new_order` has shape (new batch,)."""
        saved = self.get_incremental_state(incremental_state, "source_states")
        if saved is not None:
            self.set_incremental_state(incremental_state, "source_states", _select(saved, new_order))

    def max_positions(self) -> int:
        """Maximum length of a target, end of sentence included."""
        return self._max_positions


@register_model("reencoder", dataclass=ReencoderConfig)
class ReencoderModel(VersionedModel, FairseqEncoderDecoderModel):
    """Grid LSTM translation model: a 3-LSTM over source position, target position and depth.

    Attributes:
        retains_dropout: False: `--retain-dropout` has no effect.
    """

    retains_dropout = False

    @property
    def no_alignment(self) -> str | None:
        """Why no alignments can be read from the readout: it reads only the end of a row; None if they can."""
        if self.decoder.readout.kind != "end":
            return None
        return (
            "--print-alignment: this model has no alignments; train one with --readout max, attention or "
            "lexical-attention"
        )

    @property
    def learns_alignment(self) -> bool:
        """True if the readout has weights of the source positions that can be taught, see `--load-alignments`."""
        return bool(self.decoder.readout.score is not None)

    @property
    def full_context_alignment(self) -> bool:
        """False: the weights of the search are the alignment. fairseq reads this only to print alignments.

        Raises:
            NotImplementedError: the readout reads only the end of a row.
        """
        if self.no_alignment is not None:
            raise NotImplementedError(self.no_alignment)
        return False

    @classmethod
    def build_model(cls, cfg: ReencoderConfig, task: Any) -> ReencoderModel:
        """Build the model for the dictionaries and maximum lengths of a task.

        Raises:
            ValueError: options are wrong or exclude each other, or the task is not translation.
        """
        check_options(cfg)
        source, target = translation_lengths(task)
        with named_options():
            grid = ReencoderGrid(
                cfg.hidden_size,
                cfg.layers,
                depth_priority=cfg.depth_priority,
                continue_rows=cfg.upper_target == "continue" and cfg.layers > 1,
                depth_output=cfg.readout != "end",
                **block_arguments(cfg),
            )
        encoder = ReencoderEncoder(cfg, task.source_dictionary, source)
        decoder = ReencoderDecoder(cfg, task.target_dictionary, grid, encoder.words.size, target)
        return cls(encoder, decoder)


register_presets("reencoder", PRESETS)
