"""What the plugin needs around it: a fairseq of the right make that can read its own checkpoints, and memory that is
kept."""

from __future__ import annotations

import argparse
import ctypes
import os
import sys
from typing import Any

MEND = "python -m pip uninstall -y fairseq && python -m pip install 've-fairseq>=0.12.3'"


class FairseqMissingError(ImportError):
    """fairseq is missing or is one that cannot work; the message holds the command that mends it."""


def require_fairseq() -> None:
    """Import fairseq.

    Raises:
        FairseqMissingError: fairseq is not installed, cannot be imported, or is too old.
    """
    try:
        import fairseq
    except ModuleNotFoundError as error:
        if error.name != "fairseq":
            raise FairseqMissingError(f"fairseq is installed, but lacks {error.name}; mend it with: {MEND}") from error
        raise FairseqMissingError(f"the models and tasks need fairseq; install it with: {MEND}") from error
    except Exception as error:  # PyPI's 0.12.2 fails on Python 3.11 with a ValueError
        raise FairseqMissingError(
            f"the fairseq that is installed cannot be imported ({error}); mend it with: {MEND}"
        ) from error
    try:
        from fairseq.sequence_generator import EnsembleModel  # noqa: F401
        from fairseq.tasks.translation import TranslationConfig  # noqa: F401
    except ImportError as error:
        version = getattr(fairseq, "__version__", "of unknown version")
        raise FairseqMissingError(
            f"fairseq {version} is too old for this plugin ({error}); mend it with: {MEND}"
        ) from error


def allow_checkpoints() -> None:
    """Let torch's safe loading (`weights_only=True`, the default since 2.6) accept what fairseq puts into checkpoints.

    Exactly what fairseq-train writes is allowed; anything else is refused as before. With `--eval-bleu` the meters in a
    checkpoint hold n-gram counts as numpy arrays.
    """
    import numpy as np
    import torch

    # The module that rebuilds arrays has another name since numpy 2; an array itself tells where it is now.
    rebuild, scalar = np.zeros(0).__reduce__()[0], np.float64(0).__reduce__()[0]
    dtypes = [type(np.dtype(kind)) for kind in (np.int64, np.float64)]
    allowed: list[Any] = [argparse.Namespace, rebuild, scalar, np.ndarray, np.dtype, *dtypes]
    torch.serialization.add_safe_globals(allowed)


KEEP_MEMORY = "REENCODER_KEEP_MEMORY"
"""Environment variable that tells `keep_freed_memory` to do nothing if it is 0."""


def keep_freed_memory() -> bool:
    """Let the C library keep freed memory for the next allocation instead of giving it back to the system.

    On a CPU every training step frees and allocates the same hundreds of megabytes. glibc takes large blocks fresh from
    the system each time, which hands them out page by page, cleared: that costs as much as all element-wise work of a
    grid. The process then holds on to the most memory that it ever used. Set `REENCODER_KEEP_MEMORY=0` to forbid it.

    Returns:
        whether it was done: not where the C library is another one.
    """
    if sys.platform != "linux" or os.environ.get(KEEP_MEMORY) == "0":
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # musl has none
        return False
    trim_threshold, mmap_max = -1, -4  # from malloc.h
    return bool(mallopt(mmap_max, 0)) and bool(mallopt(trim_threshold, -1))
