"""Several raw references per source, from the files that data preparation writes.

``test.en.0`` holds the first reference of every source, ``test.en.1`` the second, and so on; line k belongs to
source k. An empty line says that source k has no such reference.
"""

from collections.abc import Sequence
from pathlib import Path

from eval.errors import EvaluationError
from eval.files import read_lines

References = list[list[str]]
"""For each source, its references: one or more, in the order of the files."""


def reference_files(prefix: Path) -> list[Path]:
    """The files ``PREFIX.0``, ``PREFIX.1``, ... in this order.

    Raises:
        EvaluationError: there is none, or a number is left out.
    """
    head = f"{prefix.name}."
    if not prefix.parent.is_dir():
        raise EvaluationError(
            f"{prefix.parent}: no such directory; expected reference files {prefix}.0, {prefix}.1, ..."
        )
    numbers = sorted(
        int(path.name.removeprefix(head))
        for path in prefix.parent.iterdir()
        if path.name.startswith(head) and path.name.removeprefix(head).isdecimal()
    )
    if not numbers:
        raise EvaluationError(f"{prefix}.0: no such file; expected reference files {prefix}.0, {prefix}.1, ...")
    if numbers != list(range(len(numbers))):
        missing = min(set(range(numbers[-1] + 1)) - set(numbers), default=0)
        raise EvaluationError(f"{prefix}.{missing}: no such file, though {prefix}.{numbers[-1]} exists")
    return [prefix.with_name(f"{head}{number}") for number in numbers]


def read_references(paths: Sequence[Path]) -> References:
    """Read reference files; lines that are empty or only white space are missing references and do not count.

    Args:
        paths: reference files, or one prefix of numbered files (see `reference_files`).

    Raises:
        EvaluationError: a file cannot be read, the files differ in their numbers of lines, they are empty, or a source
            has no reference at all.
    """
    if len(paths) == 1 and not paths[0].exists():
        paths = reference_files(paths[0])
    columns = [read_lines(path) for path in paths]
    for path, column in zip(paths, columns, strict=True):
        if len(column) != len(columns[0]):
            raise EvaluationError(
                f"{path}: {len(column)} lines, but {paths[0]} has {len(columns[0])}; "
                "every reference file needs one line for each source (an empty one where there is no reference)"
            )
    if not columns[0]:
        raise EvaluationError(f"{paths[0]}: empty; there is nothing to score")
    references = [[text for text in row if text.strip()] for row in zip(*columns, strict=True)]
    for number, row in enumerate(references, start=1):
        if not row:
            raise EvaluationError(f"{paths[0]}: line {number}: no reference for this source in any file")
    return references
