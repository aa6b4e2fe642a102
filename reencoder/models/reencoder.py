"""The Reencoder of section 4.4 as a fairseq encoder-decoder model.

The encoder only looks up the source words and lays them out as the states that enter the columns; the planes of the
grid, which read source and target together, are the decoder's. Axes: `batch`, S source positions, T target positions,
`d` hidden size, L planes.
"""

from __future__ import annotations

from typing import Any

import torch
from fairseq.data import Dictionary
from fairseq.models import (
    FairseqEncoder,
    FairseqEncoderDecoderModel,
    FairseqIncrementalDecoder,
    register_model,
    register_model_architecture,
)
from torch import Tensor, nn

from ..grid.block import State
from ..grid.reencoder_grid import GridOptions, ReencoderGrid
from ..grid.sweep import Prepared
from ..optim.matrices import mark_hidden_matrices
from .config import PRESETS, ReencoderConfig, grid_options

IncrementalState = dict[str, dict[str, Any]]
EncoderOut = dict[str, list[Tensor]]


class WordStates(nn.Module):
    """Word vectors and what they become where they enter a plane: a pair (hidden, memory).

    Args:
        dictionary: the words.
        options: the grid's options.
        planes: which planes the words enter.
        embed_dim: size of the word vectors; 0: a vector is the pair itself, for all planes the same.
        embed_std: standard deviation with which the vectors start.
    """

    def __init__(
        self, dictionary: Dictionary, options: GridOptions, planes: list[int], embed_dim: int, embed_std: float
    ) -> None:
        super().__init__()
        self.planes = planes
        width = 2 * options.hidden_size
        self.embed_tokens = nn.Embedding(len(dictionary), embed_dim or width, padding_idx=dictionary.pad())
        nn.init.normal_(self.embed_tokens.weight, std=embed_std)
        nn.init.zeros_(self.embed_tokens.weight[dictionary.pad()])
        self.projections = nn.ModuleDict()
        if embed_dim:
            for plane in planes:
                projection = nn.Linear(embed_dim, width, bias=False)
                bound = options.init_scale / embed_dim**0.5
                nn.init.uniform_(projection.weight, -bound, bound)
                self.projections[str(plane)] = projection

    def forward(self, tokens: Tensor) -> dict[int, State]:
        """Look up `tokens`, shape (positions, batch); each plane's states have shape (positions, batch, d)."""
        vectors = self.embed_tokens(tokens)
        if not self.projections:
            shared = State(*vectors.chunk(2, dim=-1))
            return dict.fromkeys(self.planes, shared)
        return {plane: State(*self.projections[str(plane)](vectors).chunk(2, dim=-1)) for plane in self.planes}


def unpadded_first(tokens: Tensor, pad: int) -> tuple[Tensor, Tensor]:
    """Move padding on the left behind the sentence; padding on the right stays.

    Args:
        tokens: shape (batch, length).
        pad: index of the padding symbol.

    Returns:
        the tokens in the shape (batch, length), and the number of padding symbols that stood on the left, shape
        (batch,).
    """
    left = tokens.eq(pad).long().cumprod(dim=1).sum(dim=1)
    positions = torch.arange(tokens.size(1), device=tokens.device)
    index = (positions + left[:, None]) % tokens.size(1)
    return tokens.gather(1, index), left


