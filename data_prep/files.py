"""Reading text strictly; writing files and directories whole or not at all: a temporary sibling, then a rename."""

from __future__ import annotations

import codecs
import csv
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .compressed import decompress
from .errors import DataError

#: Given a directory, returns a file in it that the program did not write, or None.
ForeignFile = Callable[[Path], Path | None]


@contextmanager
def new_directory(dest: Path, overwrite: bool, foreign: ForeignFile, keep: Iterable[Path]) -> Iterator[Path]:
    """Provide a temporary directory that replaces `dest` if the block ends without an error.

    Args:
        dest: directory to write.
        overwrite: replace an existing, non-empty `dest`.
        foreign: finds a file that must not be deleted with an existing `dest`.
        keep: files that must not be deleted with an existing `dest`.

    Yields:
        The temporary directory.

    Raises:
        DataError: `dest` exists and may not be replaced, or cannot be written.
    """
    dest = dest.resolve()
    check_directory(dest, overwrite, foreign, keep)
    with _temporary_sibling(dest, "--dest") as temporary:
        temporary.chmod(0o777 & ~_umask())
        yield temporary
        _replace_directory(temporary, dest)


def check_directory(dest: Path, overwrite: bool, foreign: ForeignFile, keep: Iterable[Path]) -> None:
    """Check, before long work starts, that `new_directory` would accept the same arguments.

    Raises:
        DataError: `dest` exists and may not be replaced.
    """
    if not dest.exists():
        return
    if not dest.is_dir():
        raise DataError(f"--dest {dest}: exists and is not a directory; choose another destination")
    if not any(dest.iterdir()):
        return
    if not overwrite:
        raise DataError(f"--dest {dest}: exists and is not empty; choose another destination or give --overwrite")
    stranger = foreign(dest)
    if stranger is not None:
        raise DataError(
            f"--dest {dest}: --overwrite would delete {stranger}, which no earlier run wrote; move it away first"
        )
    for path in keep:
        if path.resolve().is_relative_to(dest.resolve()):
            raise DataError(f"--dest {dest}: --overwrite would delete the input {path}; move it away first")


@contextmanager
def new_file(path: Path, overwrite: bool = True, option: str = "") -> Iterator[Path]:
    """Provide a temporary path; the file written there replaces `path` if the block ends without an error.

    Args:
        path: file to write.
        overwrite: replace an existing file. Default: True
        option: the option that set `path`, for error messages. Default: none

    Yields:
        The temporary path, which does not exist yet. Its name is that of `path`.

    Raises:
        DataError: `path` exists and `overwrite` is not set, or it cannot be written.
    """
    if path.is_dir() or (path.exists() and not overwrite):
        hint = "name a file" if path.is_dir() else "choose another name or give --overwrite"
        raise DataError(f"{option} {path}: exists already; {hint}".lstrip())
    with _temporary_sibling(path, option) as temporary:
        yield temporary / path.name
        try:
            os.replace(temporary / path.name, path)
        except OSError as error:
            raise DataError(f"{option} {path}: cannot be written: {error.strerror}".lstrip()) from error


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines as UTF-8, each terminated by LF on every platform; see `new_file`."""
    with new_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)


def write_json(path: Path, value: Any) -> None:
    """Write a value as indented UTF-8 JSON, keys in their order; see `new_file`.

    Raises:
        ValueError: the value contains what JSON has no name for, such as NaN.
    """
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    write_lines(path, [text])


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as CSV with a header line; missing values and None become empty fields. See `new_file`."""
    with new_file(path) as temporary, temporary.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def read_bytes(path: Path) -> bytes:
    """Return the contents of a file.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise DataError(f"{path}: no such file") from None
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error


def decode_utf8(line: bytes, name: str, number: int, offset: int = 0) -> str:
    """Decode a line and remove its line end (LF or CRLF).

    Args:
        line: the bytes of the line.
        name: name of the file, for error messages.
        number: number of the line, counted from 1, for error messages.
        offset: position in the file, in bytes, at which the line starts.

    Raises:
        DataError: the line is not UTF-8.
    """
    try:
        return line.removesuffix(b"\n").removesuffix(b"\r").decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{name}, line {number}: byte 0x{line[error.start]:02x} at offset {offset + error.start} is not UTF-8; "
            "convert the file to UTF-8 first"
        ) from None


def read_byte_lines(path: Path) -> Iterator[tuple[int, int, bytes]]:
    """Yield number (from 1), offset in bytes and contents of every line of a file; a byte-order mark is skipped.

    The file may be compressed, see `decompress`; offsets are those in its contents. Only LF ends a line.

    Raises:
        DataError: the file cannot be read or decompressed.
    """
    data = decompress(read_bytes(path), path)
    offset = len(codecs.BOM_UTF8) if data.startswith(codecs.BOM_UTF8) else 0
    lines = data[offset:].split(b"\n")
    if lines[-1] == b"":
        lines.pop()
    for number, line in enumerate(lines, 1):
        yield number, offset, line
        offset += len(line) + 1


def read_lines(path: Path) -> list[str]:
    """Return the lines of a UTF-8 file without their ends; a byte-order mark is skipped.

    Only LF or CRLF ends a line: `str.splitlines` would also split at rarer characters that can be part of a sentence.
    The file may be compressed, see `decompress`.

    Raises:
        DataError: the file cannot be read or decompressed, or is not UTF-8.
    """
    return [decode_utf8(line, str(path), number, offset) for number, offset, line in read_byte_lines(path)]


def iterate_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file that `write_lines` wrote, without their ends and without keeping them in memory."""
    with path.open(encoding="utf-8", newline="\n") as file:
        for line in file:
            yield line.removesuffix("\n")


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
def _temporary_sibling(path: Path, option: str) -> Iterator[Path]:
    """Provide a temporary directory beside `path`, which is removed at the end if it still exists."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent))
    except OSError as error:
        raise DataError(f"{option} {path}: cannot be written: {error.strerror}".lstrip()) from error
    try:
        yield temporary
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def _replace_directory(new: Path, dest: Path) -> None:
    if not dest.exists() or not any(dest.iterdir()):
        new.rename(dest)  # a rename may replace an empty directory
        return
    # A rename cannot replace a non-empty directory: move the old one away, and back if the second rename fails.
    old = Path(tempfile.mkdtemp(prefix=f".{dest.name}.", suffix=".old", dir=dest.parent))
    dest.rename(old)
    try:
        new.rename(dest)
    except BaseException:
        old.rename(dest)
        raise
    shutil.rmtree(old)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
