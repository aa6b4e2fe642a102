"""The leak-free, deterministic split of sentence pairs into train, valid and test."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from .pairs import Pair
from .text import normalise_chinese, normalise_english, to_simplified

PARTS = ("train", "valid", "test")


@dataclass(frozen=True, slots=True)
class Example:
    """A source sentence with its translations.

    Attributes:
        pairs: the pairs of this Chinese sentence in the order of the input; exactly one in training.
    """

    pairs: tuple[Pair, ...]

    @property
    def chinese(self) -> str:
        """The source sentence."""
        return self.pairs[0].chinese

    @property
    def english(self) -> str:
        """The first reference."""
        return self.pairs[0].english


def pair_keys(pair: Pair) -> tuple[str, str]:
    """Return the keys of a pair: its normalised Chinese and its normalised English. Either may be empty."""
    return normalise_chinese(pair.chinese), normalise_english(pair.english)


def folded_keys(pair: Pair) -> tuple[str, str]:
    """Return the keys by which leaks and duplicates are found: those of `pair_keys` whatever their script and case.

    `assign_parts` hashes the Chinese key as it is: otherwise the parts of a given file would differ from earlier ones.
    """
    chinese, english = pair_keys(pair)
    return to_simplified(chinese).lower(), english


def assign_parts(
    keys: Sequence[tuple[str, str]],
    test_permille: int = 40,
    valid_permille: int = 40,
    fold: Callable[[str], str] = to_simplified,
) -> list[str]:
    """Assign each pair to a part so that no key occurs in two parts.

    Pairs with equal Chinese or equal English keys belong to the same component, transitively. The part of a component
    depends on a hash of its smallest Chinese key: the SHA-256 of its UTF-8 bytes, as an integer, modulo 1000. The
    result does not depend on the order of the pairs.

    Args:
        keys: for each pair its normalised Chinese and its normalised English, both non-empty.
        test_permille: components with hashes below this number are test.
        valid_permille: components with hashes from `test_permille` to below `test_permille + valid_permille` are valid,
            all others train.
        fold: maps Chinese keys that must stay together to the same string. The default maps traditional to simplified
            characters: otherwise a sentence could be in training in one script and in the test set in the other.

    Returns:
        The name of the part of each pair.
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
    """Group pairs with exactly equal Chinese sentences into examples, in order of first appearance.

    Every pair is kept: an English sentence that occurs twice becomes two references, each with its own attribution.
    Repeated references do not change multi-reference BLEU.
    """
    by_source: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_source.setdefault(pair.chinese, []).append(pair)
    return [Example(tuple(group)) for group in by_source.values()]


def split_pairs(pairs: Sequence[Pair], test_permille: int, valid_permille: int) -> dict[str, list[Example]]:
    """Split pairs by `assign_parts` and return the examples of each part.

    Args:
        pairs: the pairs; both keys of each must be non-empty.
        test_permille: see `assign_parts`.
        valid_permille: see `assign_parts`.

    Returns:
        The examples of each part, as `make_examples` groups them.
    """
    by_part: dict[str, list[Pair]] = {part: [] for part in PARTS}
    assigned = assign_parts([pair_keys(pair) for pair in pairs], test_permille, valid_permille)
    for pair, part in zip(pairs, assigned, strict=True):
        by_part[part].append(pair)
    return make_examples(by_part["train"], by_part["valid"], by_part["test"])


def make_examples(train: Sequence[Pair], valid: Sequence[Pair], test: Sequence[Pair]) -> dict[str, list[Example]]:
    """Return the examples of each part.

    Training has one example per pair, duplicates included; valid and test have one per Chinese source.
    """
    return {
        "train": [Example((pair,)) for pair in train],
        "valid": group_sources(valid),
        "test": group_sources(test),
    }


def leaks_from(held_out: Iterable[Pair]) -> Callable[[Pair], bool]:
    """Return a function that tells whether a pair shares a non-empty key of either language with one of `held_out`.

    The keys are those of `folded_keys`.
    """
    held_out_keys = [folded_keys(pair) for pair in held_out]
    chinese = {key for key, _ in held_out_keys} - {""}
    english = {key for _, key in held_out_keys} - {""}

    def is_leak(pair: Pair) -> bool:
        source, target = folded_keys(pair)
        return source in chinese or target in english

    return is_leak


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