class ReencoderEncoder(FairseqEncoder):
    """The states that the source words bring to the columns of the planes."""

    def __init__(self, cfg: ReencoderConfig, dictionary: Dictionary, grid: ReencoderGrid, max_positions: int) -> None:
        super().__init__(dictionary)
        options = grid.options
        planes = list(range(options.layers)) if cfg.upper_columns == "word" else [0]
        self.words = WordStates(dictionary, options, planes, cfg.embed_dim, cfg.embed_std)
        self.layers = options.layers
        self._positions = max_positions

    def forward(self, src_tokens: Tensor, src_lengths: Tensor | None = None, **_: Any) -> EncoderOut:
        """Lay out the source words.

        Args:
            src_tokens: shape (batch, S), padded on either side.
            src_lengths: not needed, lengths are counted; shape (batch,).

        Returns:
            `hidden` and `memory`: for each plane that words enter, shape (batch, S, d) and in the order of the
            source, padding behind; `src_lengths`: one tensor of shape (batch,).
        """
        pad = self.dictionary.pad()
        tokens, _left = unpadded_first(src_tokens, pad)
        lengths = tokens.ne(pad).sum(dim=1)
        states = self.words(tokens.t())
        return {
            "hidden": [state.hidden.transpose(0, 1) for state in states.values()],
            "memory": [state.memory.transpose(0, 1) for state in states.values()],
            "src_lengths": [lengths],
        }

    def reorder_encoder_out(self, encoder_out: EncoderOut, new_order: Tensor) -> EncoderOut:
        """The encoder's output for the sentences `new_order`, shape (new batch,)."""
        return {key: [value.index_select(0, new_order) for value in values] for key, values in encoder_out.items()}

    def max_positions(self) -> int:
        return self._positions


class ReencoderDecoder(FairseqIncrementalDecoder):
    """The planes and the softmax.

    With an incremental state, one call computes the row of the newest target word from what the row before it left
    along the target dimension: (L, S, 2 vectors of d) a hypothesis, constant work a word.
    """

    def __init__(self, cfg: ReencoderConfig, dictionary: Dictionary, grid: ReencoderGrid, max_positions: int) -> None:
        super().__init__(dictionary)
        self.grid = grid
        mark_hidden_matrices([*grid.weights, *grid.depths])
        options = grid.options
        planes = list(range(options.layers)) if cfg.upper_rows == "word" else [0]
        self.words = WordStates(dictionary, options, planes, cfg.embed_dim, cfg.embed_std)
        self.reads_memory = cfg.softmax_reads == "hidden-memory"
        width = options.hidden_size * (2 if self.reads_memory else 1)
        self.project: nn.Linear | None = None
        self.output = nn.Linear(width, len(dictionary))
        if cfg.share_decoder_input_output_embed:
            if cfg.embed_dim:
                self.project = nn.Linear(width, cfg.embed_dim, bias=False)
                width = cfg.embed_dim
            self.output = nn.Linear(width, len(dictionary))
            self.output.weight = self.words.embed_tokens.weight
            # Word vectors of unit variance would give logits of a standard deviation of sqrt(width).
            self.scale = width**-0.5
        else:
            self.scale = 1.0
        nn.init.zeros_(self.output.bias)
        self._positions = max_positions

    def forward(  # type: ignore[override]
        self,
        prev_output_tokens: Tensor,
        encoder_out: EncoderOut | None = None,
        incremental_state: IncrementalState | None = None,
        features_only: bool = False,
        **_: Any,
    ) -> tuple[Tensor, dict[str, Any]]:
        """Predict the word after each of `prev_output_tokens`.

        Args:
            prev_output_tokens: shape (batch, T), padded on either side.
            encoder_out: what the encoder returned.
            incremental_state: where the states between two calls are kept; then only the last token is read.
            features_only: return what the softmax reads instead of its logits.

        Returns:
            logits of shape (batch, T or 1, words), and `{"attn": [None], ...}`: the grid has no attention.
        """
        if encoder_out is None:
            raise ValueError("the Reencoder reads source and target together: it needs the encoder's output")
        left = None
        if incremental_state is not None:
            prev_output_tokens = prev_output_tokens[:, -1:]
        else:
            prev_output_tokens, left = unpadded_first(prev_output_tokens, self.dictionary.pad())
        lengths = encoder_out["src_lengths"][0]
        columns = self._kept_columns(incremental_state) or self._first_columns(encoder_out)
        states = self.words(prev_output_tokens.t())
        rows = [states.get(layer) for layer in range(self.grid.options.layers)]
        row_ends, leaving = self.grid(rows, columns, lengths, self._prepared(incremental_state))
        if incremental_state is not None:
            self._keep_columns(incremental_state, leaving)
        features = torch.cat(row_ends, dim=-1) if self.reads_memory else row_ends.hidden
        features = features.transpose(0, 1)
        if left is not None:
            length = features.size(1)
            index = (torch.arange(length, device=features.device) - left[:, None]) % length
            features = features.gather(1, index.unsqueeze(-1).expand_as(features))
        output = features if features_only else self.output_layer(features)
        return output, {"attn": [None], "inner_states": None}

    def output_layer(self, features: Tensor) -> Tensor:
        """Logits, shape (..., words), of what the softmax reads, shape (..., d or 2 * d)."""
        if self.project is not None:
            features = self.project(features)
        return self.output(features * self.scale if self.scale != 1.0 else features)

    def _first_columns(self, encoder_out: EncoderOut) -> list[State | None]:
        columns: list[State | None] = [None] * self.grid.options.layers
        for layer, pair in enumerate(zip(encoder_out["hidden"], encoder_out["memory"], strict=True)):
            columns[layer] = State(*(part.transpose(0, 1) for part in pair))
        return columns

    def _kept_columns(self, incremental_state: IncrementalState | None) -> list[State | None] | None:
        if incremental_state is None:
            return None
        kept = self.get_incremental_state(incremental_state, "columns")
        if kept is None:
            return None
        return [State(kept[f"hidden{n}"], kept[f"memory{n}"]) for n in range(self.grid.options.layers)]

    def _prepared(self, incremental_state: IncrementalState | None) -> list[Prepared | None] | None:
        """The grid's weights, rearranged once a search; they live and die with its state."""
        if incremental_state is None or torch.is_grad_enabled():
            return None
        kept = self.get_incremental_state(incremental_state, "prepared")
        if kept is None:
            kept = {"grid": self.grid.prepare()}
            self.set_incremental_state(incremental_state, "prepared", kept)
        prepared: list[Prepared | None] = kept["grid"]
        return prepared

    def _keep_columns(self, incremental_state: IncrementalState, columns: list[State]) -> None:
        kept: dict[str, Tensor | None] = {}
        for n, column in enumerate(columns):
            kept[f"hidden{n}"], kept[f"memory{n}"] = column
        self.set_incremental_state(incremental_state, "columns", kept)

    def reorder_incremental_state(self, incremental_state: IncrementalState, new_order: Tensor) -> None:
        """Let the kept states follow the beam; `new_order` has the shape (new batch,)."""
        kept = self.get_incremental_state(incremental_state, "columns")
        if kept is not None:
            moved = {key: value.index_select(1, new_order) for key, value in kept.items() if value is not None}
            self.set_incremental_state(incremental_state, "columns", moved)

    def max_positions(self) -> int:
        return self._positions


