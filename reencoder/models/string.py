"""Models that read a string of bits at once and predict one symbol: the 1-LSTM, and plain deep nets (section 4.1).

Axes: `batch`, k bits, `d` hidden size.
"""

# No `from __future__ import annotations`: fairseq reads the types of the configs' fields.
from dataclasses import dataclass, field
from typing import Any

import torch
from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from fairseq.models import register_model
from torch import Tensor, nn
from torch.nn import functional

from ..grid import GridLSTM1d, State
from ..optim.matrices import mark_hidden_matrices
from .options import DeepBlockConfig, block_arguments, check_at_least_one, mark_grids, named_options, register_presets
from .readout import StateLogits
from .symbols import SymbolModel, SymbolOutput, scale_input


def string_sizes(arch: str, task: Any) -> tuple[int, int]:
    """Number of bits to read and of symbols to predict for a task.

    Raises:
        ValueError: the task has other symbols than bits, or does not say how long its strings are.
    """
    symbols, positions = len(task.source_dictionary), task.max_positions()
    if symbols != 2 or positions is None:
        raise ValueError(
            f"--arch {arch} reads a string of bits of known length; this task has {symbols} symbols"
            f"{'' if positions else ' and no maximum length'}: choose a task of strings, or --arch grid_lstm_2d"
        )
    length = positions if isinstance(positions, int) else positions[0]
    return length, len(task.target_dictionary)


def start_projection(projection: nn.Linear, scale: float, init: str) -> None:
    """Draw the initial weights of the projection of a string.

    With signs, a unit's sum is `scale` times the number of ones with a positive weight less that of the others, and so
    tells the parity of all bits. Weights of different sizes tell it only together.

    Args:
        projection: the projection.
        scale: see `scale_input`.
        init: "uniform", or "signs": each weight is `scale` or its negative.

    Raises:
        ValueError: the scale is negative, or zero where weights are signs.
    """
    scale_input(projection, scale)
    if init == "signs":
        if scale == 0:
            raise ValueError("--input-init signs: --input-scale 0 leaves torch's weights; give the size of the weights")
        with torch.no_grad():
            projection.weight.copy_(torch.where(projection.weight < 0, -scale, scale))


INPUT_INIT = ChoiceEnum(["uniform", "signs"])
_INPUT_INIT_HELP = (
    "initial weights of the input's projection: uniform within +-SCALE of --input-scale; or signs: each is +SCALE or "
    "-SCALE. With signs, each unit starts with the parity of all bits in its sum"
)


@dataclass
class GridLSTM1dConfig(DeepBlockConfig):
    """Options of a Grid LSTM of depth alone."""

    input_init: INPUT_INIT = field(  # type: ignore[valid-type]
        default="uniform", metadata={"help": _INPUT_INIT_HELP}
    )


@register_model("grid_lstm_1d", dataclass=GridLSTM1dConfig)
class GridLSTM1dModel(SymbolModel):
    """1-LSTM: cells along the depth; the projected string enters the first layer.

    Args:
        cfg: the options.
        bits: length k of the string.
        symbols_out: number of symbols to predict.

    Raises:
        ValueError: names the option that is wrong.
    """

    def __init__(self, cfg: GridLSTM1dConfig, bits: int, symbols_out: int) -> None:
        super().__init__()
        arguments = block_arguments(cfg)
        with named_options():
            self.grid = GridLSTM1d(bits, cfg.hidden_size, cfg.layers, untied=cfg.untied, **arguments)
        mark_grids(self)
        start_projection(self.grid.project.linear, cfg.input_scale, cfg.input_init)
        self.readout = StateLogits(cfg.hidden_size, symbols_out, cfg.softmax_reads == "hidden-memory")

    def forward(self, src_tokens: Tensor, states: State | None = None, **_: Any) -> SymbolOutput:
        """See `SymbolModel.forward`; S = k and T = 1. There are no states."""
        top = self.grid(src_tokens.to(self.readout.output.weight.dtype))
        return SymbolOutput(self.readout(top).unsqueeze(1), None)

    @classmethod
    def build_model(cls, cfg: GridLSTM1dConfig, task: Any) -> "GridLSTM1dModel":
        """Build the model for the dictionaries and the length of a task.

        Raises:
            ValueError: names the option that is wrong.
        """
        return cls(cfg, *string_sizes("grid_lstm_1d", task))


@dataclass
class FeedForwardConfig(FairseqDataclass):
    """Options of a feed-forward net."""

    hidden_size: int = field(default=100, metadata={"help": "units per layer"})
    layers: int = field(default=5, metadata={"help": "layers between the projection of the input and the output"})
    untied: bool = field(default=False, metadata={"help": "give each layer weights of its own"})
    activation: ChoiceEnum(["tanh", "relu"]) = field(  # type: ignore[valid-type]
        default="tanh", metadata={"help": "activation after each linear map"}
    )
    input_scale: float = field(
        default=0.0,
        metadata={"help": "weights of the input's projection start uniform within +-SCALE; 0: torch's default"},
    )
    input_init: INPUT_INIT = field(  # type: ignore[valid-type]
        default="uniform", metadata={"help": _INPUT_INIT_HELP}
    )


@register_model("feed_forward", dataclass=FeedForwardConfig)
class FeedForward(SymbolModel):
    """What the paper compares with: a projection of the whole string, then layers with tanh or ReLU.

    Args:
        cfg: the options.
        bits: length k of the string.
        symbols_out: number of symbols to predict.

    Raises:
        ValueError: names the option that is wrong.
    """

    def __init__(self, cfg: FeedForwardConfig, bits: int, symbols_out: int) -> None:
        super().__init__()
        check_at_least_one(cfg, "hidden_size", "layers")
        size = cfg.hidden_size
        self.activation = torch.tanh if cfg.activation == "tanh" else functional.relu
        self.project = nn.Linear(bits, size)
        start_projection(self.project, cfg.input_scale, cfg.input_init)
        self.hidden = nn.ModuleList(nn.Linear(size, size) for _ in range(cfg.layers if cfg.untied else 1))
        mark_hidden_matrices(weights for weights in self.hidden.parameters() if weights.dim() == 2)
        self.repeats = 1 if cfg.untied else cfg.layers
        self.output = nn.Linear(size, symbols_out)

    def forward(self, src_tokens: Tensor, states: State | None = None, **_: Any) -> SymbolOutput:
        """See `SymbolModel.forward`; S = k and T = 1. There are no states."""
        values = self.activation(self.project(src_tokens.to(self.project.weight.dtype)))  # (batch, d)
        for _repeat in range(self.repeats):
            for layer in self.hidden:
                values = self.activation(layer(values))
        return SymbolOutput(self.output(values).unsqueeze(1), None)

    @classmethod
    def build_model(cls, cfg: FeedForwardConfig, task: Any) -> "FeedForward":
        """Build the model for the dictionaries and the length of a task.

        Raises:
            ValueError: names the option that is wrong.
        """
        return cls(cfg, *string_sizes("feed_forward", task))


_INITIAL = {"input_scale": 4.0}
"""Initial values with which the small models learn; not the paper's."""

register_presets(
    "grid_lstm_1d",
    {
        # The size of the paper's, as we read it; the number of layers for 250 bits is not known.
        "grid_lstm_1d_parity": {"hidden_size": 1500, "layers": 20, **_INITIAL},
        # What two CPU cores train in an hour.
        "grid_lstm_1d_small": {"hidden_size": 128, "layers": 5, **_INITIAL},
    },
)
