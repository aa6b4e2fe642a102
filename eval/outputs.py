"""Keeps commands from writing over what they read, and from working for results that they could not write."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from data_prep.compressed import plain_name
from data_prep.errors import DataError
from data_prep.files import check_writable, new_file


def add_output(
    parser: argparse.ArgumentParser, option: str, help: str, *, required: bool = False, folder: bool = False
) -> None:
    """Add an option that names what a command writes; `check_outputs` takes the files of all others as what it reads.

    Args:
        parser: the command's parser.
        option: name of the option, with its dashes.
        help: what is written.
        required: the command must have the option. Default: False
        folder: the results are files in a folder. Default: False
    """
    metavar = "DIR" if folder else "FILE"
    action = parser.add_argument(option, type=Path, required=required, metavar=metavar, help=help)
    parser.set_defaults(outputs={**(parser.get_default("outputs") or {}), action.dest: folder})


def part_of(path: Path) -> Path:
    """Return where an incomplete output is kept: beside the file, or beside that which a symbolic link points to."""
    target = path.resolve()
    return target.with_name(f"{target.name}.part")


@contextmanager
def text_output(path: Path | None, errors: str = "strict") -> Iterator[IO[str]]:
    """Open what a command writes line by line, UTF-8.

    Args:
        path: file to write, which appears when it is complete; None for standard output. If the command is interrupted
            or fails, what it has written until then is kept in a file of this name with `.part` after it.
        errors: what happens to text that UTF-8 cannot express; see `open`.

    Raises:
        DataError: the file cannot be written.
    """
    if path is None:
        if hasattr(sys.stdout, "reconfigure"):
            sys.stdout.reconfigure(encoding="utf-8", errors=errors)
        yield sys.stdout
        return
    with (
        new_file(path, option="--output") as temporary,
        temporary.open("w", encoding="utf-8", errors=errors, newline="\n") as output,
    ):
        try:
            yield output
        except BaseException:
            with suppress(OSError):  # the reason is what counts
                output.flush()
                if output.tell() and (path.is_file() or not path.exists()):
                    part = part_of(path)
                    os.replace(temporary, part)
                    print(f"not complete: the lines until here are kept in {part}", file=sys.stderr)
            raise


def check_outputs(args: argparse.Namespace) -> None:
    """Check that no file that a command writes is one that it reads or writes already, and that all can be written.

    Args:
        args: the parsed options.

    Raises:
        DataError: names the option.
    """
    folders: dict[str, bool] = getattr(args, "outputs", {})
    used = [
        file
        for name, value in vars(args).items()
        if name not in folders and name != "outputs"
        for file in _files(value)
    ]
    written: dict[Path, str] = {}
    for name, folder in folders.items():
        path = getattr(args, name)
        if path is None:
            continue
        for written_to in (path, part_of(path)):
            for other in used if written_to.is_file() else []:
                if written_to.samefile(other):
                    raise DataError(f"--{name} {path}: the command reads this file; name another to write")
        if not folder and plain_name(path) != path.name:
            raise DataError(f"--{name} {path}: would be written uncompressed; name it {plain_name(path)}")
        check_writable(path, f"--{name}", folder=folder)
        earlier = written.setdefault(path.resolve(), name)
        if earlier != name and (path.is_file() or not path.exists()):  # a terminal may show several results
            raise DataError(f"--{name} {path}: --{earlier} writes this file; name another")


def _files(value: Any) -> list[Path]:
    """Return the files that the value of an option names: a path, ``NAME=FILE``, ``CKPT:CKPT``, or a list of these."""
    if isinstance(value, list | tuple):
        return [file for item in value for file in _files(item)]
    if isinstance(value, Path):
        return [value] if value.is_file() else []
    if not isinstance(value, str):
        return []
    names = [value, value.partition("=")[2], *value.split(os.pathsep)]
    with suppress(OSError, ValueError):  # text that is not the name of a file
        return [Path(name) for name in names if name and Path(name).is_file()]
    return []
