"""Lines of a file in groups: large ones from a file, and from a terminal or a pipe those that have arrived.

Also their numbers in messages.
"""

from __future__ import annotations

import os
import select
from collections.abc import Iterable, Iterator, Sequence
from typing import IO, TypeVar

T = TypeVar("T")

WAIT = 0.05
"""How long, in seconds, a group waits for a further line."""

SHOWN = 10
"""How many numbers of lines a message lists."""


def groups(file: IO[bytes], size: int) -> Iterator[list[bytes]]:
    """Yield the lines of a stream in groups, which are translated together.

    Whoever types, or a program that waits for the answer, gets it at once: a group ends as soon as no further line has
    arrived for `WAIT` seconds. The lines of a regular file are always there, so its groups are full.

    Args:
        file: the stream.
        size: maximum number of lines per group.
    """
    return groups_of(arriving(file), size)


def shown(numbers: Sequence[int]) -> str:
    """Return numbers, such as those of lines, as text: the first ten, and how many more there are."""
    first = ", ".join(map(str, numbers[:SHOWN]))
    return f"{first} and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else first


def groups_of(lines: Iterable[T | None], size: int) -> Iterator[list[T]]:
    """Yield lines in groups of at most `size`; None ends a group."""
    group: list[T] = []
    for line in lines:
        if line is not None:
            group.append(line)
        if group and (line is None or len(group) == size):
            yield group
            group = []
    if group:
        yield group


def arriving(file: IO[bytes]) -> Iterator[bytes | None]:
    """Yield the lines of a stream with their ends, and None whenever no line has arrived for `WAIT` seconds."""
    try:
        descriptor = file.fileno()
    except OSError:  # not a file of the system, such as one in memory
        yield from file
        return
    rest = b""
    while True:
        if not select.select([descriptor], [], [], WAIT)[0]:
            yield None
        data = os.read(descriptor, 1 << 16)
        if not data:
            break
        *complete, rest = (rest + data).split(b"\n")
        yield from (line + b"\n" for line in complete)
    if rest:
        yield rest
