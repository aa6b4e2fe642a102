"""Models that read a symbol and predict one at every step: the 2-LSTM of time x depth, and the Stacked LSTM.

Sections 4.2 and 4.3 of the paper. Predictions are not fed back. Axes: `batch`, T time steps, `d` hidden size.
"""

# No `from __future__ import annotations`: fairseq reads the types of the configs' fields.
import math
from dataclasses import dataclass, field
from typing import Any

import torch
from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from fairseq.models import register_model
from torch import Tensor, nn
from torch.nn import functional

from ..grid import KINDS, GridLSTM2d, State
from ..grid.checks import check_shape
from ..optim.matrices import mark_hidden_matrices
from .options import (
    DeepBlockConfig,
    block_arguments,
    check_at_least_one,
    check_probabilities,
    mark_grids,
    named_options,
    register_presets,
)
from .readout import StateLogits
from .symbols import SymbolModel, SymbolOutput, scale_input


@dataclass
class GridLSTM2dConfig(DeepBlockConfig):
    """Options of a Grid LSTM of time x depth; weights are always shared along time."""

    depth: ChoiceEnum(list(KINDS)) = field(  # type: ignore[valid-type]
        default="lstm",
        metadata={"help": "kind of the depth: LSTM cells, or hidden vectors alone with this activation (3.3)"},
    )
    depth_priority: int = field(
        default=0,
        metadata={
            "help": "1: compute the depth last in each block, from what leaves it along time; 0: from what enters it "
            "(3.2)"
        },
    )


@register_model("grid_lstm_2d", dataclass=GridLSTM2dConfig)
class GridLSTM2dModel(SymbolModel):
    """2-LSTM: cells along time and depth; the softmax reads the top layer.

    Args:
        cfg: the options.
        symbols_in: number of symbols to read.
        symbols_out: number of symbols to predict.

    Raises:
        ValueError: names the option that is wrong.
    """

    def __init__(self, cfg: GridLSTM2dConfig, symbols_in: int, symbols_out: int) -> None:
        super().__init__()
        self.symbols_in = symbols_in
        has_memory = str(cfg.depth) == "lstm"
        arguments = block_arguments(cfg)
        with named_options():
            self.grid = GridLSTM2d(
                symbols_in,
                cfg.hidden_size,
                cfg.layers,
                untied=cfg.untied,
                depth=str(cfg.depth),  # type: ignore[arg-type]
                depth_priority=cfg.depth_priority,
                **arguments,
            )
        mark_grids(self)
        scale_input(self.grid.project.linear, cfg.input_scale)
        # without cells along the depth, no memory leaves the top layer
        self.readout = StateLogits(cfg.hidden_size, symbols_out, cfg.softmax_reads == "hidden-memory" and has_memory)

    def forward(self, src_tokens: Tensor, states: State | None = None, **_: Any) -> SymbolOutput:
        """See `SymbolModel.forward`; S equals T."""
        one_hot = functional.one_hot(src_tokens.t(), self.symbols_in)  # (T, batch, symbols)
        top, final = self.grid(one_hot.to(self.readout.output.weight.dtype), states)
        return SymbolOutput(self.readout(top).transpose(0, 1), final)

    @classmethod
    def build_model(cls, cfg: GridLSTM2dConfig, task: Any) -> "GridLSTM2dModel":
        """Build the model for the dictionaries of a task.

        Raises:
            ValueError: names the option that is wrong.
        """
        return cls(cfg, len(task.source_dictionary), len(task.target_dictionary))


@dataclass
class StackedLSTMConfig(FairseqDataclass):
    """Options of a Stacked LSTM."""

    hidden_size: int = field(default=100, metadata={"help": "size of the hidden and memory vectors"})
    layers: int = field(default=5, metadata={"help": "LSTM layers on top of one another"})
    untied: bool = field(default=False, metadata={"help": "give each layer weights of its own"})
    dropout: float = field(default=0.0, metadata={"help": "dropout of the hidden vectors between the layers"})
    forget_bias: float = field(default=1.0, metadata={"help": "initial bias of the forget gates"})
    init_scale: float = field(
        default=0.0,
        metadata={
            "help": "weights start uniform within +-SCALE / sqrt(2 x hidden size), as in a grid, where a block has as "
            "many inputs; 0: torch's default, +-1 / sqrt(hidden size)"
        },
    )
    input_scale: float = field(
        default=0.0,
        metadata={"help": "vectors of the symbols start uniform within +-SCALE; 0: normal, of unit variance"},
    )


