"""How far a training has come, kept in the checkpoint with the model."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Progress(nn.Module):
    """Part of a model without parameters; its two numbers are saved and loaded with the model.

    fairseq writes a task's state into checkpoints too, but does not read it when a training is resumed.

    Attributes:
        samples: training samples seen.
        accuracy: on the validation set, when last looked at.
    """

    def __init__(self) -> None:
        super().__init__()
        self.samples = 0
        self.accuracy = 0.0

    def get_extra_state(self) -> Tensor:
        """For torch: what is saved, shape (2,), in double precision whatever that of the model is."""
        return torch.tensor([self.samples, self.accuracy], dtype=torch.float64)

    def set_extra_state(self, state: Tensor) -> None:
        """For torch: take over what was saved."""
        self.samples, self.accuracy = int(state[0]), float(state[1])

    def extra_repr(self) -> str:
        return f"samples={self.samples}, accuracy={self.accuracy}"
