"""Phrase pairs as a second part of the training set, from `data_prep prepare` to what fairseq-train opens."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from data_prep import phrase_part, prepare, training_alignments, word_alignment
from data_prep.__main__ import main
from data_prep.word_alignment import Link

NAMES = {"汤姆": "Tom", "玛丽": "Mary", "约翰": "John"}
LINKED = {**{chinese: english.lower() for chinese, english in NAMES.items()}, "有": "has", "猫": "cats", "。": "."}
SPLIT = ["--test-permille", "150", "--valid-permille", "150"]
FLAGS = [*SPLIT, "--phrase-pairs", "1000", "--phrase-min-frequency", "0"]


@pytest.fixture(scope="module")
def tsv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sentences such as "汤姆有7只猫。", "Tom has 7 cats."; every number occurs with one name only."""
    path = tmp_path_factory.mktemp("input") / "pairs.tsv"
    names = list(NAMES.items())
    lines = [f"{names[n % 3][1]} has {n} cats.\t{names[n % 3][0]}有{n}只猫。\n" for n in range(100, 160)]
    path.write_text("".join(lines), encoding="utf-8")
    return path


class WordForWord:
    """Stands for eflomal: links words by a dictionary, and equal numbers. "只" has no link."""

    def __init__(self) -> None:
        self.source: list[str] = []

    def __call__(self, source: Iterable[str], target: Iterable[str], seed: int) -> list[set[Link]]:
        sources = list(source)
        self.source += sources
        return [
            {
                (i, j)
                for i, word in enumerate(chinese.split())
                for j, other in enumerate(english.split())
                if LINKED.get(word, word) == other
            }
            for chinese, english in zip(sources, target, strict=True)
        ]


def prepare_with(dest: Path, tsv: Path, flags: list[str]) -> WordForWord:
    aligner = WordForWord()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phrase_part, "align_words", aligner)
        patch.setattr(training_alignments, "align_words", aligner)
        patch.setattr(prepare, "check_aligner", lambda option: None)
        assert main(["prepare", "--tsv", str(tsv), "--dest", str(dest), *flags]) == 0
    return aligner