@register_model("stacked_lstm", dataclass=StackedLSTMConfig)
class StackedLSTM(SymbolModel):
    """What the paper compares with: torch's LSTM layers, with memory along time and none along the depth.

    Args:
        cfg: the options.
        symbols_in: number of symbols to read.
        symbols_out: number of symbols to predict.

    Raises:
        ValueError: names the option that is wrong.
    """

    def __init__(self, cfg: StackedLSTMConfig, symbols_in: int, symbols_out: int) -> None:
        super().__init__()
        check_at_least_one(cfg, "hidden_size", "layers")
        check_probabilities(cfg, "dropout")
        size, self.dropout = cfg.hidden_size, cfg.dropout
        if cfg.init_scale < 0:
            raise ValueError(f"--init-scale: expected 0 or more, got {cfg.init_scale}")
        self.embed = nn.Embedding(symbols_in, size)
        scale_input(self.embed, cfg.input_scale)
        self.repeats = 1 if cfg.untied else cfg.layers
        layers = cfg.layers if cfg.untied else 1
        # torch applies no dropout after the last layer, and warns if there is only one
        self.lstm = nn.LSTM(size, size, num_layers=layers, dropout=cfg.dropout if layers > 1 else 0.0)
        for name, parameter in self.lstm.named_parameters():
            # torch adds two biases; its order of gates: input, forget, candidate, output
            if name.startswith("bias"):
                nn.init.constant_(parameter[size : 2 * size], cfg.forget_bias if name.startswith("bias_ih") else 0.0)
            elif cfg.init_scale > 0:
                bound = cfg.init_scale / math.sqrt(2 * size)
                nn.init.uniform_(parameter, -bound, bound)
        mark_hidden_matrices((weights for weights in self.lstm.parameters() if weights.dim() == 2), size)
        self.output = nn.Linear(size, symbols_out)

    def forward(self, src_tokens: Tensor, states: State | None = None, **_: Any) -> SymbolOutput:
        """See `SymbolModel.forward`; S equals T."""
        values = self.embed(src_tokens.t())  # (T, batch, d)
        entering: list[Any] = [None] * self.repeats
        if states is not None:
            layers = self.repeats * self.lstm.num_layers
            for name, part in zip(("hidden", "memory"), states, strict=True):
                check_shape(f"{name} of states", part, (layers, len(src_tokens), self.lstm.hidden_size), values)
            # cuDNN accepts no views of some rows
            parts = ([piece.contiguous() for piece in part.chunk(self.repeats)] for part in states)
            entering = list(zip(*parts, strict=True))
        leaving = []
        for number, pair in enumerate(entering):
            if number > 0:
                values = functional.dropout(values, self.dropout, self.training)
            values, final = self.lstm(values, pair)
            leaving.append(final)
        final_states = State(*(torch.cat(parts) for parts in zip(*leaving, strict=True)))
        return SymbolOutput(self.output(values).transpose(0, 1), final_states)

    @classmethod
    def build_model(cls, cfg: StackedLSTMConfig, task: Any) -> "StackedLSTM":
        """Build the model for the dictionaries of a task.

        Raises:
            ValueError: names the option that is wrong.
        """
        return cls(cfg, len(task.source_dictionary), len(task.target_dictionary))


_INITIAL = {"input_scale": 2.0, "forget_bias": 3.0}
"""Initial values with which the small models learn; not the paper's."""

register_presets(
    "grid_lstm_2d",
    {
        # The sizes of the paper's best, as we read it.
        "grid_lstm_2d_addition": {"hidden_size": 400, "layers": 18, **_INITIAL},
        "grid_lstm_2d_memorization": {"hidden_size": 100, "layers": 43, **_INITIAL},
        # What two CPU cores train in an hour.
        "grid_lstm_2d_small": {"hidden_size": 100, "layers": 4, **_INITIAL},
    },
)
