"""The text of prepared data: sentences are normalised once, and all later steps read the files of that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from .encoding import Encoding, normalise, tokens_of_normalised
from .errors import DataError
from .files import iterate_lines, sha256_of, write_lines
from .options import Options
from .split import Example
from .subwords import model_name, train_sentencepiece
from .workers import Workers

LANGUAGES = ("zh", "en")
"""Source and target language."""

_NAMES = {"zh": "Chinese", "en": "English"}


def encodings(options: Options) -> dict[str, Encoding]:
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
    options: Options, normalised: Path, encodings: Mapping[str, Encoding], directory: Path
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
