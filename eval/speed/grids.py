"""Planes and stacks: the engine against the matrix products, its twins and torch's LSTM."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from eval.speed.measure import Work, alternating, peak_bytes, products
from reencoder.grid import GridLSTM2d, State
from reencoder.grid.dimension import Dimension
from reencoder.grid.engine import compute_grid
from reencoder.grid.reference import grid_reference
from reencoder.grid.wavefront import grid_wavefront

Shape = tuple[int, int, int, int]

PLANES: dict[str, Shape] = {
    "plane_d256": (256, 64, 12, 12),
    "plane_d450": (450, 32, 12, 12),
    "plane_d128": (128, 32, 12, 12),
    "stack_tied_d400": (400, 15, 47, 18),
}
"""Hidden size, batch, extents."""

TWINS = (256, 12, 12)
"""Hidden size and extents of the planes that are compared with slower ways."""

SIZES = (6, 9, 12, 18, 24, 36)
"""Both extents of the planes whose times tell how the cost grows."""


class Plane:
    """A tied 2-LSTM with random weights and sides, and ways to compute it, forward and backward."""

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
        self.products = products([(math.prod(extents) * batch, 2 * d, 8 * d)])

    def work(self, function: Any = compute_grid, **options: Any) -> Work:
        """Forward and backward, with the gradients of weights and sides."""

        def run() -> None:
            left = function(self.sides, self.weights, self.biases, [Dimension(), Dimension()], self.extents, **options)
            loss = torch.stack([part.sum() for state in left for part in state]).sum()
            torch.autograd.grad(loss, self.leaves)

        return run


def limit_ratios(repeats: int) -> dict[str, dict[str, float]]:
    """Time of the unavoidable products over the time of the engine, for each of `PLANES`."""
    ratios, seconds = {}, {}
    for name, shape in PLANES.items():
        plane = Plane(shape)
        limit, taken = alternating([plane.products, plane.work()], repeats)
        ratios[name], seconds[f"{name} products"], seconds[f"{name} engine"] = limit / taken, limit, taken
    return {"limit_ratio": ratios, "seconds": seconds}


def speedups(repeats: int) -> dict[str, dict[str, float]]:
    """Time of other ways to compute the same over the time of the engine."""
    ratios, seconds = {}, {}
    for name, batch, twin in (
        ("twin_b64", 64, grid_reference),
        ("twin_b4", 4, grid_reference),
        ("autograd_diagonals", 64, grid_wavefront),
    ):
        plane = Plane((TWINS[0], batch, *TWINS[1:]))
        other, mine = alternating([plane.work(twin), plane.work()], repeats)
        ratios[name], seconds[f"{name} twin"], seconds[f"{name} engine"] = other / mine, other, mine
    other, mine = alternating(_torchs_lstm(), repeats)
    ratios["torch_lstm"], seconds["torch.nn.LSTM"], seconds["GridLSTM2d"] = other / mine, other, mine
    return {"speedup": ratios, "seconds": seconds}


def _torchs_lstm() -> Sequence[Work]:
    """A stacked `nn.LSTM` and a tied 2-LSTM with as many multiplications: 8 h^2 = 16 d^2 a layer and step."""
    d, batch, steps, layers = 400, 15, 47, 18
    wide = round(d * math.sqrt(2))
    stacked, grid = torch.nn.LSTM(wide, wide, layers), GridLSTM2d(wide, d, layers)
    words = torch.randn(steps, batch, wide)

    def run_stacked() -> None:
        torch.autograd.grad(stacked(words)[0].sum(), list(stacked.parameters()))

    def run_grid() -> None:
        torch.autograd.grad(grid(words)[0].hidden.sum(), list(grid.parameters()))

    return run_stacked, run_grid


def memory(repeats: int) -> dict[str, dict[str, float]]:
    """Peak memory of forward and backward in floats for each block, sentence and unit of the hidden size (from what a
    larger batch takes more, so that weights do not count); and the time that keeping no gates costs."""
    d, batch, *extents = PLANES["plane_d256"]
    large, small = Plane((d, batch, *extents)), Plane((d, batch // 2, *extents))  # type: ignore[arg-type]
    floats = math.prod(extents) * (batch - batch // 2) * d * 4
    kept, recomputed = alternating([large.work(), large.work(recompute=True)], repeats)

    def per_cell(**options: Any) -> float:
        return (peak_bytes(large.work(**options)) - peak_bytes(small.work(**options))) / floats

    return {
        "memory": {
            "floats_per_cell_over_d": per_cell(),
            "recompute_floats_per_cell_over_d": per_cell(recompute=True),
            "recompute_time_ratio": recomputed / kept,
        }
    }


def cost_exponent(repeats: int) -> dict[str, Any]:
    """The exponent e of `time ~ (S * T) ^ e`, by least squares over square planes (d 128, batch 16)."""
    times = alternating([Plane((128, 16, size, size)).work() for size in SIZES], repeats)
    x = torch.tensor([math.log(size * size) for size in SIZES], dtype=torch.float64)
    y = torch.tensor(times, dtype=torch.float64).log()
    x, y = x - x.mean(), y - y.mean()
    return {
        "cost_exponent": float((x * y).sum() / (x * x).sum()),
        "cost": [{"blocks": size * size, "seconds": taken} for size, taken in zip(SIZES, times, strict=True)],
    }
