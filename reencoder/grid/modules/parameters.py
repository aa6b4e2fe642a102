"""Initial values of weights and biases, and zeros for states that are not given."""

from __future__ import annotations

import math
from collections.abc import Sequence

from torch import Tensor, nn

from ..block import State


def reset_weight(weight: Tensor, init_scale: float) -> None:
    """Draw a weight of shape (..., outputs, inputs) uniformly within +-`init_scale / sqrt(inputs)`."""
    bound = init_scale / math.sqrt(weight.size(-1))
    nn.init.uniform_(weight, -bound, bound)


def reset_bias(bias: Tensor, has_memory: bool, forget_bias: float) -> None:
    """Set a bias of shape (..., outputs) to zero and, with memories, that of the forget gates to `forget_bias`."""
    nn.init.zeros_(bias)
    if has_memory:
        quarter = bias.size(-1) // 4  # of the gates u, f, o, c
        nn.init.constant_(bias[..., quarter : 2 * quarter], forget_bias)


def zero_state(like: State, shape: Sequence[int], hidden_size: int, has_memory: bool = True) -> State:
    """Zeros of shape (*shape, d), memory of width 0 without cells, with the types and device of `like`."""
    return State(
        like.hidden.new_zeros(*shape, hidden_size), like.memory.new_zeros(*shape, hidden_size if has_memory else 0)
    )
