"""How fast the grid is, against the matrix products that it cannot avoid and against its slow twin.

    python -m eval.speed [--json FILE] [--quick]

All ratios are of medians measured in this process, the measured things taking turns.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from eval.files import write_json
from eval.provenance import Stopwatch, provenance

PLANES = {"plane_d256": (256, 64, 12, 12), "plane_d450": (450, 32, 12, 12), "plane_d128": (128, 32, 12, 12)}
"""Hidden size, batch, source and target positions."""


def alternating(work: Sequence[Callable[[], object]], repeats: int) -> list[float]:
    """Median seconds of each piece of work, taking turns so that a slow moment of the machine hits all alike."""
    for piece in work:
        piece()
    times: list[list[float]] = [[] for _ in work]
    for _ in range(repeats):
        for piece, taken in zip(work, times, strict=True):
            started = time.perf_counter()
            piece()
            taken.append(time.perf_counter() - started)
    return [median(taken) for taken in times]


def measure(d: int, batch: int, source: int, target: int, repeats: int) -> tuple[float, float]:
    """Seconds of forward and backward: of the unavoidable products (one large one each), and of the sweep."""
    import torch

    from reencoder.grid.block import State
    from reencoder.grid.sweep import sweep

    torch.manual_seed(0)
    rows, columns = (
        State(*(torch.randn(2, positions, batch, d) * 0.1).requires_grad_().unbind(0)) for positions in (target, source)
    )
    weight = (torch.randn(8 * d, 2 * d) * d**-0.5).requires_grad_()
    bias = torch.zeros(8 * d, requires_grad=True)
    inputs, gates = torch.randn(source * target * batch, 2 * d), torch.randn(source * target * batch, 8 * d)

    def products() -> None:
        fixed = weight.detach()
        torch.mm(inputs, fixed.t())
        torch.mm(gates, fixed)
        torch.mm(gates.t(), inputs)

    def run() -> None:
        left = sweep([rows, columns], weight, bias, extents=(source, target)).leaving[0]
        torch.autograd.grad(left.hidden.sum() + left.memory.sum(), [weight, bias])

    limit, taken = alternating([products, run], repeats)
    return limit, taken


def main(arguments: list[str] | None = None) -> int:
    """Measure, print, and write the results if asked to."""
    parser = argparse.ArgumentParser(prog="python -m eval.speed", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results as JSON")
    parser.add_argument("--quick", action="store_true", help="few repeats: under a minute")
    options = parser.parse_args(arguments)
    stopwatch = Stopwatch()
    ratios: dict[str, float] = {}
    for name, (d, batch, source, target) in PLANES.items():
        limit, taken = measure(d, batch, source, target, repeats=3 if options.quick else 15)
        ratios[name] = limit / taken
        print(f"{name}: matrix products {limit:.3f} s, forward + backward {taken:.3f} s, ratio {ratios[name]:.2f}")
    result: dict[str, Any] = {"limit_ratio": ratios}
    if options.json is not None:
        write_json(options.json, {**result, **provenance(["python", "-m", "eval.speed"], stopwatch)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
