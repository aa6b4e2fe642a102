"""Rules of cleaning, each against pairs that it keeps and drops, and what is recorded of them."""

from __future__ import annotations

import builtins
from pathlib import Path
from typing import Any

import pytest

from data_prep.cleaning import CleaningOptions, clean_pairs
from data_prep.dropped import Entry, Record
from data_prep.errors import DataError
from data_prep.pairs import EMPTY, MALFORMED, Pair, read_parallel, read_tsv

MOJIBAKE = "我想要两个苹果。".encode().decode("cp1252", errors="replace").replace("\ufffd", "\x81")


def clean(pairs: list[tuple[str, str]], **options: Any) -> tuple[list[tuple[str, str]], list[str], Record]:
    """Clean pairs of Chinese and English; return those that are kept, the reasons for the others, and the record."""
    record = Record()
    kept = clean_pairs((Pair(*pair) for pair in pairs), CleaningOptions(**options), record)
    sides = [(pair.chinese, pair.english) for pair in kept]
    return sides, [entry.reason for entry in record.dropped], record


def test_nothing_changes_by_default() -> None:
    pairs = [("你\x01好" * 500, "Hi."), ("Ã©", "привет"), ("Ã©", "привет")]
    assert clean(pairs)[:2] == (pairs, [])


@pytest.mark.parametrize(
    ("kept", "dropped", "options", "reason"),
    [
        (("一 二 三", "a"), ("一二三四", "a"), {"max_chinese": 3}, "more than 3 Chinese characters"),
        (("一", "a b  c"), ("一", "a b c d"), {"max_english": 3}, "more than 3 English words"),
        (("一二", "a b c d"), ("一二", "a b c d e"), {"max_ratio": 2.0}, "lengths differ by more than a factor of 2"),
        (("一二三四", "a b"), ("一二三四五", "a b"), {"max_ratio": 2.0}, "lengths differ by more than a factor of 2"),
        (("汤姆去AB〇々", "Tom"), ("去ABC", "Go"), {"min_script": 0.5}, "wrong script on the Chinese side"),
        (("2008。", "2008"), ("ありがとう", "Thanks"), {"min_script": 0.5}, "wrong script on the Chinese side"),
        (
            ("他说Привет和我", "He said Привет"),
            ("你好", "Привет"),
            {"min_script": 0.3},
            "wrong script on the English side",
        ),
        (("好。", "Ok."), ("好。", "Ok."), {"duplicates": "exact"}, "exact duplicate"),
        (("漢語ＡＢ。", "Ok."), ("汉语AB", "OK!"), {"duplicates": "normalised"}, "normalised duplicate"),
        (("我的iPhone。", "Ok."), ("我的IPHONE！", "OK!"), {"duplicates": "normalised"}, "normalised duplicate"),
        (("a\tb\u3000", "no\u200djoin"), ("你\u200b好", "Hi"), {"control_characters": "drop"}, "control character"),
        (("好\x07", "Ok"), ("\x07", "Ok"), {"control_characters": "remove"}, "only control characters on one side"),
        (("你好", "It’s a café."), ("你好", "Itâ€™s cafÃ©"), {"mojibake": "drop"}, "mojibake"),
        (("你好", "naïve"), (MOJIBAKE, "I"), {"mojibake": "drop"}, "mojibake"),
        (("你好", "Hi"), ("ÄãºÃ£¬ÊÀ½ç", "Hi"), {"mojibake": "repair"}, "mojibake that cannot be repaired"),
        (("你好", "Hi"), ("你好\ufffd", "Hi"), {"mojibake": "repair"}, "mojibake that cannot be repaired"),
    ],
)
def test_a_rule_drops_what_it_says(
    kept: tuple[str, str], dropped: tuple[str, str], options: dict[str, Any], reason: str
) -> None:
    found, reasons, record = clean([kept, dropped], **options)
    assert len(found) == 1 and reasons == [reason] == list(record.counts())
    assert (record.dropped[0].chinese, record.dropped[0].english) == dropped


def test_duplicates_are_compared_on_both_sides() -> None:
    pairs = [("好", "Ok"), ("好", "Good"), ("行", "Ok"), ("好！", "OK")]
    assert clean(pairs, duplicates="exact")[0] == pairs
    assert clean(pairs, duplicates="normalised")[0] == pairs[:3]
    # without letters there is no key
    marks = [("！", "!"), ("？", "?"), ("！", "!")]
    assert clean(marks, duplicates="normalised")[0] == marks[:2]


