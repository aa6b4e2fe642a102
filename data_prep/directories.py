"""Writing directories whole or not at all: a temporary sibling, then a rename."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import DataError
from .files import temporary_sibling

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
    with temporary_sibling(dest, f"--dest {dest}") as temporary:
        temporary.chmod(0o777 & ~_umask())
        yield temporary
        # The work took a while: what is at the destination may have changed.
        check_directory(dest, overwrite, foreign, keep)
        try:
            _replace_directory(temporary, dest) if overwrite else temporary.rename(dest)
        except OSError as error:
            raise DataError(
                f"--dest {dest}: cannot be written: {error.strerror}; has another program written there meanwhile?"
            ) from error


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
