"""Segmentation and tokenisation of sentences, and their inverse: the same for training and translation."""

from __future__ import annotations

import logging
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from .errors import DataError
from .pieces import load_sentencepiece

SEGMENTATIONS = ("jieba", "char", "sentencepiece", "jieba-sentencepiece")
TARGET_SEGMENTATIONS = ("words", "sentencepiece")

# Runs of Latin letters and digits are one token: names and numbers inside Chinese text are words.
_CHARACTER = re.compile(r"[0-9A-Za-z\u00c0-\u024f]+|\S")


def to_simplified(text: str) -> str:
    """Convert traditional to simplified characters (OpenCC's t2s)."""
    simplified: str = _opencc().convert(text)
    return simplified


class ChineseSegmenter:
    """Turns raw Chinese into tokens separated by spaces: NFKC, traditional to simplified, then the segmentation.

    Args:
        segmentation: "jieba" (words; a hidden Markov model segments those missing from the dictionary), "char"
            (characters; a run of Latin letters and digits is one token), "sentencepiece" (pieces of the sentence) or
            "jieba-sentencepiece" (pieces of jieba's words).
        model: path of a trained sentencepiece model, required for the last two.
        sampling: how much the pieces are drawn at random, see `load_sentencepiece`. Default: 0

    Raises:
        DataError: the segmentation is unknown, or its model is missing or unreadable.
    """

    def __init__(self, segmentation: str = "jieba", model: Path | None = None, sampling: float = 0.0) -> None:
        if segmentation not in SEGMENTATIONS:
            raise DataError(f"unknown segmentation '{segmentation}'; choose one of {', '.join(SEGMENTATIONS)}")
        self.segmentation = segmentation
        if segmentation == "jieba":
            self._split: Callable[[str], list[str]] = lambda word: [word]
        elif segmentation == "char":
            self._split = _CHARACTER.findall
        elif model is None:
            raise DataError(
                f"segmentation '{segmentation}' needs a trained model; give --sentencepiece-model or --manifest"
            )
        else:
            self._split = load_sentencepiece(model, sampling)
        if segmentation.startswith("jieba"):
            _jieba()  # loading takes a second: do it now, not with the first sentence or once per forked process

    def __call__(self, text: str) -> str:
        """Segment one sentence. Tokens are separated by single spaces; an empty sentence gives an empty string."""
        return self.split(self.normalise(text))

    def normalise(self, text: str) -> str:
        """Return what `split` splits: jieba's words, separated by spaces, or the sentence, as the segmentation is."""
        return " ".join(self.words(text)) if self.segmentation.startswith("jieba") else simplified_nfkc(text)

    def split(self, normalised: str) -> str:
        """Return the tokens, separated by single spaces, of what `normalise` returned."""
        if self.segmentation.startswith("jieba"):
            return self.encode(normalised.split())
        return _tokens(self._split(normalised))

    def words(self, text: str) -> list[str]:
        """Return the words of one sentence as jieba segments it, whatever the segmentation is."""
        return _tokens(_jieba().lcut(simplified_nfkc(text), HMM=True)).split()

    def encode(self, words: Sequence[str]) -> str:
        """Return the tokens, separated by single spaces, of a phrase of words that `words` returned."""
        if self.segmentation == "sentencepiece":
            return _tokens(self._split("".join(words)))
        return _tokens(token for word in words for token in self._split(word))


class EnglishTokenizer:
    """Turns raw English into tokens separated by spaces: NFKC, the Moses tokenizer, lower-casing, perhaps subwords.

    The tokenizer does not escape characters as XML entities: only Moses' own file formats need them, and the output of
    a model would have to be unescaped.

    Args:
        keep_case: do not lower-case.
        model: path of a trained sentencepiece model that splits the words into pieces. Default: none
        sampling: how much the pieces are drawn at random, see `load_sentencepiece`. Default: 0

    Raises:
        DataError: the model is missing or unreadable.
    """

    def __init__(self, keep_case: bool = False, model: Path | None = None, sampling: float = 0.0) -> None:
        from sacremoses import MosesTokenizer

        self.keep_case = keep_case
        self._moses = MosesTokenizer(lang="en")
        self._split = None if model is None else load_sentencepiece(model, sampling)

    def __call__(self, text: str) -> str:
        """Tokenise one sentence. Tokens are separated by single spaces; an empty sentence gives an empty string."""
        return self.split(self.normalise(text))

    def normalise(self, text: str) -> str:
        """Return what `split` splits: the words with their case, separated by spaces."""
        line: str = self._moses.tokenize(unicodedata.normalize("NFKC", text), escape=False, return_str=True)
        return " ".join(line.split())

    def split(self, normalised: str) -> str:
        """Return the tokens, separated by single spaces, of what `normalise` returned."""
        return self.encode(self.cased(normalised).split())

    def words(self, text: str) -> list[str]:
        """Return the words of one sentence."""
        return self.cased(self.normalise(text)).split()

    def cased(self, normalised: str) -> str:
        """Return what `normalise` returned with the case of the tokens."""
        # Lower-case only after Moses: its list of abbreviations that keep their full stop ("Mr.") is cased.
        return normalised if self.keep_case else normalised.lower()

    def encode(self, words: Sequence[str]) -> str:
        """Return the tokens, separated by single spaces, of words that `words` returned."""
        line = " ".join(words)
        return line if self._split is None else _tokens(self._split(line))


_OPENING, _CLOSING = re.compile(r"([‘“])\s+"), re.compile(r"\s+([’”])")
_CONTRACTION = re.compile(r"(?<=\w)’\s+(?=(?:s|t|re|ve|ll|d|m)\b)", re.IGNORECASE)


def detokenize_english(line: str) -> str:
    """Undo `EnglishTokenizer` on a line of words, except for the lower-casing. For pieces see `join_pieces`."""
    text: str = _moses_detokenizer().detokenize(line.split(), unescape=False)
    # Moses joins straight quotation marks and apostrophes, and of the others only opening ones.
    text = _OPENING.sub(r"\1", _CLOSING.sub(r"\1", text))
    return _CONTRACTION.sub("’", text)


def simplified_nfkc(text: str) -> str:
    """Return the text that every segmentation starts from: NFKC, simplified characters, single spaces."""
    return " ".join(to_simplified(unicodedata.normalize("NFKC", text)).split())


@cache
def _opencc() -> Any:
    import opencc

    return opencc.OpenCC("t2s")


@cache
def _moses_detokenizer() -> Any:
    from sacremoses import MosesDetokenizer

    return MosesDetokenizer(lang="en")


def _tokens(tokens: Iterable[str]) -> str:
    """Join tokens, so that none contains anything that other programs take for white space."""
    return " ".join(" ".join(tokens).split())


@cache
def _jieba() -> Any:
    with warnings.catch_warnings():
        # jieba imports pkg_resources; users can do nothing about its deprecation warning.
        warnings.simplefilter("ignore")
        import jieba
    jieba.setLogLevel(logging.WARNING)
    # A separate instance: words added to jieba's global dictionary must not change the data.
    tokenizer = jieba.Tokenizer()
    tokenizer.initialize()  # it would load its dictionary with the first sentence
    return tokenizer
