"""The leak-free, deterministic split of sentence pairs into train, valid and test."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from reencoder.text.segmentation import to_simplified

from .pairs import Pair
from .text import normalise_chinese, normalise_english
from .workers import Workers

PARTS = ("train", "valid", "test")

PERMILLE = 40
"""Size of the test and of the validation set, if none is given, in per mille of the input."""

_BY_VALUE = ("test", "valid", "train")
"""The parts in the order of the values that decide on them."""


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
    """Return the keys by which leaks and duplicates are found: those of `pair_keys` whatever their script and case."""
    chinese, english = pair_keys(pair)
    return _fold(chinese), english


def hash_keys(chunk: list[tuple[str, str]]) -> list[tuple[int, int, int]]:
    """Return for each Chinese and English sentence what `assign_parts` needs of their keys, as integers.

    Returns:
        The hashes of the keys of `folded_keys`, each 0 if there is no key: otherwise a sentence could be in training in
        one script or case and in the test set in the other. The value decides on the part: the SHA-256 of the UTF-8
        bytes of the Chinese key as it is written, as an integer, modulo 1000. Folded keys would move sentences of a
        given file to other parts than in earlier versions.
    """
    keys = ((normalise_chinese(chinese), normalise_english(english)) for chinese, english in chunk)
    return [(_hash(_fold(source)), _hash(target), _value(source)) for source, target in keys]


def assign_parts(
    pairs: Sequence[Pair],
    test_permille: int = PERMILLE,
    valid_permille: int = PERMILLE,
    workers: Workers | None = None,
) -> list[str | None]:
    """Assign each pair to a part so that no key occurs in two parts.

    Pairs with equal Chinese or equal English keys belong to the same component, transitively; the script and case of a
    Chinese key do not matter. The part of a component depends on a hash of its smallest Chinese key, see `hash_keys`.
    The result does not depend on the order of the pairs.

    Keys are compared by 64-bit hashes, which takes a tenth of the memory of the keys. Two keys with the same hash could
    only put two components into the same part.

    Args:
        pairs: the pairs.
        test_permille: components with values below this number are test.
        valid_permille: components with values from `test_permille` to below `test_permille + valid_permille` are valid,
            all others train.
        workers: processes that share the work. Default: none, it is done in this one

    Returns:
        The name of the part of each pair; None if a side has no letters or digits and therefore no key.
    """
    sides = ((pair.chinese, pair.english) for pair in pairs)
    found = (workers or Workers()).map(hash_keys, sides, len(pairs), "comparing sentences")
    columns = np.fromiter(found, dtype=[("chinese", "u8"), ("english", "u8"), ("value", "u2")], count=len(pairs))
    (keyed,) = np.nonzero((columns["chinese"] != 0) & (columns["english"] != 0))
    component = _components(columns["chinese"][keyed], columns["english"][keyed])
    values = columns["value"][keyed]
    smallest: dict[int, tuple[str, int]] = {}
    several = np.bincount(component)[component] > 1
    for index, name in zip(keyed[several].tolist(), component[several].tolist(), strict=True):
        key = normalise_chinese(pairs[index].chinese), int(columns["value"][index])
        smallest[name] = min(key, smallest.get(name, key))
    values[several] = [smallest[name][1] for name in component[several].tolist()]
    bounds = [test_permille, test_permille + valid_permille]
    parts: list[str | None] = [None] * len(pairs)
    for index, place in zip(keyed.tolist(), np.digitize(values, bounds).tolist(), strict=True):
        parts[index] = _BY_VALUE[place]
    return parts


def group_sources(pairs: Iterable[Pair]) -> list[Example]:
    """Group pairs with exactly equal Chinese sentences into examples, in order of first appearance.

    Every pair is kept: an English sentence that occurs twice becomes two references, each with its own attribution.
    Repeated references do not change multi-reference BLEU.
    """
    by_source: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_source.setdefault(pair.chinese, []).append(pair)
    return [Example(tuple(group)) for group in by_source.values()]


def examples_by_part(pairs: Iterable[Pair], assigned: Iterable[str | None]) -> dict[str, list[Example]]:
    """Return the examples of each part, as `make_examples` groups them.

    Args:
        pairs: the pairs.
        assigned: the part of each, as `assign_parts` returns them; pairs without a part are left out.
    """
    by_part: dict[str, list[Pair]] = {part: [] for part in PARTS}
    for pair, part in zip(pairs, assigned, strict=True):
        if part is not None:
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


def _components(chinese: NDArray[np.uint64], english: NDArray[np.uint64]) -> NDArray[np.int32]:
    """Return for each pair the number of its component, given the hashes of both keys."""
    sources, source = np.unique(chinese, return_inverse=True)
    targets, target = np.unique(english, return_inverse=True)
    nodes = len(sources) + len(targets)
    pairs = coo_matrix((np.ones(len(source), dtype=bool), (source, len(sources) + target)), shape=(nodes, nodes))
    _, labels = connected_components(pairs, directed=False)
    return labels[source]


def _fold(chinese_key: str) -> str:
    """Return a Chinese key in simplified characters and lower case."""
    return to_simplified(chinese_key).lower()


def _hash(key: str) -> int:
    """Return a positive 64-bit hash of a key; 0 if it is empty."""
    if not key:
        return 0
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest()) or 1


def _value(chinese_key: str) -> int:
    return int.from_bytes(hashlib.sha256(chinese_key.encode()).digest()) % 1000
