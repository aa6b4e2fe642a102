"""The steps from raw sentences to tokens, as work that other processes can do: see `Workers.map`."""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

from reencoder.text.truecase import FormFinder

from .errors import DataError
from .subwords import seed_sampling
from .text import ChineseSegmenter, EnglishTokenizer


@dataclass(frozen=True)
class Encoding:
    """How sentences of one language become tokens.

    Attributes:
        language: "zh" or "en".
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


@dataclass(frozen=True)
class Normalise:
    """Work on raw sentences: what the tokens are parts of, see `ChineseSegmenter.normalise`. Needs no model.

    Attributes:
        encoding: the language and its segmentation.
    """

    encoding: Encoding

    def __call__(self, number: int, chunk: list[str]) -> list[str]:
        """Return the normalised sentences of a chunk."""
        segmentation = self.encoding.segmentation
        if self.encoding.language == "zh":
            segmentation = "jieba" if segmentation.startswith("jieba") else "char"
        normalise = _tool(replace(self.encoding, segmentation=segmentation, model=None)).normalise
        return [normalise(text) for text in chunk]


@dataclass(frozen=True)
class Words:
    """Work on raw Chinese sentences: jieba's words, separated by spaces, whatever the segmentation is."""

    def __call__(self, number: int, chunk: list[str]) -> list[str]:
        """Return the words of a chunk."""
        return Normalise(Encoding("zh", "jieba"))(number, chunk)


@dataclass(frozen=True)
class Forms:
    """Work on normalised English sentences: the words whose case says how they are written, see `FormFinder`."""

    def __call__(self, number: int, chunk: list[str]) -> list[str]:
        """Return the words of a chunk, separated by spaces."""
        find = _form_finder()
        return [" ".join(find(line.split())) for line in chunk]


@dataclass(frozen=True)
class Split:
    """Work on normalised sentences: the tokens, separated by spaces.

    Attributes:
        encoding: the language and its segmentation.
    """

    encoding: Encoding

    def __call__(self, number: int, chunk: list[str]) -> list[str]:
        """Return the tokens of a chunk."""
        split = _tool(self.encoding).split
        return [split(normalised) for normalised in chunk]


@dataclass(frozen=True)
class Tokenise:
    """Work on raw sentences: the tokens, separated by spaces.

    Attributes:
        encoding: the language and its segmentation.
    """

    encoding: Encoding

    def __call__(self, number: int, chunk: list[str]) -> list[str]:
        """Return the tokens of a chunk."""
        tokenise = _tool(self.encoding)
        return [tokenise(text) for text in chunk]


@dataclass(frozen=True)
class Sample:
    """Work on normalised sentences: tokens of which the sentencepiece model's are drawn at random, chunk by chunk.

    Attributes:
        encoding: the language and its segmentation, with a model.
        seed: random seed.
        copy: number of the copy of the text, so that all are different.
    """

    encoding: Encoding
    seed: int
    copy: int

    def __call__(self, number: int, chunk: list[str]) -> list[str]:
        """Return the tokens of a chunk."""
        name = f"{self.seed} {self.encoding.language} {self.copy} {number}"
        seed_sampling(int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]) >> 1)
        # Every thread has a generator of its own, and older versions of sentencepiece seed it only when it first draws.
        with ThreadPoolExecutor(max_workers=1) as fresh:
            return fresh.submit(Split(self.encoding), number, chunk).result()


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
