"""Word alignments of the training set, beside its binarised parts: they can teach a model where to look.

fairseq-train reads them with `--load-alignments`. Only training pairs are aligned, so nothing of the held-out sets can
enter. The tokens that a model reads are aligned, subwords included.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from . import LANGUAGES
from .binarise import binarise_alignments
from .files import count_lines, iterate_lines, write_lines
from .word_alignment import Link, align_words


def add_alignments(
    directory: Path,
    parts: Sequence[str],
    tagged: Sequence[str],
    seed: int,
    workers: int = 1,
) -> dict[str, Any]:
    """Align the tokens of all parts of the training set together; write and binarise the links of each part.

    `text/PART.align` has one line per pair, with links such as ``0-0 2-1``: position of the source token, hyphen,
    position of the target token.

    Args:
        directory: directory of the prepared data, whose parts are written and binarised.
        parts: names of the parts of the training set: "train", "train1", ...
        tagged: those of them whose sources begin with a tag. It is not aligned.
        seed: random seed of the word alignment.
        workers: number of processes of fairseq-preprocess. Default: 1

    Returns:
        What the manifest records: the number of links of each part.

    Raises:
        DataError: eflomal or fairseq-preprocess fails.
    """
    texts = [[directory / "text" / f"{part}.{language}" for part in parts] for language in LANGUAGES]
    tags = [1 if part in tagged else 0 for part in parts]
    source = chain.from_iterable(map(_without_tag, texts[0], tags))
    target = chain.from_iterable(map(iterate_lines, texts[1]))
    links = iter(align_words(source, target, seed))
    counts = {}
    for part, text, tag in zip(parts, texts[0], tags, strict=True):
        own = islice(links, count_lines(text))
        path = directory / "text" / f"{part}.align"
        write_lines(path, (_format(pair, tag) for pair in own))
        binarise_alignments(directory, part, workers)
        counts[part] = sum(len(line.split()) for line in iterate_lines(path))
    return {"links": counts}


def _without_tag(text: Path, tag: int) -> Iterator[str]:
    """Yield the lines of a file without the tag at their beginning, if `tag` is 1."""
    return (line.split(" ", 1)[1] if tag else line for line in iterate_lines(text))


def _format(links: set[Link], shift: int) -> str:
    return " ".join(f"{source + shift}-{target}" for source, target in sorted(links))
