"""Synchronous rules: English and Chinese templates that share their slots, parsed from the text in `grammar/`.

A rule is `English | other English = Chinese | other Chinese`. An indented line continues the previous one. The first
version on each side is the usual one. A slot is `{category}`, `{category.form}` or, for a verb that agrees with a
subject, `{category.pres@subject}`; also for a verb phrase with "one's", which is the subject's: `{category@subject}`. A
digit after the category distinguishes two slots of the same category, which are filled with different entries.
A line `[name: kind]` starts the rules of a nonterminal, `[sentences]` those of the topic itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from .entries import GrammarError

_SLOT = re.compile(r"\{([a-z_]+)(\d?)(?:\.([a-z]+))?(?:@([a-z_]+\d?))?\}")
_HEADER = re.compile(r"\[([a-z_]+)(?:: *([a-z]+))?\]")
_ENDS = {".": "。", "?": "？", "!": "！"}


@dataclass(frozen=True)
class Slot:
    """A placeholder in a template.

    Attributes:
        name: category and digit; slots of equal name are filled with the same entry.
        category: category of the entry.
        form: form of the entry; empty for its plain text.
        controller: name of the slot that a verb agrees with, or empty.
    """

    name: str
    category: str
    form: str
    controller: str


Template = tuple[str | Slot, ...]


@dataclass(frozen=True)
class Rule:
    """A text in both languages.

    Attributes:
        english: English versions, the usual one first.
        chinese: Chinese versions, the usual one first.
        slots: name and category of each slot, in the order of the first English version.
        where: file and line of the rule.
    """

    english: tuple[Template, ...]
    chinese: tuple[Template, ...]
    slots: tuple[tuple[str, str], ...]
    where: str


@dataclass(frozen=True)
class Section:
    """The rules of a nonterminal, or the sentence rules of a topic.

    Attributes:
        name: name of the nonterminal, or "sentences".
        kind: kind of the entries that a nonterminal generates, see `Entry`.
        rules: the rules.
    """

    name: str
    kind: str
    rules: tuple[Rule, ...]


def parse_template(text: str, where: str) -> Template:
    """Split a template into literal text and slots.

    Args:
        text: the template.
        where: file and line, for error messages.

    Raises:
        GrammarError: a slot is malformed.
    """
    parts: list[str | Slot] = []
    end = 0
    for match in _SLOT.finditer(text):
        if match.start() > end:
            parts.append(text[end : match.start()])
        category, digit, form, controller = match.groups(default="")
        parts.append(Slot(category + digit, category, form, controller))
        end = match.end()
    if end < len(text):
        parts.append(text[end:])
    for part in parts:
        if isinstance(part, str) and re.search(r"[{}\[\]=|]", part):
            raise GrammarError(f"{where}: {part.strip()!r} contains a malformed slot; write {{category.form}}")
    return tuple(parts)


def _slots(template: Template) -> dict[str, str]:
    return {part.name: part.category for part in template if isinstance(part, Slot)}


def parse_rule(line: str, where: str, sentence: bool) -> Rule:
    """Parse a rule.

    Args:
        line: the text of the rule.
        where: file and line, for error messages.
        sentence: True for a sentence rule, False for a rule of a nonterminal.

    Raises:
        GrammarError: a side or version is missing, the versions differ in their slots, a sentence ends in different
            punctuation on the two sides, or a nonterminal's rule has several versions.
    """
    english, equals, chinese = line.partition(" = ")
    if not equals:
        raise GrammarError(f"{where}: no ' = ' between the English and the Chinese side")
    sides = [[version.strip() for version in side.split(" | ")] for side in (english, chinese)]
    if not all(version for side in sides for version in side):
        raise GrammarError(f"{where}: an empty version; write 'English | English = Chinese | Chinese'")
    if sentence:
        for one in sides[0]:
            for other in sides[1]:
                if _ENDS.get(one[-1]) != other[-1]:
                    raise GrammarError(f"{where}: {one!r} and {other!r} end in different punctuation")
    elif len(sides[0]) > 1 or len(sides[1]) > 1:
        raise GrammarError(
            f"{where}: a nonterminal's rule must have one version per side; move the others to the sentences"
        )
    templates = [tuple(parse_template(version, where) for version in side) for side in sides]
    slots = _slots(templates[0][0])
    for template in (*templates[0], *templates[1]):
        if _slots(template) != slots:
            differing = sorted(set(slots) ^ set(_slots(template)))
            raise GrammarError(f"{where}: slots {', '.join(differing)} are not in every version of the rule")
        for part in template:
            if isinstance(part, Slot) and part.controller and part.controller not in slots:
                raise GrammarError(f"{where}: @{part.controller} names no slot of the rule")
    return Rule(templates[0], templates[1], tuple(slots.items()), where)


def _logical_lines(text: str, first_line: int) -> Iterator[tuple[int, str]]:
    """Yield the lines of a text with their numbers, comments removed and indented lines joined to the previous one."""
    started, joined = first_line, ""
    for number, line in enumerate(text.splitlines(), start=first_line):
        if not line.strip() or line.startswith("#"):
            continue
        if line[0].isspace():
            joined += " " + line.strip()
            continue
        if joined:
            yield started, joined
        started, joined = number, line.strip()
    if joined:
        yield started, joined


def parse_sections(text: str, file: str, first_line: int = 1) -> Iterator[Section]:
    """Parse the text of a grammar file into its sections.

    Args:
        text: the rules.
        file: name of the file, for error messages.
        first_line: number of the line at which the text starts in the file.

    Raises:
        GrammarError: a rule is malformed or precedes the first header.
    """
    name, kind = "", ""
    rules: list[Rule] = []
    for number, line in _logical_lines(text, first_line):
        where = f"{file}:{number}"
        header = _HEADER.fullmatch(line)
        if header:
            if name:
                yield Section(name, kind, tuple(rules))
            name, kind, rules = header[1], header[2] or "phrase", []
        elif not name:
            raise GrammarError(f"{where}: a rule before the first [section] header")
        else:
            rules.append(parse_rule(line, where, sentence=name == "sentences"))
    if name:
        yield Section(name, kind, tuple(rules))


def check_categories(sections: Mapping[str, Section], known: frozenset[str]) -> None:
    """Check that the category of every slot exists.

    Args:
        sections: the sections to check.
        known: names of the categories of the lexicon and of the nonterminals.

    Raises:
        GrammarError: a slot has an unknown category.
    """
    for section in sections.values():
        for rule in section.rules:
            for _, category in rule.slots:
                if category not in known:
                    raise GrammarError(
                        f"{rule.where}: unknown category {category!r}: neither in the lexicon nor in the grammar"
                    )
