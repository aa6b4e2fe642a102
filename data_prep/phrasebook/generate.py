"""Sampling of sentence pairs from the grammar, spread evenly over topics and rules."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from itertools import cycle
from typing import NamedTuple

from data_prep.phrasebook.entries import ASPECT, Entry, GrammarError, load_lexicon
from data_prep.phrasebook.forms import chinese_form, english_form
from data_prep.phrasebook.grammar import MODULES, topic_sections
from data_prep.phrasebook.morphology import capitalise, fix_articles
from data_prep.phrasebook.quantities import quantities
from data_prep.phrasebook.rules import Rule, Section, Slot, Template, check_categories

#: The share of all pairs that one rule may give.
RULE_SHARE = 0.01
#: How often a sentence with several English versions is given in a second one too.
OTHER_ENGLISH = 0.4
#: How often a sentence with several Chinese versions is given in another than the usual one.
OTHER_CHINESE = 0.25
# A rule that has given nothing new for so many draws in a row is taken to be used up.
_PATIENCE = 60

Binding = dict[str, Entry]


class Pair(NamedTuple):
    """A sentence in both languages and the topic of the phrasebook that it belongs to."""

    english: str
    chinese: str
    topic: str


class Grammar:
    """The lexicon, the numeric categories and all rules, checked to fit together.

    Raises GrammarError where a rule asks for a category or form that does not exist.
    """

    def __init__(self) -> None:
        self.entries: Mapping[str, tuple[Entry, ...]] = {**load_lexicon(), **quantities()}
        self.nonterminals: dict[str, Section] = {}
        self.topics: dict[str, tuple[Rule, ...]] = {}
        for topic in MODULES:
            for section in topic_sections(topic):
                if section.name == "sentences":
                    self.topics[topic] = section.rules
                elif section.name in self.nonterminals or section.name in self.entries:
                    raise GrammarError(f"{section.rules[0].where}: category {section.name!r} is defined twice")
                else:
                    self.nonterminals[section.name] = section
        known = frozenset(self.entries) | frozenset(self.nonterminals)
        sentences = {topic: Section(topic, "phrase", rules) for topic, rules in self.topics.items()}
        check_categories({**self.nonterminals, **sentences}, known)
        self._sizes: dict[str, int] = {}
        self._weights = {
            name: [math.sqrt(self.count_derivations(rule)) for rule in section.rules]
            for name, section in self.nonterminals.items()
        }

    def count_derivations(self, rule: Rule) -> int:
        """How many ways there are to fill the slots of a rule (two slots of one category being different)."""
        total = 1
        used: dict[str, int] = {}
        for _, category in rule.slots:
            total *= self._size(category) - used.get(category, 0)
            used[category] = used.get(category, 0) + 1
        return total

    def _size(self, category: str) -> int:
        if category in self.entries:
            return len(self.entries[category])
        if category not in self._sizes:
            self._sizes[category] = sum(self.count_derivations(rule) for rule in self.nonterminals[category].rules)
        return self._sizes[category]

    def draw(self, category: str, rng: random.Random) -> Entry:
        """A random entry of a category: a word of the lexicon, or a phrase of a nonterminal.

        A phrase has the properties (agreement, measure word, number) of the last slot of its rule, its head.
        """
        if category in self.entries:
            return rng.choice(self.entries[category])
        section = self.nonterminals[category]
        (rule,) = rng.choices(section.rules, self._weights[category])
        binding = self.bind(rule, rng)
        english = render_english(rule.english[0], binding, rule)
        chinese = render_chinese(rule.chinese[0], binding, rule)
        if not rule.slots:
            return Entry(section.kind, english, chinese)
        head = binding[rule.slots[-1][0]]
        if head.plural and english.endswith(head.english):
            plural = english.removesuffix(head.english) + head.plural
        else:
            plural = ""
        return replace(head, kind=section.kind, english=english, chinese=chinese, plural=plural)

    def bind(self, rule: Rule, rng: random.Random) -> Binding:
        """Fill the slots of a rule at random; two slots of one category differ in both languages."""
        binding: Binding = {}
        for name, category in rule.slots:
            others = [binding[other] for other, kind in rule.slots if kind == category and other in binding]
            entry = self.draw(category, rng)
            while any(entry.english == other.english or entry.chinese == other.chinese for other in others):
                entry = self.draw(category, rng)
            binding[name] = entry
        return binding


def render_english(template: Template, binding: Binding, rule: Rule) -> str:
    """The English text of a template. Raises GrammarError for a form that the entry has not."""
    return "".join(
        part
        if isinstance(part, str)
        else _form(part, rule, english_form, binding[part.name], part.form, binding.get(part.controller))
        for part in template
    )


def render_chinese(template: Template, binding: Binding, rule: Rule) -> str:
    """The Chinese text of a template, with its aspect marks. Raises GrammarError for a form that the entry has not."""
    return "".join(
        part if isinstance(part, str) else _form(part, rule, chinese_form, binding[part.name], part.form)
        for part in template
    )


def _form(part: Slot, rule: Rule, function: object, *arguments: object) -> str:
    try:
        assert callable(function)
        return str(function(*arguments))
    except KeyError as error:
        raise GrammarError(f"{rule.where}: {part.name!r} has no form {error.args[0]!r}") from error


@dataclass
class _Source:
    """A sentence rule while pairs are drawn from it."""

    topic: str
    rule: Rule
    failures: int = 0
    given: int = 0


def _versions(grammar: Grammar, rule: Rule, rng: random.Random) -> list[tuple[str, str]]:
    """One derivation of a rule as (English, Chinese): the usual English and, at times, another version of it."""
    binding = grammar.bind(rule, rng)
    chinese = rule.chinese[0]
    if len(rule.chinese) > 1 and rng.random() < OTHER_CHINESE:
        chinese = rng.choice(rule.chinese[1:])
    english = [rule.english[0]]
    if len(rule.english) > 1 and rng.random() < OTHER_ENGLISH:
        english.append(rng.choice(rule.english[1:]))
    source = render_chinese(chinese, binding, rule).replace(ASPECT, "")
    return [(capitalise(fix_articles(render_english(version, binding, rule))), source) for version in english]


def _rounds(sources: list[_Source], limit: int, rng: random.Random) -> Iterator[_Source]:
    """The sources in turn, one of each topic a round, until all are used up or at their limit."""
    queues: dict[str, list[_Source]] = {}
    for source in sources:
        queues.setdefault(source.topic, []).append(source)
    for queue in queues.values():
        rng.shuffle(queue)
    turns = {topic: cycle(queue) for topic, queue in queues.items()}
    while turns:
        for topic in list(turns):
            for _ in range(len(queues[topic])):
                source = next(turns[topic])
                if source.failures < _PATIENCE and source.given < limit:
                    yield source
                    break
            else:
                del turns[topic]


@cache
def load_grammar() -> Grammar:
    """The phrasebook's grammar, read and checked once."""
    return Grammar()


