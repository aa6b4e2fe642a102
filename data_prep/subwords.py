"""Subwords with SentencePiece: training, segmentation, and its inverse."""

from __future__ import annotations

import io
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import chdir
from pathlib import Path
from typing import Any

from .errors import DataError
from .files import write_lines

MODEL_TYPES = ("unigram", "bpe")

SPACE = "\u2581"
"""How a piece shows that a space precedes it."""

UNKNOWN = "<unk>"

_SEEDS = "seeds.tsv"
_LONGEST_PIECE = 16  # SentencePiece's default

# Chinese is written without spaces, so its first piece gets no mark; its rarest characters become UNK, so that a model
# has seen UNK in training. English words all begin with the mark, and no character that a model writes is UNK; they are
# words of the Moses tokenizer, so "'re" may be one piece.
_TRAINER_OPTIONS: dict[str, dict[str, Any]] = {
    "zh": {"add_dummy_prefix": False, "character_coverage": 0.9995},
    "en": {"add_dummy_prefix": True, "character_coverage": 1.0, "split_by_unicode_script": False},
}


def model_name(language: str) -> str:
    """Return the name of the model's file beside the manifest."""
    return f"sentencepiece.{language}.model"


def train_sentencepiece(
    lines: Iterable[str],
    vocab_size: int,
    path: Path,
    language: str = "zh",
    model_type: str = "unigram",
    words: bool = False,
    option: str = "--sentencepiece-vocab-size",
) -> dict[str, Any]:
    """Train a SentencePiece model. The same lines give the same bytes.

    Args:
        lines: normalised sentences, or words if no piece may cross the boundary of a word; SentencePiece itself only
            removes superfluous spaces.
        vocab_size: number of pieces.
        path: model file to write.
        language: "zh" or "en". Default: "zh"
        model_type: "unigram" or "bpe". Default: "unigram"
        words: the lines are words. Default: False
        option: the option that set `vocab_size`, for error messages.

    Returns:
        The settings, for the manifest.

    Raises:
        DataError: SentencePiece cannot make a vocabulary of this size from the text.
    """
    import sentencepiece

    settings = {"model_type": model_type, "vocab_size": vocab_size, **_TRAINER_OPTIONS[language]}
    model = io.BytesIO()
    lines = list(lines)
    with tempfile.TemporaryDirectory(prefix="sentencepiece.") as name:
        seeds: dict[str, Any] = {}
        if words and model_type == "unigram":
            _write_seeds(Path(name) / _SEEDS, Counter(lines), SPACE if settings["add_dummy_prefix"] else "")
            seeds["seed_sentencepieces_file"] = _SEEDS
        try:
            # An iterator and a relative path, because the model stores the paths of its input files. One thread,
            # because the order of floating-point sums would otherwise vary.
            with chdir(name):
                sentencepiece.SentencePieceTrainer.train(
                    sentence_iterator=iter(lines),
                    model_writer=model,
                    normalization_rule_name="identity",
                    num_threads=1,
                    minloglevel=2,
                    **settings,
                    **seeds,
                )
        except RuntimeError as error:
            reason = str(error).rsplit("] ", 1)[-1].strip()
            raise DataError(f"{option} {vocab_size}: sentencepiece refused: {reason}") from error
    path.write_bytes(model.getvalue())
    return settings


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
    processor = _processor(model)
    if sampling == 0:
        return lambda text: processor.encode(text, out_type=str)
    return lambda text: processor.encode(text, out_type=str, enable_sampling=True, nbest_size=-1, alpha=sampling)


def seed_sampling(seed: int) -> None:
    """Seed the generator from which all segmentations of this process are drawn."""
    import sentencepiece

    sentencepiece.set_random_generator_seed(seed)


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


def _write_seeds(path: Path, words: Counter[str], prefix: str) -> None:
    """Write the candidates for pieces of a unigram model, with their counts: all parts of words that occur twice.

    SentencePiece's own candidates are strings that are followed by different characters, so in a list of words, where
    the same symbol follows every word, it would find only words that are also beginnings of others.
    """
    counts: Counter[str] = Counter()
    for word, count in words.items():
        marked = prefix + word
        for start in range(len(marked)):
            for end in range(start + 2, min(len(marked), start + _LONGEST_PIECE) + 1):
                counts[marked[start:end]] += count
    seeds = sorted((seed for seed in counts if counts[seed] > 1), key=lambda seed: (-counts[seed] * len(seed), seed))
    write_lines(path, (f"{seed}\t{counts[seed]}" for seed in seeds))


def _processor(model: Path) -> Any:
    import sentencepiece

    if not model.is_file():
        raise DataError(f"{model}: no such file (the sentencepiece model)")
    try:
        return sentencepiece.SentencePieceProcessor(model_file=str(model))
    except (RuntimeError, OSError) as error:
        raise DataError(f"{model}: not a sentencepiece model") from error
