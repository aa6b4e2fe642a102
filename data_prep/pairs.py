"""Reading sentence pairs: Tatoeba's tab-separated files and parallel files, every fault named by file and line."""

import codecs
from dataclasses import dataclass, field
from pathlib import Path

from data_prep.errors import DataError


@dataclass(frozen=True)
class Pair:
    """One sentence and its translation, exactly as in the input.

    `attribution` is None where the input has none; `origin` says file and line, for messages.
    """

    chinese: str
    english: str
    attribution: str | None = None
    origin: str = field(default="", compare=False)


@dataclass(frozen=True)
class Corpus:
    """The pairs of a file, in its order, and how many blank lines at its end were passed over."""

    pairs: list[Pair]
    blank_last_lines: int


def read_tsv(path: Path) -> Corpus:
    """Read lines of English, tab, Chinese and, optionally, tab, attribution (further columns belong to it).

    A byte-order mark, CRLF line ends and blank lines at the end of the file are tolerated.

    Raises DataError, naming file and line, for: a file that cannot be read, bytes that are not UTF-8, a line without
    a tab, a blank line before the end, an empty side.
    """
    lines = _read_lines(path)
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
    """Read two files of which line k of one translates line k of the other.

    Raises DataError as `read_tsv` does, and for files of unequal numbers of lines.
    """
    chinese, english = _read_lines(chinese_path), _read_lines(english_path)
    blank = max(_strip_blank_end(chinese), _strip_blank_end(english))
    if len(chinese) != len(english):
        raise DataError(
            f"{chinese_path} has {len(chinese)} lines but {english_path} has {len(english)} "
            "(blank lines at the end not counted); the two files must correspond line by line"
        )
    pairs = []
    for number, (source, target) in enumerate(zip(chinese, english, strict=True), 1):
        _check_side(source, "Chinese", chinese_path, number)
        _check_side(target, "English", english_path, number)
        pairs.append(Pair(source, target, origin=f"{chinese_path}, line {number}"))
    return Corpus(pairs, blank)


def read_bytes(path: Path) -> bytes:
    """Return the contents of a file; raises DataError where it cannot be read."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def decode_line(line: bytes, name: str, number: int, offset: int = 0) -> str:
    """Decode one line, its line end taken off; `offset` is the offset in bytes at which it starts in the file.

    Raises DataError for bytes that are not UTF-8 and for a carriage return inside the line, which other programs
    would take for a line end and so shift every later line.
    """
    try:
        text = line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name}, line {number}: byte 0x{line[error.start]:02x} at offset {offset + error.start} is not UTF-8; "
            "convert the file to UTF-8 first"
        ) from None
    if "\r" in text:
        raise DataError(f"{name}, line {number}: carriage return inside the line; convert line ends to LF first")
    return text


def _read_lines(path: Path) -> list[str]:
    data = read_bytes(path)
    offset = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    lines = []
    # Only LF ends a line: str.splitlines would also split at rarer characters which belong to the sentence.
    for number, line in enumerate(data[offset:].split(b"\n"), 1):
        lines.append(decode_line(line, str(path), number, offset))
        offset += len(line) + 1
    if lines[-1] == "":
        lines.pop()
    return lines


def _strip_blank_end(lines: list[str]) -> int:
    """Take blank lines off the end, in place; return how many there were."""
    total = len(lines)
    while lines and not lines[-1].strip():
        lines.pop()
    return total - len(lines)


def _check_side(text: str, language: str, path: Path, number: int) -> None:
    if not text.strip():
        raise DataError(f"{path}, line {number}: the {language} side is empty; remove the pair or complete it")
