"""Checks of the arguments of `compute_grid` and `compute_plane`: the engines take them for granted."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from .block import OUTPUT_FORMS, State
from .checks import check_shape
from .dimension import Dimension, weight_positions


def check_grid(
    sides: Sequence[State],
    weights: Sequence[Tensor],
    biases: Sequence[Tensor | None],
    dimensions: Sequence[Dimension],
    extents: Sequence[int],
    lengths: Sequence[Tensor | None] | None,
    masks: Sequence[Tensor | None] | None,
    output_form: str,
    autocast: bool,
) -> None:
    """Check the arguments of `compute_grid`, except what depends on the engine and the values of the lengths.

    Args:
        autocast: the weights may have another type than the sides, because autocast converts them.

    Raises:
        ValueError: names the argument, what was expected and what was given.
    """
    count = len(dimensions)
    for name, values in (
        ("sides", sides), ("weights", weights), ("biases", biases), ("extents", extents), ("lengths", lengths),
        ("masks", masks),
    ):  # fmt: skip
        if values is not None and len(values) != count:
            raise ValueError(f"{name}: expected one entry for each of the {count} dimensions, got {len(values)}")
    if count == 0:
        raise ValueError("extents: expected at least one")
    _check_extents(extents)
    _check_output_form(output_form)
    batch, d = sides[0].hidden.shape[-2:]
    positions = weight_positions(dimensions, extents)
    for n, dim in enumerate(dimensions):
        others = (*extents[:n], *extents[n + 1 :], batch)
        check_shape(f"hidden vectors of side {n}", sides[n].hidden, (*others, d), sides[0].hidden)
        check_shape(f"memories of side {n}", sides[n].memory, (*others, d if dim.has_memory else 0), sides[0].memory)
        outputs = dim.outputs(d)
        check_shape(f"weight {n}", weights[n], (*positions, outputs, count * d), weights[0])
        check_shape(f"bias {n}", biases[n], (*positions, outputs), weights[0])
        if (biases[n] is None) != (biases[0] is None):
            raise ValueError("biases: expected one for every dimension or none at all")
        check_shape(f"mask {n}", None if masks is None else masks[n], (*extents, batch, d), None)
    _check_against_weight(sides, "weight 0", weights[0], autocast)


def check_plane(
    sides: Sequence[State],
    weight: Tensor,
    bias: Tensor | None,
    extents: tuple[int, int],
    below: State | None,
    depth: tuple[Dimension, Tensor, Tensor | None] | None,
    mask: Tensor | None,
    depth_mask: Tensor | None,
    output_form: str,
    autocast: bool,
) -> None:
    """Check the arguments of `compute_plane`, except the values of the lengths.

    Args:
        below: the states from below.
        depth: kind, weight and bias of the depth.
        autocast: the weights may have another type than the sides, because autocast converts them.

    Raises:
        ValueError: names the argument, what was expected and what was given.
    """
    _check_extents(extents)
    _check_output_form(output_form)
    batch, d = sides[0].hidden.shape[-2:]
    like, blocks, width = sides[0], extents[0] * extents[1], (2 if below is None else 3) * d
    for n, side in enumerate(sides):
        shape = (extents[1 - n], batch, d)
        check_shape(f"hidden vectors of side {n}", side.hidden, shape, like.hidden)
        check_shape(f"memories of side {n}", side.memory, shape, like.memory)
    check_shape("weight", weight, (8 * d, width), None)
    check_shape("bias", bias, (8 * d,), weight)
    check_shape("mask", mask, (blocks, batch, 2 * d), None)
    check_no_gradient("mask", mask)
    check_shape("depth mask", depth_mask, (blocks, batch, d), None)
    if below is not None:
        check_shape("hidden vectors from below", below.hidden, (blocks, batch, d), like.hidden)
    if depth is not None:
        dimension, depth_weight, depth_bias = depth
        has_memory, outputs = dimension.has_memory, dimension.outputs(d)
        if below is not None:
            memories = (blocks, batch, d if has_memory else 0)
            check_shape("memories from below", below.memory, memories, like.memory if has_memory else None)
        elif has_memory:
            raise ValueError("below: expected states, because the depth has cells, got None")
        check_shape("depth weight", depth_weight, (outputs, width), weight)
        check_shape("depth bias", depth_bias, (outputs,), weight)
    _check_against_weight(sides, "weight", weight, autocast)


def check_no_gradient(name: str, tensor: Tensor | None) -> None:
    """Check that a tensor does not require gradients, because the fused engine computes none for it.

    Raises:
        ValueError: it does.
    """
    if tensor is not None and tensor.requires_grad:
        raise ValueError(f"{name}: expected a tensor that does not require gradients, which are not computed for it")


def _check_extents(extents: Sequence[int]) -> None:
    if min(extents) < 1:
        raise ValueError(f"extents: expected each to be at least 1, got {tuple(extents)}")


def _check_output_form(output_form: str) -> None:
    if output_form not in OUTPUT_FORMS:
        raise ValueError(f"output form: expected one of {', '.join(OUTPUT_FORMS)}, got {output_form!r}")


def _check_against_weight(sides: Sequence[State], name: str, weight: Tensor, autocast: bool) -> None:
    hidden = sides[0].hidden
    if weight.device != hidden.device:
        raise ValueError(f"{name}: expected {hidden.device} like the sides, got {weight.device}")
    if not autocast and weight.dtype != hidden.dtype:
        raise ValueError(f"sides: expected {weight.dtype} like the weights, got {hidden.dtype}")
