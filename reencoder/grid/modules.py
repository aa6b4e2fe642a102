"""`GridLSTM`: a grid of any dimensions as a torch module, and how data points enter one."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from .block import OUTPUT_FORMS, OutputForm, State
from .dimension import Dimension, weight_positions
from .dropout import dropout_mask
from .engine import ENGINES, Engine, can_sweep, compute_grid


class GridLSTM(nn.Module):
    r"""A grid of N dimensions, with everything that section 3 of the paper lets it vary.

    Every block computes, from the hidden vectors that enter it,

    .. math::
        H = [h_1; \dots; h_N], \qquad
        \begin{array}{l}
        u = \sigma(W_n^u H + b_n^u), \quad f = \sigma(W_n^f H + b_n^f), \quad o = \sigma(W_n^o H + b_n^o) \\
        c = \tanh(W_n^c H + b_n^c) \\
        m'_n = f \odot m_n + u \odot c \\
        h'_n = \tanh(o \odot m'_n)
        \end{array}

    for each dimension n with LSTM cells, and :math:`h'_n = \alpha(V_n H + b_n)` for each one without. :math:`h_n` and
    :math:`m_n` are the hidden and memory vectors that enter along dimension n, :math:`h'_n` and :math:`m'_n` what
    leaves.

    Args:
        hidden_size: d, size of every hidden and memory vector.
        dimensions: what each dimension is like.
        extents: number of blocks along each dimension, None where the input decides; an untied dimension needs it.
        bias: whether there are biases (the paper writes none). Default: True
        forget_bias: with what the biases of the forget gates start; the others start at zero. Default: 1
        output_form: "tanh_om" for :math:`\tanh(o \odot m')`, "o_tanhm" for :math:`o \odot \tanh(m')`. Default:
            "tanh_om"
        dropout: probability with which elements of the hidden vectors that leave a block are dropped in training.
            Default: 0
        init_scale: weights start uniform within +-`init_scale / sqrt(N * d)`. Default: 1.7
        recompute: keep no gates for the backward pass but compute them again: less than half of the memory, about
            1.3 times the time. Default: False
        engine: see `compute_grid`. Default: "auto"

    Inputs: sides, lengths
        * **sides**: for each dimension the `State` (hidden, memory) that enters along it, each of shape
          :math:`(*\text{other extents}, B, d)`, memory of width 0 without cells; None for zeros.
        * **lengths**: for each dimension the number of real positions of each sample, int64, shape :math:`(B)`, or
          None. Padding hands on unchanged what enters it, so that every state leaves as it was at its sample's own end.

    Outputs: a list with the `State` that leaves along each dimension, shaped like the sides. Given to another grid as
    its side, it makes both together one longer grid.

    Attributes:
        weights: for each dimension, shape :math:`(*\text{positions}, 4d, Nd)` (gates u, f, o, c), or
            :math:`(*\text{positions}, d, Nd)` without cells; positions are the extents of untied dimensions, 1 of
            others.
        biases: for each dimension, shape :math:`(*\text{positions}, 4d)` or :math:`(*\text{positions}, d)`; or none.

    Raises:
        ValueError: if options, or the shapes, types or devices of inputs do not agree.

    Example::

        >>> grid = GridLSTM(8, [Dimension(), Dimension(tied=False)], [None, 3])
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
        bias: bool = True,
        forget_bias: float = 1.0,
        output_form: OutputForm = "tanh_om",
        dropout: float = 0.0,
        init_scale: float = 1.7,
        recompute: bool = False,
        engine: Engine = "auto",
    ) -> None:
        super().__init__()
        if hidden_size < 1:
            raise ValueError(f"hidden size: expected at least 1, got {hidden_size}")
        if not 0.0 <= dropout < 1.0:
            raise ValueError(f"dropout: expected a probability in [0, 1), got {dropout}")
        if len(dimensions) != len(extents):
            raise ValueError(f"extents: expected one for each of {len(dimensions)} dimensions, got {len(extents)}")
        if output_form not in OUTPUT_FORMS:
            raise ValueError(f"output form: expected one of {', '.join(OUTPUT_FORMS)}, got {output_form!r}")
        if engine not in ENGINES:
            raise ValueError(f"engine: expected one of {', '.join(ENGINES)}, got {engine!r}")
        if recompute and (engine == "wavefront" or not can_sweep(dimensions)):
            raise ValueError("recompute: only the sweep can, and it cannot compute this grid; see `can_sweep`")
        for n, (dim, extent) in enumerate(zip(dimensions, extents, strict=True)):
            if extent is not None and extent < 1:
                raise ValueError(f"extents: expected at least 1 along dimension {n}, got {extent}")
            if extent is None and not dim.tied:
                raise ValueError(f"extents: dimension {n} is untied and therefore needs one")
        self.hidden_size, self.dimensions, self.extents = hidden_size, tuple(dimensions), tuple(extents)
        self.forget_bias, self.output_form, self.dropout = forget_bias, output_form, dropout
        self.init_scale, self.recompute, self.engine = init_scale, recompute, engine
        positions = weight_positions(dimensions, [extent or 1 for extent in extents])
        rows = [dim.outputs(hidden_size) for dim in dimensions]
        inputs = len(dimensions) * hidden_size
        self.weights = nn.ParameterList(nn.Parameter(torch.empty(*positions, n, inputs)) for n in rows)
        self.biases = nn.ParameterList(nn.Parameter(torch.empty(*positions, n)) for n in rows if bias)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Draw the weights anew; biases start at zero but for the forget gates'."""
        for weight in self.weights:
            bound = self.init_scale / math.sqrt(weight.size(-1))
            nn.init.uniform_(weight, -bound, bound)
        for dim, bias in zip(self.dimensions, self.biases, strict=False):
            nn.init.zeros_(bias)
            if dim.has_memory:
                nn.init.constant_(bias[..., self.hidden_size : 2 * self.hidden_size], self.forget_bias)

    def extra_repr(self) -> str:
        parts = [f"{self.hidden_size}", f"extents={self.extents}"]
        parts += [f"{n}: {dim}" for n, dim in enumerate(self.dimensions)]
        if not len(self.biases):
            parts.append("bias=False")
        if self.output_form != "tanh_om":
            parts.append(f"output_form={self.output_form!r}")
        if self.dropout:
            parts.append(f"dropout={self.dropout}")
        return ", ".join(parts)

    def forward(self, sides: Sequence[State | None], lengths: Sequence[Tensor | None] | None = None) -> list[State]:
        """Compute the grid; see the class."""
        extents, entering = self._complete(sides)
        masks = None
        if self.training and self.dropout > 0.0:
            shape = (*extents, *entering[0].hidden.shape[-2:])
            masks = [dropout_mask(shape, self.dropout, side.hidden) for side in entering]
        return compute_grid(
            entering,
            list(self.weights),
            list(self.biases) if len(self.biases) else [None for _ in self.dimensions],
            self.dimensions,
            extents,
            lengths=lengths,
            masks=masks,
            output_form=self.output_form,
            recompute=self.recompute,
            engine=self.engine,
        )

    def _complete(self, sides: Sequence[State | None]) -> tuple[list[int], list[State]]:
        """Find out the extents and fill in zeros for the sides that were not given."""
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
            raise ValueError(f"sides: none of those given tells the extent of dimension {missing[0]}")
        sizes = [extent for extent in extents if extent is not None]
        like = given[0][1]
        entering = []
        for n, (dim, given_side) in enumerate(zip(self.dimensions, sides, strict=True)):
            shape = (*sizes[:n], *sizes[n + 1 :], like.hidden.size(-2))
            entering.append(given_side or zero_state(like, shape, self.hidden_size, dim.has_memory))
        return sizes, entering


