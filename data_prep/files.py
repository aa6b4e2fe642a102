"""Reading text strictly; writing files whole or not at all: a temporary sibling, then a rename."""

from __future__ import annotations

import codecs
import csv
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from pathlib import Path
from typing import Any

from .compressed import decompress
from .errors import DataError

_reading: ContextVar[dict[Path, dict[str, Any]] | None] = ContextVar("_reading", default=None)


@contextmanager
def new_file(path: Path, overwrite: bool = True, option: str = "") -> Iterator[Path]:
    """Provide a temporary path; the file written there replaces `path` if the block ends without an error.

    A symbolic link stays: what it points to is replaced. Anything that is not a regular file (a pipe,
    /dev/stdout) is written to at the end, not replaced.

    Args:
        path: file to write.
        overwrite: replace an existing file. Default: True
        option: the option that set `path`, for error messages. Default: none

    Yields:
        The temporary path, which does not exist yet. Its name is that of `path`.

    Raises:
        DataError: `path` exists and `overwrite` is not set, or it cannot be written.
    """
    name = f"{option} {path}".lstrip()
    stream = path.is_fifo() or path.is_char_device()
    if path.is_dir() or (path.exists() and not overwrite and not stream):
        hint = "name a file" if path.is_dir() else "choose another name or give --overwrite"
        raise DataError(f"{name}: exists already; {hint}")
    if path.exists() and not path.is_file():
        with tempfile.TemporaryDirectory() as folder:
            temporary = Path(folder) / path.name
            yield temporary
            with _cannot_be_written(name), temporary.open("rb") as source, path.open("wb") as sink:
                shutil.copyfileobj(source, sink)
        return
    with _cannot_be_written(name):
        target = path.resolve()
    with temporary_sibling(target, name) as sibling:
        temporary = sibling / path.name
        yield temporary
        with _cannot_be_written(name):
            if overwrite:
                os.replace(temporary, target)
            elif not _move(temporary, target):
                raise DataError(f"{name}: was written by another program meanwhile; choose another name")


def check_writable(path: Path, option: str, folder: bool = False) -> None:
    """Check before long work that `new_file` will be able to write a file, as far as can be told without writing.

    Args:
        path: the file.
        option: the option that set `path`, for error messages.
        folder: the path may be a folder, for files in it. Default: False

    Raises:
        DataError: the path is a folder and should not be, or it or the folder that would contain it cannot be written.
    """
    if path.is_dir() and not folder:
        raise DataError(f"{option} {path}: exists already; name a file")
    # Missing folders are made. Anything that is not a regular file is written to, not replaced.
    replaced = path.is_file() or not path.exists()
    place = next(parent for parent in path.resolve().parents if parent.exists()) if replaced else path
    if replaced and not place.is_dir():
        raise DataError(f"{option} {path}: cannot be written: {place} is not a directory")
    if not os.access(place, os.W_OK):
        raise DataError(f"{option} {path}: cannot be written: no permission to write {place}")


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines as UTF-8, each terminated by LF on every platform; see `new_file`."""
    with new_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented UTF-8 JSON, keys in their order; see `new_file`.

    Raises:
        ValueError: the value contains something that JSON cannot express, such as NaN.
    """
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    write_lines(path, [text])


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV with a header line; missing values and None become empty fields. See `new_file`."""
    with new_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@contextmanager
def recorded_reading() -> Iterator[dict[Path, dict[str, Any]]]:
    """Record what the block reads with `read_bytes`: a file may change later, and a pipe cannot be read again.

    Yields:
        The SHA-256, hexadecimal, and the size in bytes of each file read so far ("sha256" and "bytes").
    """
    found: dict[Path, dict[str, Any]] = {}
    token = _reading.set(found)
    try:
        yield found
    finally:
        _reading.reset(token)


def read_bytes(path: Path) -> bytes:
    """Return the contents of a file; see also `recorded_reading`.

    Raises:
        DataError: the file cannot be read, or has changed since it was first read in a block of `recorded_reading`.
    """
    try:
        contents = path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    found = _reading.get()
    if found is not None:
        description = {"sha256": hashlib.sha256(contents).hexdigest(), "bytes": len(contents)}
        if found.setdefault(path, description) != description:
            raise DataError(
                f"{path}: has other contents than when it was first read; leave it alone during the run, "
                "and give a pipe only once"
            )
    return contents


def decode_utf8(line: bytes, name: str, number: int, offset: int = 0) -> str:
    """Decode a line, or the lines of a whole file, and remove the line end (LF or CRLF).

    Args:
        line: the bytes.
        name: name of the file, for error messages.
        number: number of the first line, counted from 1, for error messages.
        offset: position in the file, in bytes, at which the line starts.

    Raises:
        DataError: the line is not UTF-8.
    """
    try:
        return line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError as error:
        number += line.count(b"\n", 0, error.start)
        raise DataError(
            f"{name}, line {number}: byte 0x{line[error.start]:02x} at offset {offset + error.start} is not UTF-8; "
            "convert the file to UTF-8 first"
        ) from None


def without_mark(line: str) -> str:
    """Return a line without the byte-order mark at its start, which files that were joined have inside."""
    return line.lstrip("\ufeff")


def read_byte_lines(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Yield number (from 1), offset in bytes and contents of every line of a file; a byte-order mark is skipped.

    The file may be compressed, see `decompress`; offsets are those in its contents. Only LF ends a line.

    Raises:
        DataError: the file cannot be read or decompressed.
    """
    data = decompress(read_bytes(path), path)
    offset = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    # Line by line, because all of them at once would take twice the memory of the file.
    for number in count(1):
        if offset >= len(data):
            return
        end = data.find(b"\n", offset)
        line = data[offset:] if end < 0 else data[offset:end]
        yield number, offset, line
        offset += len(line) + 1


