"""What the models of the algorithmic tasks share: a reading of symbols, and a check that task and model fit."""

from __future__ import annotations

from typing import Any

from fairseq.models import BaseFairseqModel
from torch import Tensor, nn


class SymbolModel(BaseFairseqModel):
    """Reads symbols, shape (batch, S), and gives logits of shape (batch, T, symbols)."""

    def forward(self, src_tokens: Tensor) -> Tensor:
        """Logits of shape (batch, T, symbols) for symbols of shape (batch, S)."""
        raise NotImplementedError


def check_sizes(cfg: Any) -> None:
    """Check the options that all of these models have.

    Raises:
        ValueError: names the option that is wrong.
    """
    for option in ("hidden_size", "layers"):
        if getattr(cfg, option) < 1:
            raise ValueError(f"--{option.replace('_', '-')}: expected at least 1, got {getattr(cfg, option)}")


def scale_input(projection: nn.Linear, scale: float) -> None:
    """Draw the weights of the input's projection anew, uniform within +-`scale`; 0 leaves them.

    Raises:
        ValueError: the scale is negative.
    """
    if scale < 0:
        raise ValueError(f"--input-scale: expected 0 or more, got {scale}")
    if scale > 0:
        nn.init.uniform_(projection.weight, -scale, scale)


def string_problem(arch: str, task: Any) -> Any:
    """The problem of a task whose strings are read at once and answered by one symbol.

    Raises:
        ValueError: the task is of another kind.
    """
    problem = getattr(task, "problem", None)
    if problem is None or problem.target_length != 1 or len(problem.source_symbols) != 2:
        raise ValueError(f"--arch {arch} reads a string of bits at once and answers once: use --task grid_parity")
    return problem


def sequence_problem(arch: str, task: Any) -> Any:
    """The problem of a task that reads a symbol and predicts one at every step.

    Raises:
        ValueError: the task is of another kind.
    """
    problem = getattr(task, "problem", None)
    if problem is None or problem.target_length != problem.source_length:
        raise ValueError(
            f"--arch {arch} predicts a symbol at every step: use --task grid_addition or --task grid_memorization"
        )
    return problem
