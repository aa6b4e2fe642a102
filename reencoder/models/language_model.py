"""Language models of characters: the 2-LSTM of time x depth, and the Stacked LSTM that the paper compares it with.

They read a character and predict the next one at every step, and go on from the states that they are given. Axes:
`batch`, T time steps, `d` hidden size.
"""

# No `from __future__ import annotations`: fairseq reads the types of the configs' fields.
from dataclasses import dataclass
from typing import Any, NamedTuple

from fairseq.models import register_model
from torch import Tensor

from ..grid import State
from .options import register_presets
from .sequence import GridLSTM2dConfig, GridLSTM2dModel, StackedLSTM, StackedLSTMConfig
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
    """Mixin, listed before a sequence model, that repackages its output.

    Attributes:
        supported_targets: for fairseq's task `language_modeling`: the next symbol.
    """

    supported_targets = frozenset({"future"})

    def forward(  # type: ignore[override]
        self,
        src_tokens: Tensor,
        states: tuple[Tensor, Tensor] | None = None,
        **_: Any,
    ) -> LanguageModelOutput:
        """See `SymbolModel.forward`; S equals T."""
        output = super().forward(src_tokens, None if states is None else State(*states))
        return LanguageModelOutput(output.logits, {"states": output.states})

    def get_normalized_probs(  # type: ignore[override]
        self, net_output: tuple[Any, ...], log_probs: bool, sample: Any = None
    ) -> Tensor:
        """See `SymbolModel.get_normalized_probs`; fairseq's scorers make tuples of parts of the logits."""
        return super().get_normalized_probs(SymbolOutput(net_output[0], None), log_probs, sample)


@dataclass
class GridLSTMLanguageModelConfig(GridLSTM2dConfig):
    """Options of the Grid LSTM language model."""


@register_model("grid_lstm_lm", dataclass=GridLSTMLanguageModelConfig)
class GridLSTMLanguageModel(LanguageModel, GridLSTM2dModel):  # type: ignore[misc]
    """2-LSTM: cells along time and depth; the softmax reads the hidden and memory vectors of the top layer."""


@dataclass
class StackedLSTMLanguageModelConfig(StackedLSTMConfig):
    """Options of the Stacked LSTM language model."""


@register_model("stacked_lstm_lm", dataclass=StackedLSTMLanguageModelConfig)
class StackedLSTMLanguageModel(LanguageModel, StackedLSTM):  # type: ignore[misc]
    """torch's LSTM layers, with memory along time and none along the depth; the softmax reads the top hidden vector."""


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
        "stacked_lstm_lm_hutter": {"hidden_size": 828, "layers": 3, "untied": True},
        "stacked_lstm_lm_small": {"hidden_size": 174, "layers": 3, "untied": True},
    },
)
