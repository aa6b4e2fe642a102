"""Word alignment and the phrase pairs that are consistent with it."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_prep import word_alignment
from data_prep.errors import DataError
from data_prep.phrases import PhraseOptions, extract_phrases, phrase_spans
from data_prep.word_alignment import Link, align_words, grow_diag_final_and, parse_links

LINKS = st.sets(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=12)


@pytest.mark.parametrize(
    ("forward", "backward", "expected"),
    [
        # Beside 1-1 stand a word without links on either side.
        ("0-0 1-1 2-1", "0-0 1-1 1-2", "0-0 1-1 1-2 2-1"),
        # A diagonal step.
        ("0-0 1-1", "0-0", "0-0 1-1"),
        # 2-0 is next to 1-0 only, which is added first.
        ("0-0 1-0 2-0", "0-0", "0-0 1-0 2-0"),
        # Both words of 0-1 have links already.
        ("0-0 0-1 1-1", "0-0 1-1", "0-0 1-1"),
        # Away from 0-0: 3-3 of the forward direction is added last, then the source word of 3-2 has a link.
        ("0-0 3-3", "0-0 3-2", "0-0 3-3"),
        # No links in common: the final step only.
        ("0-0 0-1", "2-2", "0-0 2-2"),
        ("", "", ""),
    ],
)
def test_symmetrised_alignments_worked_out_by_hand(forward: str, backward: str, expected: str) -> None:
    assert grow_diag_final_and(parse_links(forward), parse_links(backward)) == parse_links(expected)


@given(LINKS, LINKS)
def test_a_symmetrised_alignment_lies_between_intersection_and_union(forward: set[Link], backward: set[Link]) -> None:
    links = grow_diag_final_and(forward, backward)
    assert forward & backward <= links <= forward | backward
    # What was left out could not have been added at the end.
    for source, target in (forward | backward) - links:
        assert source in {link[0] for link in links} or target in {link[1] for link in links}


GERMAN = ["michael", "geht", "davon", "aus", ",", "dass", "er", "im", "haus", "bleibt"]
ENGLISH = ["michael", "assumes", "that", "he", "will", "stay", "in", "the", "house"]
GERMAN_ENGLISH = parse_links("0-0 1-1 2-1 3-1 5-2 6-3 9-4 9-5 7-6 7-7 8-8")


def phrases(max_source: int, max_target: int) -> list[str]:
    """The phrase pairs of the example of Koehn's book (Statistical Machine Translation, section 5.2)."""
    spans = phrase_spans(GERMAN_ENGLISH, len(GERMAN), len(ENGLISH), max_source, max_target)
    return [
        f"{' '.join(GERMAN[source.start : source.stop])} = {' '.join(ENGLISH[target.start : target.stop])}"
        for source, target in spans
    ]


def test_the_phrase_pairs_of_the_textbook() -> None:
    found = phrases(10, 10)
    assert len(found) == len(set(found))
    assert set(found) == {
        "michael = michael",
        "michael geht davon aus = michael assumes",
        "michael geht davon aus , = michael assumes",
        "michael geht davon aus , dass = michael assumes that",
        "michael geht davon aus , dass er = michael assumes that he",
        "michael geht davon aus , dass er im haus bleibt = michael assumes that he will stay in the house",
        "geht davon aus = assumes",
        "geht davon aus , = assumes",
        "geht davon aus , dass = assumes that",
        "geht davon aus , dass er = assumes that he",
        "geht davon aus , dass er im haus bleibt = assumes that he will stay in the house",
        "dass = that",
        ", dass = that",
        "dass er = that he",
        ", dass er = that he",
        "dass er im haus bleibt = that he will stay in the house",
        ", dass er im haus bleibt = that he will stay in the house",
        "er = he",
        "er im haus bleibt = he will stay in the house",
        "bleibt = will stay",
        "im haus bleibt = will stay in the house",
        "im = in the",
        "im haus = in the house",
        "haus = house",
    }


def test_phrase_pairs_are_limited_on_both_sides() -> None:
    assert set(phrases(2, 2)) == {
        "michael = michael",
        "dass = that",
        ", dass = that",
        "dass er = that he",
        "er = he",
        "bleibt = will stay",
        "im = in the",
        "haus = house",
    }


@settings(max_examples=200)
@given(LINKS, st.integers(1, 5), st.integers(1, 5))
def test_phrase_pairs_are_those_of_the_definition(links: set[Link], max_source: int, max_target: int) -> None:
    expected = set()
    ranges = [range(first, last) for first in range(5) for last in range(first + 1, 6)]
    for source in ranges:
        for target in ranges:
            inside = [link for link in links if link[0] in source and link[1] in target]
            crossing = [link for link in links if (link[0] in source) != (link[1] in target)]
            if inside and not crossing and len(source) <= max_source and len(target) <= max_target:
                expected.add((source, target))
    found = list(phrase_spans(links, 5, 5, max_source, max_target))
    assert len(found) == len(expected) and set(found) == expected


