"""The leak-free, deterministic split of sentence pairs into train, valid and test."""

import hashlib
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from data_prep.pairs import Pair
from data_prep.text import normalise_chinese, normalise_english, to_simplified

PARTS = ("train", "valid", "test")


@dataclass(frozen=True)
class Example:
    """One source sentence with its translations, in the order of the input; in training there is exactly one."""

    pairs: tuple[Pair, ...]

    @property
    def chinese(self) -> str:
        return self.pairs[0].chinese

    @property
    def english(self) -> str:
        """The first reference."""
        return self.pairs[0].english


def pair_keys(pair: Pair) -> tuple[str, str]:
    """Return the normalised Chinese and the normalised English of a pair; either may be empty."""
    return normalise_chinese(pair.chinese), normalise_english(pair.english)


def assign_parts(
    keys: Sequence[tuple[str, str]],
    test_permille: int = 40,
    valid_permille: int = 40,
    fold: Callable[[str], str] = to_simplified,
) -> list[str]:
    """Return the part of each pair of normalised Chinese and normalised English, so that no key is in two parts.

    Pairs with equal Chinese or equal English belong together, and so do their partners, transitively. Such a component
    goes by the SHA-256 (of UTF-8, as an integer, modulo 1000) of its smallest normalised Chinese: below
    `test_permille` test, then `valid_permille` valid, the others train. The order of the pairs does not matter.

    `fold` maps Chinese that must stay together onto one string: by default simplified characters, so that a sentence
    in traditional characters cannot be in training when its simplified twin is tested.
    """
    components = _Components()
    for chinese, english in keys:
        components.join(("zh", fold(chinese)), ("en", english))
    roots = [components.root(("en", english)) for _, english in keys]
    smallest: dict[Hashable, str] = {}
    for root, (chinese, _) in zip(roots, keys, strict=True):
        smallest[root] = min(smallest.get(root, chinese), chinese)
    parts = {root: _part(chinese, test_permille, valid_permille) for root, chinese in smallest.items()}
    return [parts[root] for root in roots]


def group_sources(pairs: Iterable[Pair]) -> list[Example]:
    """Join the pairs of one Chinese sentence, equal to the character, into one example, in order of first appearance.

    Every pair is kept: an English sentence that comes twice is a reference twice (with an attribution of its own),
    which leaves multi-reference BLEU as it is.
    """
    by_source: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_source.setdefault(pair.chinese, []).append(pair)
    return [Example(tuple(group)) for group in by_source.values()]


def split_pairs(pairs: Sequence[Pair], test_permille: int, valid_permille: int) -> dict[str, list[Example]]:
    """Split pairs into the examples of every part; both keys of every pair must be non-empty.

    Training keeps one example a pair, duplicates included; valid and test have one a Chinese source.
    """
    by_part: dict[str, list[Pair]] = {part: [] for part in PARTS}
    assigned = assign_parts([pair_keys(pair) for pair in pairs], test_permille, valid_permille)
    for pair, part in zip(pairs, assigned, strict=True):
        by_part[part].append(pair)
    return ready_made(by_part["train"], by_part["valid"], by_part["test"])


def ready_made(train: Sequence[Pair], valid: Sequence[Pair], test: Sequence[Pair]) -> dict[str, list[Example]]:
    """Return the examples of parts that are given."""
    return {
        "train": [Example((pair,)) for pair in train],
        "valid": group_sources(valid),
        "test": group_sources(test),
    }


def count_leaks(train: Iterable[Pair], held_out: Iterable[Pair]) -> int:
    """Return how many training pairs have a side whose non-empty key also occurs on that side of `held_out`."""
    held_out_keys = [pair_keys(pair) for pair in held_out]
    chinese = {to_simplified(key) for key, _ in held_out_keys} - {""}
    english = {key for _, key in held_out_keys} - {""}
    return sum(to_simplified(key) in chinese or other in english for key, other in map(pair_keys, train))


def _part(smallest_chinese: str, test_permille: int, valid_permille: int) -> str:
    value = int(hashlib.sha256(smallest_chinese.encode()).hexdigest(), 16) % 1000
    if value < test_permille:
        return "test"
    return "valid" if value < test_permille + valid_permille else "train"


class _Components:
    """Disjoint sets of hashable items (union-find with path halving)."""

    def __init__(self) -> None:
        self._parent: dict[Hashable, Hashable] = {}

    def root(self, item: Hashable) -> Hashable:
        parent = self._parent
        parent.setdefault(item, item)
        while parent[item] != item:
            parent[item] = parent[parent[item]]
            item = parent[item]
        return item

    def join(self, one: Hashable, other: Hashable) -> None:
        self._parent[self.root(one)] = self.root(other)