@pytest.fixture(scope="module")
def prepared(tsv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    dest = tmp_path_factory.mktemp("prepared") / "data"
    aligner = prepare_with(dest, tsv, FLAGS)
    assert aligner.source == lines(dest / "text" / "train.zh")
    return dest


def manifest_of(directory: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    return loaded


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def test_the_phrase_pairs_are_those_worked_out_by_hand(prepared: Path) -> None:
    """Every number occurs once, so all phrases with a number are left out as unknown. "只" may begin a phrase."""
    sources, targets = (lines(prepared / "text" / f"train1.{language}") for language in ("zh", "en"))
    expected = {("猫", "cats"), ("只 猫", "cats"), ("猫 。", "cats ."), ("只 猫 。", "cats ."), ("。", ".")}
    expected |= {("有", "has")}
    for chinese, english in NAMES.items():
        expected |= {(chinese, english.lower()), (f"{chinese} 有", f"{english.lower()} has")}
    assert {(f"<phrase> {source}", target) for source, target in expected} == set(zip(sources, targets, strict=True))
    assert len(sources) == len(expected)
    # The most frequent phrases of all sentences come first, words before phrases.
    assert sources[:3] == ["<phrase> 。", "<phrase> 有", "<phrase> 猫"]


def test_the_manifest_counts_the_phrase_pairs(prepared: Path) -> None:
    manifest = manifest_of(prepared)
    phrases, train = manifest["phrases"], manifest["counts"]["train"]
    assert (phrases["part"], phrases["pairs"]) == ("train1", 12)
    assert phrases["zh"] == {"sentences": 12, "tokens": 31, "types": 8, "unknown": 0}
    assert phrases["en"] == {"sentences": 12, "tokens": 17, "types": 6, "unknown": 0}
    # Of the six Chinese words of a sentence, five have a link.
    assert phrases["links"] == 5 * train["lines"]
    assert phrases["candidates"] - phrases["dropped"]["unknown word"] == 12
    # Lengths with end of sentence and tag.
    pairs = [(3, 2)] * 6 + [(4, 2), (4, 3), (5, 3)] + [(4, 3)] * 3
    for name, phrase, sentence in (
        ("pairs", 12, 1),
        ("target_tokens", sum(target for _, target in pairs), 6),
        ("blocks", sum(source * target for source, target in pairs), 7 * 6),
    ):
        assert phrases["share_percent"][name] == pytest.approx(
            100 * phrase / (phrase + sentence * train["lines"]), abs=0.06
        )
    assert manifest["options"]["phrase_tag"] == "<phrase>" and manifest["options"]["phrase_pairs"] == 1000
    assert "text/train1.zh" in manifest["files"] and "bin/train1.zh-en.en.bin" in manifest["files"]


def test_all_else_is_as_without_phrase_pairs(prepared: Path, tsv: Path, tmp_path: Path) -> None:
    assert main(["prepare", "--tsv", str(tsv), "--dest", str(tmp_path / "data"), *SPLIT]) == 0
    without, with_phrases = manifest_of(tmp_path / "data"), manifest_of(prepared)
    same = {name: digest for name, digest in with_phrases["files"].items() if "train1" not in name}
    del same["bin/dict.zh.txt"], without["files"]["bin/dict.zh.txt"]
    assert same == without["files"]
    dictionary = lines(tmp_path / "data" / "bin" / "dict.zh.txt")
    assert lines(prepared / "bin" / "dict.zh.txt") == [*dictionary, "<phrase> 12"]
    assert "phrases" not in without and not any("phrase" in option for option in without["options"])


def test_fairseq_trains_on_sentences_and_phrases(prepared: Path) -> None:
    from fairseq.tasks.translation import TranslationConfig, TranslationTask

    data = str(prepared / "bin")
    config = TranslationConfig(data=data, source_lang="zh", target_lang="en", train_subset="train")
    config.dataset_impl, config.upsample_primary = None, 2
    task = TranslationTask.setup_task(config)
    task.load_dataset("train", combine=True)
    sentences = len(lines(prepared / "text" / "train.zh"))
    assert len(task.datasets["train"]) == 2 * sentences + 12
    last = task.datasets["train"][2 * sentences + 11]
    found = [task.source_dictionary.string(last["source"]), task.target_dictionary.string(last["target"])]
    assert found == [lines(prepared / "text" / f"train1.{language}")[-1] for language in ("zh", "en")]


def test_the_number_of_pairs_is_limited_and_the_share_printed(
    prepared: Path, tsv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dest = tmp_path / "data"
    prepare_with(dest, tsv, [*FLAGS, "--phrase-pairs", "4", "--phrase-tag", "▁P"])
    assert lines(dest / "text" / "train1.en") == lines(prepared / "text" / "train1.en")[:4]
    assert lines(dest / "text" / "train1.zh")[0] == "▁P 。"
    assert manifest_of(dest)["phrases"]["dropped"]["more than --phrase-pairs"] > 0
    printed = capsys.readouterr().out
    assert "\nphrase pairs: 4 in the part train1 (" in printed and " % of the target tokens, " in printed


def test_characters_of_phrases(tsv: Path, tmp_path: Path) -> None:
    """Words are aligned, then split into characters."""
    aligner = prepare_with(tmp_path / "data", tsv, [*FLAGS, "--segmentation", "char"])
    assert all(" 只 猫 。" in line and "汤 姆" not in line for line in aligner.source)
    pairs = zip(*(lines(tmp_path / "data" / "text" / f"train1.{language}") for language in ("zh", "en")), strict=True)
    assert ("<phrase> 汤 姆 有", "tom has") in set(pairs)


def test_a_tag_that_occurs_in_the_data_is_refused(
    tsv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare, "check_aligner", lambda option: None)
    arguments = ["prepare", "--tsv", str(tsv), "--dest", str(tmp_path / "data"), *FLAGS, "--phrase-tag", "猫"]
    assert main(arguments) == 2
    assert "error: --phrase-tag '猫': occurs in test.zh, line 1; choose another tag\n" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_data_without_phrase_pairs_within_the_limits_is_refused(
    tsv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(prepare, "check_aligner", lambda option: None)
    monkeypatch.setattr(phrase_part, "align_words", WordForWord())
    arguments = ["prepare", "--tsv", str(tsv), "--dest", str(tmp_path / "data"), *FLAGS, "--phrase-min-count", "61"]
    assert main(arguments) == 2
    assert "error: --phrase-pairs: no phrase pair of the training set is within the limits" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_without_eflomal_the_extra_is_named_at_once(
    tsv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(word_alignment, "find_spec", lambda name: None)
    assert main(["prepare", "--tsv", str(tsv), "--dest", str(tmp_path / "data"), "--phrase-pairs", "9"]) == 2
    assert capsys.readouterr().err == (
        "error: --phrase-pairs: needs the word aligner eflomal, which is not installed; install this project's extra "
        "'align': pip install '.[align]'\n"
    )
    assert not list(tmp_path.iterdir())


def test_with_eflomal_the_same_input_gives_the_same_bytes(tsv: Path, tmp_path: Path) -> None:
    pytest.importorskip("eflomal")
    found = []
    for name in ("one", "two"):
        assert main(["prepare", "--tsv", str(tsv), "--dest", str(tmp_path / name), *FLAGS]) == 0
        found.append(manifest_of(tmp_path / name))
    assert found[0]["files"] == found[1]["files"]
    assert found[0]["versions"]["eflomal"] != "unknown"
    targets = lines(tmp_path / "one" / "text" / "train1.en")
    assert "tom" in targets and "cats ." in targets


def test_data_like_these_have_the_tag_once(prepared: Path, tsv: Path, tmp_path: Path) -> None:
    prepare_with(tmp_path / "data", tsv, [*FLAGS, "--like", str(prepared)])
    dictionary = (tmp_path / "data" / "bin" / "dict.zh.txt").read_text(encoding="utf-8")
    assert dictionary == (prepared / "bin" / "dict.zh.txt").read_text(encoding="utf-8")
    assert dictionary.count("<phrase>") == 1
