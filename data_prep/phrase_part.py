"""Phrase pairs as a further part of the training set, marked by a tag as the first word of the source.

Only training sentences are aligned, so nothing of the held-out sets can enter. fairseq-train loads the files of the
parts "train1", "train2" and so on beside those of "train".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import asdict
from pathlib import Path
from typing import Any

from . import LANGUAGES
from .binarise import binarise_further_part
from .errors import DataError
from .files import iterate_lines, write_lines
from .phrases import PhraseOptions, PhrasePair, extract_phrases
from .word_alignment import Link, align_words


def add_phrase_part(
    directory: Path,
    part: str,
    words: tuple[Path, Path],
    encoders: tuple[Callable[[Sequence[str]], str], Callable[[Sequence[str]], str]],
    options: PhraseOptions,
    seed: int,
    workers: int = 1,
) -> dict[str, Any]:
    """Extract phrase pairs from the training set, and write and binarise them as a part of it.

    A phrase pair with a token that the dictionaries lack is left out.

    Args:
        directory: directory of the prepared data, whose other parts are written and binarised.
        part: name of the part: "train1" or higher.
        words: files with the words of the source and of the target training sentences, separated by spaces.
        encoders: turn the words of a source and of a target phrase into tokens separated by spaces.
        options: the options.
        seed: random seed of the word alignment.
        workers: number of processes of fairseq-preprocess. Default: 1

    Returns:
        What the manifest records: counts by language, tag included, and the share of the part in the training set.

    Raises:
        DataError: the tag occurs in the data, eflomal or fairseq-preprocess fails, or no phrase pair is left.
    """
    _check_tag(directory / "text", LANGUAGES[0], options.phrase_tag)
    links = 0

    def alignment() -> Iterator[Set[Link]]:
        nonlocal links
        source, target = ((" ".join(sentence) for sentence in _words(path)) for path in words)
        for found in align_words(source, target, seed):
            links += len(found)
            yield found

    candidates = extract_phrases(_words(words[0]), _words(words[1]), alignment(), options)
    known = [_known_tokens(directory / "bin" / f"dict.{language}.txt") for language in LANGUAGES]
    dropped: Counter[str] = Counter()
    chosen = _encode(candidates, encoders, (known[0], known[1]), options.phrase_pairs, dropped)
    if not chosen:
        raise DataError("--phrase-pairs: no phrase pair of the training set is within the limits; too little data?")
    write_lines(directory / "text" / f"{part}.{LANGUAGES[0]}", (f"{options.phrase_tag} {pair[0]}" for pair in chosen))
    write_lines(directory / "text" / f"{part}.{LANGUAGES[1]}", (pair[1] for pair in chosen))
    sides = binarise_further_part(directory, part, options.phrase_tag, workers)
    return {
        "part": part,
        "pairs": len(chosen),
        "links": links,
        "candidates": len(candidates),
        "dropped": {reason: count for reason, count in dropped.items() if count},
        "share_percent": _shares(directory / "text", part),
        **{language: asdict(side) for language, side in sides.items()},
    }


def _words(path: Path) -> Iterator[list[str]]:
    return (line.split() for line in iterate_lines(path))


def _check_tag(directory: Path, language: str, tag: str) -> None:
    for path in sorted(directory.glob(f"*.{language}")):
        for number, line in enumerate(iterate_lines(path), 1):
            if tag in line.split():
                raise DataError(f"--phrase-tag '{tag}': occurs in {path.name}, line {number}; choose another tag")


def _known_tokens(dictionary: Path) -> set[str]:
    return {line.rsplit(" ", 1)[0] for line in iterate_lines(dictionary)}


def _encode(
    candidates: Sequence[PhrasePair],
    encoders: tuple[Callable[[Sequence[str]], str], Callable[[Sequence[str]], str]],
    known: tuple[set[str], set[str]],
    limit: int,
    dropped: Counter[str],
) -> list[tuple[str, str]]:
    """Return the token lines of the first `limit` candidates that are usable; count the others in `dropped`."""
    chosen: dict[tuple[str, str], None] = {}
    for number, candidate in enumerate(candidates):
        if len(chosen) == limit:
            dropped["more than --phrase-pairs"] = len(candidates) - number
            break
        pair = (encoders[0](candidate.source), encoders[1](candidate.target))
        if not (known[0].issuperset(pair[0].split()) and known[1].issuperset(pair[1].split())):
            dropped["unknown word"] += 1
        elif pair in chosen:
            dropped["same tokens as another"] += 1
        else:
            chosen[pair] = None
    return list(chosen)


def _shares(directory: Path, part: str) -> dict[str, float]:
    """Return the percentage of the part in the pairs, target tokens and blocks of a grid of itself and "train".

    Blocks: source length times target length, with end-of-sentence symbols.
    """
    figures = []
    for name in ("train", part):
        texts = (iterate_lines(directory / f"{name}.{language}") for language in LANGUAGES)
        source, target = ([len(line.split()) + 1 for line in text] for text in texts)
        blocks = sum(one * other for one, other in zip(source, target, strict=True))
        figures.append({"pairs": len(target), "target_tokens": sum(target), "blocks": blocks})
    sentences, phrases = figures
    return {name: round(100 * phrases[name] / (phrases[name] + sentences[name]), 1) for name in phrases}
