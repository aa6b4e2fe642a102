"""Any file as a text of bytes or characters for language models, with the paper's split: the end for the test."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from reencoder.text.alphabet import ALPHABET

from .compressed import decompress
from .directories import new_directory
from .errors import DataError
from .files import read_bytes, recorded_reading, write_json
from .manifest import checksums, foreign_file, write_manifest

LEVELS = ("byte", "character")


@dataclass(frozen=True)
class Options:
    """The options of `prepare_characters`.

    Attributes:
        text: the file; it may be compressed, see `decompress`.
        dest: directory to write.
        level: "byte", or "character" for the characters of a UTF-8 text.
        valid: number of bytes or characters of the validation set, in front of the test set.
        test: number of bytes or characters of the test set, at the end.
        limit: use only the first bytes of the contents, this many; 0: all.
        overwrite: replace an existing `dest` that an earlier run wrote.

    Raises:
        DataError: an option is out of range.
    """

    text: Path
    dest: Path
    level: str = "byte"
    valid: int = 5_000_000
    test: int = 5_000_000
    limit: int = 0
    overwrite: bool = False

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise DataError(f"--level {self.level}: choose one of {', '.join(LEVELS)}")


def read_symbols(path: Path, level: str, limit: int = 0) -> NDArray[np.unsignedinteger[Any]]:
    """Return the values of the bytes of a file, or the code points of its characters.

    Args:
        path: the file; it may be compressed, see `decompress`.
        level: see `Options`.
        limit: see `Options`.

    Raises:
        DataError: the file cannot be read or decompressed, is shorter than `limit`, or is not UTF-8.
    """
    content = decompress(read_bytes(path), path)
    if len(content) < limit:
        raise DataError(f"--limit {limit}: {path} has only {len(content)} bytes")
    content = content[: limit or None]
    if level == "byte":
        return np.frombuffer(content, dtype=np.uint8)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        # a limit may cut the last character in two: the incomplete one is left out
        if not limit or error.start < len(content) - 3 or error.reason != "unexpected end of data":
            raise DataError(
                f"{path}: byte 0x{content[error.start]:02x} at offset {error.start} is not UTF-8; convert the file to "
                "UTF-8 first, or give --level byte"
            ) from None
        text = content[: error.start].decode("utf-8")
    return np.frombuffer(text.encode("utf-32-le"), dtype=np.uint32)


def number_symbols(
    symbols: NDArray[np.unsignedinteger[Any]],
) -> tuple[NDArray[np.intp], NDArray[np.unsignedinteger[Any]]]:
    """Return the values that occur, in ascending order, and for each symbol the place of its value among them.

    As `np.unique` with `return_inverse`, without its sorting, which takes many times the memory of the text.

    Args:
        symbols: at least one value.
    """
    occurs = np.zeros(int(symbols.max()) + 1, dtype=bool)
    occurs[symbols] = True
    alphabet = np.flatnonzero(occurs)
    places = np.zeros(len(occurs), dtype=np.min_scalar_type(len(alphabet) - 1))
    places[alphabet] = np.arange(len(alphabet))
    return alphabet, places[symbols]


def prepare_characters(options: Options, command: Sequence[str]) -> dict[str, Any]:
    """Write `alphabet.json`, `train.npy`, `valid.npy`, `test.npy` and `manifest.json`.

    The alphabet has every symbol of the file, in the order of their values, so that every symbol of every split can be
    predicted.

    Args:
        options: the options.
        command: arguments of the command line, to be recorded.

    Returns:
        The counts: `alphabet`, `train`, `valid`, `test` (symbols each), and `not_in_train`, the number of symbols of
        the alphabet that only the other splits contain.

    Raises:
        DataError: the input is bad, or `dest` cannot be written.
    """
    with new_directory(options.dest, options.overwrite, foreign_file, [options.text]) as folder:
        with recorded_reading() as read:
            symbols = read_symbols(options.text, options.level, options.limit)
        train = len(symbols) - options.valid - options.test
        if train < 1:
            limited, larger = (f" --limit {options.limit}", ", or a larger --limit") if options.limit else ("", "")
            raise DataError(
                f"--valid {options.valid} --test {options.test}{limited}: {len(symbols)} {options.level}s of "
                f"{options.text} are used, which leaves none to train with; choose smaller --valid and --test{larger}"
            )
        alphabet, indices = number_symbols(symbols)
        parts = np.split(indices, [train, train + options.valid])
        splits = dict(zip(("train", "valid", "test"), parts, strict=True))
        for name, part in splits.items():
            np.save(folder / f"{name}.npy", part)
        write_json(folder / ALPHABET, {"level": options.level, "symbols": alphabet.tolist()})
        counts = {
            "alphabet": len(alphabet),
            **{name: len(part) for name, part in splits.items()},
            "not_in_train": len(alphabet) - len(np.unique(splits["train"])),
        }
        recorded = {name: value for name, value in asdict(options).items() if name not in ("text", "dest", "overwrite")}
        manifest = {
            "command": list(command),
            "options": recorded,
            "inputs": {"text": {"path": str(options.text), **read[options.text]}},
            "counts": counts,
            "files": checksums(folder),
        }
        write_manifest(folder, manifest)
    return counts


def format_counts(counts: dict[str, Any], level: str) -> str:
    """Return the counts as text."""
    lines = [f"{name:8} {counts[name]:>12,} {level}s" for name in ("train", "valid", "test")]
    missing = f" ({counts['not_in_train']} of them not in the training set)" if counts["not_in_train"] else ""
    return "\n".join([*lines, f"alphabet {counts['alphabet']:>12,} different {level}s{missing}"])
