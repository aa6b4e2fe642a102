"""fairseq as this plugin needs it: present, of the right make, and able to read its own checkpoints."""

from __future__ import annotations

import argparse
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
