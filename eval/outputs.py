"""Keeps commands from writing over what they read, and from working for results that they could not write."""

from __future__ import annotations

import argparse
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from data_prep.errors import DataError
from data_prep.files import check_writable

_OUTPUTS = ("output", "json", "markdown", "pharaoh", "picture")


def check_outputs(args: argparse.Namespace) -> None:
    """Check that no file that a command writes is one that it reads, and that all of them can be written.

    Args:
        args: the parsed options. Files to write are those named in `_OUTPUTS`; all others are read.

    Raises:
        DataError: names the option.
    """
    outputs = {name: getattr(args, name, None) for name in _OUTPUTS}
    used = [file for name, value in vars(args).items() if name not in _OUTPUTS for file in _files(value)]
    for name, path in outputs.items():
        if not isinstance(path, Path):
            continue
        if path.is_file():
            for other in used:
                if path.samefile(other):
                    raise DataError(f"--{name} {path}: the command reads this file; name another to write")
        check_writable(path, f"--{name}", folder=name == "output")  # the results of some commands are several files


def _files(value: Any) -> list[Path]:
    """Return the files that the value of an option names: a path, ``NAME=FILE``, ``CKPT:CKPT``, or a list of these."""
    if isinstance(value, list | tuple):
        return [file for item in value for file in _files(item)]
    if isinstance(value, Path):
        return [value] if value.is_file() else []
    if not isinstance(value, str):
        return []
    names = [value, value.partition("=")[2], *value.split(os.pathsep)]
    with suppress(OSError, ValueError):  # text that is no name of a file
        return [Path(name) for name in names if name and Path(name).is_file()]
    return []
