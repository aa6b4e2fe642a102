"""What compiling the grid's element-wise work takes, and what it gains."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import Any
from unittest.mock import patch

from .measure import Work, alternating

VARIABLE = "REENCODER_COMPILE"
"""Environment variable: 0 forbids compiled code, 1 requires it."""

_FIRST_USE = """
import time
import torch
from reencoder.grid import GridLSTM2d
model, words = GridLSTM2d(4, 4, 2), torch.randn(3, 1, 4)
with torch.no_grad():
    began = time.perf_counter()
    model(words)
    print(time.perf_counter() - began)
"""


def seconds_to_compile() -> float | None:
    """Return how much longer the first use of the grid takes where the code has not been compiled; None if it cannot.

    Each of two processes uses the grid once, with the same cache, which is empty for the first.
    """
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, VARIABLE: "1", "XDG_CACHE_HOME": cache}
        taken = []
        for _ in range(2):
            done = subprocess.run([sys.executable, "-c", _FIRST_USE], env=environment, capture_output=True, text=True)
            if done.returncode != 0:
                return None
            taken.append(float(done.stdout))
    return taken[0] - taken[1]


def compilation(step: Work, repeats: int) -> dict[str, Any] | None:
    """Measure what compiled code gains.

    Args:
        step: a whole training step.
        repeats: number of measured runs of each way.

    Returns:
        `seconds`: time to compile the code, once per machine; `gain`: time of the step with torch's operations / with
        the compiled code. None if nothing can be compiled here.
    """
    seconds = seconds_to_compile()
    if seconds is None:
        return None

    def by_torch() -> None:
        with patch.dict(os.environ, {VARIABLE: "0"}):
            step()

    other, mine = alternating([by_torch, step], repeats)
    return {"seconds": seconds, "gain": other / mine}