def test_repairs_are_recorded_with_the_pair_as_it_was() -> None:
    pairs = [(MOJIBAKE, "Two\x0bapples\u200b."), ("我想要两个苹果。", "Two apples.")]
    found, reasons, record = clean(pairs, control_characters="remove", mojibake="repair", duplicates="exact")
    # Control characters are part of the mojibake here, so removing them first would make it irreparable.
    assert found == [("我想要两个苹果。", "Two apples.")] and reasons == ["exact duplicate"]
    assert record.repairs() == {"mojibake": 1, "control character": 1}
    assert {(entry.chinese, entry.english) for entry in record.repaired} == {pairs[0]}


def test_each_pair_counts_under_one_rule() -> None:
    _, reasons, _ = clean([("一二三四" * 9, "a" * 3)], max_chinese=3, max_ratio=2.0, min_script=0.5)
    assert reasons == ["more than 3 Chinese characters"]


def test_without_ftfy_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "ftfy":
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(DataError, match=r"--mojibake repair: needs the package ftfy; install the extra 'data'"):
        CleaningOptions(mojibake="repair")


FAULTY = "Hi.\t嗨。\nno tab\n\nYes.\t \nA\rB\t好\n".encode() + b"caf\xe9\t\xba\n" + "No.\t不。\n\n".encode()


def test_faulty_lines_are_dropped_and_listed(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_bytes(FAULTY)
    record = Record((MALFORMED, EMPTY))
    corpus = read_tsv(path, record)
    assert corpus.pairs == [Pair("嗨。", "Hi."), Pair("不。", "No.")] and corpus.blank_last_lines == 1
    assert [(entry.reason, entry.origin.rpartition(" ")[2]) for entry in record.dropped] == [
        ("no tab", "2"),
        ("blank line", "3"),
        ("the Chinese side is empty", "4"),
        ("carriage return inside the line", "5"),
        ("not UTF-8", "6"),
    ]
    record.write(tmp_path)
    rows = [line.split("\t") for line in (tmp_path / "dropped.tsv").read_text(encoding="utf-8").split("\n")[:-1]]
    assert [len(row) for row in rows] == [4] * 5
    assert rows[3][2:] == ["A\\rB\\t好", ""] and rows[4][2] == "caf\\xe9\\t\\xba"
    assert not (tmp_path / "repaired.tsv").exists()


@pytest.mark.parametrize(("tolerated", "line"), [((MALFORMED,), 3), ((EMPTY,), 2)])
def test_each_option_tolerates_its_own_faults(tolerated: tuple[str, ...], line: int, tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_bytes(FAULTY)
    with pytest.raises(DataError, match=rf"line {line}: no tab"):
        read_tsv(path, Record(tolerated))


def test_faulty_lines_of_parallel_files_are_dropped_once_with_both_sides(tmp_path: Path) -> None:
    (tmp_path / "zh").write_bytes("嗨。\n一\r二\n\n不。\n".encode())
    (tmp_path / "en").write_bytes(b"Hi.\n\xff\nYes.\nNo.\n")
    record = Record((MALFORMED, EMPTY))
    assert read_parallel(tmp_path / "zh", tmp_path / "en", record).pairs == [Pair("嗨。", "Hi."), Pair("不。", "No.")]
    assert record.dropped == [
        Entry("carriage return inside the line", f"{tmp_path / 'zh'}, line 2", "\\xff", "一\r二"),
        Entry("the Chinese side is empty", f"{tmp_path / 'zh'}, line 3", "Yes.", ""),
    ]


def test_markup_of_iwslt_is_dropped_and_listed(tmp_path: Path) -> None:
    names = [tmp_path / f"train.tags.zh-en.{language}" for language in ("zh", "en")]
    names[0].write_text("<url>http://a</url>\n嗨。\n<3\n", encoding="utf-8")
    names[1].write_text("<url>http://a</url>\nHi.\n<3\n", encoding="utf-8")
    record = Record()
    assert read_parallel(names[0], names[1], record).pairs == [Pair("嗨。", "Hi."), Pair("<3", "<3")]
    assert record.counts() == {"line of markup": 1}
