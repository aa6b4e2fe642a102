"""The rules of the phrasebook: one module per topic, each with the text of its rules in `RULES`."""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from ..rules import Section, parse_sections

#: `shared` has only nonterminals, for use in several topics; every other module has sentences.
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
# The text of RULES starts at this line of each module: after the docstring and an empty line.
_FIRST_LINE = 3


def topic_sections(module: str) -> Iterator[Section]:
    """Return the sections of a module's rules.

    Raises:
        GrammarError: a rule is malformed.
    """
    rules: str = import_module(f"{__name__}.{module}").RULES
    return parse_sections(rules, f"grammar/{module}.py", _FIRST_LINE)
