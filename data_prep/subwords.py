"""Subwords with SentencePiece: training. For the segmentation see `reencoder/text/pieces.py`."""

from __future__ import annotations

import io
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import chdir
from pathlib import Path
from typing import Any

from reencoder.text.pieces import SPACE, load_processor

from .errors import DataError
from .files import write_lines

MODEL_TYPES = ("unigram", "bpe")

_SEEDS = "seeds.tsv"
_TOO_SMALL = re.compile(r"smaller than required_chars\. \d+ vs (\d+)")  # how SentencePiece says it
_LONGEST_PIECE = 16  # SentencePiece's default

# Chinese is written without spaces, so its first piece gets no mark; its rarest characters become UNK, so that a model
# has seen UNK in training. English words all begin with the mark, and no character that a model writes is UNK; they are
# words of the Moses tokenizer, so "'re" may be one piece.
_TRAINER_OPTIONS: dict[str, dict[str, Any]] = {
    "zh": {"add_dummy_prefix": False, "character_coverage": 0.9995},
    "en": {"add_dummy_prefix": True, "character_coverage": 1.0, "split_by_unicode_script": False},
}


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
            removes superfluous spaces. An iterator is kept in memory, other iterables are read as often as needed.
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
    if isinstance(lines, Iterator):
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
        except (RuntimeError, SyntaxError) as error:  # SyntaxError: a number that it cannot represent
            # Its advice names its own options.
            reason = str(error).rsplit("] ", 1)[-1].split(" Increase vocab_size")[0].strip()
            if match := _TOO_SMALL.search(reason):
                raise DataError(
                    f"{option} {vocab_size}: too few; the characters of the training set alone need {match[1]}"
                ) from error
            raise DataError(f"{option} {vocab_size}: sentencepiece refused: {reason}") from error
    path.write_bytes(model.getvalue())
    return settings


def seed_sampling(seed: int) -> None:
    """Seed the generator from which segmentations are drawn, for threads that have not drawn any.

    Whether it affects a thread that has depends on the version of sentencepiece. Versions 0.2.2 and 0.2.3 draw
    differently in every run of a program, whatever the seed is; forked processes draw what their parent would.
    """
    import sentencepiece

    sentencepiece.set_random_generator_seed(seed)


def vocabulary(model: Path) -> list[str]:
    """Return the pieces of a model without its special symbols.

    Raises:
        DataError: there is no such file, or it is not a model.
    """
    processor = load_processor(model)
    return [
        processor.id_to_piece(index)
        for index in range(processor.get_piece_size())
        if not processor.is_control(index) and not processor.is_unknown(index)
    ]


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
