"""The embedded phrasebook: both sides are well-formed and mean the same."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from pathlib import Path

import jieba
import opencc
import pytest
from sacremoses import MosesTokenizer

from data_prep.errors import DataError
from data_prep.pairs import Pair, read_tsv
from data_prep.phrasebook import generate_pairs, write_phrasebook
from data_prep.phrasebook.entries import Entry, load_lexicon
from data_prep.phrasebook.forms import chinese_form
from data_prep.phrasebook.morphology import compare, gerund, plural, regular_past, starts_with_vowel_sound, third_person
from data_prep.phrasebook.numbers import chinese_number, english_number


@pytest.fixture(scope="module")
def pairs() -> list[Pair]:
    return generate_pairs()


def test_pairs_are_distinct_and_the_same_for_the_same_seed(pairs: list[Pair]) -> None:
    assert len({(pair.english, pair.chinese) for pair in pairs}) == len(pairs) == 24000
    assert generate_pairs(500, seed=3) == generate_pairs(500, seed=3) != generate_pairs(500, seed=4)


def test_vocabulary_and_references_are_rich(pairs: list[Pair]) -> None:
    tokenizer = MosesTokenizer("en")
    english = {word for pair in pairs[::2] for word in tokenizer.tokenize(pair.english.lower(), escape=False)}
    chinese = {word for pair in pairs[::2] for word in jieba.cut(pair.chinese)}
    assert len(english) >= 800
    assert len(chinese) >= 800
    versions = defaultdict(set)
    for pair in pairs:
        versions[pair.chinese].add(pair.english)
    assert sum(len(known) > 1 for known in versions.values()) >= 0.1 * len(versions)
    assert len({pair.attribution for pair in pairs}) >= 20


def test_pairs_are_spread_over_topics_and_rules(pairs: list[Pair]) -> None:
    topics = Counter(pair.attribution for pair in pairs)
    assert max(topics.values()) / len(pairs) < 0.12
    # A rule with millions of derivations, yet not more than its share of 1 %.
    waiting = [pair for pair in pairs if re.fullmatch(r"(.+) (will not|won't) (?!be here)(.+)\.", pair.english)]
    assert 50 < len(waiting) <= 240


def test_nobody_is_compared_with_himself_or_keeps_himself_company(pairs: list[Pair]) -> None:
    comparing = [pair.english for pair in pairs if " than " in pair.english]
    assert comparing
    for english in comparing:
        match = re.fullmatch(r"(.+?) (?:is|are) .+ than (.+)\.", english)
        assert not match or match[1].lower() != match[2].lower(), english
    assert not [pair for pair in pairs if re.fullmatch(r"(\S+|[Mm]y \w+) .+ with \1( .*)?\.", pair.english)]


def test_prepositions_do_not_pile_up(pairs: list[Pair]) -> None:
    """A time phrase such as "on the first of May" has a preposition; the rules must not add another."""
    piled = re.compile(r"(?<!checked )\b(for|at|on|in|to) (at|on|in|to)\b|\b(\w+) \3\b", re.IGNORECASE)
    assert not [pair.english for pair in pairs if piled.search(pair.english)]


def test_two_before_a_measure_word_is_liang(pairs: list[Pair]) -> None:
    measures = "".join(sorted({entry.measure for entry in load_lexicon()["good"]} - {"座"}))
    assert any("两" in pair.chinese for pair in pairs)
    assert not [pair.chinese for pair in pairs if re.search(rf"(?<![第十百千零])二[{measures}]", pair.chinese)]


def test_sentences_are_well_formed(pairs: list[Pair]) -> None:
    ends = {".": "。", "?": "？", "!": "！"}
    for english, chinese in ((pair.english, pair.chinese) for pair in pairs):
        assert english[0].isupper() or english[0].isdigit(), english
        assert "  " not in english and english == english.strip()
        assert not re.search(r"[{}|*=@_]|[a-zA-Z ]", chinese.replace("T恤", "")), chinese
        assert ends[english[-1]] == chinese[-1], (english, chinese)


def test_articles_agree_with_the_next_sound(pairs: list[Pair]) -> None:
    for pair in pairs:
        for article, word in re.findall(r"(?<![\w'])([Aa]n?) ([\w'-]+)", pair.english):
            assert (article.lower() == "an") == starts_with_vowel_sound(word), pair.english


def test_chinese_is_simplified(pairs: list[Pair]) -> None:
    text = "\n".join(pair.chinese for pair in pairs)
    assert opencc.OpenCC("t2s").convert(text) == text


def test_measure_words_are_those_of_their_nouns(pairs: list[Pair]) -> None:
    """A measure word between 这 or 那 and a garment is the one in the lexicon."""
    measures = {entry.chinese: entry.measure for entry in load_lexicon()["garment"]}
    all_measures = "".join(sorted(set(measures.values())))
    found = 0
    for pair in pairs:
        for measure, noun in re.findall(rf"[这那]([{all_measures}])({'|'.join(measures)})", pair.chinese):
            assert measures[noun] == measure, pair.chinese
            found += 1
    assert found > 50


def read_english_number(words: str) -> int:
    """The number that English words say, by an independent table."""
    units = re.findall(
        r"\w+",
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen",
    )
    tens = re.findall(r"\w+", "twenty thirty forty fifty sixty seventy eighty ninety")
    values = {word: number for number, word in enumerate(units)} | {word: 20 + 10 * n for n, word in enumerate(tens)}
    total = current = 0
    for word in words.replace("-", " ").split():
        if word == "thousand":
            total, current = total + 1000 * current, 0
        elif word == "hundred":
            current *= 100
        elif word != "and":
            current += values[word]
    return total + current


def read_chinese_number(text: str) -> int:
    """The number that Chinese characters say, by an independent table."""
    places = {"千": 1000, "百": 100, "十": 10}
    values = {character: number for number, character in enumerate("零一二三四五六七八九")} | {"两": 2}
    total, digit = 0, None
    for character in text:
        if character in places:
            total += (1 if digit is None else digit) * places[character]
            digit = None
        else:
            digit = values[character] or None
    return total + (digit or 0)


def test_numbers_are_equal_on_both_sides() -> None:
    for number in range(10000):
        assert read_english_number(english_number(number)) == number
        assert read_chinese_number(chinese_number(number)) == number


def test_inflection() -> None:
    assert [plural(noun) for noun in ("box", "city", "day", "church")] == ["boxes", "cities", "days", "churches"]
    assert [third_person(verb) for verb in ("go", "have", "study", "wash")] == ["goes", "has", "studies", "washes"]
    assert [regular_past(verb) for verb in ("stop", "visit", "study")] == ["stopped", "visited", "studied"]
    assert [gerund(verb) for verb in ("make", "run", "see", "lie")] == ["making", "running", "seeing", "lying"]
    assert [compare(word)[0] for word in ("big", "happy", "good", "expensive")] == [
        "bigger",
        "happier",
        "better",
        "more expensive",
    ]


def test_a_and_an() -> None:
    words = ("umbrella", "uncle", "hour", "ATM", "apple", "university", "euro", "uniform", "US", "tie")
    assert [word for word in words if starts_with_vowel_sound(word)] == ["umbrella", "uncle", "hour", "ATM", "apple"]


def test_chinese_verbs_say_that_an_action_was_carried_out() -> None:
    """In a statement; after 已经; with 过: the three kinds of result."""

    def forms(chinese: str, result: str) -> list[str]:
        entry = Entry("verb", "act", chinese, result=result)
        return [chinese_form(entry, form) for form in ("le", "done", "guo")]

    assert forms("打*网球", "-") == ["打网球了", "打网球了", "打过网球"]
    assert forms("买*房子", "了") == ["买了房子", "买房子了", "买过房子"]
    assert forms("修*电脑", "好") == ["修好了电脑", "修好电脑了", "修过电脑"]
    assert forms("吃*午饭", "过") == ["吃午饭了", "吃过午饭了", "吃过午饭"]


def test_adjectives_with_you_are_negated_with_mei() -> None:
    entries = [Entry("adjective", "such", chinese) for chinese in ("有礼貌", "有耐心", "高")]
    assert [chinese_form(entry, "not") for entry in entries] == ["没有礼貌", "没有耐心", "不高"]


def test_too_many_pairs_are_refused() -> None:
    with pytest.raises(DataError, match="distinct pairs"):
        generate_pairs(10**15)


def test_the_file_has_the_format_of_tatoebas_export(tmp_path: Path) -> None:
    write_phrasebook(tmp_path / "phrasebook.tsv", 200, 1)
    lines = (tmp_path / "phrasebook.tsv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 200
    assert all(re.fullmatch(r"[^\t]+\t[^\t]+\tphrasebook:\w+", line) for line in lines)
    assert read_tsv(tmp_path / "phrasebook.tsv").pairs == generate_pairs(200, 1)
