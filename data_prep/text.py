"""Normalisation, segmentation and tokenisation of sentences, shared by training, translation and evaluation."""

from __future__ import annotations

import io
import logging
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from .errors import DataError

SEGMENTATIONS = ("jieba", "char", "sentencepiece")

_NOT_ALPHANUMERIC = re.compile(r"[\W_]")
# Runs of Latin letters and digits are one token: names and numbers inside Chinese text are words.
_CHARACTER = re.compile(r"[0-9A-Za-z\u00c0-\u024f]+|\S")


def normalise_chinese(text: str) -> str:
    """Return the key by which Chinese sentences are compared: NFKC, letters and digits only."""
    return _NOT_ALPHANUMERIC.sub("", unicodedata.normalize("NFKC", text))


def normalise_english(text: str) -> str:
    """Return the key by which English sentences are compared: NFKC, lower-cased, letters and digits only."""
    return _NOT_ALPHANUMERIC.sub("", unicodedata.normalize("NFKC", text).lower())


def to_simplified(text: str) -> str:
    """Convert traditional to simplified characters (OpenCC's t2s)."""
    simplified: str = _opencc().convert(text)
    return simplified


class ChineseSegmenter:
    """Turns raw Chinese into tokens separated by spaces: NFKC, traditional to simplified, then the segmentation.

    Args:
        segmentation: "jieba" (words; a hidden Markov model segments those missing from the dictionary), "char"
            (characters; a run of Latin letters and digits is one token) or "sentencepiece".
        model: path of a trained sentencepiece model, required for that segmentation.

    Raises:
        DataError: the segmentation is unknown, or its model is missing or unreadable.
    """

    def __init__(self, segmentation: str = "jieba", model: Path | None = None) -> None:
        split: dict[str, Callable[[], Callable[[str], list[str]]]] = {
            "jieba": _jieba_split,
            "char": lambda: _CHARACTER.findall,
            "sentencepiece": lambda: _sentencepiece_split(model),
        }
        if segmentation not in split:
            raise DataError(f"unknown segmentation '{segmentation}'; choose one of {', '.join(SEGMENTATIONS)}")
        self.segmentation = segmentation
        self._split = split[segmentation]()

    def __call__(self, text: str) -> str:
        """Segment one sentence. Tokens are separated by single spaces; an empty sentence gives an empty string."""
        # Join and split again, so that no token contains anything that other programs take for white space.
        return " ".join(" ".join(self._split(simplified_nfkc(text))).split())


class EnglishTokenizer:
    """Turns raw English into tokens separated by spaces: NFKC, the Moses tokenizer, lower-casing.

    The tokenizer does not escape characters as XML entities: only Moses' own file formats need them, and the output of
    a model would have to be unescaped.

    Args:
        keep_case: do not lower-case.
    """

    def __init__(self, keep_case: bool = False) -> None:
        from sacremoses import MosesTokenizer

        self.keep_case = keep_case
        self._moses = MosesTokenizer(lang="en")

    def __call__(self, text: str) -> str:
        """Tokenise one sentence. Tokens are separated by single spaces; an empty sentence gives an empty string."""
        # Lower-case only afterwards: the list of abbreviations that keep their full stop ("Mr.") is cased.
        tokens = self._moses.tokenize(unicodedata.normalize("NFKC", text), escape=False, return_str=True)
        line = " ".join(tokens.split())
        return line if self.keep_case else line.lower()


def detokenize_english(line: str) -> str:
    """Undo `EnglishTokenizer` on a line of tokens, except for the lower-casing."""
    text: str = _moses_detokenizer().detokenize(line.split(), unescape=False)
    return text


def simplified_nfkc(text: str) -> str:
    """Return the text that every segmentation starts from: NFKC, simplified characters, single spaces."""
    return " ".join(to_simplified(unicodedata.normalize("NFKC", text)).split())


def train_sentencepiece(lines: Iterable[str], vocab_size: int, path: Path) -> None:
    """Train a sentencepiece unigram model. The same lines give the same bytes.

    Args:
        lines: raw Chinese.
        vocab_size: number of pieces.
        path: model file to write.

    Raises:
        DataError: sentencepiece cannot make a vocabulary of this size from the text.
    """
    import sentencepiece

    model = io.BytesIO()
    try:
        # An iterator, because the model would store the path of an input file. One thread, because the order of
        # floating-point sums would otherwise vary.
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=(simplified_nfkc(line) for line in lines),
            model_writer=model,
            vocab_size=vocab_size,
            normalization_rule_name="identity",
            character_coverage=0.9995,
            add_dummy_prefix=False,
            num_threads=1,
            minloglevel=2,
        )
    except RuntimeError as error:
        reason = str(error).rsplit("] ", 1)[-1].strip()
        raise DataError(f"--sentencepiece-vocab-size {vocab_size}: sentencepiece refused: {reason}") from error
    path.write_bytes(model.getvalue())


@cache
def _opencc() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


@cache
def _moses_detokenizer() -> Any:
    from sacremoses import MosesDetokenizer

    return MosesDetokenizer(lang="en")


def _jieba_split() -> Callable[[str], list[str]]:
    with warnings.catch_warnings():
        # jieba imports pkg_resources; users can do nothing about its deprecation warning.
        warnings.simplefilter("ignore")
        import jieba
    jieba.setLogLevel(logging.WARNING)
    # A separate instance: words added to jieba's global dictionary must not change the data.
    tokenizer = jieba.Tokenizer()
    return lambda text: tokenizer.lcut(text, HMM=True)


def _sentencepiece_split(model: Path | None) -> Callable[[str], list[str]]:
    import sentencepiece

    if model is None:
        raise DataError("segmentation 'sentencepiece' needs a trained model; give --sentencepiece-model or --manifest")
    if not model.is_file():
        raise DataError(f"{model}: no such file (the sentencepiece model)")
    try:
        processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
    except (RuntimeError, OSError) as error:
        raise DataError(f"{model}: not a sentencepiece model") from error
    return lambda text: processor.encode(text, out_type=str)
