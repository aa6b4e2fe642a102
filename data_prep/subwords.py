"""Subwords with SentencePiece: training, segmentation, and its inverse."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from .errors import DataError

MODEL_TYPES = ("unigram", "bpe")

SPACE = "\u2581"
"""How a piece shows that a space precedes it."""

UNKNOWN = "<unk>"

# Chinese is written without spaces, so its first piece gets no mark; its rarest characters become UNK, so that a model
# has seen UNK in training. English words all begin with the mark, and no character that a model writes is UNK; they are
# words of the Moses tokenizer, so "'re" may be one piece.
_TRAINER_OPTIONS: dict[str, dict[str, Any]] = {
    "zh": {"add_dummy_prefix": False, "character_coverage": 0.9995},
    "en": {"add_dummy_prefix": True, "character_coverage": 1.0, "split_by_unicode_script": False},
}

# Separates words in training text whose pieces may not cross the boundary of a word.
BOUNDARY = "\t"


def model_name(language: str) -> str:
    """Return the name of the model's file beside the manifest."""
    return f"sentencepiece.{language}.model"


def train_sentencepiece(
    lines: Iterable[str],
    vocab_size: int,
    path: Path,
    language: str = "zh",
    model_type: str = "unigram",
    option: str = "--sentencepiece-vocab-size",
) -> dict[str, Any]:
    """Train a SentencePiece model. The same lines give the same bytes.

    Args:
        lines: normalised text; SentencePiece itself only removes superfluous spaces. No piece crosses a `BOUNDARY`.
        vocab_size: number of pieces.
        path: model file to write.
        language: "zh" or "en". Default: "zh"
        model_type: "unigram" or "bpe". Default: "unigram"
        option: the option that set `vocab_size`, for error messages.

    Returns:
        The settings, for the manifest.

    Raises:
        DataError: SentencePiece cannot make a vocabulary of this size from the text.
    """
    import sentencepiece

    settings = {"model_type": model_type, "vocab_size": vocab_size, **_TRAINER_OPTIONS[language]}
    model = io.BytesIO()
    try:
        # An iterator, because the model would store the path of an input file. One thread, because the order of
        # floating-point sums would otherwise vary.
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(lines),
            model_writer=model,
            normalization_rule_name="identity",
            pretokenization_delimiter=BOUNDARY,
            num_threads=1,
            minloglevel=2,
            **settings,
        )
    except RuntimeError as error:
        reason = str(error).rsplit("] ", 1)[-1].strip()
        raise DataError(f"{option} {vocab_size}: sentencepiece refused: {reason}") from error
    path.write_bytes(model.getvalue())
    return settings


def load_sentencepiece(model: Path) -> Callable[[str], list[str]]:
    """Return the segmentation of a model: a function from text to pieces.

    Raises:
        DataError: there is no such file, or it is not a model.
    """
    processor = _processor(model)
    return lambda text: processor.encode(text, out_type=str)


def vocabulary(model: Path) -> list[str]:
    """Return the pieces of a model without its special symbols.

    Raises:
        DataError: there is no such file, or it is not a model.
    """
    processor = _processor(model)
    return [
        processor.id_to_piece(index)
        for index in range(processor.get_piece_size())
        if not processor.is_control(index) and not processor.is_unknown(index)
    ]


def join_pieces(line: str) -> str:
    """Return the text of a line of pieces separated by spaces; unknown pieces are left out."""
    return "".join(piece for piece in line.split() if piece != UNKNOWN).replace(SPACE, " ").strip()


def _processor(model: Path) -> Any:
    import sentencepiece

    if not model.is_file():
        raise DataError(f"{model}: no such file (the sentencepiece model)")
    try:
        return sentencepiece.SentencePieceProcessor(model_file=str(model))
    except (RuntimeError, OSError) as error:
        raise DataError(f"{model}: not a sentencepiece model") from error
