"""Lets torch's safe loading read fairseq's checkpoints; importing this module does it."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np
import torch


def allow_checkpoints() -> None:
    """Let torch's safe loading (`weights_only=True`, the default since 2.6) accept fairseq's checkpoints.

    Exactly the classes that fairseq-train writes are allowed; anything else is still refused. With `--eval-bleu` the
    meters in a checkpoint hold n-gram counts as numpy arrays.
    """
    # An array itself tells which functions rebuild it. numpy 2 renamed their module: checkpoints have either name.
    rebuild, scalar = np.zeros(0).__reduce__()[0], np.float64(0).__reduce__()[0]
    named = [
        (function, f"{package}.multiarray.{name}")
        for package in ("numpy.core", "numpy._core")
        for function, name in ((rebuild, "_reconstruct"), (scalar, "scalar"))
    ]
    dtypes = [type(np.dtype(kind)) for kind in (np.int64, np.float64)]
    allowed: list[Any] = [argparse.Namespace, *named, np.ndarray, np.dtype, *dtypes]
    torch.serialization.add_safe_globals(allowed)


allow_checkpoints()
