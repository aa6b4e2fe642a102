"""`GridLSTM`: a grid of any dimensions as a torch module."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Unpack

import torch
from torch import Tensor, nn

from ..block import State
from ..compute import Engine, choose_engine, compute_grid
from ..dimension import Dimension, weight_positions
from .dropout import dropout_mask
from .options import BlockArguments, BlockOptions
from .parameters import reset_bias, reset_weight, zero_state


class GridLSTM(nn.Module):
    r"""A grid of N dimensions, with every variant of section 3 of the paper.

    Every block computes, from the hidden vectors that enter it,

    .. math::
        H = [h_1; \dots; h_N], \qquad
        \begin{array}{l}
        u = \sigma(W_n^u H + b_n^u), \quad f = \sigma(W_n^f H + b_n^f), \quad o = \sigma(W_n^o H + b_n^o) \\
        c = \tanh(W_n^c H + b_n^c) \\
        m'_n = f \odot m_n + u \odot c \\
        h'_n = \tanh(o \odot m'_n)
        \end{array}

    for each dimension n with LSTM cells, and :math:`h'_n = \alpha(V_n H + b_n)` for each dimension without. :math:`h_n`
    and :math:`m_n` are the hidden and memory vectors that enter along dimension n, :math:`h'_n` and :math:`m'_n` those
    that leave.

    Args:
        hidden_size: d, size of every hidden and memory vector.
        dimensions: options of each dimension.
        extents: number of blocks along each dimension, None where the input decides; an untied dimension needs it.
        engine: see `compute_grid`. Default: "auto"
        options: see `BlockOptions`.

    Inputs: sides, lengths
        * **sides**: for each dimension the `State` (hidden, memory) that enters along it, each of shape
          :math:`(*\text{other extents}, B, d)`, memory of width 0 without cells; None for zeros.
        * **lengths**: for each dimension the number of real positions of each sample, int64, shape :math:`(B)`, or
          None. States pass through padding unchanged, so that each leaves as it was at the end of its own sample.

    Outputs: a list with the `State` that leaves along each dimension, shaped like the sides. If it enters another grid,
    the two compute one longer grid.

    Attributes:
        options: the `BlockOptions`.
        weights: for each dimension, shape :math:`(*\text{positions}, 4d, Nd)` (gates u, f, o, c), or
            :math:`(*\text{positions}, d, Nd)` without cells; positions are the extents of untied dimensions, 1 for
            others.
        biases: for each dimension, shape :math:`(*\text{positions}, 4d)` or :math:`(*\text{positions}, d)`; or none.

    Raises:
        ValueError: options, or the shapes, types or devices of inputs, do not agree.

    Example::

        >>> grid = GridLSTM(8, [Dimension(), Dimension(untied=True)], [None, 3])
        >>> time, depth = grid([None, State(torch.randn(5, 2, 8), torch.randn(5, 2, 8))])
        >>> depth.hidden.shape
        torch.Size([5, 2, 8])
    """

    def __init__(
        self,
        hidden_size: int,
        dimensions: Sequence[Dimension],
        extents: Sequence[int | None],
        *,
        engine: Engine = "auto",
        **options: Unpack[BlockArguments],
    ) -> None:
        super().__init__()
        self.options = BlockOptions(hidden_size=hidden_size, **options)
        if len(dimensions) != len(extents):
            raise ValueError(f"extents: expected one for each of {len(dimensions)} dimensions, got {len(extents)}")
        choose_engine(engine, dimensions, self.options.recompute_gates)
        for n, (dim, extent) in enumerate(zip(dimensions, extents, strict=True)):
            if extent is not None and extent < 1:
                raise ValueError(f"extents: expected at least 1 along dimension {n}, got {extent}")
            if extent is None and dim.untied:
                raise ValueError(f"extents: dimension {n} is untied and therefore needs one")
        self.dimensions, self.extents, self.engine = tuple(dimensions), tuple(extents), engine
        positions = weight_positions(dimensions, [extent or 1 for extent in extents])
        outputs = [dim.outputs(hidden_size) for dim in dimensions]
        inputs = len(dimensions) * hidden_size
        self.weights = nn.ParameterList(nn.Parameter(torch.empty(*positions, n, inputs)) for n in outputs)
        self.biases = nn.ParameterList(nn.Parameter(torch.empty(*positions, n)) for n in outputs if self.options.bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw new weights; biases become zero, those of the forget gates `forget_bias`."""
        for weight in self.weights:
            reset_weight(weight, self.options.init_scale)
        for dim, bias in zip(self.dimensions, self.biases, strict=False):
            reset_bias(bias, dim.has_memory, self.options.forget_bias)

    def extra_repr(self) -> str:
        parts = [f"{n}: {dim}" for n, dim in enumerate(self.dimensions)]
        return ", ".join([f"extents={self.extents}", *parts, str(self.options)])

    def forward(self, sides: Sequence[State | None], lengths: Sequence[Tensor | None] | None = None) -> list[State]:
        """Compute the grid; see the class."""
        extents, entering = self._complete(sides)
        masks = None
        if self.training and self.options.dropout > 0.0:
            shape = (*extents, *entering[0].hidden.shape[-2:])
            masks = [dropout_mask(shape, self.options.dropout, side.hidden) for side in entering]
        return compute_grid(
            entering,
            list(self.weights),
            list(self.biases) if len(self.biases) else [None for _ in self.dimensions],
            self.dimensions,
            extents,
            lengths=lengths,
            masks=masks,
            output_form=self.options.output_form,
            recompute_gates=self.options.recompute_gates,
            engine=self.engine,
        )

    def _complete(self, sides: Sequence[State | None]) -> tuple[list[int], list[State]]:
        """Infer the extents, and fill in zeros for the sides that are not given."""
        count = len(self.dimensions)
        if len(sides) != count:
            raise ValueError(f"sides: expected one (or None) for each of {count} dimensions, got {len(sides)}")
        sides = [None if side is None else State(*side) for side in sides]
        extents = list(self.extents)
        given = [(n, side) for n, side in enumerate(sides) if side is not None]
        if not given:
            raise ValueError("sides: expected at least one that is not None")
        for n, side in given:
            if side.hidden.dim() != count + 1:
                raise ValueError(
                    f"hidden vectors of side {n}: expected {count + 1} axes (other extents, batch, d), got shape "
                    f"{tuple(side.hidden.shape)}"
                )
            others = [m for m in range(count) if m != n]
            for m, size in zip(others, side.hidden.shape, strict=False):
                extents[m] = size if extents[m] is None else extents[m]
        missing = [n for n, extent in enumerate(extents) if extent is None]
        if missing:
            raise ValueError(f"sides: the given ones do not determine the extent of dimension {missing[0]}")
        sizes = [extent for extent in extents if extent is not None]
        like = given[0][1]
        entering = []
        for n, (dim, given_side) in enumerate(zip(self.dimensions, sides, strict=True)):
            shape = (*sizes[:n], *sizes[n + 1 :], like.hidden.size(-2))
            entering.append(given_side or zero_state(like, shape, self.options.hidden_size, dim.has_memory))
        return sizes, entering
