"""The Grid LSTM block, written as in the paper: slow, readable, and the oracle of every fast path.

Kalchbrenner, Danihelka, Graves, "Grid Long Short-Term Memory", ICLR 2016, sections 2.1 and 3.1. One call computes one
block for a batch, or a front of blocks. Axes: `d` (hidden size), `N` (grid dimensions); any before them.
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


def lstm_transform(products: Tensor, memory: Tensor, output_form: OutputForm = "tanh_om") -> State:
    """The LSTM transform `(h', m') = LSTM(H, m, W)` of section 2.1, from its products.

    Args:
        products: `W H`, in the order u (input gate), f (forget gate), o (output gate), c (candidate), shape (...,
            4 * d).
        memory: the memory m that enters along the dimension, shape (..., d).
        output_form: `tanh_om` for `h' = tanh(o * m')` (the paper's), `o_tanhm` for `h' = o * tanh(m')`.

    Returns:
        The leaving hidden and memory, each of shape (..., d).
    """
    u, f, o, c = products.chunk(4, dim=-1)
    u, f, o, c = torch.sigmoid(u), torch.sigmoid(f), torch.sigmoid(o), torch.tanh(c)
    new_memory = f * memory + u * c
    new_hidden = torch.tanh(o * new_memory) if output_form == "tanh_om" else o * torch.tanh(new_memory)
    return State(new_hidden, new_memory)


def transform(products: Tensor, memory: Tensor, kind: Kind, output_form: OutputForm = "tanh_om") -> State:
    """The transform of a dimension of any kind, from its products.

    Args:
        products: `W H`, shape (..., 4 * d), or without cells `V H`, shape (..., d).
        memory: the memory that enters along the dimension, shape (..., d), or of width 0 without cells.
        kind: kind of the dimension; without cells `h' = activation(V H)` (section 3.3).
        output_form: see `lstm_transform`.

    Returns:
        The leaving hidden vector, shape (..., d), and memory, shaped like the entering one.
    """
    if kind == "lstm":
        return lstm_transform(products, memory, output_form)
    return State(ACTIVATIONS[kind](products), memory)


def grid_block(
    states: Sequence[State],
    dimensions: Sequence[Dimension],
    product: Callable[[int, Tensor], Tensor],
    output_form: OutputForm = "tanh_om",
    masks: Sequence[Tensor | None] | None = None,
) -> list[State]:
    """The N-dimensional block of section 3.1, with every variant of section 3.

    Args:
        states: the states that enter along each dimension, N pairs of shape (..., d); memories have width 0 along a
            dimension without cells.
        dimensions: options of each dimension.
        product: from the number n of a dimension and H, shape (..., N * d), its product with that dimension's weights,
            `W_n H` or with a bias `W_n H + b_n` (the paper writes none), shape (..., 4 * d), or (..., d) without cells.
        output_form: see `lstm_transform`.
        masks: for each dimension the dropout factors of the leaving hidden vector, shape (..., d), or None.
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
            leaving[n] = transform(product(n, concatenated), states[n].memory, dimensions[n].kind, output_form)
            mask = None if masks is None else masks[n]
            if mask is not None:
                masked = (leaving[n].hidden * mask).to(leaving[n].hidden.dtype)
                leaving[n] = State(masked, leaving[n].memory)
        for n in level:
            hidden[n] = leaving[n].hidden
    return leaving
