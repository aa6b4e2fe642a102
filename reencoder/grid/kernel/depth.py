"""The depth of stacked planes: one product per plane, outside of the scan.

Within a plane no block needs what another block passes on along the depth, so that the whole plane takes one product.

Axes: `extents` A x B of a plane, `blocks` = A * B, `batch`, `d` hidden size.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from ..block import OutputForm, State, transform
from ..compilation import not_compiled
from ..dimension import Dimension
from .scan import Scan, rescan_index, scan_index


class DepthWeights(NamedTuple):
    """The transform along the depth.

    Attributes:
        dimension: its kind; with priority 0 the depth reads what enters a block along the two scanned dimensions, with
            priority 1 what leaves it (section 3.2).
        weight: shape (4 * d or d, 3 * d), last axis: the two scanned dimensions, then the depth; shape (..., 2 * d) if
            nothing enters along the depth.
        bias: shape (4 * d or d,) or None.
    """

    dimension: Dimension
    weight: Tensor
    bias: Tensor | None


class DepthStates(NamedTuple):
    """The states of all blocks of a plane on their way along the depth.

    Attributes:
        states: hidden of shape (blocks, batch, d), memory likewise or of width 0 without cells.
        scan: the scan in whose order the blocks lie; None for row-major order of their positions.
    """

    states: State
    scan: Scan | None = None

    @not_compiled
    def in_order_of(self, scan: Scan | None, extents: tuple[int, int]) -> DepthStates:
        """The same states in the order of another scan, or of the positions if `scan` is None."""
        if scan == self.scan:
            return self
        device = self.states.hidden.device
        if scan is None:
            assert self.scan is not None
            inverse, index = scan_index(extents, self.scan, device)
        elif self.scan is None:
            index, inverse = scan_index(extents, scan, device)
        else:
            index = rescan_index(extents, self.scan, scan, device)
            inverse = rescan_index(extents, scan, self.scan, device)
        return DepthStates(
            self.states.map(lambda part: _Permute.apply(part, index, inverse) if part.size(-1) else part), scan
        )


class _Permute(torch.autograd.Function):
    """`tensor[index]` for a permutation, whose gradient takes one pass: that of `tensor[index]` clears and scatters."""

    @staticmethod
    def forward(ctx: Any, tensor: Tensor, index: Tensor, inverse: Tensor) -> Tensor:  # type: ignore[override]
        ctx.save_for_backward(index, inverse)
        return tensor[index]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None, None]:  # type: ignore[override]
        index, inverse = ctx.saved_tensors
        return _Permute.apply(grad, inverse, index), None, None


def along_depth(
    blocks: Tensor,
    below: State | None,
    depth: DepthWeights,
    real: Tensor | None,
    mask: Tensor | None,
    output_form: OutputForm,
) -> State:
    """The states that leave all blocks of a plane along the depth, in the order of its scan.

    Args:
        blocks: hidden vectors of the scanned dimensions, those that enter all blocks or, with priority 1, those that
            leave them, shape (blocks, batch, 2 * d).
        below: the states that enter along the depth, in the order of the scan, or None.
        depth: the transform.
        real: False where a block is padding, shape (blocks, batch); None if none is.
        mask: dropout factors of the leaving hidden vectors, shape (blocks, batch, d), or None.
        output_form: see `lstm_transform`.

    Returns:
        Hidden of shape (blocks, batch, d), memory likewise or of width 0 without cells.
    """
    dimension, weight, bias = depth
    batch, width = blocks.shape[1:]
    products = torch.nn.functional.linear(blocks, weight[:, :width], bias)
    if below is not None:
        products = products + torch.nn.functional.linear(below.hidden, weight[:, width:])
    if dimension.has_memory:
        assert below is not None
        memory = below.memory
    else:
        memory = products.new_empty(len(blocks), batch, 0)
    hidden, memory = transform(products, memory, dimension.kind, output_form)
    if mask is not None:
        hidden = (hidden * mask).to(hidden.dtype)  # masks are never in half precision
    if real is not None and below is not None:
        hidden = torch.where(real.unsqueeze(-1), hidden, below.hidden)
        memory = torch.where(real.unsqueeze(-1), memory, below.memory)
    return State(hidden, memory)
