"""The steps from raw sentences to tokens, chunk by chunk, as work that other processes can do: see `Workers.map`."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

from reencoder.text.segmentation import ChineseSegmenter, EnglishTokenizer
from reencoder.text.truecase import FormFinder

from .errors import DataError
from .subwords import seed_sampling


@dataclass(frozen=True)
class Encoding:
    """How sentences of one language become tokens.

    Attributes:
        language: one of `LANGUAGES`.
        segmentation: see `ChineseSegmenter` or `TARGET_SEGMENTATIONS`.
        keep_case: do not lower-case English.
        model: the sentencepiece model; None if the segmentation has none or it is not trained yet.
        sampling: how much pieces are drawn at random, see `load_sentencepiece`.
    """

    language: str
    segmentation: str
    keep_case: bool = False
    model: Path | None = None
    sampling: float = 0.0


def normalise(encoding: Encoding, chunk: list[str]) -> list[str]:
    """Return what the tokens of raw sentences are parts of, see `ChineseSegmenter.normalise`. Needs no model."""
    segmentation = encoding.segmentation
    if encoding.language == "zh":
        segmentation = "jieba" if segmentation.startswith("jieba") else "char"
    normalised = _tool(replace(encoding, segmentation=segmentation, model=None)).normalise
    return [normalised(text) for text in chunk]


def chinese_words(chunk: list[str]) -> list[str]:
    """Return jieba's words of raw Chinese sentences, separated by spaces, whatever the segmentation is."""
    return normalise(Encoding("zh", "jieba"), chunk)


def cased_forms(chunk: list[str]) -> list[str]:
    """Return the words of normalised English sentences whose case says how they are written, see `FormFinder`."""
    find = _form_finder()
    return [" ".join(find(line.split())) for line in chunk]


def tokens_of_normalised(encoding: Encoding, chunk: list[str]) -> list[str]:
    """Return the tokens of normalised sentences, separated by spaces."""
    split = _tool(encoding).split
    return [split(normalised) for normalised in chunk]


def tokens_of_raw(encoding: Encoding, chunk: list[str]) -> list[str]:
    """Return the tokens of raw sentences, separated by spaces."""
    tokenise = _tool(encoding)
    return [tokenise(text) for text in chunk]


def sampled_tokens(encoding: Encoding, seed: int, copy: int, number: int, chunk: list[str]) -> list[str]:
    """Return tokens of normalised sentences, of which the sentencepiece model's are drawn at random.

    Args:
        encoding: the language and its segmentation, with a model.
        seed: random seed.
        copy: number of the copy of the text, so that all are different.
        number: number of the chunk in the text.
        chunk: the sentences.
    """
    name = f"{seed} {encoding.language} {copy} {number}"
    seed_sampling(int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) >> 1)
    # Every thread has a generator of its own, and older versions of sentencepiece seed it only when it first draws.
    with ThreadPoolExecutor(max_workers=1) as fresh:
        return fresh.submit(tokens_of_normalised, encoding, chunk).result()


# Two languages, perhaps sampled: every process loads what it needs once.
@lru_cache(maxsize=4)
def _tool(encoding: Encoding) -> ChineseSegmenter | EnglishTokenizer:
    if encoding.language == "zh":
        return ChineseSegmenter(encoding.segmentation, encoding.model, encoding.sampling)
    if encoding.language == "en":
        return EnglishTokenizer(encoding.keep_case, encoding.model, encoding.sampling)
    raise DataError(f"unknown language '{encoding.language}'; only zh and en")


@cache
def _form_finder() -> FormFinder:
    return FormFinder()
