"""The grid of the Reencoder (section 4.4): planes of source x target blocks, stacked in depth.

Axes: S source positions, T target positions, `batch`, `d` hidden size, L layers. A *row* is the blocks of one target
position.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Unpack

from torch import Tensor, nn
from torch.nn import functional as F

from ..block import State
from ..compute import Scan
from .options import BlockArguments, PlaneStackOptions, alternating_scans
from .plane_stack import PlaneStack

SOURCE_SCANS: tuple[Scan, ...] = ((False, False), (True, False))
"""The scans that layers take in turn: the source from its first word, then from its last; the target forwards."""


class ReencoderOutput(NamedTuple):
    """What a `ReencoderGrid` returns.

    Attributes:
        row_ends: the states at the end of every row of the last layer, hidden (after dropout) and memory of shape
            (T, batch, d).
        source_states: for each layer the states that leave the last row along the target dimension, in the order of the
            source, hidden and memory of shape (S, batch, d). The next row needs no others.
        depth: the hidden vectors that leave the last layer along the depth, shape (S, T, batch, d), in the order of the
            source; None without `depth_output`. At padded source positions they have no meaning.
    """

    row_ends: State
    source_states: list[State]
    depth: Tensor | None


class ReencoderGrid(nn.Module):
    """L planes of source x target blocks.

    Between two layers each block passes on `V H`, an identity (linear) connection along the depth with weights of its
    own per layer. The first layer scans the source from its first word, the second from its last, and so on in turn.

    Args:
        hidden_size: d.
        layers: number of planes. Default: 2
        depth_priority: with 0 the depth carries `V H` of the hidden vectors that enter a block (section 3.3), with 1 of
            those that leave it (section 3.2). Default: 0
        continue_rows: start the rows of an upper layer from the states with which the layer below ended them. Default:
            False
        depth_output: compute what leaves the last layer along the depth, too. Default: False
        options: see `BlockOptions`.

    Inputs: target_states, source_states, lengths
        * **target_states**: for each layer the states from which its rows start, shape (T, batch, d); None for zeros.
          Required for the first layer; not read for the others with `continue_rows`.
        * **source_states**: for each layer the states that enter its first row, in the order of the source, shape
          (S, batch, d); None for zeros. Required for the first layer.
        * **lengths**: source lengths, int64, shape (batch,). Padding lies after the source and changes no result.

    Outputs: see `ReencoderOutput`. T rows at once give the same as T calls with one row, each with the source states
    that the last call returned.

    Attributes:
        stack: the `PlaneStack`; its dimensions are source, target.

    Raises:
        ValueError: an option is wrong, or states are missing or do not agree.
    """

    def __init__(
        self,
        hidden_size: int,
        layers: int = 2,
        *,
        depth_priority: int = 0,
        continue_rows: bool = False,
        depth_output: bool = False,
        **options: Unpack[BlockArguments],
    ) -> None:
        super().__init__()
        self.stack = PlaneStack(
            PlaneStackOptions(
                hidden_size=hidden_size,
                scans=alternating_scans(layers, SOURCE_SCANS),
                untied=True,
                depth="identity",
                depth_priority=depth_priority,
                depth_bias=False,
                depth_input=False,
                depth_output=depth_output,
                continued=(continue_rows, False),
                **options,
            )
        )

    def forward(
        self, target_states: Sequence[State | None], source_states: Sequence[State | None], lengths: Tensor
    ) -> ReencoderOutput:
        """See the class."""
        layers = self.stack.options.layers
        for name, states in (("target states", target_states), ("source states", source_states)):
            if len(states) != layers:
                raise ValueError(f"{name}: expected one entry for each of {layers} layers, got {len(states)}")
        sides = [
            (self._drop(target), self._drop(source))
            for target, source in zip(target_states, source_states, strict=True)
        ]
        output = self.stack(sides, None, (lengths, None))
        depth = None if output.depth is None else output.depth.hidden
        return ReencoderOutput(output.leaving[-1][0], [source for _, source in output.leaving], depth)

    def _drop(self, state: State | None) -> State | None:
        if state is None:
            return None
        return State(F.dropout(state.hidden, self.stack.options.dropout, self.training), state.memory)
