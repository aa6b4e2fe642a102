"""The check that fairseq-preprocess lost or changed no sentence and no token.

It reads what fairseq writes with numpy alone: an array of the tokens of all sentences one after the other, and an index
with the length of every sentence. That takes a fraction of the time of opening one sentence after the other, and of
importing fairseq.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path

import numpy as np

from . import LANGUAGES
from .errors import DataError
from .files import count_lines, iterate_lines

SPECIAL_SYMBOLS = ("<s>", "<pad>", "</s>", "<unk>")
"""fairseq's own symbols, in the order of their numbers."""

EOS, UNK = 2, 3
"""The numbers of </s> and <unk>."""

_MAGIC = b"MMIDIDX\x00\x00"
_HEADER = struct.Struct("<9sQBQ")  # magic, version, type of the tokens, number of sentences
_TYPES = {3: np.int16, 4: np.int32, 5: np.int64, 8: np.uint16, 9: np.uint32, 10: np.uint64}
_CHUNK = 10_000


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


def check_sentences(directory: Path, part: str, language: str) -> SideCounts:
    """Compare the binarised sentences of one language in one part with the text.

    Args:
        directory: directory of the prepared data.
        part: name of the part.
        language: one of `LANGUAGES`.

    Returns:
        The counts.

    Raises:
        DataError: they differ.
    """
    text = directory / "text" / f"{part}.{language}"
    numbers = read_dictionary(directory / "bin" / f"dict.{language}.txt")
    lengths, tokens = read_binarised(directory / "bin" / f"{part}.{'-'.join(LANGUAGES)}.{language}")
    sentences = count_lines(text)
    if len(lengths) != sentences:
        raise DataError(f"fairseq-preprocess wrote {len(lengths)} of the {sentences} sentences of {text.name}")
    types: set[str] = set()
    unknown = start = 0
    for first, lines in _chunks(text):
        expected: list[int] = []
        ends: list[int] = []
        for line in lines:
            words = line.split()
            types.update(words)
            expected += [numbers.get(word, UNK) for word in words]
            expected.append(EOS)
            ends.append(len(expected))
        found = tokens[start : start + len(expected)]
        found_ends = np.cumsum(lengths[first : first + len(lines)])
        if not (np.array_equal(found_ends, ends) and np.array_equal(found, expected)):
            raise DataError(
                f"fairseq-preprocess changed line {first + _first_difference(found, found_ends, expected, ends)} of "
                f"{text.name}"
            )
        unknown += expected.count(UNK)
        start += len(expected)
    if start != len(tokens):
        raise DataError(f"fairseq-preprocess wrote {len(tokens)} tokens instead of the {start} of {text.name}")
    return SideCounts(sentences, start - sentences, len(types), unknown)


def check_alignments(directory: Path, part: str) -> None:
    """Compare the binarised word alignments of a part with the text.

    Args:
        directory: directory of the prepared data.
        part: name of the part.

    Raises:
        DataError: they differ.
    """
    text = directory / "text" / f"{part}.align"
    lengths, positions = read_binarised(directory / "bin" / f"{part}.align.{'-'.join(LANGUAGES)}")
    same = len(lengths) == count_lines(text)
    start = 0
    for first, lines in _chunks(text):
        links = [[int(position) for link in line.split() for position in link.split("-")] for line in lines]
        expected = [*chain.from_iterable(links)]
        same = same and np.array_equal(lengths[first : first + len(lines)], [len(line) for line in links])
        same = same and np.array_equal(positions[start : start + len(expected)], expected)
        start += len(expected)
    if not same or start != len(positions):
        raise DataError(f"fairseq-preprocess changed the links of {text.name}")


def read_dictionary(path: Path) -> dict[str, int]:
    """Return the numbers of the symbols in a dictionary of fairseq, its own included."""
    numbers = {symbol: number for number, symbol in enumerate(SPECIAL_SYMBOLS)}
    for line in iterate_lines(path):
        numbers[line.rsplit(" ", 1)[0]] = len(numbers)
    return numbers


def read_binarised(prefix: Path) -> tuple[np.ndarray, np.ndarray]:
    """Read what fairseq-preprocess wrote.

    Args:
        prefix: path without ".idx" and ".bin".

    Returns:
        The lengths of the sentences, end-of-sentence symbols included, and their tokens, one after the other. Both are
        empty if the files do not exist.

    Raises:
        DataError: the files are in another format.
    """
    # Not `with_suffix`: the language looks like one.
    index, data = (prefix.with_name(prefix.name + ending) for ending in (".idx", ".bin"))
    if not index.exists():
        return np.zeros(0, np.int32), np.zeros(0, np.uint16)
    content = index.read_bytes()
    header = content[: _HEADER.size].ljust(_HEADER.size, b"\x00")
    magic, version, code, count = _HEADER.unpack(header)
    if (magic, version) != (_MAGIC, 1) or code not in _TYPES or len(content) != _HEADER.size + 12 * count:
        raise DataError(f"{index.name}: fairseq-preprocess wrote a format that is not known")
    lengths = np.frombuffer(content, np.int32, count, _HEADER.size)
    starts = np.frombuffer(content, np.int64, count, _HEADER.size + 4 * count)
    tokens = np.fromfile(data, _TYPES[code])
    if not np.array_equal(starts, (np.cumsum(lengths, dtype=np.int64) - lengths) * tokens.itemsize):
        raise DataError(f"{index.name}: the sentences do not follow each other")
    return lengths, tokens


def _chunks(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of a file in chunks, each with the number of its first line, counted from 0."""
    lines = iterate_lines(path)
    first = 0
    while chunk := list(islice(lines, _CHUNK)):
        yield first, chunk
        first += len(chunk)


def _first_difference(found: np.ndarray, found_ends: np.ndarray, expected: list[int], ends: list[int]) -> int:
    """Return the number of the first sentence that differs, counted from 1."""
    start = 0
    for number, (found_end, end) in enumerate(zip(found_ends.tolist(), ends, strict=True), 1):
        if found_end != end or found[start:end].tolist() != expected[start:end]:
            return number
        start = end
    raise AssertionError("the sentences are equal")
