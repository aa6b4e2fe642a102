"""The split: against a brute-force oracle, for any order of the pairs, and its counts on the Tatoeba pairs."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep.pairs import Pair, read_tsv
from data_prep.split import PARTS, assign_parts, examples_by_part, group_sources, leaks_from, pair_keys
from data_prep.workers import FEWEST_LINES, Workers

Keys = list[tuple[str, str]]
# Few distinct sides, so that long chains of pairs with a shared side are common.
GRAPHS = st.lists(st.tuples(st.sampled_from("甲乙丙丁戊己庚辛"), st.sampled_from("abcdefgh")), min_size=1, max_size=14)
PERMILLE = st.tuples(st.integers(0, 500), st.integers(0, 500))


def pairs_of(keys: Keys) -> list[Pair]:
    """Pairs with these keys, which have nothing to normalise."""
    return [Pair(chinese, english) for chinese, english in keys]


def oracle(keys: Keys, test_permille: int, valid_permille: int) -> list[str]:
    """The rule by repeated closure over all pairs, independent of the implementation."""
    parts = []
    for start in range(len(keys)):
        component = {start}
        while True:
            chinese, english = ({keys[i][side] for i in component} for side in (0, 1))
            grown = {i for i, key in enumerate(keys) if key[0] in chinese or key[1] in english}
            if grown == component:
                break
            component = grown
        smallest = min(keys[i][0] for i in component)
        value = int(hashlib.sha256(smallest.encode("utf-8")).hexdigest(), 16) % 1000
        parts.append(
            "test" if value < test_permille else "valid" if value < test_permille + valid_permille else "train"
        )
    return parts


@given(GRAPHS, PERMILLE)
def test_parts_are_those_of_the_brute_force_oracle(keys: Keys, permille: tuple[int, int]) -> None:
    assert assign_parts(pairs_of(keys), *permille) == oracle(keys, *permille)


@given(GRAPHS.flatmap(lambda keys: st.tuples(st.just(keys), st.permutations(range(len(keys))))), PERMILLE)
def test_the_order_of_the_pairs_does_not_matter(drawn: tuple[Keys, list[int]], permille: tuple[int, int]) -> None:
    keys, order = drawn
    parts = assign_parts(pairs_of(keys), *permille)
    assert assign_parts(pairs_of([keys[i] for i in order]), *permille) == [parts[i] for i in order]


@given(GRAPHS, PERMILLE)
@settings(max_examples=50)
def test_every_pair_is_kept_once_and_no_side_is_in_two_parts(keys: Keys, permille: tuple[int, int]) -> None:
    pairs = [Pair(chinese, english, str(number)) for number, (chinese, english) in enumerate(keys)]
    parts = examples_by_part(pairs, assign_parts(pairs, *permille))
    kept = [pair for part in PARTS for example in parts[part] for pair in example.pairs]
    assert Counter(kept) == Counter(pairs)
    for side in ("chinese", "english"):
        seen: dict[str, str] = {}
        for part in PARTS:
            for pair in (pair for example in parts[part] for pair in example.pairs):
                assert seen.setdefault(getattr(pair, side), part) == part


@pytest.mark.parametrize(
    ("chinese", "part"),
    # Their hashes modulo 1000, from sha256sum, are 39, 40, 79 and 80: the boundaries of the parts.
    [("第822句", "test"), ("第796句", "valid"), ("第1089句", "valid"), ("第84句", "train")],
)
def test_the_hash_determines_the_part(chinese: str, part: str) -> None:
    assert assign_parts([Pair(chinese, "x")]) == [part]


def test_punctuation_width_and_case_do_not_separate_pairs() -> None:
    one = Pair("你好!ＡＢ", "Hello, World")
    other = Pair("你 好，AB。", "hello world!!")
    assert pair_keys(one) == pair_keys(other) == ("你好AB", "helloworld")


def test_traditional_and_simplified_twins_stay_together() -> None:
    keys = [(f"{text}{n}", f"{text}{n}") for n in range(300) for text in ("汉语", "漢語")]
    parts = assign_parts(pairs_of(keys), 300, 300)
    assert parts[::2] == parts[1::2]
    assert set(parts) == set(PARTS)


def test_references_stay_in_the_order_of_first_appearance_duplicates_included() -> None:
    pairs = [Pair("乙", "b"), Pair("甲", "a2"), Pair("乙", "b"), Pair("甲", "a1"), Pair("甲。", "a3")]
    grouped = [(example.chinese, [pair.english for pair in example.pairs]) for example in group_sources(pairs)]
    assert grouped == [("乙", ["b", "b"]), ("甲", ["a2", "a1"]), ("甲。", ["a3"])]


def test_leaks_are_found_on_either_side() -> None:
    train = [Pair("猫。", "A cat."), Pair("狗", "the CAT"), Pair("牛", "a cow"), Pair("貓", "kitty"), Pair("…", "!")]
    is_leak = leaks_from([Pair("猫", "The cat!"), Pair("——", "?")])
    assert [is_leak(pair) for pair in train] == [True, True, False, True, False]


def test_the_case_of_latin_letters_in_chinese_hides_no_leak_and_does_not_change_the_parts() -> None:
    is_leak = leaks_from([Pair("我喜欢我的iPhone。", "I like my phone.")])
    assert is_leak(Pair("我喜歡我的ＩＰＨＯＮＥ！", "My phone is good."))
    assert pair_keys(Pair("我的IPHONE！", "x")) == ("我的IPHONE", "x")


def test_the_case_of_latin_letters_in_chinese_does_not_separate_pairs() -> None:
    # The English sides differ, so only the Chinese ones can join them.
    sides = (("Linux", "a"), ("linux", "b"))
    keys = [(f"我用{n}号{system}系统", f"{english}{n}") for n in range(300) for system, english in sides]
    parts = assign_parts(pairs_of(keys), 300, 300)
    assert parts[::2] == parts[1::2]
    assert set(parts) == set(PARTS)


@pytest.mark.shared
def test_counts_and_freedom_from_leaks_on_the_tatoeba_pairs(shared_data: Path) -> None:
    pairs = read_tsv(shared_data / "tatoeba-zh-en" / "cmn-eng.tsv").pairs
    assert len(pairs) == 27_829
    parts = examples_by_part(pairs, assign_parts(pairs))
    counts = {part: (len(parts[part]), sum(len(example.pairs) for example in parts[part])) for part in PARTS}
    assert counts == {"train": (25_641, 25_641), "valid": (980, 1084), "test": (953, 1104)}

    def key(text: str) -> str:
        return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text))

    for side in ("chinese", "english"):
        sides = [{key(getattr(pair, side)).lower() for item in parts[part] for pair in item.pairs} for part in PARTS]
        assert "" not in set.union(*sides)
        assert len(set.union(*sides)) == sum(map(len, sides))


def test_the_part_depends_on_the_key_as_it_is_written() -> None:
    """Keys are compared in simplified characters, but not hashed in them."""
    keys = [(f"漢語{n}", f"e{n}") for n in range(300)]
    values = [int(hashlib.sha256(chinese.encode()).hexdigest(), 16) % 1000 for chinese, _ in keys]
    expected = ["test" if value < 300 else "valid" if value < 600 else "train" for value in values]
    assert assign_parts(pairs_of(keys), 300, 300) == expected


def test_a_pair_without_a_key_on_a_side_has_no_part_and_joins_nothing() -> None:
    pairs = [Pair("第84句", "x"), Pair("……", "x"), Pair("第822句", "!"), Pair("……", "!"), Pair("第822句", "y")]
    assert assign_parts(pairs) == ["train", None, None, None, "test"]
    assert assign_parts(pairs[1:2]) == [None]
    assert assign_parts([]) == []
    parts = examples_by_part(pairs, assign_parts(pairs))
    assert [len(parts[part]) for part in PARTS] == [1, 0, 1]


def test_only_training_has_an_example_per_pair() -> None:
    sources = ("第84句", "第796句", "第822句")  # train, valid, test
    pairs = [Pair(source, f"{source} {number}") for source in sources for number in range(3)]
    parts = examples_by_part(pairs, assign_parts(pairs))
    assert [[len(example.pairs) for example in parts[part]] for part in PARTS] == [[1, 1, 1], [3], [3]]


def test_processes_assign_the_same_parts() -> None:
    pairs = [Pair(f"第{n}句", f"sentence {n // 3}") for n in range(FEWEST_LINES)]
    with Workers(2) as workers:
        assert assign_parts(pairs, 300, 300, workers) == assign_parts(pairs, 300, 300)
