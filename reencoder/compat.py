"""Makes sure that fairseq works and that torch can read its checkpoints."""

from __future__ import annotations

import argparse
from typing import Any

REINSTALL = "python -m pip uninstall -y fairseq && python -m pip install 've-fairseq>=0.12.3'"


class FairseqMissingError(ImportError):
    """fairseq is missing or cannot work; the message contains the command that installs the right one."""


def require_fairseq() -> None:
    """Import fairseq.

    Raises:
        FairseqMissingError: fairseq is not installed, cannot be imported, or is too old.
    """
    try:
        import fairseq
    except ModuleNotFoundError as error:
        if error.name != "fairseq":
            raise FairseqMissingError(
                f"fairseq is installed, but lacks {error.name}; reinstall it with: {REINSTALL}"
            ) from error
        raise FairseqMissingError(f"the models and tasks need fairseq; install it with: {REINSTALL}") from error
    except Exception as error:  # PyPI's 0.12.2 fails on Python 3.11 with a ValueError
        raise FairseqMissingError(
            f"the fairseq that is installed cannot be imported ({error}); reinstall it with: {REINSTALL}"
        ) from error
    try:
        from fairseq.sequence_generator import EnsembleModel  # noqa: F401
        from fairseq.tasks.translation import TranslationConfig  # noqa: F401
    except ImportError as error:
        version = getattr(fairseq, "__version__", "of unknown version")
        raise FairseqMissingError(
            f"fairseq {version} is too old for this plugin ({error}); reinstall it with: {REINSTALL}"
        ) from error


def allow_checkpoints() -> None:
    """Let torch's safe loading (`weights_only=True`, the default since 2.6) accept fairseq's checkpoints.

    Exactly the classes that fairseq-train writes are allowed; anything else is still refused. With `--eval-bleu` the
    meters in a checkpoint hold n-gram counts as numpy arrays.
    """
    import numpy as np
    import torch

    # numpy 2 renamed the module that rebuilds arrays; an array itself tells where the function is.
    rebuild, scalar = np.zeros(0).__reduce__()[0], np.float64(0).__reduce__()[0]
    dtypes = [type(np.dtype(kind)) for kind in (np.int64, np.float64)]
    allowed: list[Any] = [argparse.Namespace, rebuild, scalar, np.ndarray, np.dtype, *dtypes]
    torch.serialization.add_safe_globals(allowed)
