"""What compiling the grid's element-wise work takes, and what it gains."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from reencoder.grid.kernel import compiled, fused_grid

from .measure import Work, alternating


@contextmanager
def _by_torch() -> Iterator[None]:
    """Has torch do the element-wise work, as with `REENCODER_COMPILE=0`."""
    choice = fused_grid.compiled_fronts
    fused_grid.compiled_fronts = lambda states: None
    try:
        yield
    finally:
        fused_grid.compiled_fronts = choice


def compilation(step: Work, repeats: int) -> dict[str, Any] | None:
    """Measure what compiled code gains.

    Args:
        step: a whole training step.
        repeats: number of measured runs of each way.

    Returns:
        `seconds`: time to compile the code into an empty cache, once per machine; `gain`: time of the step with torch's
        operations / with the compiled code. None if nothing can be compiled here.
    """
    if compiled.library() is None:
        return None

    def by_torch() -> None:
        with _by_torch():
            step()

    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        compiled.compile_into(Path(folder))
        seconds = time.perf_counter() - started
    other, mine = alternating([by_torch, step], repeats)
    return {"seconds": seconds, "gain": other / mine}
