"""Lexicon entries: a word or fixed phrase in both languages, read from the tables in `lexicon/`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import NamedTuple

from .morphology import plural

#: Marks the position after the verb, in a Chinese verb phrase, where 了 or 过 can be inserted.
ASPECT = "*"

#: Stands for the possessive of the subject in an English verb phrase: "pack one's luggage", packed his luggage.
OWN = "one's"

#: How a verb says that its action was carried out: what follows it in a statement, and what follows it after 已经 or in
#: a question. 了 also ends the sentence unless the first part has it: 打网球了; 买了房子, 买房子了吗.
RESULTS: Mapping[str, tuple[str, str]] = {
    "-": ("", ""),
    "了": ("了", ""),
    "好": ("好了", "好"),
    "完": ("完了", "完"),
    "过": ("", "过"),
}


class GrammarError(ValueError):
    """A table or rule of the phrasebook is malformed. The message names the file and line."""


class Pronoun(NamedTuple):
    """The English forms that belong to a personal pronoun.

    Attributes:
        object: object form ("him").
        possessive: possessive determiner ("his").
        reflexive: reflexive pronoun ("himself").
        agreement: form of the verb: "1sg", "3sg" or "pl" (also for "you").
    """

    object: str
    possessive: str
    reflexive: str
    agreement: str


PRONOUNS: Mapping[str, Pronoun] = {
    "I": Pronoun("me", "my", "myself", "1sg"),
    "you": Pronoun("you", "your", "yourself", "pl"),
    "he": Pronoun("him", "his", "himself", "3sg"),
    "she": Pronoun("her", "her", "herself", "3sg"),
    "it": Pronoun("it", "its", "itself", "3sg"),
    "we": Pronoun("us", "our", "ourselves", "pl"),
    "they": Pronoun("them", "their", "themselves", "pl"),
}


@dataclass(frozen=True)
class Entry:
    """A word or phrase.

    Attributes:
        kind: "phrase", "noun", "place", "person", "verb" or "adjective"; determines the available forms.
        english: the English text.
        chinese: the Chinese text; for an adjective, its predicate form.
        plural: English plural of a noun, place or person.
        number: for a noun "count", "mass" or "pair" (plural only: shoes).
        measure: Chinese measure word.
        pronoun: English pronoun that a verb agrees with and that refers to a person.
        article: English article of a place; may be empty.
        preposition: English preposition of a place ("at" the bank).
        attributive: Chinese form of an adjective before a noun.
        result: how the Chinese verb says that an action was carried out, one of `RESULTS`.
    """

    kind: str
    english: str
    chinese: str
    plural: str = ""
    number: str = "count"
    measure: str = ""
    pronoun: str = "it"
    article: str = ""
    preposition: str = ""
    attributive: str = ""
    result: str = "-"


#: Columns of the tables of each kind, after the first one, `categories`.
_COLUMNS = {
    "noun": ("english", "plural", "chinese", "measure"),
    "place": ("english", "article", "preposition", "chinese", "measure"),
    "person": ("english", "pronoun", "chinese", "measure"),
    "adjective": ("english", "chinese", "attributive"),
    "verb": ("english", "chinese", "result"),
    "phrase": ("english", "chinese"),
}
_TABLES = {
    "nouns.tsv": "noun",
    "food.tsv": "noun",
    "places.tsv": "place",
    "people.tsv": "person",
    "adjectives.tsv": "adjective",
    "activities.tsv": "verb",
    "requests.tsv": "phrase",
    "phrases.tsv": "phrase",
    "times.tsv": "phrase",
}


def read_table(name: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the rows of a lexicon table as (file:line, fields), without comment lines (`#`) and empty lines."""
    text = (resources.files(__package__) / "lexicon" / name).read_text(encoding="utf-8")
    for number, line in enumerate(text.splitlines(), start=1):
        if line and not line.startswith("#"):
            yield f"lexicon/{name}:{number}", line.split("\t")


def _entry(kind: str, fields: Mapping[str, str], where: str) -> Entry:
    values = dict(fields)
    if kind == "noun":
        # "-": no plural (mass noun); "=": plural only; empty: regular.
        mark = values["plural"]
        values["number"] = {"-": "mass", "=": "pair"}.get(mark, "count")
        if mark in ("", "-", "="):
            values["plural"] = plural(values["english"]) if mark == "" else values["english"]
    elif kind == "place":
        values["plural"] = plural(values["english"])
    elif kind == "person":
        if values["pronoun"] not in PRONOUNS:
            raise GrammarError(f"{where}: {values['pronoun']!r} is not a pronoun; use one of {', '.join(PRONOUNS)}")
        values["plural"] = plural(values["english"])
    elif kind == "verb" and values["result"] not in RESULTS:
        raise GrammarError(f"{where}: no result {values['result']!r}; use one of {', '.join(RESULTS)}")
    return Entry(kind, **values)


@cache
def load_lexicon() -> Mapping[str, tuple[Entry, ...]]:
    """Return the entries of each category in the order of the tables.

    Raises:
        GrammarError: a row is malformed.
    """
    categories: dict[str, list[Entry]] = {}
    for name, kind in _TABLES.items():
        columns = _COLUMNS[kind]
        for where, row in read_table(name):
            if len(row) != 1 + len(columns):
                raise GrammarError(
                    f"{where}: {len(row)} columns, expected {1 + len(columns)} (categories, {', '.join(columns)})"
                )
            if any(field != field.strip() for field in row) or not row[0]:
                raise GrammarError(f"{where}: no category, or spaces around a field; separate fields by one tab")
            entry = _entry(kind, dict(zip(columns, row[1:], strict=True)), where)
            for category in row[0].split():
                if entry in categories.setdefault(category, []):
                    raise GrammarError(f"{where}: {entry.english!r} occurs twice in category {category!r}")
                categories[category].append(entry)
    return {category: tuple(entries) for category, entries in categories.items()}


@cache
def irregular_verbs() -> Mapping[str, tuple[str, str]]:
    """Return the past tense and past participle of each irregular verb.

    Raises:
        GrammarError: a row is malformed.
    """
    verbs: dict[str, tuple[str, str]] = {}
    for where, row in read_table("irregular_verbs.tsv"):
        if len(row) != 3:
            raise GrammarError(f"{where}: {len(row)} columns, expected 3 (base, past, participle)")
        verbs[row[0]] = (row[1], row[2])
    return verbs
