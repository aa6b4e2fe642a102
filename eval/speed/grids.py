"""Planes: the fused engine compared with the matrix products, the reference, the general engine and torch's LSTM."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import torch
from torch import Tensor

from reencoder.grid import Dimension, GridLSTM2d, State, compute_grid
from reencoder.grid.reference import grid_reference

from .measure import Work, alternating, peak_bytes
from .products import Limit, Map, limit

Shape = tuple[int, int, int, int]

PLANES: dict[str, Shape] = {
    "plane_d256": (256, 64, 12, 12),
    "plane_d450": (450, 32, 12, 12),
    "plane_d128": (128, 32, 12, 12),
    "plane_d160": (160, 21, 12, 12),
    "stack_tied_d400": (400, 15, 47, 18),
}
"""Hidden size, batch size and both extents of the planes whose time is compared with that of the matrix products.

`plane_d160` has the hidden size and about the number of blocks (3,000) of a batch of the translation recipes.
"""

TWINS = (256, 12, 12)
"""Hidden size and both extents of the planes that are also computed in slower ways."""

SIZES = (6, 9, 12, 18, 24, 36)
"""Extents (S = T) of the planes that show how the time grows."""


Compute = Callable[..., list[State]]
"""A function with the arguments of `compute_grid`."""


class Plane:
    """A tied 2-LSTM with random weights and sides.

    Args:
        shape: hidden size, batch size and both extents.
    """

    def __init__(self, shape: Shape) -> None:
        d, batch, *extents = shape
        torch.manual_seed(0)
        self.extents = extents

        def draw(*size: int) -> Tensor:
            return (torch.randn(size) * d**-0.5).requires_grad_()

        self.weights: list[Tensor] = [draw(1, 1, 4 * d, 2 * d) for _ in range(2)]
        self.biases: list[Tensor | None] = [draw(1, 1, 4 * d) for _ in range(2)]
        self.sides = [State(draw(n, batch, d), draw(n, batch, d)) for n in reversed(extents)]
        self.leaves = [part for side in self.sides for part in side] + self.weights
        self.maps: list[Map] = [(math.prod(extents) * batch, 2 * d, 8 * d)]

    def work(self, compute: Compute = compute_grid, **options: Any) -> Work:
        """Return the work of the forward and the backward pass, with the gradients of weights and sides.

        Args:
            compute: computes the grid. Default: `compute_grid`
            options: options of `compute`.
        """

        def run() -> None:
            dimensions = [Dimension(), Dimension()]
            leaving = compute(self.sides, self.weights, self.biases, dimensions, self.extents, **options)
            loss = torch.stack([part.sum() for state in leaving for part in state]).sum()
            torch.autograd.grad(loss, self.leaves)

        return run


def limit_ratios(repeats: int) -> dict[str, dict[str, Any]]:
    """Measure the fused engine and the least time of its products, see `limit`, for each of `PLANES`.

    Returns:
        See `limit_figures`.
    """
    figures: dict[str, dict[str, Any]] = {}
    for name, shape in PLANES.items():
        plane = Plane(shape)
        for key, values in limit_figures(name, limit(plane.work(), plane.maps, repeats)).items():
            figures.setdefault(key, {}).update(values)
    return figures


def limit_figures(name: str, found: Limit) -> dict[str, dict[str, Any]]:
    """Return the figures of a limit for the result file.

    Args:
        name: name of the computation.
        found: its limit.

    Returns:
        `limit_ratio`: least time of the products / time of the computation; `time_in_products`: time of the
        computation's own product calls / its time; `fastest_products`: the fastest way for each product; `seconds`.
    """
    return {
        "limit_ratio": {name: found.ratio},
        "time_in_products": {name: found.time_in_products},
        "fastest_products": {name: found.ways},
        "seconds": {
            f"{name} products": found.products,
            f"{name} replay": found.replayed,
            f"{name} engine": found.taken,
        },
    }


def speedups(repeats: int) -> dict[str, dict[str, float]]:
    """Measure other ways to compute the same as the fused engine.

    Returns:
        `speedup`: time of the other way / time of the engine; `seconds`: both times.
    """
    ratios, seconds = {}, {}
    for name, batch, twin in (
        ("twin_b64", 64, grid_reference),
        ("twin_b4", 4, grid_reference),
        ("autograd_diagonals", 64, partial(compute_grid, engine="general")),
    ):
        plane = Plane((TWINS[0], batch, *TWINS[1:]))
        other, mine = alternating([plane.work(twin), plane.work()], repeats)
        ratios[name], seconds[f"{name} twin"], seconds[f"{name} engine"] = other / mine, other, mine
    other, mine = alternating(_torchs_lstm(), repeats)
    ratios["torch_lstm"], seconds["torch.nn.LSTM"], seconds["GridLSTM2d"] = other / mine, other, mine
    return {"speedup": ratios, "seconds": seconds}


def _torchs_lstm() -> Sequence[Work]:
    """Return the work of a stacked `nn.LSTM` of size h and of a tied 2-LSTM of size d with as many multiplications.

    Per layer and step they are 8 h^2 and 16 d^2.
    """
    d, batch, steps, layers = 400, 15, 47, 18
    h = round(d * math.sqrt(2))
    stacked, grid = torch.nn.LSTM(h, h, layers), GridLSTM2d(h, d, layers)
    words = torch.randn(steps, batch, h)

    def run_stacked() -> None:
        torch.autograd.grad(stacked(words)[0].sum(), list(stacked.parameters()))

    def run_grid() -> None:
        torch.autograd.grad(grid(words)[0].hidden.sum(), list(grid.parameters()))

    return run_stacked, run_grid


def memory(repeats: int) -> dict[str, dict[str, float]]:
    """Measure the peak memory of forward and backward pass, and the time that recomputing the gates costs.

    Returns:
        `memory`: floats per block, sentence and unit of the hidden size, with gates kept and recomputed, and the ratio
        of the times. The floats come from the difference between two batch sizes, so that weights do not count.
    """
    d, batch, *extents = PLANES["plane_d256"]
    large, small = Plane((d, batch, *extents)), Plane((d, batch // 2, *extents))  # type: ignore[arg-type]
    floats = math.prod(extents) * (batch - batch // 2) * d * 4
    kept, recomputed = alternating([large.work(), large.work(recompute_gates=True)], repeats)

    def per_block(**options: Any) -> float:
        return (peak_bytes(large.work(**options)) - peak_bytes(small.work(**options))) / floats

    return {
        "memory": {
            "floats_per_block_over_d": per_block(),
            "recompute_floats_per_block_over_d": per_block(recompute_gates=True),
            "recompute_time_ratio": recomputed / kept,
        }
    }


def cost_exponent(repeats: int) -> dict[str, Any]:
    """Measure the exponent e of `time ~ (S * T) ^ e`, by least squares over square planes (d 128, batch 16).

    Returns:
        `cost_exponent`: e; `cost`: number of blocks and seconds of each plane.
    """
    times = alternating([Plane((128, 16, size, size)).work() for size in SIZES], repeats)
    x = torch.tensor([math.log(size * size) for size in SIZES], dtype=torch.float64)
    y = torch.tensor(times, dtype=torch.float64).log()
    x, y = x - x.mean(), y - y.mean()
    return {
        "cost_exponent": float((x * y).sum() / (x * x).sum()),
        "cost": [{"blocks": size * size, "seconds": taken} for size, taken in zip(SIZES, times, strict=True)],
    }
