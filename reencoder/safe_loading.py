"""Lets torch's safe loading read what fairseq saves and sends; importing this module does the first."""

from __future__ import annotations

import argparse
from collections import defaultdict
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


def allow_broadcasts() -> None:
    """Let torch's safe loading accept what fairseq-train sends from its first process to the others when it resumes.

    It sends the checkpoint after loading it, with the configuration as an omegaconf object and placeholders for the
    tensors, which it sends on their own. fairseq must have been imported.
    """
    from fairseq.distributed.utils import _TensorPlaceholder
    from omegaconf import DictConfig, ListConfig
    from omegaconf.base import ContainerMetadata, Metadata
    from omegaconf.nodes import AnyNode

    of_configurations = [DictConfig, ListConfig, ContainerMetadata, Metadata, AnyNode]
    of_their_metadata: list[Any] = [Any, dict, list, int, defaultdict]
    torch.serialization.add_safe_globals([_TensorPlaceholder, *of_configurations, *of_their_metadata])


allow_checkpoints()
