"""The Grid LSTM block, written as in the paper: slow, readable, and the oracle of every fast path.

Kalchbrenner, Danihelka, Graves, "Grid Long Short-Term Memory", ICLR 2016, sections 2.1 and 3.1. One call computes one
block for a batch. Axes: `batch`, `d` (hidden size), `N` (grid dimensions).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor

from .dimension import Dimension, Kind, priority_levels

OutputForm = Literal["tanh_om", "o_tanhm"]
"""How the output gate and the new memory make the hidden vector: `tanh(o * m')` as in the paper, or the common
`o * tanh(m')`."""

OUTPUT_FORMS: tuple[str, ...] = get_args(OutputForm)

ACTIVATIONS: dict[Kind, Callable[[Tensor], Tensor]] = {
    "identity": lambda products: products,
    "tanh": torch.tanh,
    "relu": torch.relu,
}
"""For each kind of dimension without cells its activation (section 3.3)."""


class State(NamedTuple):
    """What travels along one grid dimension.

    Attributes:
        hidden: hidden vectors, shape (..., d).
        memory: memory vectors, shape (..., d).
    """

    hidden: Tensor
    memory: Tensor

    def map(self, function: Callable[[Tensor], Tensor]) -> State:
        """Apply `function` to the hidden and to the memory vectors."""
        return State(function(self.hidden), function(self.memory))


def lstm_transform(
    hidden: Tensor, memory: Tensor, weight: Tensor, bias: Tensor | None = None, output_form: OutputForm = "tanh_om"
) -> State:
    """The LSTM transform `(h', m') = LSTM(H, m, W)` of section 2.1.

    Args:
        hidden: the concatenated hidden vectors H, shape (batch, inputs).
        memory: the memory m that enters along the dimension, shape (batch, d).
        weight: outputs in the order u (input gate), f (forget gate), o (output gate), c (candidate), shape (4 * d,
            inputs).
        bias: shape (4 * d,); the paper writes none.
        output_form: `tanh_om` for `h' = tanh(o * m')` (the paper's), `o_tanhm` for `h' = o * tanh(m')`.

    Returns:
        The leaving hidden and memory, each of shape (batch, d).
    """
    return lstm_states(torch.nn.functional.linear(hidden, weight, bias), memory, output_form)


def lstm_states(products: Tensor, memory: Tensor, output_form: OutputForm = "tanh_om") -> State:
    """The LSTM transform from its products `W H + b`, shape (..., 4 * d)."""
    u, f, o, c = products.chunk(4, dim=-1)
    u, f, o, c = torch.sigmoid(u), torch.sigmoid(f), torch.sigmoid(o), torch.tanh(c)
    new_memory = f * memory + u * c
    new_hidden = torch.tanh(o * new_memory) if output_form == "tanh_om" else o * torch.tanh(new_memory)
    return State(new_hidden, new_memory)


def plain_transform(hidden: Tensor, weight: Tensor, bias: Tensor | None, kind: Kind) -> Tensor:
    """The transform `h' = activation(V H)` of a dimension without cells (section 3.3).

    Args:
        hidden: the concatenated hidden vectors H, shape (..., inputs).
        weight: V, shape (d, inputs).
        bias: shape (d,); the paper writes none.
        kind: identity, tanh or relu.

    Returns:
        The leaving hidden vector, shape (..., d).
    """
    return plain_activation(torch.nn.functional.linear(hidden, weight, bias), kind)


def plain_activation(products: Tensor, kind: Kind) -> Tensor:
    """The activation of a dimension without cells, applied to its products `V H + b`, shape (..., d)."""
    return ACTIVATIONS[kind](products)


def grid_block(
    states: Sequence[State],
    weights: Sequence[Tensor],
    biases: Sequence[Tensor | None],
    dimensions: Sequence[Dimension],
    output_form: OutputForm = "tanh_om",
    masks: Sequence[Tensor | None] | None = None,
) -> list[State]:
    """The N-dimensional block of section 3.1, with every variant of section 3.

    Args:
        states: the states that enter along each dimension, N pairs of shape (batch, d); memories have width 0 along a
            dimension without cells.
        weights: one matrix per dimension, shape (4 * d, N * d), or (d, N * d) without cells.
        biases: one vector per dimension, shape (4 * d,) or (d,), or None.
        dimensions: options of each dimension.
        output_form: see `lstm_transform`.
        masks: for each dimension the dropout factors of the leaving hidden vector, shape (batch, d), or None.
            Dimensions of higher priority read the hidden vector after these factors.

    Returns:
        The states that leave along each dimension, in the order of `states`.
    """
    hidden = [state.hidden for state in states]
    leaving = list(states)
    for level in priority_levels(dimensions):
        # H = [h_1; ...; h_N], where dimensions of lower priority have been replaced by their outputs already (3.2).
        concatenated = torch.cat(hidden, dim=-1)
        for n in level:
            kind = dimensions[n].kind
            if kind == "lstm":
                leaving[n] = lstm_transform(concatenated, states[n].memory, weights[n], biases[n], output_form)
            else:
                leaving[n] = State(plain_transform(concatenated, weights[n], biases[n], kind), states[n].memory)
            mask = None if masks is None else masks[n]
            if mask is not None:
                masked = (leaving[n].hidden * mask).to(leaving[n].hidden.dtype)
                leaving[n] = State(masked, leaving[n].memory)
        for n in level:
            hidden[n] = leaving[n].hidden
    return leaving
