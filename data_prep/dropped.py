"""The record of pairs that are not used, or not as they were given: no pair disappears silently."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple

from .errors import DataError
from .files import write_lines

DROPPED = "dropped.tsv"
"""Name of the file of dropped pairs."""

REPAIRED = "repaired.tsv"
"""Name of the file of pairs as they were before they were repaired."""

MARK = "byte-order mark at the start of a line"
"""The only reason that `REPAIRED` does not list."""

BLANK_AT_END = "blank line at the end of the file"
"""The only reason that `DROPPED` does not list."""


class Entry(NamedTuple):
    """A pair or line as it was in the input.

    Attributes:
        reason: why it was dropped or repaired.
        origin: file and line.
        english: the English sentence; the whole line if it could not be taken apart.
        chinese: the Chinese sentence; empty if the line could not be taken apart.
    """

    reason: str
    origin: str
    english: str
    chinese: str


class Record:
    """Collects what is dropped or repaired, and decides which faults of the input are tolerated.

    Args:
        tolerated: the options that are set, of "--drop-malformed" and "--drop-empty". Default: none

    Attributes:
        dropped: what was dropped, in the order in which it was found.
        repaired: what was repaired.
        blank_last_lines: number of blank lines at the ends of the files, which were skipped.
        byte_order_marks: number of lines inside the files from which a byte-order mark was removed.
    """

    def __init__(self, tolerated: Collection[str] = ()) -> None:
        self.tolerated = frozenset(tolerated)
        self.dropped: list[Entry] = []
        self.repaired: list[Entry] = []
        self.blank_last_lines = 0
        self.byte_order_marks = 0

    def fault(self, option: str, error: str, entry: Entry) -> None:
        """Drop what cannot be read as a pair, if the option is set.

        Raises:
            DataError: the option is not set; the message is `error`.
        """
        if option not in self.tolerated:
            raise DataError(error)
        self.dropped.append(entry)

    def counts(self) -> dict[str, int]:
        """Return the number of dropped lines and pairs by reason, in the order in which the reasons were found."""
        blank = {BLANK_AT_END: self.blank_last_lines} if self.blank_last_lines else {}
        return blank | Counter(entry.reason for entry in self.dropped)

    def repairs(self) -> dict[str, int]:
        """Return the number of repaired lines and pairs by reason."""
        marks = {MARK: self.byte_order_marks} if self.byte_order_marks else {}
        return marks | dict(Counter(entry.reason for entry in self.repaired))

    def write(self, directory: Path) -> None:
        """Write the files of dropped and of repaired pairs, those that would not be empty.

        Each line has four columns separated by tabs: reason, origin, English, Chinese.
        """
        for name, entries in ((DROPPED, self.dropped), (REPAIRED, self.repaired)):
            if entries:
                write_lines(directory / name, _lines(entries))


def _lines(entries: Iterable[Entry]) -> Iterable[str]:
    return ("\t".join(map(_visible, entry)) for entry in entries)


def _visible(text: str) -> str:
    """Write what would break the columns or the encoding as an escape sequence, such as \\t."""
    if text.isprintable():
        return text
    # Spaces of other widths are not printable for Python, but harmless here.
    return "".join(c if c.isprintable() or (c.isspace() and c > "\x85") else ascii(c)[1:-1] for c in text)
