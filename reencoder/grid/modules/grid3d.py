"""`GridLSTM3d`: two scanned dimensions and depth, every layer scanning from a corner of its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

from torch import Tensor, nn

from ..block import State
from ..compute import Scan
from ..dimension import Kind
from .inputs import InputProjection
from .options import BlockArguments, PlaneStackOptions, alternating_scans
from .plane_stack import PlaneStack, Sides

CORNER_SCANS: tuple[Scan, ...] = ((False, False), (True, True), (False, True), (True, False))
"""The scans from the four corners, which layers take in turn."""


class GridLSTM3d(nn.Module):
    """A 3-LSTM: two scanned dimensions with LSTM cells, such as the sides of an image, and depth.

    Args:
        input_size: width of the input at every position, which is projected to what enters the first layer there.
        hidden_size: d.
        layers: number of planes.
        untied: give each layer weights of its own; all positions of a plane share theirs. Default: False
        depth: kind of the depth: "lstm", or without cells "identity", "tanh", "relu" (the paper's for images).
            Default: "lstm"
        depth_priority: with 1 the depth reads what leaves a block along the two other dimensions, with 0 what enters it
            (section 3.2). Default: 0
        scans: for each layer, whether each of the two scanned dimensions is computed in reverse. Default:
            `CORNER_SCANS` in turn
        options: see `BlockOptions`; dropout applies to the depth too.

    Inputs: input, states, lengths
        * **input**: shape (A, B, batch, input size).
        * **states**: for each layer what enters along the two scanned dimensions, hidden and memory of shape (B, batch,
          d) and (A, batch, d), in the order of the positions. Default: zeros
        * **lengths**: for each scanned dimension the number of real positions of each sample, int64, shape (batch,), or
          None. States pass through padding unchanged.

    Outputs: top, states
        * **top**: the `State` that leaves the last layer at every position, hidden and memory of shape (A, B, batch,
          d); memory of width 0 if the depth has no cells.
        * **states**: for each layer what leaves along the two scanned dimensions, shaped like the input's.

    Attributes:
        project: the projection of the input.
        stack: the `PlaneStack`.

    Raises:
        ValueError: an option or the shape of an input is wrong.

    Example::

        >>> top, _ = GridLSTM3d(4, 16, layers=2, depth="relu")(torch.randn(5, 6, 3, 4))
        >>> top.hidden.shape
        torch.Size([5, 6, 3, 16])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        layers: int,
        *,
        untied: bool = False,
        depth: Kind = "lstm",
        depth_priority: int = 0,
        scans: Sequence[Scan] | None = None,
        **options: Unpack[BlockArguments],
    ) -> None:
        super().__init__()
        if scans is not None and len(scans) != layers:
            raise ValueError(f"scans: expected one for each of {layers} layers, got {len(scans)}")
        stack_options = PlaneStackOptions(
            hidden_size=hidden_size,
            scans=alternating_scans(layers, CORNER_SCANS) if scans is None else tuple(scans),
            untied=untied,
            depth=depth,
            depth_priority=depth_priority,
            depth_dropout=options.get("dropout", 0.0),
            **options,
        )
        self.project = InputProjection(
            input_size, hidden_size, stack_options.depth_dimension.has_memory, stack_options.dropout
        )
        self.stack = PlaneStack(stack_options)

    def forward(
        self,
        input: Tensor,
        states: Sequence[Sides] | None = None,
        lengths: tuple[Tensor | None, Tensor | None] = (None, None),
    ) -> tuple[State, list[Sides]]:
        """See the class."""
        if input.dim() != 4 or min(input.shape[:2]) < 1:
            raise ValueError(f"input: expected shape (A, B, batch, features), got {tuple(input.shape)}")
        sides = [(None, None)] * self.stack.options.layers if states is None else states
        output = self.stack(sides, self.project(input), lengths)
        return output.depth, output.leaving
