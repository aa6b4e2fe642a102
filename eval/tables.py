"""Small tables as text, Markdown and, through their fields, HTML."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Table:
    """A table of text.

    Attributes:
        title: what it shows.
        columns: headings; the first column names the rows and is aligned to the left, the others to the right.
        rows: for each row as many fields as there are columns.
        notes: lines below the table.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    notes: Sequence[str] = ()

    def to_text(self) -> str:
        """Return the table as text with aligned columns."""
        widths = [max(map(len, column)) for column in zip(self.columns, *self.rows, strict=True)]
        lines = [self.title]
        for row in (self.columns, *self.rows):
            fields = [f"{row[0]:{widths[0]}}", *(f"{f:>{width}}" for f, width in zip(row[1:], widths[1:], strict=True))]
            lines.append(f"  {'  '.join(fields)}".rstrip())
        return "\n".join([*lines, *(f"  {note}" for note in self.notes)])

    def to_markdown(self) -> str:
        """Return the table as GitHub's Markdown."""
        columns, *rows = ([escape_markdown(field) for field in row] for row in (self.columns, *self.rows))
        lines = [f"**{escape_markdown(self.title)}**", "", *markdown_table(columns, rows, range(1, len(columns)))]
        if self.notes:
            lines += ["", *(f"{escape_markdown(note)}  " for note in self.notes)]
        return "\n".join(lines)


def markdown_table(columns: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[int] = ()) -> list[str]:
    """Return the lines of a table in GitHub's Markdown.

    Args:
        columns: headings, as Markdown; the first may be empty.
        rows: for each row as many fields, as Markdown.
        right: indices of the columns that are aligned to the right. Default: none
    """
    rule = ["---:" if index in right else "---" for index in range(len(columns))]
    return [_markdown_row(fields) for fields in (columns, rule, *rows)]


def escape_markdown(text: str) -> str:
    """Return text that Markdown shows as it is."""
    for character in "\\`*_[]<>|#~&":
        text = text.replace(character, "\\" + character)
    return text


def _markdown_row(fields: Sequence[str]) -> str:
    return f"| {' | '.join(fields).lstrip()} |"
