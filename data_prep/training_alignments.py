"""Word alignments of the training set, beside its binarised parts: they can teach a model where to look.

fairseq-train reads them with `--load-alignments`. Only training pairs are aligned, so nothing of the held-out sets can
enter. What is aligned are the tokens that a model reads, subwords included.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

from .binarise import binarise_alignments
from .files import read_lines, write_lines
from .word_alignment import Link, align_words


def add_alignments(
    directory: Path,
    parts: Sequence[str],
    tagged: Sequence[str],
    languages: tuple[str, str],
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
        languages: source and target language.
        seed: random seed of the word alignment.
        workers: number of processes of fairseq-preprocess. Default: 1

    Returns:
        What the manifest records: the number of links of each part.

    Raises:
        DataError: eflomal or fairseq-preprocess fails.
    """
    source, target, tags = [], [], []
    starts = [0]
    for part in parts:
        sources, targets = (read_lines(directory / "text" / f"{part}.{language}") for language in languages)
        tag = 1 if part in tagged else 0
        source += [line.split(" ", 1)[1] for line in sources] if tag else sources
        target += targets
        tags.append(tag)
        starts.append(len(source))
    links = align_words(source, target, seed)
    counts = {}
    for part, tag, (start, end) in zip(parts, tags, pairwise(starts), strict=True):
        own = links[start:end]
        write_lines(directory / "text" / f"{part}.align", (_format(pair, tag) for pair in own))
        binarise_alignments(directory, part, languages, workers)
        counts[part] = sum(map(len, own))
    return {"links": counts}


def _format(links: set[Link], shift: int) -> str:
    return " ".join(f"{source + shift}-{target}" for source, target in sorted(links))