def zero_state(like: State, shape: Sequence[int], hidden_size: int, has_memory: bool = True) -> State:
    """Zeros of the shape (*shape, d), memory of width 0 without cells, with the types and device of `like`."""
    return State(
        like.hidden.new_zeros(*shape, hidden_size), like.memory.new_zeros(*shape, hidden_size if has_memory else 0)
    )


class InputProjection(nn.Module):
    """Brings data points into a grid: as the pair (hidden, memory) that enters along one dimension.

    Args:
        input_size: width of a data point.
        hidden_size: d.
        has_memory: whether the dimension along which they enter has cells.
        dropout: probability with which elements of the hidden vectors are dropped in training.
    """

    def __init__(self, input_size: int, hidden_size: int, has_memory: bool = True, dropout: float = 0.0) -> None:
        super().__init__()
        if input_size < 1:
            raise ValueError(f"input size: expected at least 1, got {input_size}")
        self.hidden_size, self.dropout = hidden_size, dropout
        self.linear = nn.Linear(input_size, hidden_size * (2 if has_memory else 1))

    def forward(self, input: Tensor) -> State:
        """From shape (..., input size) to hidden and memory of shape (..., d), memory of width 0 without cells."""
        if input.size(-1) != self.linear.in_features:
            raise ValueError(f"input: expected {self.linear.in_features} features, got shape {tuple(input.shape)}")
        projected = self.linear(input)
        hidden, memory = projected[..., : self.hidden_size], projected[..., self.hidden_size :]
        if memory.dtype in (torch.bfloat16, torch.float16) and self.linear.weight.dtype == torch.float32:
            memory = memory.float()  # under autocast: memories stay in single precision
        return State(F.dropout(hidden, self.dropout, self.training), memory)
