"""The text of prepared data: sentences are normalised once, and all later steps read the files of that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from reencoder.text.pieces import model_name
from reencoder.text.segmentation import TARGET_SEGMENTATIONS

from .encoding import Encoding, normalise, tokens_of_normalised
from .errors import DataError
from .files import iterate_lines, sha256_of, write_lines
from .split import Example
from .subwords import MODEL_TYPES, train_sentencepiece
from .workers import Workers

_NAMES = {"zh": "Chinese", "en": "English"}


@dataclass(frozen=True, kw_only=True)
class TextOptions:
    """How sentences become tokens.

    Attributes:
        segmentation: segmentation of Chinese, see `ChineseSegmenter`.
        target_segmentation: segmentation of English: "words", or "sentencepiece" for pieces of words.
        sentencepiece_type: type of the sentencepiece models, see `train_sentencepiece`.
        sentencepiece_vocab_size: number of pieces of the Chinese sentencepiece model.
        sentencepiece_target_vocab_size: number of pieces of the English sentencepiece model.
        keep_case: do not lower-case English.
        min_count: words and characters seen less often in training become UNK; sentencepiece's pieces never do.

    Raises:
        DataError: a choice is unknown.
    """

    segmentation: str = "jieba"
    target_segmentation: str = "words"
    sentencepiece_type: str = "unigram"
    sentencepiece_vocab_size: int = 8000
    sentencepiece_target_vocab_size: int = 4000
    keep_case: bool = False
    min_count: int = 2

    def __post_init__(self) -> None:
        for option, choice, choices in (
            ("--target-segmentation", self.target_segmentation, TARGET_SEGMENTATIONS),
            ("--sentencepiece-type", self.sentencepiece_type, MODEL_TYPES),
        ):
            if choice not in choices:
                raise DataError(f"{option} {choice}: choose one of {', '.join(choices)}")


def encodings(options: TextOptions) -> dict[str, Encoding]:
    """Return how the options turn sentences into tokens, by language; models are not trained yet."""
    return {
        "zh": Encoding("zh", options.segmentation),
        "en": Encoding("en", options.target_segmentation, options.keep_case),
    }


def write_normalised(
    directory: Path, parts: Mapping[str, Sequence[Example]], encodings: Mapping[str, Encoding], workers: Workers
) -> None:
    """Write what the tokens are parts of: PART.zh and PART.en, one line per example, with its first reference."""
    directory.mkdir()
    for part, examples in parts.items():
        for language, encoding in encodings.items():
            texts = (example.chinese if language == "zh" else example.english for example in examples)
            lines = workers.map(partial(normalise, encoding), texts, len(examples), f"{part}: {_NAMES[language]}")
            write_lines(directory / f"{part}.{language}", lines)


def train_subwords(
    options: TextOptions, normalised: Path, encodings: Mapping[str, Encoding], directory: Path
) -> dict[str, dict[str, Any]]:
    """Train the sentencepiece models that the options ask for.

    Args:
        options: the options.
        normalised: the folder that `write_normalised` wrote.
        encodings: how sentences become tokens, by language.
        directory: where to write the models.

    Returns:
        What the manifest records, by language.
    """
    sizes = {
        "zh": ("--sentencepiece-vocab-size", options.sentencepiece_vocab_size),
        "en": ("--sentencepiece-target-vocab-size", options.sentencepiece_target_vocab_size),
    }
    models: dict[str, dict[str, Any]] = {}
    for language, encoding in encodings.items():
        if "sentencepiece" not in encoding.segmentation:
            continue
        path = directory / model_name(language)
        words = language == "en" or encoding.segmentation != "sentencepiece"
        settings = train_sentencepiece(
            _Text(normalised / f"train.{language}", words, lower=language == "en" and not encoding.keep_case),
            sizes[language][1],
            path,
            language,
            options.sentencepiece_type,
            words,
            sizes[language][0],
        )
        models[language] = {"path": path.name, "sha256": sha256_of(path), **settings}
    return models


class _Text:
    """The text of which the pieces are parts, which can be read several times: sentences or words."""

    def __init__(self, path: Path, words: bool, lower: bool) -> None:
        # Absolute, because sentencepiece is trained in another working directory.
        self.path, self.words, self.lower = path.resolve(), words, lower

    def __iter__(self) -> Iterator[str]:
        for line in iterate_lines(self.path):
            text = line.lower() if self.lower else line
            if self.words:
                yield from text.split()
            else:
                yield text


def write_text(
    directory: Path,
    parts: Mapping[str, Sequence[Example]],
    normalised: Path,
    encodings: Mapping[str, Encoding],
    workers: Workers,
) -> None:
    """Write the tokens of the normalised sentences: PART.zh and PART.en.

    Raises:
        DataError: a sentence has no tokens.
    """
    directory.mkdir()
    for part, examples in parts.items():
        for language, encoding in encodings.items():
            texts = iterate_lines(normalised / f"{part}.{language}")
            work = partial(tokens_of_normalised, encoding)
            lines = workers.map(work, texts, len(examples), f"{part}: {_NAMES[language]} tokens")
            write_lines(directory / f"{part}.{language}", _with_tokens(lines, examples, _NAMES[language]))


def _with_tokens(lines: Iterable[str], examples: Sequence[Example], side: str) -> Iterator[str]:
    for line, example in zip(lines, examples, strict=True):
        if not line:
            raise DataError(f"{example.pairs[0].origin}: the {side} side has no tokens; remove the pair or complete it")
        yield line
