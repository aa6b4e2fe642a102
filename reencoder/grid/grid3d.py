"""`GridLSTM3d`: two swept dimensions and depth, every layer scanning from a corner of its own."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .block import OutputForm, State
from .dimension import Dimension, Kind
from .dropout import dropout_mask
from .modules import InputProjection, zero_state
from .planes import DepthWeights, compute_plane, real_blocks, rescan_index, scan_index

CORNERS = ((False, False), (True, True), (False, True), (True, False))
"""The corners from which layers scan in turn: whether each of the two dimensions is scanned from its end."""


class GridLSTM3d(nn.Module):
    """A 3-LSTM: two swept dimensions (the sides of an image, source and target) with LSTM cells, and depth.

    Args:
        input_size: width of the input at every position, which is projected to what enters the first layer there.
        hidden_size: d.
        num_layers: number of planes.
        tied: whether all layers share their weights; all positions of a plane do. Default: True
        depth: kind of the depth: "lstm", or without cells "identity", "tanh", "relu" (the paper's for images).
            Default: "lstm"
        prioritize_depth: whether the depth reads what leaves a block along the two others instead of what enters it
            (section 3.2). Default: False
        corners: for each layer, whether each of the two dimensions is scanned from its end. Default: `CORNERS` in turn
        bias, forget_bias, output_form, dropout, init_scale, recompute: see `GridLSTM`.

    Inputs: input, states, lengths
        * **input**: shape (A, B, batch, input size).
        * **states**: for each layer what enters along the two swept dimensions, hidden and memory of shape (B, batch,
          d) and (A, batch, d), in the order of the positions. Default: zeros
        * **lengths**: for each swept dimension the number of real positions of each sample, int64, shape (batch,), or
          None. Padding hands on unchanged what enters it.

    Outputs: top, states
        * **top**: the `State` that leaves the last layer at every position, hidden and memory of shape (A, B, batch,
          d); memory of width 0 if the depth has no cells.
        * **states**: for each layer what leaves along the two swept dimensions, shaped like the input's.

    Attributes:
        project: the input's projection.
        weights: one matrix for each layer (one for all, if tied) of the swept dimensions, shape (8d, 3d): rows u, f,
            o, c, within each the first dimension, then the second; columns the two hidden vectors, then the depth's.
        depth_weights: shape (4d, 3d) or, without cells, (d, 3d).
        biases, depth_biases: as many, or none.

    Example::

        >>> top, _ = GridLSTM3d(4, 16, num_layers=2, depth="relu")(torch.randn(5, 6, 3, 4))
        >>> top.hidden.shape
        torch.Size([5, 6, 3, 16])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        *,
        tied: bool = True,
        depth: Kind = "lstm",
        prioritize_depth: bool = False,
        corners: Sequence[tuple[bool, bool]] | None = None,
        bias: bool = True,
        forget_bias: float = 1.0,
        output_form: OutputForm = "tanh_om",
        dropout: float = 0.0,
        init_scale: float = 1.7,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        if num_layers < 1:
            raise ValueError(f"number of layers: expected at least 1, got {num_layers}")
        if corners is not None and len(corners) != num_layers:
            raise ValueError(f"corners: expected one for each of {num_layers} layers, got {len(corners)}")
        self.hidden_size, self.num_layers, self.tied = hidden_size, num_layers, tied
        self.corners = tuple(corners or (CORNERS[layer % len(CORNERS)] for layer in range(num_layers)))
        self.dimension = Dimension(depth, tied=tied, priority=int(prioritize_depth))
        self.forget_bias, self.output_form, self.dropout = forget_bias, output_form, dropout
        self.init_scale, self.recompute = init_scale, recompute
        self.project = InputProjection(input_size, hidden_size, self.dimension.has_memory, dropout)
        own, rows = 1 if tied else num_layers, self.dimension.outputs(hidden_size)
        inputs = 3 * hidden_size
        self.weights = nn.ParameterList(nn.Parameter(torch.empty(8 * hidden_size, inputs)) for _ in range(own))
        self.depth_weights = nn.ParameterList(nn.Parameter(torch.empty(rows, inputs)) for _ in range(own))
        self.biases = nn.ParameterList(nn.Parameter(torch.empty(8 * hidden_size)) for _ in range(own * bias))
        self.depth_biases = nn.ParameterList(nn.Parameter(torch.empty(rows)) for _ in range(own * bias))
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew; biases start at zero but for the forget gates'."""
        bound = self.init_scale / math.sqrt(3 * self.hidden_size)
        for weight in [*self.weights, *self.depth_weights]:
            nn.init.uniform_(weight, -bound, bound)
        for bias in [*self.biases, *self.depth_biases]:
            nn.init.zeros_(bias)
            if len(bias) > self.hidden_size:
                quarter = len(bias) // 4
                nn.init.constant_(bias[quarter : 2 * quarter], self.forget_bias)

    def extra_repr(self) -> str:
        parts = [f"{self.hidden_size}, num_layers={self.num_layers}, depth={self.dimension}, corners={self.corners}"]
        parts += [] if len(self.biases) else ["bias=False"]
        parts.append(f"output_form={self.output_form!r}, dropout={self.dropout}")
        return ", ".join(parts)

    def forward(
        self,
        input: Tensor,
        states: Sequence[tuple[State, State]] | None = None,
        lengths: tuple[Tensor | None, Tensor | None] = (None, None),
    ) -> tuple[State, list[tuple[State, State]]]:
        """See the class."""
        if input.dim() != 4 or min(input.shape[:2]) < 1:
            raise ValueError(f"input: expected shape (rows, columns, batch, features), got {tuple(input.shape)}")
        if states is not None and len(states) != self.num_layers:
            raise ValueError(f"states: expected a pair for each of {self.num_layers} layers, got {len(states)}")
        extents, batch = (input.size(0), input.size(1)), input.size(2)
        entering = self.project(input.flatten(0, 1))
        positions = scan_index(extents, self.corners[0], input.device)[0]
        depth = State(entering.hidden[positions], entering.memory[positions])
        leaving = []
        for layer, corner in enumerate(self.corners):
            own = 0 if self.tied else layer
            like = State(depth.hidden, depth.memory if self.dimension.has_memory else depth.hidden)
            sides = states[layer] if states is not None else tuple(
                zero_state(like, (extents[1 - n], batch), self.hidden_size) for n in (0, 1)
            )  # fmt: skip
            mask = None
            if self.training and self.dropout:
                mask = dropout_mask((input.size(0) * input.size(1), batch, 2 * self.hidden_size), self.dropout, input)
            has_bias = len(self.biases) > 0
            real = real_blocks(lengths, extents, batch, corner, input.device)
            output = compute_plane(
                sides,
                self.weights[own],
                self.biases[own] if has_bias else None,
                extents,
                reverse=corner,
                below=depth,
                depth=DepthWeights(
                    self.dimension, self.depth_weights[own], self.depth_biases[own] if has_bias else None
                ),
                real=real,
                mask=mask,
                output_form=self.output_form,
                recompute=self.recompute,
            )
            assert output.depth is not None
            leaving.append((output.leaving[0], output.leaving[1]))
            hidden, memory = output.depth
            dropped = F.dropout(hidden, self.dropout, self.training)
            hidden = dropped if real is None else torch.where(real.unsqueeze(-1), dropped, hidden)
            last = layer + 1 == self.num_layers
            index = (
                scan_index(extents, corner, input.device)[1]
                if last
                else rescan_index(extents, corner, self.corners[layer + 1], input.device)
            )
            depth = State(hidden[index], memory[index])
        return State(*(part.unflatten(0, extents) for part in depth)), leaving
