"""Writing that leaves nothing half-done: into a temporary sibling first, renamed when complete."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from data_prep.errors import DataError

# Finds a file in a directory that the program did not write there, if any.
ForeignFile = Callable[[Path], Path | None]


@contextmanager
def new_directory(dest: Path, overwrite: bool, foreign: ForeignFile, keep: Iterable[Path]) -> Iterator[Path]:
    """Give a temporary directory that takes the place of `dest` when the block ends without an error.

    With `overwrite` an existing `dest` is replaced, provided that `foreign` finds no file in it and that none of the
    files `keep` lies in it. Raises DataError for any other destination that exists and is not empty.
    """
    dest = dest.resolve()
    check_directory(dest, overwrite, foreign, keep)
    try:
        dest.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{dest.name}.", suffix=".partial", dir=dest.parent))
    except OSError as error:
        raise DataError(f"--dest {dest}: cannot be written: {error.strerror}") from error
    try:
        temporary.chmod(0o777 & ~_umask())
        yield temporary
        _replace_directory(temporary, dest)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check_directory(dest: Path, overwrite: bool, foreign: ForeignFile, keep: Iterable[Path]) -> None:
    """Raise DataError where `new_directory` would refuse, so that long work need not run first."""
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
            f"--dest {dest}: --overwrite would delete {stranger}, which no earlier run wrote; move it first"
        )
    for path in keep:
        if path.resolve().is_relative_to(dest.resolve()):
            raise DataError(f"--dest {dest}: --overwrite would delete the input {path}; move the input first")


@contextmanager
def new_file(path: Path, overwrite: bool, option: str = "--output") -> Iterator[Path]:
    """Give a temporary path that takes the place of `path` when the block ends without an error.

    Raises DataError where `path` exists (unless `overwrite`) or its directory cannot be written.
    """
    if path.is_dir() or (path.exists() and not overwrite):
        hint = "name a file" if path.is_dir() else "choose another name or give --overwrite"
        raise DataError(f"{option} {path}: exists already; {hint}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".partial", dir=path.parent))
    except OSError as error:
        raise DataError(f"{option} {path}: cannot be written: {error.strerror}") from error
    try:
        yield temporary / path.name
        os.replace(temporary / path.name, path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_lines(path: Path, lines: Iterable[str]) -> None:
    """Write lines as UTF-8, each ended by LF on every system."""
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(line + "\n" for line in lines)


def sha256_of(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _replace_directory(new: Path, dest: Path) -> None:
    if not dest.exists() or not any(dest.iterdir()):
        new.rename(dest)  # an empty directory is replaced by the rename itself
        return
    # A directory cannot be renamed onto a full one: the old one steps aside, and comes back if the new one cannot.
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
