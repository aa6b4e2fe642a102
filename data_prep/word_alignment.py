"""Alignment of the words of sentence pairs: eflomal in both directions, then grow-diag-final-and."""

from __future__ import annotations

import hashlib
import math
import os
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Set
from importlib.util import find_spec
from pathlib import Path

from .errors import DataError
from .files import iterate_lines

Link = tuple[int, int]
"""A link between two words: position of the source word, position of the target word, both counted from 0."""

_SAMPLERS = 3
_NULL_PRIOR = 0.2
# eflomal has no option for the seed: it reads 8 bytes from this file. A copy of the program reads them from a file in
# its working directory instead. The two names must have the same length.
_RANDOM_BYTES = b"/dev/urandom\0"
_SEED_FILE = "./seed.bytes"
_NEIGHBOURS = ((-1, 0), (0, -1), (1, 0), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1))


def check_aligner(option: str) -> None:
    """Check, before long work starts, that eflomal is installed.

    Args:
        option: the option that needs it, for the error message.

    Raises:
        DataError: it is not.
    """
    if find_spec("eflomal") is None:
        raise DataError(
            f"{option}: needs the word aligner eflomal, which is not installed; install this project's extra 'align': "
            "pip install '.[align]'"
        )


def align_words(source: Iterable[str], target: Iterable[str], seed: int) -> Iterator[set[Link]]:
    """Align the words of sentence pairs: eflomal in both directions, symmetrised by `grow_diag_final_and`.

    eflomal runs when the first links are asked for. The sentences and links are not kept in memory.

    The same sentences and seed give the same links. eflomal ignores case.

    Args:
        source: source sentences, words separated by spaces.
        target: target sentences, one per source sentence.
        seed: random seed.

    Yields:
        The links of each pair.

    Raises:
        DataError: eflomal fails or cannot be given a seed.
    """
    with tempfile.TemporaryDirectory(prefix="eflomal.") as name:
        directory = Path(name)
        _run_eflomal(directory, source, target, seed)
        directions = iterate_lines(directory / "forward"), iterate_lines(directory / "backward")
        for forward, backward in zip(*directions, strict=True):
            yield grow_diag_final_and(parse_links(forward), parse_links(backward))


def grow_diag_final_and(forward: Set[Link], backward: Set[Link]) -> set[Link]:
    """Symmetrise the alignments of both directions (Koehn, Och and Marcu 2003).

    Starts with the links that both directions have. Then adds, until none is left, links of either direction that are
    adjacent to a chosen link (also diagonally) and have at least one word without a link. Finally adds links of the
    forward, then the backward direction, if neither of their words has a link.

    Args:
        forward: links of the alignment in one direction.
        backward: links of the other direction, in the same order: source position, target position.
    """
    either = forward | backward
    links = set(forward & backward)
    sources, targets = {link[0] for link in links}, {link[1] for link in links}
    grown = True
    while grown:
        grown = False
        for source, target in sorted(links):
            for step in _NEIGHBOURS:
                new = (source + step[0], target + step[1])
                if new in either and new not in links and (new[0] not in sources or new[1] not in targets):
                    links.add(new)
                    sources.add(new[0])
                    targets.add(new[1])
                    grown = True
    for new in [*sorted(forward), *sorted(backward)]:
        if new[0] not in sources and new[1] not in targets:
            links.add(new)
            sources.add(new[0])
            targets.add(new[1])
    return links


def parse_links(line: str) -> set[Link]:
    """Return the links of a line such as ``0-0 2-1``: source position, hyphen, target position."""
    return {(int(source), int(target)) for source, target in (link.split("-") for link in line.split())}


def _run_eflomal(directory: Path, source: Iterable[str], target: Iterable[str], seed: int) -> None:
    """Write eflomal's links in both directions to the files "forward" and "backward" in `directory`."""
    from eflomal import to_eflomal_text_file

    for name, lines in (("source", source), ("target", target)):
        with (directory / name).open("wb") as file:
            _, sentences, _ = to_eflomal_text_file(lines, file)
    (directory / _SEED_FILE).write_bytes(hashlib.sha256(f"seed {seed}".encode()).digest()[:8])
    # The same numbers of iterations as eflomal's own front end.
    iterations = max(2, round(5000 / math.sqrt(sentences)))
    short = max(2, iterations // 4)
    command = [str(_seeded_program(directory)), "-m", "3", "-s", "source", "-t", "target", "-q"]
    command += ["-f", "forward", "-r", "backward", "-n", str(_SAMPLERS), "-N", str(_NULL_PRIOR)]
    command += ["-1", str(short), "-2", str(short), "-3", str(iterations)]
    # With several threads the order in which they draw random numbers would vary.
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=directory, env=environment, capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        last_line = (done.stderr.strip() or "no message").splitlines()[-1]
        raise DataError(f"eflomal failed with status {done.returncode}: {last_line}")


def _seeded_program(directory: Path) -> Path:
    """Copy eflomal's program to `directory`, changed to read its random seed from a file there."""
    import eflomal

    original = Path(eflomal.__file__).parent / "bin" / "eflomal"
    try:
        code = original.read_bytes()
    except OSError as error:
        raise DataError(f"{original}: cannot be read: {error.strerror}; reinstall eflomal") from error
    if code.count(_RANDOM_BYTES) != 1:
        raise DataError(f"{original}: this build of eflomal cannot be given a seed; install version 2.0.0 of it")
    program = directory / "eflomal"
    program.write_bytes(code.replace(_RANDOM_BYTES, _SEED_FILE.encode() + b"\0"))
    program.chmod(0o700)
    return program
