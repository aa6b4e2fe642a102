"""What the models of symbols share: their call, their output, and the initial values of an input projection."""

from __future__ import annotations

from typing import Any, NamedTuple

from torch import Tensor, nn

from ..grid import State
from .checkpoint_version import VersionedModel


class SymbolOutput(NamedTuple):
    """What a model of symbols returns.

    Attributes:
        logits: shape (batch, T, classes), T target positions.
        states: the states after the last symbol, hidden and memory of shape (layers, batch, d); pass them to the next
            call to continue the sequence. None for a model that reads a string at once.
    """

    logits: Tensor
    states: State | None


class SymbolModel(VersionedModel):
    """Reads symbols and predicts symbols."""

    def forward(self, src_tokens: Tensor, states: State | None = None, **_: Any) -> SymbolOutput:
        """Predict.

        Args:
            src_tokens: symbols to read, int64, shape (batch, S).
            states: the states that the call for the previous piece of the sequence returned. Default: zeros
            _: fairseq's further inputs, which are not needed.

        Returns:
            See `SymbolOutput`.
        """
        raise NotImplementedError

    def get_normalized_probs(  # type: ignore[override]
        self, net_output: SymbolOutput, log_probs: bool, sample: Any = None
    ) -> Tensor:
        """Probabilities, or their logarithms, of what `forward` returned; shape (batch, T, classes)."""
        probabilities: Tensor = super().get_normalized_probs(net_output.logits, log_probs, sample)
        return probabilities


def scale_input(projection: nn.Linear | nn.Embedding, scale: float) -> None:
    """Draw new weights for the projection of the input, uniform within +-`scale`; 0 leaves them.

    Raises:
        ValueError: the scale is negative.
    """
    if scale < 0:
        raise ValueError(f"--input-scale: expected 0 or more, got {scale}")
    if scale > 0:
        nn.init.uniform_(projection.weight, -scale, scale)