@register_model("reencoder", dataclass=ReencoderConfig)
class ReencoderModel(FairseqEncoderDecoderModel):
    """Grid LSTM translation model: a 3-LSTM over source position, target position and depth."""

    @property
    def full_context_alignment(self) -> bool:
        """Asked by fairseq only when alignments are wanted.

        Raises:
            NotImplementedError: always, since the grid has no attention that alignments could be read from.
        """
        raise NotImplementedError("the Reencoder has no attention to read alignments from: leave out --print-alignment")

    @classmethod
    def build_model(cls, cfg: ReencoderConfig, task: Any) -> ReencoderModel:
        """Build the model for a translation task.

        Raises:
            ValueError: if options are wrong or exclude each other.
        """
        grid = ReencoderGrid(grid_options(cfg))
        source, target = task.max_positions()
        encoder = ReencoderEncoder(cfg, task.source_dictionary, grid, source)
        decoder = ReencoderDecoder(cfg, task.target_dictionary, grid, target)
        return cls(encoder, decoder)


def _register_preset(name: str, values: dict[str, Any]) -> None:
    @register_model_architecture("reencoder", name)
    def fill_in(args: Any) -> None:
        for option, value in values.items():
            if not hasattr(args, option):
                setattr(args, option, value)


for _name, _values in PRESETS.items():
    _register_preset(_name, _values)
