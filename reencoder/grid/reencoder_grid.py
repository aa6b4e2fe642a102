"""The grid of the Reencoder (section 4.4): planes of source x target blocks, stacked in depth, scanned in turn from
both ends.

Axes: S source positions, T target positions, `batch`, `d` hidden size, L layers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .block import OUTPUT_FORMS, OutputForm, State
from .dimension import Dimension
from .dropout import dropout_mask
from .modules import zero_state
from .planes import DepthWeights, compute_plane, real_blocks, rescan_index
from .sweep import Prepared, prepare

DepthReads = Literal["input", "output"]


class GridOutput(NamedTuple):
    """What the grid returns.

    Attributes:
        row_ends: the states at the end of every row of the last layer, hidden (after dropout) and memory of shape
            (T, batch, d).
        columns: for each layer the states that leave the last row along the target dimension, in the order of the
            source, hidden and memory of shape (S, batch, d). They are what the next row needs.
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
        recompute: whether gates are computed again in the backward pass instead of kept; see `sweep`.
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
    recompute: bool = False

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

    Between plane l and plane l + 1 each block hands on `V H`, an identity (linear) connection along the depth, with
    weights of its own per layer. The first plane scans the source from its first word, the second from its last.

    Args:
        options: see `GridOptions`.

    Attributes:
        weights: one matrix per layer, shape (8 * d, 2 * d) for the first, (8 * d, 3 * d) for the others; see
            `compute_plane`.
        biases: one vector of shape (8 * d,) per layer, or empty.
        depths: V of each layer but the last, shape (d, 2 * d) for the first, (d, 3 * d) for the others.
    """

    def __init__(self, options: GridOptions) -> None:
        super().__init__()
        self.options = options
        d = options.hidden_size
        self.weights = nn.ParameterList(
            nn.Parameter(torch.empty(8 * d, (2 if layer == 0 else 3) * d)) for layer in range(options.layers)
        )
        self.biases = nn.ParameterList(nn.Parameter(torch.empty(8 * d)) for _ in range(options.layers * options.bias))
        self.depths = nn.ParameterList(
            nn.Parameter(torch.empty(d, (2 if layer == 0 else 3) * d)) for layer in range(options.layers - 1)
        )
        self._depth = Dimension("identity", tied=False, priority=int(options.depth_reads == "output"))
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

    def prepare(self) -> list[Prepared | None]:
        """Rearrange the weights for many calls without gradient, as long as they stay what they are; see `sweep`."""
        width = 2 * self.options.hidden_size
        return [
            prepare(weight[:, :width], weight[:, width:] if layer else None)
            for layer, weight in enumerate(self.weights)
        ]

    def forward(
        self,
        rows: Sequence[State | None],
        columns: Sequence[State | None],
        lengths: Tensor,
        prepared: Sequence[Prepared | None] | None = None,
    ) -> GridOutput:
        """Compute T rows.

        Args:
            rows: for each layer the states from which its rows start, each of shape (T, batch, d); None for zeros (or,
                with `rows_continue`, for an upper layer: the row ends of the layer below). The first layer's must be
                given.
            columns: for each layer the states that enter its first row here, in the order of the source, each of shape
                (S, batch, d); None for zeros. The first layer's must be given.
            lengths: source lengths, int64, shape (batch,); padding lies behind the source and changes no result.
            prepared: what `prepare` returned.

        Returns:
            see `GridOutput`. T rows at once or one call a row, each with the columns that the last one returned,
            give the same.
        """
        options = self.options
        if rows[0] is None or columns[0] is None:
            raise ValueError("the first layer needs states for its rows and for its columns")
        steps, batch = rows[0].hidden.shape[:2]
        extents = (columns[0].hidden.size(0), steps)
        device = rows[0].hidden.device
        below: State | None = None
        row_ends = rows[0]
        leaving: list[State] = []
        for layer in range(options.layers):
            row, column = rows[layer], columns[layer]
            row = row_ends if layer > 0 and options.rows_continue else self._drop(row, row_ends, steps)
            reverse, last = self._scan(layer), layer + 1 == options.layers
            output = compute_plane(
                [row, self._drop(column, row_ends, extents[0])],
                self.weights[layer],
                self.biases[layer] if options.bias else None,
                extents,
                reverse=reverse,
                below=below,
                depth=None if last else DepthWeights(self._depth, self.depths[layer], None),
                real=real_blocks([lengths, None], extents, batch, reverse, device),
                mask=self._mask(extents, batch, row_ends.hidden),
                output_form=options.output_form,
                recompute=options.recompute,
                prepared=None if prepared is None else prepared[layer],
            )
            row_ends = output.leaving[0]
            leaving.append(output.leaving[1])
            if output.depth is not None:
                index = rescan_index(extents, reverse, self._scan(layer + 1), device)
                below = State(output.depth.hidden[index], output.depth.memory)
        return GridOutput(row_ends, leaving)

    def _scan(self, layer: int) -> tuple[bool, bool]:
        """Whether a layer scans source and target from their ends."""
        return (layer % 2 == 1, False)

    def _drop(self, state: State | None, like: State, positions: int) -> State:
        if state is None:
            return zero_state(like, (positions, like.hidden.size(1)), self.options.hidden_size)
        return State(F.dropout(state.hidden, self.options.dropout, self.training), state.memory)

    def _mask(self, extents: tuple[int, int], batch: int, like: Tensor) -> Tensor | None:
        if not self.training or self.options.dropout == 0.0:
            return None
        shape = (extents[0] * extents[1], batch, 2 * self.options.hidden_size)
        return dropout_mask(shape, self.options.dropout, like)
