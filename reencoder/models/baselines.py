"""What the paper compares with: the Stacked LSTM (addition, memorization) and plain deep nets (parity)."""

# No `from __future__ import annotations`: fairseq reads the types of the configs' fields.
from dataclasses import dataclass, field
from typing import Any

import torch
from fairseq.dataclass import ChoiceEnum, FairseqDataclass
from fairseq.models import register_model
from torch import Tensor, nn
from torch.nn import functional

from ..optim.matrices import mark_hidden_matrices
from .algorithmic import SymbolModel, check_sizes, scale_input, sequence_problem, string_problem


@dataclass
class StackedLSTMConfig(FairseqDataclass):
    """What a Stacked LSTM may vary."""

    hidden_size: int = field(default=100, metadata={"help": "size of the hidden and memory vectors"})
    layers: int = field(default=5, metadata={"help": "LSTM layers, one upon the other"})
    untied: bool = field(default=False, metadata={"help": "weights of its own for each layer, instead of the same"})
    forget_bias: float = field(default=1.0, metadata={"help": "initial bias of the forget gates"})


@register_model("stacked_lstm", dataclass=StackedLSTMConfig)
class StackedLSTM(SymbolModel):
    """torch's LSTM layers: memory along the time, none along the depth.

    Args:
        cfg: the options.
        symbols_in: how many symbols there are to read.
        symbols_out: how many symbols there are to predict.

    Raises:
        ValueError: names the option that is wrong.
    """

    def __init__(self, cfg: StackedLSTMConfig, symbols_in: int, symbols_out: int) -> None:
        super().__init__()
        check_sizes(cfg)
        size = cfg.hidden_size
        self.embed = nn.Embedding(symbols_in, size)
        self.repeats = 1 if cfg.untied else cfg.layers
        self.lstm = nn.LSTM(size, size, num_layers=cfg.layers if cfg.untied else 1)
        for name, bias in self.lstm.named_parameters():
            if name.startswith("bias_ih"):
                # torch's order of gates: input, forget, candidate, output
                nn.init.constant_(bias[size : 2 * size], cfg.forget_bias)
        mark_hidden_matrices(weights for weights in self.lstm.parameters() if weights.dim() == 2)
        self.output = nn.Linear(size, symbols_out)

    def forward(self, src_tokens: Tensor) -> Tensor:
        """Logits of shape (batch, T, symbols) for symbols of shape (batch, T)."""
        states = self.embed(src_tokens.t())  # (T, batch, d)
        for _ in range(self.repeats):
            states, _ = self.lstm(states)
        logits: Tensor = self.output(states).transpose(0, 1)
        return logits

    @classmethod
    def build_model(cls, cfg: StackedLSTMConfig, task: Any) -> "StackedLSTM":
        """Build the model for a task.

        Raises:
            ValueError: names the option that is wrong.
        """
        problem = sequence_problem("stacked_lstm", task)
        return cls(cfg, len(problem.source_symbols), len(problem.target_symbols))


@dataclass
class FeedForwardConfig(FairseqDataclass):
    """What a feed-forward net may vary."""

    hidden_size: int = field(default=100, metadata={"help": "units of each layer"})
    layers: int = field(default=5, metadata={"help": "layers between the projection of the input and the output"})
    untied: bool = field(default=False, metadata={"help": "weights of its own for each layer, instead of the same"})
    activation: ChoiceEnum(["tanh", "relu"]) = field(  # type: ignore[valid-type]
        default="tanh", metadata={"help": "what follows each linear map"}
    )
    input_scale: float = field(
        default=0.0,
        metadata={"help": "weights of the input's projection start uniform within +-SCALE; 0: as torch's linear map"},
    )


@register_model("feed_forward", dataclass=FeedForwardConfig)
class FeedForward(SymbolModel):
    """A projection of the whole string, then layers with tanh or ReLU.

    Args:
        cfg: the options.
        bits: length k of the string.
        symbols_out: how many symbols there are to predict.

    Raises:
        ValueError: names the option that is wrong.
    """

    def __init__(self, cfg: FeedForwardConfig, bits: int, symbols_out: int) -> None:
        super().__init__()
        check_sizes(cfg)
        size = cfg.hidden_size
        self.activation = torch.tanh if cfg.activation == "tanh" else functional.relu
        self.project = nn.Linear(bits, size)
        scale_input(self.project, cfg.input_scale)
        self.hidden = nn.ModuleList(nn.Linear(size, size) for _ in range(cfg.layers if cfg.untied else 1))
        mark_hidden_matrices(weights for weights in self.hidden.parameters() if weights.dim() == 2)
        self.repeats = 1 if cfg.untied else cfg.layers
        self.output = nn.Linear(size, symbols_out)

    def forward(self, src_tokens: Tensor) -> Tensor:
        """Logits of shape (batch, 1, symbols) for bits of shape (batch, k)."""
        values = self.activation(self.project(src_tokens.to(self.project.weight.dtype)))  # (batch, d)
        for _ in range(self.repeats):
            for layer in self.hidden:
                values = self.activation(layer(values))
        logits: Tensor = self.output(values).unsqueeze(1)
        return logits

    @classmethod
    def build_model(cls, cfg: FeedForwardConfig, task: Any) -> "FeedForward":
        """Build the model for a task.

        Raises:
            ValueError: names the option that is wrong.
        """
        problem = string_problem("feed_forward", task)
        return cls(cfg, problem.source_length, len(problem.target_symbols))
