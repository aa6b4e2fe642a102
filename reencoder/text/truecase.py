"""Capitals for lower-cased English: names by a table counted from training text, and beginnings of sentences."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from .errors import DataError

ALWAYS = {"i": "I"}
"""Words with capitals whatever the table says."""

# A sentence begins with the text, or behind the end of another and a space; quotation marks and brackets may precede.
_BEGINNING = re.compile(r"(?:^|[.!?][\"')\]”’]*\s+)[\"'(\[“‘]*([^\W\d_])")
# What Moses keeps together although no sentence ends there: initials and titles. Before a letter, "No." is an answer.
_ABBREVIATION = re.compile(
    r"(?:^|\s)(?:[^\W\d_]\.)*[^\W\d_]\.\s+$|\b(?:mr|mrs|ms|dr|prof|st|vs|e\.g|i\.e|ph\.d)\.\s+$", re.IGNORECASE
)


class FormFinder:
    """Finds the words of a sentence whose case says how they are written.

    These are all words with letters except those at beginnings of sentences, as for Moses' truecaser.
    """

    def __init__(self) -> None:
        from sacremoses import MosesTruecaser

        self._moses = MosesTruecaser()

    def __call__(self, sentence: Sequence[str]) -> list[str]:
        """Return them in their order.

        Args:
            sentence: words of the Moses tokenizer, with their case.
        """
        return [form for _, form, _ in self._moses.learn_truecase_weights(sentence)]


def usual_capitals(forms: Iterable[str]) -> dict[str, str]:
    """Return the words that are mostly written with capitals, by their lower-cased form.

    Moses' rule: the most frequent form counts. Of equally frequent forms the first one does.

    Args:
        forms: the words that `FormFinder` finds in the sentences, in their order.
    """
    best: dict[str, tuple[str, int]] = {}
    for form, count in Counter(forms).items():
        word = form.lower()
        if word not in best or count > best[word][1]:
            best[word] = form, count
    return {word: best[word][0] for word in sorted(best) if best[word][0] != word}


def read_capitals(path: Path) -> dict[str, str]:
    """Read a table that `usual_capitals` returned.

    Raises:
        DataError: the file cannot be read.
    """
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as a table of words: {error}") from error
    return dict(table)


def restore_words(line: str, capitals: Mapping[str, str]) -> str:
    """Give the words of a line, separated by spaces, their capitals."""
    return " ".join(ALWAYS.get(word) or capitals.get(word, word) for word in line.split())


def ends_in_abbreviation(text: str) -> bool:
    """True if a text ends in a title or an initial, behind which no sentence ends."""
    return _ABBREVIATION.search(text + " ") is not None


def restore_beginnings(text: str) -> str:
    """Capitalise the first letter of every sentence of a detokenised text."""

    def capitalise(match: re.Match[str]) -> str:
        if match.start() > 0 and _ABBREVIATION.search(text[: match.start(1)]):
            return match[0]
        return match[0][:-1] + match[0][-1].upper()

    return _BEGINNING.sub(capitalise, text)
