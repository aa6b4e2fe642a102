"""`PlaneStack`: planes of two scanned dimensions, stacked in depth. Images and the Reencoder are such 3-LSTMs.

Axes: `extents` A x B of a plane, `batch`, `d` hidden size.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..block import State
from ..checks import check_shape
from ..compute import DepthStates, DepthWeights, compute_plane
from .dropout import dropout_mask
from .options import PlaneStackOptions
from .packed_planes import PackedPlanes
from .parameters import reset_bias, reset_weight, zero_state

Sides = tuple[State, State]
"""For each of the two scanned dimensions the states on one side of a plane, shapes (B, batch, d) and (A, batch, d)."""


class PlaneStackOutput(NamedTuple):
    """What a `PlaneStack` returns.

    Attributes:
        leaving: for each layer the states that leave it along the two scanned dimensions.
        depth: the states that leave the last layer along the depth at every position, shape (A, B, batch, d), memory of
            width 0 without cells; None without `depth_output`. At padded positions it has no meaning where no states
            entered the first layer along the depth.
    """

    leaving: list[Sides]
    depth: State | None


class PlaneStack(nn.Module):
    """Planes of two scanned dimensions with LSTM cells, connected along the depth.

    Args:
        options: see `PlaneStackOptions`.

    Inputs: sides, below, lengths
        * **sides**: for each layer the states that enter along the two scanned dimensions, in the order of the
          positions, each of shape (other extent, batch, d); None for zeros. Where `continued`, the states of upper
          layers are those that leave the layer below, and what is given here is not read.
        * **below**: the states that enter the first layer along the depth at every position, shape (A, B, batch, d);
          None without `depth_input`.
        * **lengths**: for each scanned dimension the number of real positions of each sample, int64, shape (batch,), or
          None. States pass through padding unchanged, except that autocast rounds hidden vectors.

    Outputs: see `PlaneStackOutput`.

    Attributes:
        options: the options.
        weights: one matrix per layer (one in all, unless untied) of the scanned dimensions, shape (8d, 3d), or (8d, 2d)
            for a first layer without `depth_input`; see `compute_plane`.
        depth_weights: one per layer that has a depth output, shape (4d, 3d) or, without cells, (d, 3d); 2d instead of
            3d as above.
        biases: shape (8d,) each, or none.
        depth_biases: shape (4d,) or (d,) each, or none.

    Raises:
        ValueError: inputs do not agree with the options or with one another.
    """

    def __init__(self, options: PlaneStackOptions) -> None:
        super().__init__()
        self.options = options
        d, own = options.hidden_size, options.layers if options.untied else 1
        inputs = [(3 if layer > 0 or options.depth_input else 2) * d for layer in range(own)]
        depth_inputs = inputs if options.depth_output else inputs[:-1]
        outputs = options.depth_dimension.outputs(d)
        self.weights = nn.ParameterList(nn.Parameter(torch.empty(8 * d, width)) for width in inputs)
        self.depth_weights = nn.ParameterList(nn.Parameter(torch.empty(outputs, width)) for width in depth_inputs)
        self.biases = nn.ParameterList(nn.Parameter(torch.empty(8 * d)) for _ in inputs if options.bias)
        self.depth_biases = nn.ParameterList(
            nn.Parameter(torch.empty(outputs)) for _ in depth_inputs if options.bias and options.depth_bias
        )
        self._packed = PackedPlanes()
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights; biases become zero, those of the forget gates `forget_bias`."""
        options = self.options
        for weight in [*self.weights, *self.depth_weights]:
            reset_weight(weight, options.init_scale)
        for bias in self.biases:
            reset_bias(bias, True, options.forget_bias)
        for bias in self.depth_biases:
            reset_bias(bias, options.depth_dimension.has_memory, options.forget_bias)

    def extra_repr(self) -> str:
        return str(self.options)

    def forward(
        self,
        sides: Sequence[tuple[State | None, State | None]],
        below: State | None = None,
        lengths: tuple[Tensor | None, Tensor | None] = (None, None),
    ) -> PlaneStackOutput:
        """See the class."""
        options = self.options
        extents, like = self._extents(sides, below)
        batch = like.hidden.size(-2)
        packed = None if self.training else self._packed.of(self.weights)
        depth = None if below is None else DepthStates(below.map(lambda part: part.flatten(0, 1)))
        leaving: list[Sides] = []
        for layer, scan in enumerate(options.scans):
            own = layer if options.untied else 0
            entering = []
            for n in (0, 1):
                if layer > 0 and options.continued[n]:
                    entering.append(leaving[-1][n])
                else:
                    given, shape = sides[layer][n], (extents[1 - n], batch)
                    entering.append(State(*given) if given else zero_state(like, shape, options.hidden_size))
            transform = self._depth_transform(layer, own)
            output = compute_plane(
                (entering[0], entering[1]),
                self.weights[own],
                self.biases[own] if len(self.biases) else None,
                extents,
                scan=scan,
                below=depth,
                depth=transform,
                lengths=lengths,
                mask=self._mask(options.dropout, extents, batch, 2, like),
                depth_mask=transform and self._mask(options.depth_dropout, extents, batch, 1, like),
                output_form=options.output_form,
                recompute_gates=options.recompute_gates,
                packed=None if packed is None else packed[own],
            )
            leaving.append(output.leaving)
            depth = output.depth
        if depth is None:
            return PlaneStackOutput(leaving, None)
        top = depth.in_order_of(None, extents).states
        return PlaneStackOutput(leaving, top.map(lambda part: part.unflatten(0, extents)))

    def _extents(
        self, sides: Sequence[tuple[State | None, State | None]], below: State | None
    ) -> tuple[tuple[int, int], State]:
        """The extents of the planes, and a state with the batch size and types of the inputs."""
        if len(sides) != self.options.layers:
            raise ValueError(f"states: expected a pair for each of {self.options.layers} layers, got {len(sides)}")
        for layer, pair in enumerate(sides):
            if not isinstance(pair, tuple | list) or len(pair) != 2 or any(isinstance(side, Tensor) for side in pair):
                raise ValueError(
                    f"states: expected for layer {layer} a pair of sides, each a State or None, got "
                    f"{type(pair).__name__}"
                )
        if (below is None) == self.options.depth_input:
            raise ValueError(f"below: expected {'states' if self.options.depth_input else 'None'}")
        if below is not None:
            d, has_memory = self.options.hidden_size, self.options.depth_dimension.has_memory
            if below.hidden.dim() != 4:
                raise ValueError(f"below: expected shape (A, B, batch, {d}), got {tuple(below.hidden.shape)}")
            first_extent, second_extent, batch = below.hidden.shape[:3]
            check_shape("hidden vectors below", below.hidden, (first_extent, second_extent, batch, d), None)
            shape = (first_extent, second_extent, batch, d if has_memory else 0)
            check_shape("memories below", below.memory, shape, None)
            # without cells along the depth its memory is empty, and may have any type
            like = State(below.hidden, below.memory if has_memory else below.hidden)
            return (first_extent, second_extent), like
        first, second = (None if side is None else State(*side) for side in sides[0])
        if first is None or second is None:
            raise ValueError("states: the first layer needs both sides where nothing enters along the depth")
        return (second.hidden.size(0), first.hidden.size(0)), first

    def _depth_transform(self, layer: int, own: int) -> DepthWeights | None:
        if layer + 1 == self.options.layers and not self.options.depth_output:
            return None
        bias = self.depth_biases[own] if len(self.depth_biases) else None
        return DepthWeights(self.options.depth_dimension, self.depth_weights[own], bias)

    def _mask(
        self, probability: float, extents: tuple[int, int], batch: int, dimensions: int, like: State
    ) -> Tensor | None:
        if not self.training or probability == 0.0:
            return None
        shape = (extents[0] * extents[1], batch, dimensions * self.options.hidden_size)
        return dropout_mask(shape, probability, like.hidden)

    def train(self, mode: bool = True) -> PlaneStack:
        """Switch between training and evaluation; see `torch.nn.Module.train`."""
        self._packed.discard()
        return super().train(mode)
