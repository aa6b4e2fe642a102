"""The user's own validation and test sets: pairs, or a source with up to 16 references per sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from .dropped import Entry, Record
from .errors import DataError
from .files import read_lines
from .markup import is_markup, read_segments, read_wmt_xml
from .pairs import Columns, Pair, check_carriage_return, numbered_texts, read_tsv
from .split import Example, group_sources

MOST_REFERENCES = 16


def read_held_out(option: str, files: Sequence[Path], record: Record, columns: Columns | None = None) -> list[Example]:
    """Read a validation or test set.

    Args:
        option: the option that named the files, for error messages.
        files: a file of pairs, see `read_tsv`, whose pairs with equal Chinese become one example; or an XML file of WMT
            with the references; or a source file and one or more files of references, plain, SGM or XML.
        record: lists the sources without any reference; nothing else is dropped.
        columns: of a file of pairs. Default: as in Tatoeba's format

    Returns:
        One example per source. Where files with references are given the order of the sources is kept, repeated ones
        included, so that the set is the one that others report scores on. Missing references, which are blank lines,
        are left out.

    Raises:
        DataError: a file cannot be read, the files differ in length, there are too many references, or there is no
            example.
    """
    if len(files) == 1 and not is_markup(files[0]):
        corpus = read_tsv(files[0], columns=columns)
        record.blank_last_lines += corpus.blank_last_lines
        record.byte_order_marks += corpus.byte_order_marks
        examples = group_sources(corpus.pairs)
    else:
        examples = list(_examples(option, files, record))
    if not examples:
        raise DataError(f"{option}: the file contains no pairs")
    return examples


def _examples(option: str, files: Sequence[Path], record: Record) -> Iterator[Example]:
    sources = _read_wmt(files[0]) if len(files) == 1 else _read_sides(files[0], files[1:])
    for origin, source, references in sources:
        if len(references) > MOST_REFERENCES:
            raise DataError(f"{option}: {origin} has {len(references)} references; at most {MOST_REFERENCES} are read")
        given = [reference for reference in references if reference.strip()]
        if not source.strip():
            raise DataError(f"{origin}: the Chinese side is empty; remove the sentence or complete it")
        if given:
            yield Example(tuple(Pair(source, reference, origin=origin) for reference in given))
        else:
            record.dropped.append(Entry("source without a reference", origin, "", source))


def _read_wmt(path: Path) -> Iterator[tuple[str, str, list[str]]]:
    for number, (source, references) in enumerate(read_wmt_xml(path), 1):
        yield f"{path}, segment {number}", source, references


def _read_sides(source_path: Path, reference_paths: Sequence[Path]) -> Iterator[tuple[str, str, list[str]]]:
    """Yield origin, source and references of every sentence; blank references are missing ones."""
    sources = _read_side(source_path, "srcset")
    for name, texts in sources.items():
        if len(texts) > 1:
            raise DataError(f"{source_path}: {name} occurs {len(texts)} times; a source has one text")
    sides = []
    for path in reference_paths:
        side = _read_side(path, "refset")
        _check_same_kind((source_path, sources), (path, side))
        if all(isinstance(next(iter(names), None), str) for names in (side, sources)):
            # Sentences with names are matched by them: a reference may lack some.
            unknown = next((name for name in side if name not in sources), None)
            if unknown is not None:
                raise DataError(
                    f"{path}: {unknown} is not in {source_path}; the files must belong to the same test set"
                )
            sides.append([side.get(name, []) for name in sources])
        elif len(side) == len(sources):
            sides.append(list(side.values()))
        else:
            raise DataError(
                f"{source_path} has {len(sources)} sentences but {path} has {len(side)}; "
                "the files must be aligned line by line, with blank lines for missing references"
            )
    for number, (name, texts, *found) in enumerate(zip(sources, sources.values(), *sides, strict=True), 1):
        # Blank lines between sentences with names are skipped: the number of a sentence need not be that of its line.
        place = f"line {name}" if isinstance(name, int) else f"segment {number}" if is_markup(source_path) else name
        yield f"{source_path}, {place}", texts[0], [text for references in found for text in references]


def _read_side(path: Path, kind: str) -> dict[str | int, list[str]]:
    """Return the texts of each sentence of a file, by its name or, in plain files, by its line.

    In a file with names blank lines are skipped: they belong to no sentence. `kind` is that of a file with markup, see
    `read_segments`.
    """
    if is_markup(path):
        segments = read_segments(path, kind)
        return {f"segment {number} of document '{name}'": texts for (name, number), texts in segments.items()}
    lines = read_lines(path)
    for number, line in enumerate(lines, 1):
        check_carriage_return(line, str(path), number)
    numbered = numbered_texts(lines, {number for number, line in enumerate(lines, 1) if not line.strip()})
    if numbered is None:
        return {number: [line] for number, line in enumerate(lines, 1)}
    sentences: dict[str | int, list[str]] = {}
    for name, text in numbered:
        if name:
            sentences.setdefault(f"sentence '{name}'", []).append(text)
    return sentences


def _check_same_kind(*sides: tuple[Path, dict[str | int, list[str]]]) -> None:
    """Check that all plain files have names of sentences, or none: otherwise names could stay in the texts."""
    plain = [(path, side) for path, side in sides if side and not is_markup(path)]
    named = next((path for path, side in plain if isinstance(next(iter(side)), str)), None)
    for path, side in plain:
        # The first line without a name, if only some have one.
        for number, (line,) in ((key, texts) for key, texts in side.items() if named and isinstance(key, int)):
            if line.strip() and numbered_texts([line]) is None:
                raise DataError(
                    f"{path}, line {number}: no name of a sentence, but the lines of {named} have the form "
                    "NAME\\NUMBER\\TEXT; give all files of the set with names, or all without"
                )
