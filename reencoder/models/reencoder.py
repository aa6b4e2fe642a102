"""The Reencoder of section 4.4 as a fairseq encoder-decoder model.

The encoder only looks up the source words, whose states enter the grid along the target dimension. The grid, which
reads source and target together, belongs to the decoder. Axes: `batch`, S source positions, T target positions, `d`
hidden size, L layers.
"""

# No `from __future__ import annotations`: fairseq reads the types of the config's fields.
from dataclasses import dataclass, field
from typing import Any, Optional

import torch
from fairseq.data import Dictionary
from fairseq.dataclass import ChoiceEnum
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
from .options import (
    BlockConfig,
    block_arguments,
    check_at_least_one,
    option_error,
    register_presets,
)
from .readout import OutputLayer
from .row_readout import READOUTS, RowReadout
from .words import WordStates, pad_on_the_right, restore_padding

NO_ALIGNMENT = (
    "--print-alignment: only a Reencoder trained with a --readout that attends knows which source word it reads"
)

IncrementalState = dict[str, dict[str, Any]]
EncoderOut = dict[str, list[Tensor]]


@dataclass
class ReencoderConfig(BlockConfig):
    """Options of a Reencoder; the defaults are what learned best on real text (docs/results.md)."""

    hidden_size: int = field(default=256, metadata={"help": "size d of every hidden and memory vector of the grid"})
    layers: int = field(
        default=2,
        metadata={
            "help": "planes of source x target blocks; each scans the source in the opposite direction of the one "
            "below (the paper: 2)"
        },
    )
    dropout: float = field(default=0.3, metadata={"help": "dropout of the hidden vectors within the grid"})
    forget_bias: float = field(
        default=3.0, metadata={"help": "initial bias of the forget gates (no effect with --no-bias)"}
    )
    embed_dim: int = field(
        default=256,
        metadata={
            "help": "size of the word vectors, which are projected to a pair (hidden, memory) for each layer; 0: a "
            "word vector is the pair itself, 2 * d values"
        },
    )
    embed_std: float = field(default=1.0, metadata={"help": "initial standard deviation of the word vectors"})
    upper_source: ChoiceEnum(["word", "zero"]) = field(  # type: ignore[valid-type]
        default="word",
        metadata={"help": "what enters the upper layers along the target dimension: the source words again, or zeros"},
    )
    upper_target: ChoiceEnum(["continue", "word", "zero"]) = field(  # type: ignore[valid-type]
        default="continue",
        metadata={
            "help": "what enters the upper layers along the source dimension, at the start of every row: the states "
            "with which the layer below ended the row, the target word again, or zeros"
        },
    )
    depth_priority: int = field(
        default=1,
        metadata={
            "help": "1: the depth carries the hidden vectors that leave a block along the two other dimensions; 0: "
            "those that enter it (3.2)"
        },
    )
    readout: ChoiceEnum(list(READOUTS)) = field(  # type: ignore[valid-type]
        default="lexical-attention",
        metadata={
            "help": "what the softmax reads besides the end of a row: nothing (the paper); the maximum over the row of "
            "what leaves its blocks along the depth; a sum of it, with weights that it determines itself; or that and "
            "the source word vectors with the same weights"
        },
    )
    readout_heads: int = field(default=4, metadata={"help": "number of heads of a --readout that attends"})
    readout_dim: int = field(
        default=0, metadata={"help": "size of a tanh layer between the readout and the softmax; 0: none"}
    )
    embed_dropout: float = field(default=0.0, metadata={"help": "dropout of the elements of word vectors"})
    word_dropout: float = field(
        default=0.0, metadata={"help": "probability of replacing a word of either language by <unk> in training"}
    )
    output_dropout: float = field(default=0.0, metadata={"help": "dropout of what the softmax reads"})
    share_decoder_input_output_embed: bool = field(
        default=False, metadata={"help": "share one matrix between the target word vectors and the softmax"}
    )


