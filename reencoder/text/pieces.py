"""Segmentation into SentencePiece's pieces, and its inverse."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from .errors import DataError

SPACE = "\u2581"
"""How a piece shows that a space precedes it."""

UNKNOWN = "<unk>"


def model_name(language: str) -> str:
    """Return the name of the model's file beside the manifest."""
    return f"sentencepiece.{language}.model"


def load_sentencepiece(model: Path, sampling: float = 0.0) -> Callable[[str], list[str]]:
    """Return the segmentation of a model: a function from text to pieces.

    Args:
        model: the model's file.
        sampling: 0 for the best segmentation. Otherwise segmentations are drawn at random: with a BPE model every merge
            is left out with this probability (BPE-dropout, Provilkov et al. 2020); with a unigram model a segmentation
            is drawn according to its probability to the power of this (Kudo 2018). `seed_sampling` makes the draws
            reproducible. Default: 0

    Raises:
        DataError: there is no such file, or it is not a model.
    """
    processor = load_processor(model)
    if sampling == 0:
        return lambda text: processor.encode(text, out_type=str)
    return lambda text: processor.encode(text, out_type=str, enable_sampling=True, nbest_size=-1, alpha=sampling)


def join_pieces(line: str) -> str:
    """Return the text of a line of pieces separated by spaces; unknown pieces are left out."""
    return "".join(piece for piece in line.split() if piece != UNKNOWN).replace(SPACE, " ").strip()


def load_processor(model: Path) -> Any:
    """Return the SentencePieceProcessor of a model.

    Raises:
        DataError: there is no such file, or it is not a model.
    """
    import sentencepiece

    if not model.is_file():
        raise DataError(f"{model}: no such file (the sentencepiece model)")
    try:
        return sentencepiece.SentencePieceProcessor(model_file=str(model))
    except (RuntimeError, OSError) as error:
        raise DataError(f"{model}: not a sentencepiece model") from error
