"""Sentence pairs in files: Tatoeba's tab-separated format and parallel files. Errors name the file and the line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .errors import DataError
from .files import read_lines, write_lines


@dataclass(frozen=True)
class Pair:
    """A sentence in both languages, exactly as in the input.

    Attributes:
        chinese: the Chinese sentence.
        english: the English sentence.
        attribution: whom to credit for the pair; None if the input does not say.
        origin: file and line, for error messages; empty if the pair was not read from a file.
    """

    chinese: str
    english: str
    attribution: str | None = None
    origin: str = field(default="", compare=False)


@dataclass(frozen=True)
class Corpus:
    """The contents of a file of pairs.

    Attributes:
        pairs: the pairs in the order of the file.
        blank_last_lines: number of blank lines at the end of the file, which were skipped.
    """

    pairs: list[Pair]
    blank_last_lines: int


def read_tsv(path: Path) -> Corpus:
    """Read a file in Tatoeba's format: one pair per line, as English, tab, Chinese[, tab, attribution].

    All columns after the second belong to the attribution. A byte-order mark, CRLF line ends and blank lines at the end
    of the file are accepted.

    Raises:
        DataError: the file cannot be read or is not UTF-8, a line has no tab, an empty side or a carriage return, or
            there is a blank line before the end.
    """
    lines = _read_sentences(path)
    blank = _strip_blank_end(lines)
    pairs = []
    for number, line in enumerate(lines, 1):
        english, tab, rest = line.partition("\t")
        if not tab:
            raise DataError(f"{path}, line {number}: no tab; expected English, tab, Chinese[, tab, attribution]")
        chinese, tab, attribution = rest.partition("\t")
        _check_side(english, "English", path, number)
        _check_side(chinese, "Chinese", path, number)
        pairs.append(Pair(chinese, english, attribution if tab else None, f"{path}, line {number}"))
    return Corpus(pairs, blank)


def read_parallel(chinese_path: Path, english_path: Path) -> Corpus:
    """Read two files in which line k of one translates line k of the other.

    Raises:
        DataError: a file cannot be read or is not UTF-8, a line is empty or contains a carriage return, or the files
            differ in length.
    """
    chinese, english = _read_sentences(chinese_path), _read_sentences(english_path)
    blank = max(_strip_blank_end(chinese), _strip_blank_end(english))
    if len(chinese) != len(english):
        raise DataError(
            f"{chinese_path} has {len(chinese)} lines but {english_path} has {len(english)} "
            "(not counting blank lines at the end); the two files must be aligned line by line"
        )
    pairs = []
    for number, (source, target) in enumerate(zip(chinese, english, strict=True), 1):
        _check_side(source, "Chinese", chinese_path, number)
        _check_side(target, "English", english_path, number)
        pairs.append(Pair(source, target, origin=f"{chinese_path}, line {number}"))
    return Corpus(pairs, blank)


def write_tsv(path: Path, pairs: Iterable[Pair]) -> None:
    """Write pairs in the format that `read_tsv` reads."""
    write_lines(
        path,
        (
            "\t".join(column for column in (pair.english, pair.chinese, pair.attribution) if column is not None)
            for pair in pairs
        ),
    )


def check_carriage_return(line: str, name: str, number: int) -> None:
    """Refuse a carriage return inside a line: other programs would take it for a line end and misalign later lines.

    Args:
        line: the line without its end.
        name: name of the file, for error messages.
        number: number of the line, counted from 1, for error messages.

    Raises:
        DataError: the line contains a carriage return.
    """
    if "\r" in line:
        raise DataError(f"{name}, line {number}: carriage return inside the line; convert line ends to LF first")


def _read_sentences(path: Path) -> list[str]:
    lines = read_lines(path)
    for number, line in enumerate(lines, 1):
        check_carriage_return(line, str(path), number)
    return lines


def _strip_blank_end(lines: list[str]) -> int:
    """Remove the blank lines at the end, in place; return their number."""
    total = len(lines)
    while lines and not lines[-1].strip():
        lines.pop()
    return total - len(lines)


def _check_side(text: str, language: str, path: Path, number: int) -> None:
    if not text.strip():
        raise DataError(f"{path}, line {number}: the {language} side is empty; remove the pair or complete it")
