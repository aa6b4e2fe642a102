"""Makes sure that fairseq works."""

from __future__ import annotations

import logging

REINSTALL = "python -m pip uninstall -y fairseq && python -m pip install 've-fairseq>=0.12.3'"


class FairseqMissingError(ImportError):
    """fairseq is missing or cannot work; the message contains the command that installs the right one."""


def require_fairseq() -> None:
    """Import fairseq.

    Raises:
        FairseqMissingError: fairseq is not installed, cannot be imported, or is too old.
    """
    # One of its tasks, which is not ours, asks for tensorboardX whenever it is imported.
    logging.getLogger("fairseq.tasks.text_to_speech").setLevel(logging.WARNING)
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
