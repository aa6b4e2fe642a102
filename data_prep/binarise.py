"""Binarisation with fairseq-preprocess, followed by a check that no sentence or token was lost."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import DataError


@dataclass(frozen=True)
class SideCounts:
    """Counts of one language in one part; end-of-sentence symbols are not counted.

    Attributes:
        sentences: number of sentences.
        tokens: number of tokens.
        types: number of distinct tokens.
        unknown: number of tokens that the dictionary maps to UNK.
    """

    sentences: int
    tokens: int
    types: int
    unknown: int


def binarise(
    directory: Path, parts: Sequence[str], source_lang: str, target_lang: str, min_count: int
) -> dict[str, dict[str, SideCounts]]:
    """Binarise `directory/text/PART.LANG` into `directory/bin`.

    Args:
        directory: directory of the prepared data.
        parts: names of the parts; "train", from which the dictionaries are built, is one of them.
        source_lang: source language.
        target_lang: target language.
        min_count: words seen less often in training become UNK.

    Returns:
        The counts by part and language.

    Raises:
        DataError: fairseq-preprocess fails, or its output differs from the text.
    """
    # Relative paths, with `directory` as working directory: fairseq splits --validpref at commas, and the path of the
    # destination may contain some.
    command = [sys.executable, "-m", "fairseq_cli.preprocess", "--destdir", "bin", "--workers", "1"]
    command += ["--source-lang", source_lang, "--target-lang", target_lang]
    command += ["--thresholdsrc", str(min_count), "--thresholdtgt", str(min_count)]
    # Do not pad the dictionaries: the model would only give probability to words that do not exist.
    command += ["--padding-factor", "1"]
    for part in parts:
        command += [f"--{part}pref", f"text/{part}"]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, encoding="utf-8")
    if done.returncode != 0:
        last_line = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise DataError(f"fairseq-preprocess failed with status {done.returncode}: {last_line}")
    # Its log contains the time and temporary paths, so it differs between runs; the manifest records what matters.
    (directory / "bin" / "preprocess.log").unlink(missing_ok=True)
    with _quiet_fairseq():
        return {
            part: {
                language: _checked_counts(directory, part, f"{source_lang}-{target_lang}", language)
                for language in (source_lang, target_lang)
            }
            for part in parts
        }


def _checked_counts(directory: Path, part: str, pair: str, language: str) -> SideCounts:
    from fairseq.data import Dictionary, data_utils

    text = directory / "text" / f"{part}.{language}"
    lines = [line.split() for line in text.read_text(encoding="utf-8").rstrip("\n").split("\n")]
    dictionary = Dictionary.load(str(directory / "bin" / f"dict.{language}.txt"))
    dataset = data_utils.load_indexed_dataset(str(directory / "bin" / f"{part}.{pair}.{language}"), dictionary)
    found = 0 if dataset is None else len(dataset)
    if dataset is None or found != len(lines):
        raise DataError(f"fairseq-preprocess wrote {found} of the {len(lines)} sentences of {text.name}")
    unknown = 0
    for number, tokens in enumerate(lines, 1):
        expected = [dictionary.index(token) for token in tokens]
        if dataset[number - 1].tolist() != [*expected, dictionary.eos()]:
            raise DataError(f"fairseq-preprocess changed line {number} of {text.name}")
        unknown += expected.count(dictionary.unk())
    return SideCounts(
        sentences=found,
        tokens=sum(map(len, lines)),
        types=len({token for tokens in lines for token in tokens}),
        unknown=unknown,
    )


@contextmanager
def _quiet_fairseq() -> Iterator[None]:
    """Suppress the log message that fairseq writes for every data set the check opens."""
    logger = logging.getLogger("fairseq")
    level = logger.level
    logger.setLevel(logging.WARNING)
    try:
        yield
    finally:
        logger.setLevel(level)
