"""Sentence pairs in files: Tatoeba's tab-separated format and parallel files. Errors name the file and the line."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from .dropped import Entry, Record
from .errors import DataError
from .files import decode_utf8, read_byte_lines, without_mark, write_lines

MALFORMED, EMPTY = "--drop-malformed", "--drop-empty"
"""The options that tolerate faults of the input."""

_MARKUP = re.compile(r"\s*<[^>]+>")

# A line of BTEC's own files: name of the sentence, number of the reference, text.
_NUMBERED = re.compile(r"([^\\]+)\\(\d+)\\(.*)")


@dataclass(frozen=True, slots=True)
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
        byte_order_marks: number of lines inside the file from which a byte-order mark was removed.
    """

    pairs: list[Pair]
    blank_last_lines: int
    byte_order_marks: int = 0


class Columns(NamedTuple):
    """Where a file has what, columns counted from 1.

    Attributes:
        chinese: column of the Chinese sentence.
        english: column of the English sentence.
        attribution: column of the attribution; None if there is none.
    """

    chinese: int
    english: int
    attribution: int | None = None


def read_tsv(path: Path, record: Record | None = None, columns: Columns | None = None) -> Corpus:
    """Read a file of one pair per line, its columns separated by tabs.

    Without `columns` the format is Tatoeba's: English, Chinese and perhaps an attribution, to which all columns after
    the second belong. Byte-order marks at the start of lines, CRLF line ends and blank lines at the end of the file are
    accepted. The file may be compressed.

    Args:
        path: the file.
        record: decides which faults are tolerated, and lists them. Default: none is tolerated
        columns: where the sentences are. Default: as in Tatoeba's format

    Raises:
        DataError: the file cannot be read, or has a fault that is not tolerated: a line is not UTF-8, has too few
            columns, an empty side or a carriage return, or is blank and not at the end.
    """
    record = record or Record()
    lines = _read_sentences(path)
    blank_at_end = _drop_blank_at_end(lines)
    pairs = []
    for number, line in enumerate(_consume(lines.texts), 1):
        origin = f"{path}, line {number}"
        if number in lines.faults:
            fault = lines.faults[number]
            record.fault(MALFORMED, fault.error, Entry(fault.reason, origin, line, ""))
            continue
        chinese, english, attribution = _columns_of(line, columns)
        if chinese is None or english is None:
            option, reason = (MALFORMED, _few(columns)) if line.strip() else (EMPTY, "blank line")
            record.fault(option, f"{origin}: {_few(columns)}; {_expected(columns)}", Entry(reason, origin, line, ""))
            continue
        if _is_complete(chinese, english, (origin, origin), record):
            pairs.append(Pair(chinese, english, attribution, origin))
    return Corpus(pairs, blank_at_end, lines.byte_order_marks)


def _columns_of(line: str, columns: Columns | None) -> tuple[str | None, str | None, str | None]:
    """Return the Chinese and the English sentence and the attribution of a line, None for what it does not have."""
    if columns is None:
        english, tab, rest = line.partition("\t")
        chinese, more, attribution = rest.partition("\t")
        return (chinese if tab else None), english, (attribution if more else None)
    fields = dict(enumerate(line.split("\t"), 1))
    return fields.get(columns.chinese), fields.get(columns.english), fields.get(columns.attribution or 0)


def _few(columns: Columns | None) -> str:
    return "no tab" if columns is None else "too few columns"


def _expected(columns: Columns | None) -> str:
    if columns is None:
        return "expected English, tab, Chinese[, tab, attribution]"
    return f"--tsv-columns says Chinese in column {columns.chinese}, English in column {columns.english}"


