"""Normalisation, segmentation and tokenisation of sentences: what training, translation and evaluation share."""

import io
import logging
import re
import unicodedata
import warnings
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Any

from data_prep.errors import DataError

SEGMENTATIONS = ("jieba", "char", "sentencepiece")

_NOT_ALPHANUMERIC = re.compile(r"[\W_]")
# Runs of Latin letters and digits stay whole: names and numbers inside Chinese are words, not single characters.
_CHARACTER = re.compile(r"[0-9A-Za-z\u00c0-\u024f]+|\S")


def normalise_chinese(text: str) -> str:
    """Return the key by which Chinese sentences count as equal: NFKC, letters and digits only."""
    return _NOT_ALPHANUMERIC.sub("", unicodedata.normalize("NFKC", text))


def normalise_english(text: str) -> str:
    """Return the key by which English sentences count as equal: NFKC, lower-cased, letters and digits only."""
    return _NOT_ALPHANUMERIC.sub("", unicodedata.normalize("NFKC", text).lower())


def to_simplified(text: str) -> str:
    """Turn traditional into simplified characters (OpenCC's t2s)."""
    simplified: str = _opencc().convert(text)
    return simplified


class ChineseSegmenter:
    """Raw Chinese to space-separated tokens: NFKC, traditional to simplified, then `segmentation`.

    `segmentation` is `jieba` (words, with its hidden Markov model for unseen ones), `char` (characters; runs of Latin
    letters and digits stay whole) or `sentencepiece` (needs `model`, the path of a trained model).

    Raises DataError for an unknown segmentation and for a sentencepiece model that is missing or unreadable.
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
        """Segment one sentence; the result holds single spaces only, and is empty for an empty sentence."""
        # Joined and split once more, so that no token holds what another program takes for white space.
        return " ".join(" ".join(self._split(simplified_nfkc(text))).split())


class EnglishTokenizer:
    """Raw English to space-separated tokens: NFKC, the Moses tokenizer (XML entities not escaped), lower-casing.

    Entities serve Moses' own file formats only; here they would be one more thing to undo in the output.
    """

    def __init__(self, keep_case: bool = False) -> None:
        from sacremoses import MosesTokenizer

        self.keep_case = keep_case
        self._moses = MosesTokenizer(lang="en")

    def __call__(self, text: str) -> str:
        """Tokenise one sentence; the result holds single spaces only, and is empty for an empty sentence."""
        # Cased until here: the list of abbreviations that keep their full stop ("Mr.") is cased.
        tokens = self._moses.tokenize(unicodedata.normalize("NFKC", text), escape=False, return_str=True)
        line = " ".join(tokens.split())
        return line if self.keep_case else line.lower()


def detokenize_english(line: str) -> str:
    """Undo `EnglishTokenizer` on one line of tokens, but for its lower-casing."""
    text: str = _moses_detokenizer().detokenize(line.split(), unescape=False)
    return text


def simplified_nfkc(text: str) -> str:
    """Return simplified Chinese in NFKC, white space as single spaces: what every segmentation starts from."""
    return " ".join(to_simplified(unicodedata.normalize("NFKC", text)).split())


def train_sentencepiece(lines: Iterable[str], vocab_size: int, path: Path) -> None:
    """Train a sentencepiece unigram model on raw Chinese `lines` and write it to `path`.

    The same lines give the same bytes. Raises DataError where the text does not allow a vocabulary of this size.
    """
    import sentencepiece

    model = io.BytesIO()
    try:
        # An iterator and one thread: the model would otherwise hold a path, and hang on the order of floating sums.
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
        # jieba imports pkg_resources, whose deprecation is nothing that a user could act upon.
        warnings.simplefilter("ignore")
        import jieba
    jieba.setLogLevel(logging.WARNING)
    # An instance of our own: words that somebody added to jieba's global dictionary must not change the data.
    tokenizer = jieba.Tokenizer()
    return lambda text: tokenizer.lcut(text, HMM=True)


def _sentencepiece_split(model: Path | None) -> Callable[[str], list[str]]:
    import sentencepiece

    if model is None:
        raise DataError("segmentation 'sentencepiece' needs a trained model; name one, or the manifest beside it")
    if not model.is_file():
        raise DataError(f"{model}: no such file (the sentencepiece model)")
    try:
        processor = sentencepiece.SentencePieceProcessor(model_file=str(model))
    except (RuntimeError, OSError) as error:
        raise DataError(f"{model}: not a sentencepiece model") from error
    return lambda text: processor.encode(text, out_type=str)
