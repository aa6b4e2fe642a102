"""Language models of characters: the 2-LSTM of time x depth, and the Stacked LSTM that the paper compares it with.

They read a character and predict the next one at every step, and go on from the states that they are given. Axes:
`batch`, T time steps, `d` hidden size.
"""

# No `from __future__ import annotations`: fairseq reads the types of the configs' fields.
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional

import torch
from fairseq.dataclass import FairseqDataclass
from fairseq.models import register_model
from torch import Tensor, nn

from ..grid import State
from ..optim.matrices import mark_hidden_matrices
from .options import check_at_least_one, register_presets
from .sequence import GridLSTM2dConfig, GridLSTM2dModel
from .symbols import SymbolModel, SymbolOutput


class LanguageModelOutput(NamedTuple):
    """What a language model returns: a `SymbolOutput` in the form that fairseq's scorers expect of a decoder.

    Attributes:
        logits: shape (batch, T, classes).
        extra: `states`, those after the last character; see `SymbolOutput`.
    """

    logits: Tensor
    extra: dict[str, Any]

    @property
    def states(self) -> State:
        """The states after the last character, hidden and memory of shape (layers, batch, d)."""
        states: State = self.extra["states"]
        return states


class LanguageModel(SymbolModel):
    """Probabilities of what fairseq's scorers make of a `LanguageModelOutput`, too: a tuple of piecewise logits."""

    def get_normalized_probs(  # type: ignore[override]
        self, net_output: tuple[Any, ...], log_probs: bool, sample: Any = None
    ) -> Tensor:
        """See `SymbolModel.get_normalized_probs`."""
        return super().get_normalized_probs(SymbolOutput(net_output[0], None), log_probs, sample)


@dataclass
class GridLSTMLanguageModelConfig(GridLSTM2dConfig):
    """Options of the Grid LSTM language model."""


@register_model("grid_lstm_lm", dataclass=GridLSTMLanguageModelConfig)
class GridLSTMLanguageModel(LanguageModel, GridLSTM2dModel):
    """2-LSTM: cells along time and depth; the softmax reads the hidden and memory vectors of the top layer.

    Args:
        cfg: the options.
        symbols_in: number of symbols to read.
        symbols_out: number of symbols to predict.

    Raises:
        ValueError: names the option that is wrong.
    """

    def forward(  # type: ignore[override]
        self,
        src_tokens: Tensor,
        states: Optional[tuple[Tensor, Tensor]] = None,  # noqa: UP045
        **_: Any,
    ) -> LanguageModelOutput:
        """See `SymbolModel.forward`; S equals T."""
        output = super().forward(src_tokens, None if states is None else State(*states))
        return LanguageModelOutput(output.logits, {"states": output.states})


@dataclass
class StackedLSTMLanguageModelConfig(FairseqDataclass):
    """Options of the Stacked LSTM language model."""

    hidden_size: int = field(default=100, metadata={"help": "size of the hidden, memory and character vectors"})
    layers: int = field(default=3, metadata={"help": "LSTM layers on top of one another, each with its own weights"})
    dropout: float = field(default=0.0, metadata={"help": "dropout of the hidden vectors between the layers"})
    forget_bias: float = field(default=1.0, metadata={"help": "initial bias of the forget gates"})


@register_model("stacked_lstm_lm", dataclass=StackedLSTMLanguageModelConfig)
class StackedLSTMLanguageModel(LanguageModel):
    """torch's LSTM layers, with memory along time and none along the depth; the softmax reads the top hidden vector.

    Args:
        cfg: the options.
        symbols_in: number of symbols to read.
        symbols_out: number of symbols to predict.

    Raises:
        ValueError: names the option that is wrong.
    """

    def __init__(self, cfg: StackedLSTMLanguageModelConfig, symbols_in: int, symbols_out: int) -> None:
        super().__init__()
        check_at_least_one(cfg, "hidden_size", "layers")
        if not 0 <= cfg.dropout < 1:
            raise ValueError(f"--dropout: expected a probability in [0, 1), got {cfg.dropout}")
        size = cfg.hidden_size
        self.embed = nn.Embedding(symbols_in, size)
        # torch applies no dropout after the last layer, and warns if there is only one.
        dropout = cfg.dropout if cfg.layers > 1 else 0.0
        self.lstm = nn.LSTM(size, size, num_layers=cfg.layers, dropout=dropout)
        with torch.no_grad():
            for name, bias in self.lstm.named_parameters():
                # torch adds two biases; its order of gates: input, forget, candidate, output
                if name.startswith("bias"):
                    bias[size : 2 * size] = cfg.forget_bias if name.startswith("bias_ih") else 0.0
        mark_hidden_matrices((weights for weights in self.lstm.parameters() if weights.dim() == 2), size)
        self.output = nn.Linear(size, symbols_out)

    def forward(  # type: ignore[override]
        self,
        src_tokens: Tensor,
        states: Optional[tuple[Tensor, Tensor]] = None,  # noqa: UP045
        **_: Any,
    ) -> LanguageModelOutput:
        """See `SymbolModel.forward`; S equals T."""
        given = None if states is None else tuple(part.contiguous() for part in states)
        values, final = self.lstm(self.embed(src_tokens.t()), given)
        return LanguageModelOutput(self.output(values).transpose(0, 1), {"states": State(*final)})

    @classmethod
    def build_model(cls, cfg: StackedLSTMLanguageModelConfig, task: Any) -> "StackedLSTMLanguageModel":
        """Build the model for the dictionaries of a task.

        Raises:
            ValueError: names the option that is wrong.
        """
        return cls(cfg, len(task.source_dictionary), len(task.target_dictionary))


register_presets(
    "grid_lstm_lm",
    {
        # The paper's numbers, as we read them: 6 layers of 1000 units, all with the same weights. Its 16.8 million
        # parameters follow from them: 16 d^2 in the blocks, and 205 symbols in and out with 2 d weights each.
        "grid_lstm_lm_hutter": {"hidden_size": 1000, "layers": 6},
        # What a CPU trains in hours.
        "grid_lstm_lm_small": {"hidden_size": 200, "layers": 4},
    },
)
register_presets(
    "stacked_lstm_lm",
    {
        # As many parameters as the presets above, for an alphabet of 205.
        "stacked_lstm_lm_hutter": {"hidden_size": 828, "layers": 3},
        "stacked_lstm_lm_small": {"hidden_size": 174, "layers": 3},
    },
)
