"""The rules of the phrasebook: one module a topic, each with the text of its rules in ``RULES``."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from data_prep.phrasebook.rules import Section, parse_sections

#: ``shared`` has only nonterminals that several topics use; every other module has sentences of its own.
MODULES = (
    "shared",
    "greetings",
    "shopping",
    "prices",
    "restaurant",
    "hotel",
    "directions",
    "transport",
    "airport",
    "times",
    "weather",
    "health",
    "emergency",
    "phone",
    "bank",
    "plans",
    "experiences",
    "family",
    "people",
    "work",
    "study",
    "sightseeing",
    "hobbies",
    "home",
    "requests",
    "numbers",
)
# Every module starts with its docstring, an empty line and the line that opens RULES.
_FIRST_LINE = 3


def topic_sections(module: str) -> Iterator[Section]:
    """The sections of a module's rules. Raises GrammarError with file and line at a malformed rule."""
    rules: str = import_module(f"{__name__}.{module}").RULES
    return parse_sections(rules, f"grammar/{module}.py", _FIRST_LINE)