def read_parallel(chinese_path: Path, english_path: Path, record: Record | None = None) -> Corpus:
    """Read two files in which line k of one translates line k of the other.

    In files whose names start with "train.tags." (IWSLT), lines of markup, such as <url>, are dropped. From BTEC's
    own files, see `numbered_texts`, only the texts are read.

    Args:
        chinese_path: the Chinese file, which may be compressed.
        english_path: the English file, which may be compressed.
        record: decides which faults are tolerated, and lists them. Default: none is tolerated

    Raises:
        DataError: a file cannot be read, the files differ in length or in the names of their sentences, or there is a
            fault that is not tolerated: a line is not UTF-8, empty or contains a carriage return.
    """
    record = record or Record()
    chinese, english = _read_sentences(chinese_path), _read_sentences(english_path)
    blank_at_end = _drop_blank_at_end(chinese, english)
    if len(chinese.texts) != len(english.texts):
        raise DataError(
            f"{chinese_path} has {len(chinese.texts)} lines but {english_path} has {len(english.texts)} "
            "(not counting blank lines at the end); the two files must be aligned line by line"
        )
    # A faulty or blank line, which may be tolerated, does not make it another kind of file.
    names = tuple(
        numbered_texts(side.texts, {*side.faults, *(n for n, text in enumerate(side.texts, 1) if not text.strip())})
        for side in (chinese, english)
    )
    if names[0] is not None and names[1] is not None:
        _check_names(names[0], names[1], chinese_path, english_path)
    for side, numbered in zip((chinese, english), names, strict=True):
        if numbered is not None:
            side.texts[:] = [text for _, text in numbered]
    tagged = chinese_path.name.startswith("train.tags.")
    pairs = []
    for number, (source, target) in enumerate(zip(chinese.texts, english.texts, strict=True), 1):
        origins = f"{chinese_path}, line {number}", f"{english_path}, line {number}"
        fault = chinese.faults.get(number) or english.faults.get(number)
        if fault is not None:
            origin = origins[0] if number in chinese.faults else origins[1]
            record.fault(MALFORMED, fault.error, Entry(fault.reason, origin, target, source))
        elif tagged and _MARKUP.match(source) and _MARKUP.match(target):
            record.dropped.append(Entry("line of markup", origins[0], target, source))
        elif _is_complete(source, target, origins, record):
            pairs.append(Pair(source, target, origin=origins[0]))
    return Corpus(pairs, blank_at_end, chinese.byte_order_marks + english.byte_order_marks)


def numbered_texts(lines: Sequence[str], nameless: Collection[int] = ()) -> list[tuple[str, str]] | None:
    r"""Return the name and the text of each line of a file of BTEC, whose lines are all NAME\NUMBER\TEXT.

    Args:
        lines: the lines.
        nameless: numbers of lines, counted from 1, that need no name: they keep their text. Default: none

    Returns:
        Pairs of a name, empty where there is none, and a text; None if it is not such a file.
    """
    found: list[tuple[str, str]] = []
    for number, line in enumerate(lines, 1):
        match = _NUMBERED.fullmatch(line)
        if match is None and number not in nameless:
            return None
        found.append(("", line) if match is None else (match[1], match[3]))
    return found if any(name for name, _ in found) else None


def _check_names(
    chinese: Sequence[tuple[str, str]], english: Sequence[tuple[str, str]], chinese_path: Path, english_path: Path
) -> None:
    """Check that line k of both files has the same name."""
    for number, ((source, _), (target, _)) in enumerate(zip(chinese, english, strict=True), 1):
        if source and target and source != target:
            raise DataError(
                f"{english_path}, line {number}: sentence '{target}', but line {number} of {chinese_path} is "
                f"'{source}'; the two files must be aligned line by line"
            )


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


class _Fault(NamedTuple):
    """What is wrong with a line: in short, and as a message that names it."""

    reason: str
    error: str


class _Lines(NamedTuple):
    """The lines of a file, the faults of lines by number, counted from 1, and how many had a byte-order mark."""

    texts: list[str]
    faults: dict[int, _Fault]
    byte_order_marks: int


def _read_sentences(path: Path) -> _Lines:
    lines = _Lines([], {}, 0)
    marks = 0
    for number, offset, line in read_byte_lines(path):
        try:
            text = decode_utf8(line, str(path), number, offset)
        except DataError as error:
            lines.faults[number] = _Fault("not UTF-8", str(error))
            lines.texts.append(line.rstrip(b"\r").decode("utf-8", errors="backslashreplace"))
            continue
        lines.texts.append(without_mark(text))
        marks += text != lines.texts[-1]
        try:
            check_carriage_return(lines.texts[-1], str(path), number)
        except DataError as error:
            lines.faults[number] = _Fault("carriage return inside the line", str(error))
    return lines._replace(byte_order_marks=marks)


def _drop_blank_at_end(*files: _Lines) -> int:
    """Drop the lines at the end that are blank or missing in every file; return how many."""
    used = 0
    for texts, faults, _ in files:
        filled = (number for number in range(len(texts), 0, -1) if texts[number - 1].strip() or number in faults)
        used = max(used, next(filled, 0))
    dropped = max(len(file.texts) for file in files) - used
    for file in files:
        del file.texts[used:]
    return max(dropped, 0)


def _consume(texts: list[str]) -> Iterator[str]:
    """Yield texts and empty the list meanwhile: beside the pairs, all lines of a large file would not fit in memory."""
    texts.reverse()
    while texts:
        yield texts.pop()


def _is_complete(chinese: str, english: str, origins: tuple[str, str], record: Record) -> bool:
    """Return whether both sides have text; otherwise report it to the record."""
    for text, language, origin in ((english, "English", origins[1]), (chinese, "Chinese", origins[0])):
        if not text.strip():
            error = f"{origin}: the {language} side is empty; remove the pair or complete it"
            record.fault(EMPTY, error, Entry(f"the {language} side is empty", origin, english, chinese))
            return False
    return True
