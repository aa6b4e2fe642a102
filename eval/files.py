"""Reading text strictly and writing files whole or not at all."""

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eval.errors import EvaluationError


def read_lines(path: Path) -> list[str]:
    """Read a UTF-8 text file as lines without their ends.

    Only a line feed ends a line (a carriage return before it is dropped): Unicode has other characters that
    ``str.splitlines`` takes for line ends, and sentences do contain them.

    Raises:
        EvaluationError: the file cannot be read, or is not UTF-8 (the message says the line and the byte in the file).
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise EvaluationError(f"{path}: cannot be read: {error.strerror or error}") from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # `utf-8-sig` counts from behind the byte-order mark
        offset = error.start + (3 if data.startswith(b"\xef\xbb\xbf") else 0)
        line = data.count(b"\n", 0, offset) + 1
        raise EvaluationError(f"{path}: line {line}: not UTF-8 at byte {offset}; convert the file to UTF-8") from error
    lines = text.split("\n")
    if lines[-1] == "":
        lines.pop()
    return [line.removesuffix("\r") for line in lines]


@contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """Give a temporary path beside ``path``; rename it to ``path`` when the block ends well, else remove it.

    Raises:
        EvaluationError: the folder of ``path`` cannot be made or written to.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=f".partial{path.suffix}")
    except OSError as error:
        raise EvaluationError(f"{path}: cannot be written: {error.strerror or error}") from error
    os.close(descriptor)
    temporary = Path(name)
    # mkstemp makes files that only their owner can read; give the mode that open() would have given
    mask = os.umask(0)
    os.umask(mask)
    temporary.chmod(0o666 & ~mask)
    try:
        yield temporary
        try:
            temporary.replace(path)
        except OSError as error:
            raise EvaluationError(f"{path}: cannot be written: {error.strerror or error}") from error
    finally:
        temporary.unlink(missing_ok=True)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines as UTF-8, each ended by a line feed, atomically."""
    with atomic_path(path) as temporary:
        temporary.write_bytes("".join(f"{line}\n" for line in lines).encode())


def write_json(path: Path, value: Any) -> None:
    """Write ``value`` as indented UTF-8 JSON in the given order of keys, atomically."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    with atomic_path(path) as temporary:
        temporary.write_bytes(f"{text}\n".encode())


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal digits.

    Raises:
        EvaluationError: the file cannot be read.
    """
    try:
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise EvaluationError(f"{path}: cannot be read: {error.strerror or error}") from error


def relative(path: Path) -> str:
    """``path`` as seen from the current directory, so that recorded paths do not name a user's home."""
    return os.path.relpath(path)