def check_options(cfg: ReencoderConfig) -> None:
    """Check the options.

    Raises:
        ValueError: names the option that is wrong, or the options that exclude each other, and says what to do.
    """
    check_at_least_one(cfg, "layers")
    block_arguments(cfg)
    if cfg.embed_dim < 0:
        raise ValueError(f"--embed-dim: expected 0 or more, got {cfg.embed_dim}")
    if cfg.embed_std <= 0:
        raise ValueError(f"--embed-std: expected above 0 (a net of zeros does not learn), got {cfg.embed_std}")
    for name in ("embed_dropout", "word_dropout", "output_dropout"):
        if not 0.0 <= getattr(cfg, name) < 1.0:
            option = name.replace("_", "-")
            raise ValueError(f"--{option}: expected a probability in [0, 1), got {getattr(cfg, name)}")
    if cfg.readout_dim < 0:
        raise ValueError(f"--readout-dim: expected 0 or more, got {cfg.readout_dim}")
    if cfg.depth_priority not in (0, 1):
        raise ValueError(f"--depth-priority: expected 0 or 1, got {cfg.depth_priority}")
    if cfg.share_decoder_input_output_embed and cfg.embed_dim == 0 and cfg.softmax_reads == "hidden":
        raise ValueError(
            "--share-decoder-input-output-embed: word vectors of 2 * d values cannot score a hidden vector of d: "
            "use --softmax-reads hidden-memory or give --embed-dim"
        )


