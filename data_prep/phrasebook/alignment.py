"""Which characters of the two languages translate each other: what the grammar knows of its sentences.

A slot of a rule is filled with the same entry on both sides: its English and its Chinese text are a unit. A unit that a
nonterminal generated consists of smaller units. What is left of a text, the words of the rule itself, translates as a
whole what is left of the other, but nothing says which word of it translates which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .entries import ASPECT, OWN, PRONOUNS, Entry
from .forms import chinese_form, english_form
from .generate import Binding, Derivation, Phrase
from .morphology import fix_articles
from .rules import Slot, Template

#: Forms that only agree with an entry, in English and in Chinese: they do not say what it is.
_AGREEING = frozenset(
    {"be", "was", "do", "have", "this", "that", "it", "they", "one", "ones", "those", "own", "self", "pron"}
)
_AGREEING_CHINESE = frozenset({"mw", "pron"})

_POSSESSIVES = "|".join(sorted({pronoun.possessive for pronoun in PRONOUNS.values()}))
_ENDS = {".": "。", "?": "？", "!": "！"}


@dataclass(frozen=True)
class Unit:
    """Parts of an English and a Chinese sentence that translate each other.

    Attributes:
        english: positions of the characters of the English part.
        chinese: positions of the characters of the Chinese part.
        entry: True for the text of an entry, False for what is left of a rule.
    """

    english: frozenset[int]
    chinese: frozenset[int]
    entry: bool


def aligned_units(derivation: Derivation) -> list[Unit]:
    """Return the units of a sentence pair; their positions are those in `Derivation.texts`.

    Args:
        derivation: how the pair was generated.
    """
    english = _pieces(derivation.english, derivation.binding, chinese=False)
    chinese = _pieces(derivation.chinese, derivation.binding, chinese=True)
    units = _units(english, chinese, 0, 0, derivation.binding)
    raw = "".join(text for text, _ in english)
    moved = _positions_after_articles(raw)
    length = len("".join(text for text, _ in chinese))
    found = []
    for unit in units:
        # The final full stop is no word of the rule: it translates that of the other side.
        ends = raw[-1] in _ENDS and not unit.entry and len(raw) - 1 in unit.english and length - 1 in unit.chinese
        if ends:
            found.append(Unit(frozenset({moved[len(raw) - 1]}), frozenset({length - 1}), True))
        positions = unit.english - ({len(raw) - 1} if ends else set())
        others = unit.chinese - ({length - 1} if ends else set())
        found.append(Unit(frozenset(moved[at] for at in positions), frozenset(others), unit.entry))
    return [unit for unit in found if unit.english and unit.chinese]


#: A text and the name of the slot that it fills; empty for the text of the rule and for forms that only agree.
_Piece = tuple[str, str]


def _pieces(template: Template, binding: Binding, chinese: bool) -> list[_Piece]:
    pieces = []
    for part in template:
        if isinstance(part, Slot):
            entry = binding[part.name]
            if chinese:
                text, agreeing = chinese_form(entry, part.form), _AGREEING_CHINESE
            else:
                text, agreeing = english_form(entry, part.form, binding.get(part.controller)), _AGREEING
            name = "" if part.form in agreeing else part.name
        else:
            text, name = part, ""
        pieces.append((text.replace(ASPECT, "") if chinese else text, name))
    return pieces


def _units(
    english: Sequence[_Piece], chinese: Sequence[_Piece], first_english: int, first_chinese: int, binding: Binding
) -> list[Unit]:
    """Return the units of texts that consist of pieces and start at the given positions."""
    sides = (_by_slot(english, first_english), _by_slot(chinese, first_chinese))
    names = [name for name in sides[0] if name and name in sides[1]]
    units = []
    for name in names:
        units += _entry_units(binding[name], sides[0][name], sides[1][name])
    left = [
        frozenset(
            at
            for name, spans in side.items()
            if name not in names
            for start, text in spans
            for at in range(start, start + len(text))
        )
        for side in sides
    ]
    return [*units, Unit(left[0], left[1], False)]


#: Places of a text: position of its first character, and the text.
_Spans = list[tuple[int, str]]


def _by_slot(pieces: Iterable[_Piece], first: int) -> dict[str, _Spans]:
    found: dict[str, _Spans] = {}
    for text, name in pieces:
        found.setdefault(name, []).append((first, text))
        first += len(text)
    return found


def _entry_units(entry: Entry, english: _Spans, chinese: _Spans) -> list[Unit]:
    """Return the units of an entry whose forms are at the given places."""
    if len(english) == len(chinese) == 1:
        (at, text), (chinese_at, chinese_text) = english[0], chinese[0]
        inner = _inner_pieces(entry, text, chinese_text)
        if inner is not None:
            return _units(*inner[:2], at, chinese_at, inner[2])
    positions = [
        frozenset(at for start, text in spans for at in range(start, start + len(text))) for spans in (english, chinese)
    ]
    return [Unit(positions[0], positions[1], True)]


def _inner_pieces(entry: Entry, english: str, chinese: str) -> tuple[list[_Piece], list[_Piece], Binding] | None:
    """Find the parts of an entry in the text of its form; None if it has none.

    The parts of a phrase are what fills its slots, that of another entry is its plain text: "shirt" in "a shirt".
    """
    if isinstance(entry, Phrase) and entry.rule is not None:
        parts = [
            _pieces(template, entry.binding, chinese=side)
            for template, side in ((entry.rule.english[0], False), (entry.rule.chinese[0], True))
        ]
        binding = entry.binding
    elif entry.chinese.replace(ASPECT, "") != chinese or not re.fullmatch(_pattern(entry.english), english):
        core = entry.plural if entry.plural and entry.plural in english else entry.english
        parts, binding = [[(core, "core")], [(entry.chinese.replace(ASPECT, ""), "core")]], {"core": _plain(entry)}
    else:
        return None
    found = [
        _locate(pieces, text, words)
        for pieces, text, words in zip(parts, (english, chinese), (True, False), strict=True)
    ]
    names = [{name for _, name in pieces if name} for pieces in found]
    return (found[0], found[1], binding) if names[0] & names[1] else None


def _plain(entry: Entry) -> Entry:
    """Return an entry without parts."""
    return Entry("phrase", entry.english, entry.chinese)


def _locate(pieces: Sequence[_Piece], text: str, words: bool) -> list[_Piece]:
    """Return the pieces of a text: those with a name that occur in it in their order, and what is between them.

    Args:
        pieces: what to find.
        text: the form of a phrase, which may differ in an ending from the pieces that it was made of.
        words: a piece starts at the start of a word.
    """
    found: list[_Piece] = []
    start = 0
    for piece, name in pieces:
        if not name or not piece:
            continue
        match = re.compile((r"(?<!\w)" if words else "") + _pattern(piece)).search(text, start)
        if match is None:
            continue
        found += [(text[start : match.start()], ""), (match[0], name)]
        start = match.end()
    return [*found, (text[start:], "")]


def _pattern(piece: str) -> str:
    """Return a regular expression of a text in which "one's" stands for any possessive."""
    return re.escape(piece).replace(re.escape(OWN), f"(?:{_POSSESSIVES})")


def _positions_after_articles(text: str) -> list[int]:
    """Return where each character of a text is after `fix_articles`, which inserts the n of "an"."""
    fixed = fix_articles(text)
    positions, at = [], 0
    for character in text:
        if fixed[at] != character:
            at += 1  # an inserted n
        positions.append(at)
        at += 1
    return positions