def read_lines(path: Path) -> list[str]:
    """Return the lines of a UTF-8 file without their ends and without byte-order marks at their starts.

    Only LF or CRLF ends a line: `str.splitlines` would also split at rarer characters that can be part of a sentence.
    The file may be compressed, see `decompress`.

    Raises:
        DataError: the file cannot be read or decompressed, or is not UTF-8.
    """
    lines = read_byte_lines(path)
    return [without_mark(decode_utf8(line, str(path), number, offset)) for number, offset, line in lines]


def iterate_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file that `write_lines` wrote, without their ends and without keeping them in memory."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield line.removesuffix("\n")


def count_lines(path: Path) -> int:
    """Return the number of lines of a file that `write_lines` wrote."""
    return sum(1 for _ in iterate_lines(path))


def read_json(path: Path) -> Any:
    """Return the value in a JSON file.

    Raises:
        DataError: the file cannot be read or is not JSON.
    """
    try:
        return json.loads(read_bytes(path))
    except ValueError as error:
        raise DataError(f"{path}: not JSON: {error}") from error


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes, hexadecimal.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


@contextmanager
def temporary_sibling(path: Path, name: str) -> Iterator[Path]:
    """Provide a temporary directory beside `path`, which is removed at the end if it still exists.

    Args:
        path: what will be written.
        name: its name in error messages, perhaps with the option that set it.

    Raises:
        DataError: the directory cannot be made.
    """
    with _cannot_be_written(name):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent))
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def _cannot_be_written(name: str) -> Iterator[None]:
    """Turn errors of writing in the block into one that names the file."""
    try:
        yield
    except (OSError, RuntimeError) as error:  # RuntimeError: symbolic links in a circle
        raise DataError(f"{name}: cannot be written: {getattr(error, 'strerror', None) or error}") from error


def _move(source: Path, target: Path) -> bool:
    """Give a file a new name unless that exists; return whether it was done. The old name may stay."""
    try:
        try:
            os.link(source, target)
        except FileExistsError:
            raise
        except OSError:  # a file system without links: claim the name, then replace the empty file
            os.close(os.open(target, os.O_CREAT | os.O_EXCL))
            os.replace(source, target)
    except FileExistsError:
        return False
    return True
