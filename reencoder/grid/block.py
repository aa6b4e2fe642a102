"""The Grid LSTM block, written as the paper writes it: slow, readable, and the oracle of every fast path.

Kalchbrenner, Danihelka, Graves, "Grid Long Short-Term Memory", ICLR 2016, sections 2.1 and 3.1. One call computes one
block for a batch. Axes: `batch`, `d` (hidden size), `N` (grid dimensions).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor

OutputForm = Literal["tanh_om", "o_tanhm"]
"""How hidden comes from the output gate and the memory: `tanh(o * m')`, the paper's, or the common `o * tanh(m')`."""

OUTPUT_FORMS: tuple[str, ...] = get_args(OutputForm)


class State(NamedTuple):
    """What travels along one grid dimension.

    Attributes:
        hidden: hidden vectors, shape (..., d).
        memory: memory vectors, shape (..., d).
    """

    hidden: Tensor
    memory: Tensor


def lstm_transform(
    hidden: Tensor, memory: Tensor, weight: Tensor, bias: Tensor | None = None, output_form: OutputForm = "tanh_om"
) -> State:
    """The LSTM transform `(h', m') = LSTM(H, m, W)` of section 2.1.

    Args:
        hidden: the concatenated hidden vectors H, shape (batch, inputs).
        memory: the memory m that enters along the dimension, shape (batch, d).
        weight: rows in the order u (input gate), f (forget gate), o (output gate), c (candidate), shape (4 * d,
            inputs).
        bias: shape (4 * d,); the paper writes none.
        output_form: `tanh_om` for `h' = tanh(o * m')` (the paper's), `o_tanhm` for `h' = o * tanh(m')`.

    Returns:
        The outgoing hidden and memory, each of shape (batch, d).
    """
    preactivation = hidden @ weight.t()
    if bias is not None:
        preactivation = preactivation + bias
    u, f, o, c = preactivation.chunk(4, dim=-1)
    u, f, o, c = torch.sigmoid(u), torch.sigmoid(f), torch.sigmoid(o), torch.tanh(c)
    new_memory = f * memory + u * c
    new_hidden = torch.tanh(o * new_memory) if output_form == "tanh_om" else o * torch.tanh(new_memory)
    return State(new_hidden, new_memory)


def grid_block(
    states: Sequence[State],
    weights: Sequence[Tensor],
    biases: Sequence[Tensor | None],
    extra_hidden: Sequence[Tensor] = (),
    output_form: OutputForm = "tanh_om",
) -> list[State]:
    """The N-dimensional block of section 3.1: every LSTM dimension transforms the same concatenation H.

    Args:
        states: what enters along each LSTM dimension, N pairs of shape (batch, d).
        weights: one matrix per LSTM dimension, shape (4 * d, inputs), `inputs` the width of H.
        biases: one vector of shape (4 * d,) or None per LSTM dimension.
        extra_hidden: hidden vectors that enter along dimensions without a memory (section 3.3); they are part of H,
            after those of `states`.
        output_form: see `lstm_transform`.

    Returns:
        What leaves along each LSTM dimension, in the order of `states`.
    """
    concatenated = torch.cat([state.hidden for state in states] + list(extra_hidden), dim=-1)
    return [
        lstm_transform(concatenated, state.memory, weight, bias, output_form)
        for state, weight, bias in zip(states, weights, biases, strict=True)
    ]