def _words(cfg: ReencoderConfig, dictionary: Dictionary, upper: str) -> WordStates:
    layers = range(cfg.layers if upper == "word" else 1)
    return WordStates(
        dictionary,
        cfg.hidden_size,
        layers,
        cfg.embed_dim,
        cfg.embed_std,
        cfg.init_scale,
        cfg.embed_dropout,
        cfg.word_dropout,
    )


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

    def forward(self, src_tokens: Tensor, src_lengths: Optional[Tensor] = None, **_: Any) -> EncoderOut:  # noqa: UP045
        """Look up the source words.

        Args:
            src_tokens: shape (batch, S), padded on either side.
            src_lengths: not used (lengths are counted); shape (batch,).
            _: fairseq's further inputs, which are not needed.

        Returns:
            `hidden` and `memory`: for each layer that words enter, shape (S, batch, d), in the order of the source with
            padding on the right; `vectors`: one tensor of word vectors, shape (S, batch, e); `src_lengths` and
            `src_left` (number of padding symbols on the left): one tensor each, shape (batch,).
        """
        pad = self.dictionary.pad()
        tokens, left = pad_on_the_right(src_tokens, pad)
        vectors = self.words.vectors(tokens)
        states = self.words(vectors).values()
        return {
            "hidden": [state.hidden for state in states],
            "memory": [state.memory for state in states],
            "vectors": [vectors],
            "src_lengths": [tokens.ne(pad).sum(dim=1)],
            "src_left": [left],
        }

    def reorder_encoder_out(self, encoder_out: EncoderOut, new_order: Tensor) -> EncoderOut:
        """Select the sentences `new_order`, shape (new batch,), from the encoder's output."""
        return {
            key: [value.index_select(0 if key.startswith("src_") else 1, new_order) for value in values]
            for key, values in encoder_out.items()
        }

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
        try:
            self.readout = RowReadout(
                cfg.hidden_size,
                str(cfg.readout),  # type: ignore[arg-type]
                reads_memory=cfg.softmax_reads == "hidden-memory",
                heads=cfg.readout_heads,
                word_size=source_vector_size,
                dropout=cfg.output_dropout,
            )
        except ValueError as error:
            raise option_error(error) from None
        self.output_dropout = cfg.output_dropout
        self.hidden_layer = nn.Linear(self.readout.width, cfg.readout_dim) if cfg.readout_dim else None
        self.output = OutputLayer(
            cfg.readout_dim or self.readout.width,
            len(dictionary),
            self.words.embed_tokens if cfg.share_decoder_input_output_embed else None,
        )
        self._max_positions = max_positions

    def forward(  # type: ignore[override]
        self,
        prev_output_tokens: Tensor,
        encoder_out: Optional[EncoderOut] = None,  # noqa: UP045
        incremental_state: Optional[IncrementalState] = None,  # noqa: UP045
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
            positions, in the order of `src_tokens`, shape (batch, T or 1, S); [None] unless the readout attends.

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
        lengths = encoder_out["src_lengths"][0]
        output = self.grid(
            [words.get(layer) for layer in range(self.layers)],
            self._saved_states(incremental_state) or self._source_states(encoder_out),
            lengths,
        )
        if incremental_state is not None:
            self._save_states(incremental_state, output.source_states)
        vectors = encoder_out["vectors"][0]
        real = torch.arange(vectors.size(0), device=lengths.device)[:, None] < lengths
        read = self.readout(output.row_ends, output.depth, vectors, real)
        features, weights = read.features.transpose(0, 1), read.weights
        if self.hidden_layer is not None:
            features = torch.tanh(self.hidden_layer(features))
        if left is not None:
            features = restore_padding(features, left)
        if weights is not None:
            weights = restore_padding(weights.permute(2, 0, 1), encoder_out["src_left"][0]).transpose(1, 2)
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

    def _source_states(self, encoder_out: EncoderOut) -> list[State | None]:
        """The states that enter the first row."""
        given = [State(*pair) for pair in zip(encoder_out["hidden"], encoder_out["memory"], strict=True)]
        return [*given, *[None] * (self.layers - len(given))]

    def _saved_states(self, incremental_state: IncrementalState | None) -> list[State | None] | None:
        """The states that left the previous row; None before the first row."""
        saved = None if incremental_state is None else self.get_incremental_state(incremental_state, "source_states")
        if saved is None:
            return None
        return [State(saved[f"hidden{n}"], saved[f"memory{n}"]) for n in range(self.layers)]

    def _save_states(self, incremental_state: IncrementalState, states: list[State]) -> None:
        saved: dict[str, Tensor | None] = {}
        for n, state in enumerate(states):
            saved[f"hidden{n}"], saved[f"memory{n}"] = state
        self.set_incremental_state(incremental_state, "source_states", saved)

    def reorder_incremental_state(self, incremental_state: IncrementalState, new_order: Tensor) -> None:
        """Make the saved states follow the beam; `new_order` has shape (new batch,)."""
        saved = self.get_incremental_state(incremental_state, "source_states")
        if saved is not None:
            moved = {key: value.index_select(1, new_order) for key, value in saved.items() if value is not None}
            self.set_incremental_state(incremental_state, "source_states", moved)

    def max_positions(self) -> int:
        """Maximum length of a target, end of sentence included."""
        return self._max_positions


@register_model("reencoder", dataclass=ReencoderConfig)
class ReencoderModel(VersionedModel, FairseqEncoderDecoderModel):
    """Grid LSTM translation model: a 3-LSTM over source position, target position and depth."""

    @property
    def has_alignment(self) -> bool:
        """True if the readout weighs source positions, so that alignments can be read from it."""
        return bool(self.decoder.readout.score is not None)

    @property
    def full_context_alignment(self) -> bool:
        """False: the weights of the search are the alignment. fairseq reads this only to print alignments.

        Raises:
            NotImplementedError: the readout weighs no source positions.
        """
        if not self.has_alignment:
            raise NotImplementedError(NO_ALIGNMENT)
        return False

    @classmethod
    def build_model(cls, cfg: ReencoderConfig, task: Any) -> "ReencoderModel":
        """Build the model for the dictionaries and maximum lengths of a task.

        Raises:
            ValueError: options are wrong or exclude each other.
        """
        check_options(cfg)
        source, target = task.max_positions()
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


PRESETS: dict[str, dict[str, Any]] = {
    # The paper's numbers and equations (section 4.4, as we read them): d = 450, dropout 0.5, no biases, a depth that
    # carries `V H` of what enters a block, and a softmax that reads the end of the row.
    "reencoder_btec": {
        "hidden_size": 450,
        "dropout": 0.5,
        "no_bias": True,
        "depth_priority": 0,
        "embed_dim": 450,
        "readout": "end",
    },
    # Trains well on some 25,000 pairs on two CPU cores.
    "reencoder_small": {"hidden_size": 160, "dropout": 0.25, "output_dropout": 0.2, "embed_dim": 160},
    # The demo.
    "reencoder_tiny": {"hidden_size": 96, "dropout": 0.1, "embed_dim": 96},
}

register_presets("reencoder", PRESETS)