def generate_pairs(count: int = 24000, seed: int = 1) -> list[Pair]:
    """Draw distinct sentence pairs, the same ones for the same seed.

    The draws go round the topics and, in each, round its rules; no rule gives more than 1 % of the pairs (but each may
    give 20), so that a rule with a large product does not dominate. English versions of one Chinese sentence that are
    drawn together stand next to each other.

    Raises ValueError for a count below 1 and for one that the grammar cannot reach.
    """
    if count < 1:
        raise ValueError(f"the number of phrasebook pairs must be at least 1, not {count}")
    grammar = load_grammar()
    most = sum(
        grammar.count_derivations(rule) * len(rule.english) * len(rule.chinese)
        for rules in grammar.topics.values()
        for rule in rules
    )
    if count > most:
        raise ValueError(f"the phrasebook has no {count} distinct pairs but {most} at the most; ask for fewer")
    rng = random.Random(seed)
    sources = [_Source(topic, rule) for topic, rules in grammar.topics.items() for rule in rules]
    limit = max(20, math.ceil(RULE_SHARE * count))
    seen: set[tuple[str, str]] = set()
    groups: list[list[Pair]] = []
    for source in _rounds(sources, limit, rng):
        fresh = [pair for pair in _versions(grammar, source.rule, rng) if pair not in seen][: count - len(seen)]
        source.failures = 0 if fresh else source.failures + 1
        source.given += len(fresh)
        if fresh:
            seen.update(fresh)
            groups.append([Pair(english, chinese, source.topic) for english, chinese in fresh])
        if len(seen) == count:
            break
    else:
        raise ValueError(
            f"the phrasebook has no {count} distinct pairs: {len(seen)} were reached with seed {seed}; ask for fewer"
        )
    rng.shuffle(groups)
    return [pair for group in groups for pair in group]
