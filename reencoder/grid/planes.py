"""Planes of two swept dimensions, stacked in depth (3-LSTMs): images, and the Reencoder.

The depth is not swept: within a plane no block needs what another one hands on along it, so that it costs one product
for a whole plane. Axes: `extents` A x B of a plane, `blocks` = A * B in the order of its scan (see `layout`), `batch`,
`d` hidden size.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import torch
from torch import Tensor

from .block import OutputForm, State, lstm_states, plain_activation
from .checks import check_lengths
from .dimension import Dimension
from .layout import grid_layout
from .sweep import Prepared, sweep
from .wavefront import scanned


class DepthWeights(NamedTuple):
    """The transform along the depth.

    Attributes:
        dimension: its kind, and by its priority (0 or 1) whether it reads what enters a block along the swept
            dimensions or what leaves it (section 3.2).
        weight: shape (4 * d or d, 3 * d); columns: the two swept dimensions, depth. (..., 2 * d) where nothing enters
            along the depth.
        bias: shape (4 * d or d,) or None.
    """

    dimension: Dimension
    weight: Tensor
    bias: Tensor | None


class PlaneOutput(NamedTuple):
    """What a plane returns.

    Attributes:
        leaving: for each swept dimension the states that leave the plane, in the shape of the sides.
        depth: what leaves every block along the depth, in the order of this plane's scan, shape (blocks, batch, d);
            None where no transform was given.
    """

    leaving: list[State]
    depth: State | None


@torch.compiler.disable
def compute_plane(
    sides: Sequence[State],
    weight: Tensor,
    bias: Tensor | None,
    extents: tuple[int, int],
    *,
    reverse: tuple[bool, bool] = (False, False),
    below: State | None = None,
    depth: DepthWeights | None = None,
    real: Tensor | None = None,
    mask: Tensor | None = None,
    output_form: OutputForm = "tanh_om",
    recompute: bool = False,
    prepared: Prepared | None = None,
) -> PlaneOutput:
    """Compute one plane, and what leaves its blocks along the depth.

    Args:
        sides: for each swept dimension the states that enter, hidden and memory of shape (other extent, batch, d), in
            the order of the positions whatever the scan.
        weight: of the swept dimensions, shape (8 * d, 3 * d), or (8 * d, 2 * d) without `below`; see `sweep`.
        bias: shape (8 * d,) or None.
        extents: A and B.
        reverse: whether each dimension is scanned from its end.
        below: what enters along the depth, in the order of the scan (see `scan_index`), shape (blocks, batch, d).
        depth: the transform along the depth; None if nothing shall leave along it.
        real: False where a block is padding, in the order of the scan, shape (blocks, batch); see `sweep`.
        mask: dropout of the hidden vectors of the swept dimensions, shape (blocks, batch, 2 * d); see `sweep`.
        output_form: see `lstm_transform`.
        recompute: see `sweep`.
        prepared: see `sweep`.
    """
    if below is not None:
        below = State(below.hidden, below.memory.to(sides[0].memory.dtype))
    dimensions = [Dimension(reverse=turned) for turned in reverse]
    width = 2 * sides[0].hidden.size(-1)
    output = sweep(
        [State(*(scanned(part, dimensions, n) for part in side)) for n, side in enumerate(sides)],
        weight[:, :width],
        bias,
        extents=extents,
        extra=None if below is None else below.hidden,
        extra_weight=None if below is None else weight[:, width:],
        real=real,
        mask=mask,
        output_form=output_form,
        recompute=recompute,
        want_points=depth is not None,
        prepared=prepared,
    )
    leaving = [State(*(scanned(part, dimensions, n) for part in side)) for n, side in enumerate(output.leaving)]
    if depth is None:
        return PlaneOutput(leaving, None)
    assert output.points is not None
    return PlaneOutput(leaving, _along_depth(output.points, extents, below, depth, real, output_form))


def _along_depth(
    points: Tensor,
    extents: tuple[int, int],
    below: State | None,
    depth: DepthWeights,
    real: Tensor | None,
    output_form: OutputForm,
) -> State:
    dimension, weight, bias = depth
    layout = grid_layout(extents, points.device)
    batch, width = points.shape[1:]
    if dimension.priority == 0:
        products = torch.nn.functional.linear(points[: layout.blocks], weight[:, :width], bias)
    else:
        # A block's outputs lie at two points. The product before the selection, on all points: selecting costs more.
        half = width // 2
        products = torch.nn.functional.linear(points[..., :half], weight[:, :half], bias)[layout.outputs[0]]
        products = products + torch.nn.functional.linear(points[..., half:], weight[:, half:width])[layout.outputs[1]]
    if below is not None:
        products = products + torch.nn.functional.linear(below.hidden, weight[:, width:])
    if dimension.has_memory:
        assert below is not None
        hidden, memory = lstm_states(products, below.memory, output_form)
    else:
        hidden = plain_activation(products, dimension.kind)
        memory = hidden.new_empty(layout.blocks, batch, 0)
    if real is not None and below is not None:
        hidden = torch.where(real.unsqueeze(-1), hidden, below.hidden)
        memory = torch.where(real.unsqueeze(-1), memory, below.memory)
    return State(hidden, memory)


@torch.compiler.disable
@lru_cache(maxsize=256)
@torch.inference_mode(False)  # what is kept here serves trainings too
def scan_index(
    extents: tuple[int, int], reverse: tuple[bool, bool], device: torch.device | str = "cpu"
) -> tuple[Tensor, Tensor]:
    """The positions of the blocks in the order of a scan, and back.

    Returns:
        the row-major number of the position of every block, and the block of every position, both int64 of shape
        (blocks,).
    """
    layout = grid_layout(extents, device)
    positions = layout.order.flip([n for n, turned in enumerate(reverse) if turned]).flatten()
    return torch.argsort(positions), positions


@torch.compiler.disable
@lru_cache(maxsize=256)
@torch.inference_mode(False)  # what is kept here serves trainings too
def rescan_index(
    extents: tuple[int, int],
    scan: tuple[bool, bool],
    next_scan: tuple[bool, bool],
    device: torch.device | str = "cpu",
) -> Tensor:
    """For every block in the order of `next_scan` its number in the order of `scan`, int64, shape (blocks,)."""
    return scan_index(extents, scan, device)[1][scan_index(extents, next_scan, device)[0]]


@torch.compiler.disable
def real_blocks(
    lengths: Sequence[Tensor | None],
    extents: tuple[int, int],
    batch: int,
    reverse: tuple[bool, bool],
    device: torch.device,
) -> Tensor | None:
    """Which blocks are not padding, in the order of the scan, bool, shape (blocks, batch); None if all are real.

    Where looking at the lengths is free, on a CPU, they are looked at.
    """
    layout = grid_layout(extents, device)
    real: Tensor | None = None
    for n, length in enumerate(lengths):
        check_lengths(f"lengths along dimension {n}", length, batch, extents[n], device)
        if length is None or (length.device.type == "cpu" and bool((length >= extents[n]).all())):
            continue
        at = layout.coordinates[n]
        inside = (extents[n] - 1 - at if reverse[n] else at)[:, None] < length
        real = inside if real is None else real & inside
    return real
