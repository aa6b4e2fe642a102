"""The Grid LSTMs of the algorithmic tasks: depth alone (parity), and time x depth (addition, memorization).

Sections 4.1 to 4.3 of the paper. Axes: `batch`, S source positions, T time steps, `d` hidden size, L layers.
"""

# No `from __future__ import annotations`: fairseq reads the types of the configs' fields.
from dataclasses import dataclass, field
from typing import Any

import torch
from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from fairseq.models import register_model, register_model_architecture
from torch import Tensor, nn
from torch.nn import functional

from ..grid import GridLSTM1d, GridLSTM2d
from ..grid.block import OUTPUT_FORMS, State
from ..optim.matrices import mark_hidden_matrices
from .algorithmic import SymbolModel, check_sizes, scale_input, sequence_problem, string_problem


@dataclass
class GridLSTM1dConfig(FairseqDataclass):
    """What both Grid LSTMs may vary."""

    hidden_size: int = field(default=100, metadata={"help": "size d of the hidden and memory vectors"})
    layers: int = field(default=5, metadata={"help": "blocks along the depth"})
    untied: bool = field(default=False, metadata={"help": "weights of its own for each layer, instead of the same"})
    dropout: float = field(default=0.0, metadata={"help": "dropout on the hidden vectors within the blocks"})
    readout: ChoiceEnum(["hidden", "hidden-memory"]) = field(  # type: ignore[valid-type]
        default="hidden-memory", metadata={"help": "what the softmax reads of the top layer"}
    )
    output_form: ChoiceEnum(list(OUTPUT_FORMS)) = field(  # type: ignore[valid-type]
        default="tanh_om",
        metadata={"help": "output of an LSTM transform: tanh(o * m) as in the paper, or the common o * tanh(m)"},
    )
    no_bias: bool = field(default=False, metadata={"help": "gates without biases, as the paper writes them"})
    forget_bias: float = field(default=1.0, metadata={"help": "initial bias of the forget gates"})
    init_scale: float = field(
        default=1.7, metadata={"help": "weights start uniform within +-SCALE / sqrt(number of inputs)"}
    )
    input_scale: float = field(
        default=0.0,
        metadata={"help": "weights of the input's projection start uniform within +-SCALE; 0: as torch's linear map"},
    )


@dataclass
class GridLSTM2dConfig(GridLSTM1dConfig):
    """What a Grid LSTM of time x depth may vary; the weights are always shared along the time."""

    depth: ChoiceEnum(["lstm", "identity", "tanh", "relu"]) = field(  # type: ignore[valid-type]
        default="lstm",
        metadata={"help": "what runs along the depth: LSTM cells, or hidden vectors alone with this function (3.3)"},
    )
    prioritize_depth: bool = field(
        default=False, metadata={"help": "compute the depth last in each block, from what leaves it along time (3.2)"}
    )
    recompute: bool = field(
        default=False, metadata={"help": "keep less for the backward pass and compute it again: less memory, more time"}
    )


def _grid_options(cfg: GridLSTM1dConfig) -> dict[str, Any]:
    """Keyword arguments of the grid.

    Raises:
        ValueError: names the option that is wrong.
    """
    check_sizes(cfg)
    if not 0 <= cfg.dropout < 1:
        raise ValueError(f"--dropout: expected at least 0 and below 1, got {cfg.dropout}")
    if cfg.init_scale <= 0:
        raise ValueError(f"--init-scale: expected above 0, got {cfg.init_scale}: a net of zeros does not learn")
    if cfg.no_bias and cfg.forget_bias not in (0.0, GridLSTM1dConfig.forget_bias):
        raise ValueError(f"--forget-bias {cfg.forget_bias}: with --no-bias there is none")
    return {
        "hidden_size": cfg.hidden_size,
        "num_layers": cfg.layers,
        "tied": not cfg.untied,
        "bias": not cfg.no_bias,
        "forget_bias": 0.0 if cfg.no_bias else cfg.forget_bias,
        "output_form": str(cfg.output_form),
        "dropout": cfg.dropout,
        "init_scale": cfg.init_scale,
    }


class Readout(nn.Module):
    """The linear map from what leaves the top layer to logits.

    Args:
        hidden_size: d.
        symbols: how many there are to predict.
        reads_memory: read [hidden; memory] instead of hidden alone.
    """

    def __init__(self, hidden_size: int, symbols: int, reads_memory: bool) -> None:
        super().__init__()
        self.reads_memory = reads_memory
        self.output = nn.Linear(hidden_size * (2 if reads_memory else 1), symbols)

    def forward(self, top: State) -> Tensor:
        """Logits of shape (..., symbols) for vectors of shape (..., d)."""
        logits: Tensor = self.output(torch.cat(top, dim=-1) if self.reads_memory else top.hidden)
        return logits


