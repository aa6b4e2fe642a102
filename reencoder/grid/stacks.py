"""`GridLSTM1d` and `GridLSTM2d`: depth alone, and time and depth."""

from __future__ import annotations

from torch import Tensor, nn

from .block import OutputForm, State
from .dimension import Dimension, Kind
from .modules import GridLSTM, InputProjection


class GridLSTM1d(nn.Module):
    """A 1-LSTM: a deep network whose layers are connected by LSTM cells (the paper's model for parity).

    Args:
        input_size: width of the input, which is projected to the pair that enters the first layer.
        hidden_size: d.
        num_layers: number of blocks one after the other.
        tied: whether all layers share their weights. Default: True
        bias, forget_bias, output_form, dropout, init_scale, recompute: see `GridLSTM`.

    Inputs: input of shape (batch, input size).

    Outputs: the `State` that leaves the last layer, hidden and memory of shape (batch, d).

    Attributes:
        project: the input's projection.
        grid: the `GridLSTM`.

    Example::

        >>> GridLSTM1d(10, 16, num_layers=4)(torch.randn(3, 10)).hidden.shape
        torch.Size([3, 16])
    """

    def __init__(
        self,
        input_size: int,
        hidden_size: int,
        num_layers: int,
        *,
        tied: bool = True,
        bias: bool = True,
        forget_bias: float = 1.0,
        output_form: OutputForm = "tanh_om",
        dropout: float = 0.0,
        init_scale: float = 1.7,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        self.project = InputProjection(input_size, hidden_size, dropout=dropout)
        self.grid = GridLSTM(
            hidden_size,
            [Dimension(tied=tied)],
            [num_layers],
            bias=bias,
            forget_bias=forget_bias,
            output_form=output_form,
            dropout=dropout,
            init_scale=init_scale,
            recompute=recompute,
        )

    def forward(self, input: Tensor) -> State:
        """See the class."""
        (top,) = self.grid([self.project(input)])
        return top


class GridLSTM2d(nn.Module):
    """A 2-LSTM over time and depth: a stacked LSTM whose layers are connected by LSTM cells too (the paper's model for
    addition, memorization and characters).

    With a plain `depth` it is, up to the inside of the block, a stacked LSTM (section 3.3).

    Args:
        input_size: width of the input of a time step, which is projected to the pair that enters the first layer.
        hidden_size: d.
        num_layers: number of blocks along the depth.
        tied: whether all layers share their weights; all time steps do. Default: True
        depth: kind of the depth: "lstm", or without cells "identity", "tanh", "relu". Default: "lstm"
        prioritize_depth: whether the depth is computed last in each block, from what leaves it along time (section
            3.2). Default: False
        reverse: whether time is scanned from its end. Default: False
        bias, forget_bias, output_form, dropout, init_scale, recompute: see `GridLSTM`.

    Inputs: input, states, lengths
        * **input**: shape (T, batch, input size).
        * **states**: what enters the first time step, hidden and memory of shape (layers, batch, d). Default: zeros
        * **lengths**: number of real time steps of each sample, int64, shape (batch,). Default: all. At padded steps
          the input's projection leaves the grid unchanged.

    Outputs: top, states
        * **top**: the `State` that leaves the last layer, hidden and memory of shape (T, batch, d); memory of width 0
          if the depth has no cells.
        * **states**: what leaves the last time step of each sample, hidden and memory of shape (layers, batch, d): the
          states that the next piece of a long sequence starts from.

    Attributes:
        project: the input's projection.
        grid: the `GridLSTM`; its dimensions are time, depth.

    Example::

        >>> model = GridLSTM2d(10, 16, num_layers=4)
        >>> top, states = model(torch.randn(7, 3, 10))
        >>> top, states = model(torch.randn(5, 3, 10), states)
        >>> top.hidden.shape, states.memory.shape
        (torch.Size([5, 3, 16]), torch.Size([4, 3, 16]))
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
        reverse: bool = False,
        bias: bool = True,
        forget_bias: float = 1.0,
        output_form: OutputForm = "tanh_om",
        dropout: float = 0.0,
        init_scale: float = 1.7,
        recompute: bool = False,
    ) -> None:
        super().__init__()
        self.project = InputProjection(input_size, hidden_size, depth == "lstm", dropout)
        self.grid = GridLSTM(
            hidden_size,
            [Dimension(reverse=reverse), Dimension(depth, tied=tied, priority=int(prioritize_depth))],
            [None, num_layers],
            bias=bias,
            forget_bias=forget_bias,
            output_form=output_form,
            dropout=dropout,
            init_scale=init_scale,
            recompute=recompute,
        )

    def forward(self, input: Tensor, states: State | None = None, lengths: Tensor | None = None) -> tuple[State, State]:
        """See the class."""
        if input.dim() != 3:
            raise ValueError(f"input: expected shape (time, batch, features), got {tuple(input.shape)}")
        final, top = self.grid([states, self.project(input)], [lengths, None])
        return top, final
