"""Binarisation with fairseq-preprocess, followed by a check that no sentence or token was lost."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from . import LANGUAGES
from .check import SideCounts, check_alignments, check_sentences, read_dictionary
from .errors import DataError
from .files import count_lines, iterate_lines, read_lines, write_lines


def binarise(
    directory: Path,
    parts: Sequence[str],
    min_count: int,
    dictionaries: Mapping[str, Path],
    workers: int = 1,
) -> dict[str, dict[str, SideCounts]]:
    """Binarise `directory/text/PART.LANG` into `directory/bin`.

    Args:
        directory: directory of the prepared data.
        parts: names of the parts; "train", from which the dictionaries are built, is one of them.
        min_count: words seen less often in training become UNK.
        dictionaries: the dictionaries of languages for which none is built from the training set.
        workers: number of processes; the output does not depend on it. Default: 1

    Returns:
        The counts by part and language.

    Raises:
        DataError: fairseq-preprocess fails, or its output differs from the text.
    """
    options = ["--thresholdsrc", str(min_count), "--thresholdtgt", str(min_count)]
    for option, language in zip(("--srcdict", "--tgtdict"), LANGUAGES, strict=True):
        if language in dictionaries:
            options += [option, str(dictionaries[language].resolve())]
    _preprocess(directory, "bin", {part: part for part in parts}, options, workers)
    return {part: _checked_sides(directory, part) for part in parts}


def binarise_further_part(
    directory: Path, part: str, tag: str | None = None, workers: int = 1
) -> dict[str, SideCounts]:
    """Binarise a further part of the training set, which fairseq-train loads beside the first.

    Args:
        directory: directory of the prepared data, whose other parts are binarised.
        part: name of the part: "train1", "train2", ...
        tag: word at the beginning of every source, which is added to the end of the source dictionary if that lacks
            it. Default: none
        workers: number of processes; the output does not depend on it. Default: 1

    Returns:
        The counts by language.

    Raises:
        DataError: fairseq-preprocess fails, or its output differs from the text.
    """
    if tag is not None:
        count = count_lines(directory / "text" / f"{part}.{LANGUAGES[0]}")
        dictionary = directory / "bin" / f"dict.{LANGUAGES[0]}.txt"
        if tag not in read_dictionary(dictionary):
            write_lines(dictionary, [*read_lines(dictionary), f"{tag} {count}"])
    # fairseq-preprocess does not accept a destination that contains dictionaries, and names the part itself.
    _preprocess(directory, "further", {"valid": part}, _dictionaries_of_train(), workers)
    for file in sorted((directory / "further").glob("valid.*")):
        file.rename(directory / "bin" / file.name.replace("valid", part, 1))
    shutil.rmtree(directory / "further")
    return _checked_sides(directory, part)


def binarise_alignments(directory: Path, part: str, workers: int = 1) -> None:
    """Binarise `directory/text/PART.align` into `directory/bin`.

    Args:
        directory: directory of the prepared data, whose part is binarised.
        part: name of the part.
        workers: number of processes; the output does not depend on it. Default: 1

    Raises:
        DataError: fairseq-preprocess fails, or its output differs from the text.
    """
    # fairseq-preprocess does not binarise alignments alone: the text is binarised again, and removed.
    options = [*_dictionaries_of_train(), "--align-suffix", "align"]
    _preprocess(directory, "aligned", {"valid": part}, options, workers)
    for file in sorted((directory / "aligned").glob("valid.align.*")):
        file.rename(directory / "bin" / file.name.replace("valid", part, 1))
    shutil.rmtree(directory / "aligned")
    check_alignments(directory, part)


def _dictionaries_of_train() -> list[str]:
    """Return the options with which fairseq-preprocess uses the dictionaries of the part "train"."""
    source, target = LANGUAGES
    return ["--srcdict", f"bin/dict.{source}.txt", "--tgtdict", f"bin/dict.{target}.txt"]


def write_dictionary(path: Path, vocabulary: Sequence[str], text: Path) -> None:
    """Write a dictionary in the order in which fairseq writes one: by descending count in the text, then by symbol.

    Args:
        path: the file to write.
        vocabulary: all tokens but fairseq's own symbols.
        text: the text.
    """
    counts = dict.fromkeys(vocabulary, 0)
    for line in iterate_lines(text):
        for token in line.split():
            if token in counts:
                counts[token] += 1
    write_lines(
        path, (f"{token} {counts[token]}" for token in sorted(counts, key=lambda token: (-counts[token], token)))
    )


def _preprocess(
    directory: Path,
    destination: str,
    parts: Mapping[str, str],
    options: Sequence[str],
    workers: int,
) -> None:
    """Run fairseq-preprocess.

    Args:
        directory: directory of the prepared data.
        destination: name of the directory in it that the program writes.
        parts: by fairseq's name of the part ("train", "valid", "test") the name of the text.
        options: further options.
        workers: number of processes.
    """
    # Relative paths, with `directory` as working directory: fairseq splits --validpref at commas, and the path of the
    # destination may contain some.
    command = [sys.executable, "-m", "fairseq_cli.preprocess", "--destdir", destination, "--workers", str(workers)]
    command += ["--source-lang", LANGUAGES[0], "--target-lang", LANGUAGES[1], *options]
    # Do not pad the dictionaries: the model would only give probability to words that do not exist.
    command += ["--padding-factor", "1"]
    for name, part in parts.items():
        command += [f"--{name}pref", f"text/{part}"]
    environment = os.environ | {"PYTHONIOENCODING": "utf-8", "PYTHONUTF8": "1"}
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, encoding="utf-8")
    if done.returncode != 0:
        last_line = (done.stderr.strip() or done.stdout.strip() or "no message").splitlines()[-1]
        raise DataError(f"fairseq-preprocess failed with status {done.returncode}: {last_line}")
    # Its log contains the time and temporary paths, so it differs between runs; the manifest records what matters.
    (directory / destination / "preprocess.log").unlink(missing_ok=True)


def _checked_sides(directory: Path, part: str) -> dict[str, SideCounts]:
    return {language: check_sentences(directory, part, language) for language in LANGUAGES}