@register_model("grid_lstm_1d", dataclass=GridLSTM1dConfig)
class GridLSTM1dModel(SymbolModel):
    """1-LSTM: cells along the depth, a string of bits enters below at once.

    Args:
        cfg: the options.
        bits: length k of the string.
        symbols_out: how many symbols there are to predict.

    Raises:
        ValueError: names the option that is wrong.
    """

    def __init__(self, cfg: GridLSTM1dConfig, bits: int, symbols_out: int) -> None:
        super().__init__()
        self.grid = GridLSTM1d(bits, **_grid_options(cfg))
        mark_hidden_matrices(self.grid.grid.weights)
        scale_input(self.grid.project.linear, cfg.input_scale)
        self.readout = Readout(cfg.hidden_size, symbols_out, cfg.readout == "hidden-memory")

    def forward(self, src_tokens: Tensor) -> Tensor:
        """Logits of shape (batch, 1, symbols) for bits of shape (batch, k)."""
        bits = src_tokens.to(self.readout.output.weight.dtype)
        logits: Tensor = self.readout(self.grid(bits)).unsqueeze(1)
        return logits

    @classmethod
    def build_model(cls, cfg: GridLSTM1dConfig, task: Any) -> "GridLSTM1dModel":
        """Build the model for a task.

        Raises:
            ValueError: names the option that is wrong.
        """
        problem = string_problem("grid_lstm_1d", task)
        return cls(cfg, problem.source_length, len(problem.target_symbols))


@register_model("grid_lstm_2d", dataclass=GridLSTM2dConfig)
class GridLSTM2dModel(SymbolModel):
    """2-LSTM: cells along time and depth, one symbol a step, predictions are not fed back.

    Args:
        cfg: the options.
        symbols_in: how many symbols there are to read.
        symbols_out: how many symbols there are to predict.

    Raises:
        ValueError: names the option that is wrong.
    """

    def __init__(self, cfg: GridLSTM2dConfig, symbols_in: int, symbols_out: int) -> None:
        super().__init__()
        self.symbols_in = symbols_in
        options = _grid_options(cfg)
        if cfg.recompute and (cfg.prioritize_depth or str(cfg.depth) != "lstm"):
            raise ValueError("--recompute: not with --prioritize-depth or a --depth without cells")
        self.grid = GridLSTM2d(
            symbols_in,
            depth=str(cfg.depth),  # type: ignore[arg-type]
            prioritize_depth=cfg.prioritize_depth,
            recompute=cfg.recompute,
            **options,
        )
        mark_hidden_matrices(self.grid.grid.weights)
        scale_input(self.grid.project.linear, cfg.input_scale)
        # without cells along the depth there is no memory on top to be read
        self.readout = Readout(
            cfg.hidden_size, symbols_out, cfg.readout == "hidden-memory" and str(cfg.depth) == "lstm"
        )

    def forward(self, src_tokens: Tensor) -> Tensor:
        """Logits of shape (batch, T, symbols) for symbols of shape (batch, T)."""
        one_hot = functional.one_hot(src_tokens.t(), self.symbols_in)  # (T, batch, symbols)
        top, _final = self.grid(one_hot.to(self.readout.output.weight.dtype))
        logits: Tensor = self.readout(top).transpose(0, 1)
        return logits

    @classmethod
    def build_model(cls, cfg: GridLSTM2dConfig, task: Any) -> "GridLSTM2dModel":
        """Build the model for a task.

        Raises:
            ValueError: names the option that is wrong.
        """
        problem = sequence_problem("grid_lstm_2d", task)
        return cls(cfg, len(problem.source_symbols), len(problem.target_symbols))


_BITS = {"input_scale": 4.0}
_SYMBOLS = {"input_scale": 2.0, "forget_bias": 3.0}

PRESETS: dict[str, tuple[str, dict[str, Any]]] = {
    # Sizes: the paper's best, as we read it; how many layers its 1-LSTM for 250 bits has we do not know.
    # Initial values: ours, those with which the small ones learn.
    "grid_lstm_1d_parity": ("grid_lstm_1d", {"hidden_size": 1500, "layers": 20, **_BITS}),
    "grid_lstm_2d_addition": ("grid_lstm_2d", {"hidden_size": 400, "layers": 18, **_SYMBOLS}),
    "grid_lstm_2d_memorization": ("grid_lstm_2d", {"hidden_size": 100, "layers": 43, **_SYMBOLS}),
    # What two CPU cores train in an hour.
    "grid_lstm_1d_small": ("grid_lstm_1d", {"hidden_size": 128, "layers": 5, **_BITS}),
    "grid_lstm_2d_small": ("grid_lstm_2d", {"hidden_size": 100, "layers": 4, **_SYMBOLS}),
}
"""Presets: the model and its options."""


def _register_preset(name: str, model: str, values: dict[str, Any]) -> None:
    @register_model_architecture(model, name)
    def fill_in(args: Any) -> None:
        for option, value in values.items():
            if not hasattr(args, option):
                setattr(args, option, value)


for _name, (_model, _values) in PRESETS.items():
    _register_preset(_name, _model, _values)
