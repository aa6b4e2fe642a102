"""`GridLSTM1d` and `GridLSTM2d`: depth alone, and time and depth."""

from __future__ import annotations

from typing import Unpack

from torch import Tensor, nn

from ..block import State
from ..dimension import Dimension, Kind
from .grid import GridLSTM
from .inputs import InputProjection
from .options import BlockArguments, BlockOptions, check_depth_priority, check_layers


class GridLSTM1d(nn.Module):
    """A 1-LSTM: a deep network whose layers are connected by LSTM cells (the paper's model for parity).

    Args:
        input_size: width of the input, which is projected to the pair that enters the first layer.
        hidden_size: d.
        layers: number of blocks along the depth.
        untied: give each layer weights of its own. Default: False
        options: see `BlockOptions`.

    Inputs: input of shape (batch, input size).

    Outputs: the `State` that leaves the last layer, hidden and memory of shape (batch, d).

    Attributes:
        project: the projection of the input.
        grid: the `GridLSTM`.

    Raises:
        ValueError: an option or the shape of the input is wrong.

    Example::

        >>> GridLSTM1d(10, 16, layers=4)(torch.randn(3, 10)).hidden.shape
        torch.Size([3, 16])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        layers: int,
        *,
        untied: bool = False,
        **options: Unpack[BlockArguments],
    ) -> None:
        super().__init__()
        check_layers(layers)
        dropout = BlockOptions(hidden_size=hidden_size, **options).dropout
        self.project = InputProjection(input_size, hidden_size, dropout=dropout)
        self.grid = GridLSTM(hidden_size, [Dimension(untied=untied)], [layers], **options)

    def forward(self, input: Tensor) -> State:
        """See the class."""
        (top,) = self.grid([self.project(input)])
        return top


class GridLSTM2d(nn.Module):
    """A 2-LSTM over time and depth: a stacked LSTM whose layers are connected by LSTM cells too.

    It is the paper's model for addition, memorization and characters. With a plain `depth` it is, except for the inside
    of the block, a stacked LSTM (section 3.3).

    Args:
        input_size: width of the input of a time step, which is projected to the pair that enters the first layer.
        hidden_size: d.
        layers: number of blocks along the depth.
        untied: give each layer weights of its own; all time steps share theirs. Default: False
        depth: kind of the depth: "lstm", or without cells "identity", "tanh", "relu". Default: "lstm"
        depth_priority: with 1 the depth is computed last in each block, from what leaves it along time; with 0 from
            what enters it (section 3.2). Default: 0
        reverse: scan time from its end. Default: False
        options: see `BlockOptions`.

    Inputs: input, states, lengths
        * **input**: shape (T, batch, input size).
        * **states**: what enters the first time step, hidden and memory of shape (layers, batch, d). Default: zeros
        * **lengths**: number of real time steps of each sample, int64, shape (batch,). Default: all. At padded steps
          the projected input leaves the grid unchanged.

    Outputs: top, states
        * **top**: the `State` that leaves the last layer, hidden and memory of shape (T, batch, d); memory of width 0
          if the depth has no cells.
        * **states**: what leaves the last time step of each sample, hidden and memory of shape (layers, batch, d): the
          states from which the next piece of a long sequence starts.

    Attributes:
        project: the projection of the input.
        grid: the `GridLSTM`; its dimensions are time, depth.

    Raises:
        ValueError: an option or the shape of an input is wrong.

    Example::

        >>> model = GridLSTM2d(10, 16, layers=4)
        >>> top, states = model(torch.randn(7, 3, 10))
        >>> top, states = model(torch.randn(5, 3, 10), states)
        >>> top.hidden.shape, states.memory.shape
        (torch.Size([5, 3, 16]), torch.Size([4, 3, 16]))
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
        reverse: bool = False,
        **options: Unpack[BlockArguments],
    ) -> None:
        super().__init__()
        check_layers(layers)
        check_depth_priority(depth_priority)
        dimensions = [Dimension(reverse=reverse), Dimension(depth, untied=untied, priority=depth_priority)]
        dropout = BlockOptions(hidden_size=hidden_size, **options).dropout
        self.project = InputProjection(input_size, hidden_size, dimensions[1].has_memory, dropout)
        self.grid = GridLSTM(hidden_size, dimensions, [None, layers], **options)

    def forward(self, input: Tensor, states: State | None = None, lengths: Tensor | None = None) -> tuple[State, State]:
        """See the class."""
        if input.dim() != 3:
            raise ValueError(f"input: expected shape (time, batch, features), got {tuple(input.shape)}")
        final, top = self.grid([states, self.project(input)], [lengths, None])
        return top, final
