"""Several raw references per source, from the files that data preparation writes.

``test.en.0`` contains the first reference of every source, ``test.en.1`` the second, and so on; line k belongs to
source k. An empty line means that source k has no such reference.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from data_prep.errors import DataError
from data_prep.files import read_lines

References = list[list[str]]
"""For each source its references: one or more, in the order of the files."""


def reference_files(prefix: Path) -> list[Path]:
    """Return the files ``PREFIX.0``, ``PREFIX.1``, ... in this order.

    Raises:
        DataError: there is none, or a number is missing.
    """
    head = f"{prefix.name}."
    if not prefix.parent.is_dir():
        raise DataError(f"{prefix.parent}: no such directory; expected reference files {prefix}.0, {prefix}.1, ...")
    numbers = sorted(
        int(path.name.removeprefix(head))
        for path in prefix.parent.iterdir()
        if path.name.startswith(head) and path.name.removeprefix(head).isdecimal()
    )
    if not numbers:
        raise DataError(f"{prefix}.0: no such file; expected reference files {prefix}.0, {prefix}.1, ...")
    if numbers != list(range(len(numbers))):
        missing = min(set(range(numbers[-1] + 1)) - set(numbers), default=0)
        raise DataError(f"{prefix}.{missing}: no such file, though {prefix}.{numbers[-1]} exists")
    return [prefix.with_name(f"{head}{number}") for number in numbers]


def read_references(paths: Sequence[Path]) -> References:
    """Read reference files. A line that is empty or contains only white space is a missing reference.

    Args:
        paths: reference files, or one prefix of numbered files (see `reference_files`).

    Raises:
        DataError: a file cannot be read, the files have different numbers of lines or none, or a source has no
            reference.
    """
    if len(paths) == 1 and not paths[0].exists():
        paths = reference_files(paths[0])
    files = [read_lines(path) for path in paths]
    for path, lines in zip(paths, files, strict=True):
        if len(lines) != len(files[0]):
            raise DataError(
                f"{path}: {len(lines)} lines, but {paths[0]} has {len(files[0])}; "
                "every reference file needs one line per source (an empty one if there is no reference)"
            )
    if not files[0]:
        raise DataError(f"{paths[0]}: empty; there is nothing to score")
    references = [[text for text in texts if text.strip()] for texts in zip(*files, strict=True)]
    for number, texts in enumerate(references, start=1):
        if not texts:
            raise DataError(f"{paths[0]}, line {number}: no reference for this source in any file")
    return references
