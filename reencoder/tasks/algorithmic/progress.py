"""The progress of a training run, saved in the checkpoint with the model."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Progress(nn.Module):
    """Part of a model without parameters; its numbers are saved and loaded with the model.

    fairseq writes a task's state into checkpoints too, but does not load it when training is resumed.

    Args:
        held_out: a checksum that identifies the validation set.

    Attributes:
        samples: number of training samples seen.
        accuracy: accuracy of the last validation. It is not loaded from a model that was validated on another set (of
            another problem or size).
    """

    def __init__(self, held_out: int = 0) -> None:
        super().__init__()
        self.held_out = held_out
        self.samples = 0
        self.accuracy = 0.0

    def get_extra_state(self) -> Tensor:
        """What torch saves, shape (3,), in double precision whatever the precision of the model."""
        return torch.tensor([self.samples, self.accuracy, self.held_out], dtype=torch.float64)

    def set_extra_state(self, state: Tensor) -> None:
        """Restore what `get_extra_state` returned."""
        self.samples = int(state[0])
        same = int(state[2]) == self.held_out
        self.accuracy = float(state[1]) if same else 0.0

    def extra_repr(self) -> str:
        return f"samples={self.samples}, accuracy={self.accuracy}"