CORPUS = [("a", "x", "0-0")] * 3 + [("a", "y", "0-0")] + [("b c", "z", "0-0")]


def extract(**limits: float) -> list[tuple[str, str, int, float, int]]:
    found = extract_phrases(
        [source.split() for source, _, _ in CORPUS],
        [target.split() for _, target, _ in CORPUS],
        [parse_links(links) for _, _, links in CORPUS],
        PhraseOptions(**{f"phrase_{name}": limit for name, limit in limits.items()}),  # type: ignore[arg-type]
    )
    return [(" ".join(p.source), " ".join(p.target), p.count, p.frequency, p.unlinked) for p in found]


def test_phrase_pairs_are_counted_filtered_and_ordered() -> None:
    # Of those that occur once, the one with a word without link comes last.
    everything = [("a", "x", 3, 0.75, 0), ("b", "z", 1, 1.0, 0), ("a", "y", 1, 0.25, 0), ("b c", "z", 1, 1.0, 1)]
    assert extract() == everything
    assert extract(min_frequency=0.25) == everything
    assert extract(min_frequency=0.26) == [everything[0], everything[1], everything[3]]
    assert extract(min_count=2) == everything[:1]
    assert extract(max_source=1) == everything[:3]


def test_a_phrase_is_as_loose_as_its_tightest_occurrence() -> None:
    # First "b" has no link, then it has one.
    found = extract_phrases([["a", "b"]] * 2, [["x", "y"]] * 2, [{(0, 0), (0, 1)}, {(0, 0), (1, 1)}], PhraseOptions())
    assert {(p.source, p.target): (p.count, p.unlinked) for p in found}[("a", "b"), ("x", "y")] == (2, 0)


@pytest.mark.parametrize("tag", ["two words", "", "<unk>"])
def test_a_tag_that_is_not_one_word_is_refused(tag: str) -> None:
    with pytest.raises(DataError, match=f"--phrase-tag '{tag}': must be one word"):
        PhraseOptions(phrase_tag=tag)


def reversed_corpus() -> tuple[list[str], list[str]]:
    """Sentences of three words and their translations, which have the order of the words reversed."""
    names, verbs, things = (
        ["tom", "mary", "bob", "ann"],
        ["has", "sees", "buys", "likes"],
        ["books", "cats", "tea", "cars"],
    )
    sentences = [(name, verb, thing) for name in names for verb in verbs for thing in things]
    translations = {word: f"t-{word}" for word in [*names, *verbs, *things]}
    source = [" ".join(sentence) for sentence in sentences]
    return source, [" ".join(translations[word] for word in reversed(sentence)) for sentence in sentences]


def test_eflomal_finds_the_links_and_repeats_them_with_the_same_seed() -> None:
    pytest.importorskip("eflomal")
    source, target = reversed_corpus()
    alignment = list(align_words(source, target, 1))
    links = Counter(link for found in alignment for link in found)
    right = links[0, 2] + links[1, 1] + links[2, 0]
    assert len(alignment) == len(source) and right >= 0.9 * 3 * len(source) and right >= 0.9 * sum(links.values())
    assert list(align_words(source, target, 1)) == alignment


def test_links_are_read_one_pair_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    def write_links(directory: Path, *_: object) -> None:
        for name in ("forward", "backward"):
            (directory / name).write_text("0-0\nnot read yet\n")

    monkeypatch.setattr(word_alignment, "_run_eflomal", write_links)
    links = align_words(["a", "b"], ["x", "y"], 1)
    assert next(links) == {(0, 0)}
    with pytest.raises(ValueError, match="not enough values"):
        next(links)


def test_the_seed_reaches_eflomal() -> None:
    """A corpus without regularities, so that different random numbers give different links."""
    pytest.importorskip("eflomal")
    source = [" ".join(f"s{(7 * row + 3 * column * row) % 11}" for column in range(6)) for row in range(30)]
    target = [" ".join(f"t{(5 * row + column * column * row) % 13}" for column in range(6)) for row in range(30)]
    assert len({str([sorted(links) for links in align_words(source, target, seed)]) for seed in range(4)}) > 1


def test_eflomal_that_fails_or_takes_no_seed_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("eflomal")
    with pytest.raises(DataError, match="eflomal failed with status"):
        list(align_words(["a", "b"], ["x"], 1))
    monkeypatch.setattr(word_alignment, "_RANDOM_BYTES", b"/dev/no-such\0")
    with pytest.raises(DataError, match="this build of eflomal cannot be given a seed"):
        list(align_words(["a"], ["x"], 1))
