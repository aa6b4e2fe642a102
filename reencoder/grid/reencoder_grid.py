"""The grid of the Reencoder (section 4.4): planes of source x target blocks, stacked in depth, scanned in turn from
both ends.

Axes: S source positions, T target positions, `batch`, `d` hidden size, L layers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .block import OUTPUT_FORMS, OutputForm, State
from .dropout import dropout_mask
from .layout import plane_layout
from .plane import sweep_plane

DepthReads = Literal["input", "output"]


class GridOutput(NamedTuple):
    """What the grid returns.

    Attributes:
        row_ends: the states at the end of every row of the last layer, hidden (after dropout) and memory of shape
            (T, batch, d).
        columns: for each layer the states that leave the last row along the target dimension, in the layer's own
            order of scanning, hidden and memory of shape (S, batch, d). They are what the next row needs.
    """

    row_ends: State
    columns: list[State]


@dataclass(frozen=True)
class GridOptions:
    """What a Reencoder grid may vary.

    Attributes:
        hidden_size: d, the size of every hidden and memory vector.
        layers: number of planes; the first scans the source from its first word, the second from its last, and so on
            in turn.
        dropout: probability with which an element of a hidden vector within the blocks is dropped in training.
        rows_continue: whether a row of an upper plane starts from the states with which the plane below ended that
            row; otherwise it starts from the states given to `forward`, or from zeros.
        depth_reads: "input": depth carries `V H` of the hidden vectors that enter a block (section 3.3); "output":
            depth is a priority dimension (section 3.2) and carries those that leave it.
        output_form: see `lstm_transform`.
        bias: whether the gates have biases.
        forget_bias: initial bias of the forget gates.
        init_scale: weights start uniform within +-`init_scale / sqrt(fan_in)`.
    """

    hidden_size: int
    layers: int = 2
    dropout: float = 0.0
    rows_continue: bool = False
    depth_reads: DepthReads = "input"
    output_form: OutputForm = "tanh_om"
    bias: bool = True
    forget_bias: float = 1.0
    init_scale: float = 1.7

    def __post_init__(self) -> None:
        if self.hidden_size < 1:
            raise ValueError(f"hidden size: expected at least 1, got {self.hidden_size}")
        if self.layers < 1:
            raise ValueError(f"grid layers: expected at least 1, got {self.layers}")
        if not 0.0 <= self.dropout < 1.0:
            raise ValueError(f"dropout: expected a probability in [0, 1), got {self.dropout}")
        if self.output_form not in OUTPUT_FORMS:
            raise ValueError(f"output form: expected one of {', '.join(OUTPUT_FORMS)}, got {self.output_form!r}")
        if self.depth_reads not in ("input", "output"):
            raise ValueError(f"depth reads: expected input or output, got {self.depth_reads!r}")
        if self.rows_continue and self.layers == 1:
            raise ValueError("rows continue from the plane below, but there is only one plane")
        if not self.bias and self.forget_bias != 0.0:
            raise ValueError(f"a forget bias of {self.forget_bias} needs biases")


class ReencoderGrid(nn.Module):
    """L planes of source x target blocks.

    Every plane is swept by `sweep_plane`; between plane l and plane l + 1 each cell hands on `V H`, an identity
    (linear) connection along the depth, with weights of its own per layer.

    Args:
        options: see `GridOptions`.

    Attributes:
        weights: one matrix per layer, shape (8 * d, 2 * d) for the first, (8 * d, 3 * d) for the others; see
            `sweep_plane`.
        biases: one vector of shape (8 * d,) per layer, or empty.
        depths: V of each layer but the last, shape (d, 2 * d).
    """

    def __init__(self, options: GridOptions) -> None:
        super().__init__()
        self.options = options
        d = options.hidden_size
        self.weights = nn.ParameterList(
            nn.Parameter(torch.empty(8 * d, (2 if layer == 0 else 3) * d)) for layer in range(options.layers)
        )
        self.biases = nn.ParameterList(nn.Parameter(torch.empty(8 * d)) for _ in range(options.layers * options.bias))
        self.depths = nn.ParameterList(nn.Parameter(torch.empty(d, 2 * d)) for _ in range(options.layers - 1))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew; biases start at zero but for the forget gates'."""
        d = self.options.hidden_size
        for weight in [*self.weights, *self.depths]:
            bound = self.options.init_scale / math.sqrt(weight.size(1))
            nn.init.uniform_(weight, -bound, bound)
        for bias in self.biases:
            nn.init.zeros_(bias)
            nn.init.constant_(bias[2 * d : 4 * d], self.options.forget_bias)

    def extra_repr(self) -> str:
        return ", ".join(f"{name}={value}" for name, value in vars(self.options).items())

    def scan_order(self, layer: int, states: Tensor, lengths: Tensor) -> Tensor:
        """Bring one vector per source position into the order in which `layer` scans them.

        Args:
            layer: number of the layer, from 0.
            states: shape (S, batch, d), padding behind each sentence.
            lengths: source lengths, int64, shape (batch,).

        Returns:
            shape (S, batch, d); the first layer's order is the source's own, the next one's is reversed within each
            sentence.
        """
        if layer % 2 == 0:
            return states
        index = _reversed_positions(states.size(0), lengths)
        return states.gather(0, index.unsqueeze(-1).expand_as(states))

    def forward(self, rows: Sequence[State | None], columns: Sequence[State | None], lengths: Tensor) -> GridOutput:
        """Compute T rows.

        Args:
            rows: for each layer the states from which its rows start, each of shape (T, batch, d); None for zeros
                (or, with `rows_continue`, for an
                upper layer: the row ends of the layer below). The first layer's must be given.
            columns: for each layer the states that enter its first row here, in the order of `scan_order`, each of
                shape (S, batch, d); None for zeros. The first layer's must be given.
            lengths: source lengths, int64, shape (batch,).

        Returns:
            see `GridOutput`. T rows at once or one call a row, each with the columns that the last one returned,
            give the same.
        """
        options = self.options
        if rows[0] is None or columns[0] is None:
            raise ValueError("the first layer needs states for its rows and for its columns")
        steps, batch, d = rows[0].hidden.shape
        positions = columns[0].hidden.size(0)
        depth: Tensor | None = None
        row_ends = State(rows[0].hidden, rows[0].memory)
        leaving: list[State] = []
        for layer in range(options.layers):
            row, column = rows[layer], columns[layer]
            if layer > 0 and options.rows_continue:
                row = row_ends
            elif row is not None:
                row = self._drop(row)
            hidden, row_ends, ends = sweep_plane(
                row if row is not None else _zeros(row_ends.hidden, steps, batch, d),
                self._drop(column) if column is not None else _zeros(row_ends.hidden, positions, batch, d),
                self.weights[layer],
                self.biases[layer] if options.bias else None,
                depth,
                lengths,
                self._mask(positions, steps, batch, row_ends.hidden),
                options.output_form,
            )
            leaving.append(ends)
            if layer + 1 < options.layers:
                depth = self._hand_on(layer, hidden, positions, steps, lengths)
        return GridOutput(row_ends, leaving)

    def _drop(self, state: State) -> State:
        return State(F.dropout(state.hidden, self.options.dropout, self.training), state.memory)

    def _mask(self, positions: int, steps: int, batch: int, like: Tensor) -> Tensor | None:
        if not self.training or self.options.dropout == 0.0:
            return None
        shape = ((positions + 1) * (steps + 1), batch, 2 * self.options.hidden_size)
        return dropout_mask(shape, self.options.dropout, like)

    def _hand_on(self, layer: int, hidden: Tensor, positions: int, steps: int, lengths: Tensor) -> Tensor:
        """`V H` of each cell, in the interior order of the next layer, which scans the source the other way."""
        batch, d = hidden.size(1), self.options.hidden_size
        layout = plane_layout(positions, steps, hidden.device)
        reverse = _reversed_positions(positions, lengths)
        i, j = layout.interior_source, layout.interior_target
        sentences = torch.arange(batch, device=hidden.device)
        weight = self.depths[layer]

        def cells(source_shift: int, target_shift: int) -> Tensor:
            points = layout.lattice.flatten()[(reverse[i] + source_shift) * (steps + 1) + (j + target_shift)[:, None]]
            return (points * batch + sentences).flatten()

        flat = hidden.view(-1, 2 * d)
        if self.options.depth_reads == "input":
            carried = _Select.apply(flat @ weight.t(), cells(0, 0))
        else:
            carried = _Select.apply(flat[:, :d] @ weight[:, :d].t(), cells(1, 0))
            carried = carried + _Select.apply(flat[:, d:] @ weight[:, d:].t(), cells(0, 1))
        return carried.view(-1, batch, d)


class _Select(torch.autograd.Function):
    """`rows[index]` for an index without repetitions: its gradient is a plain copy, not a scattered sum."""

    @staticmethod
    def forward(ctx: Any, rows: Tensor, index: Tensor) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(index)
        ctx.count = rows.size(0)
        return rows.index_select(0, index)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:  # type: ignore[override]
        (index,) = ctx.saved_tensors
        return grad.new_zeros(ctx.count, grad.size(1)).index_copy(0, index, grad), None


def _zeros(like: Tensor, *shape: int) -> State:
    zeros = like.new_zeros(shape)
    return State(zeros, zeros)


def _reversed_positions(positions: int, lengths: Tensor) -> Tensor:
    """Position i of each sentence counted from its end, padding left where it is; int64, shape (positions, batch)."""
    forward = torch.arange(positions, device=lengths.device)[:, None]
    return torch.where(forward < lengths, lengths - 1 - forward, forward)
