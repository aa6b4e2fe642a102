"""Pairs that a model has translated, from the command line to what fairseq-train opens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from data_prep.__main__ import main
from data_prep.dropped import Record
from data_prep.pairs import Pair
from data_prep.synthetic_part import usable_pairs

TRAIN = [Pair("我有一只猫。", "I have a cat."), Pair("狗在跑。", "The dog runs.")]
HELD_OUT = [Pair("鳥在飛。", "The bird flies."), Pair("鱼。", "A fish.")]


def lines(path: Path) -> list[str]:
    return path.read_text(encoding="utf-8").split("\n")[:-1]


def usable(*synthetic: Pair) -> tuple[list[Pair], list[str]]:
    """The usable pairs, and the reasons for which the others are dropped."""
    record = Record()
    kept = list(usable_pairs(synthetic, TRAIN, HELD_OUT, record))
    return kept, [entry.reason for entry in record.dropped]


def test_a_new_translation_of_a_training_sentence_is_used() -> None:
    new = [Pair("我有一只猫。", "I've got a cat."), Pair("狗正在跑。", "The dog runs.")]
    assert usable(*new) == (new, [])


@pytest.mark.parametrize(
    "pair",
    [
        Pair("我有一只猫。", "A fish!"),
        Pair("鸟在飞", "The dog flies."),
        Pair("鱼", "The dog runs."),
    ],
)
def test_a_translation_that_occurs_in_a_held_out_set_is_a_leak(pair: Pair) -> None:
    """In any case, script and punctuation."""
    assert usable(pair) == ([], ["synthetic: shares a sentence with valid or test"])


def test_repetitions_are_dropped() -> None:
    first = Pair("狗跑。", "The dog runs.")
    kept, reasons = usable(Pair("我有一隻貓", "i have a cat"), first, Pair("狗跑", "the dog runs!"))
    assert kept == [first] and reasons == ["synthetic: repeats a pair"] * 2


def test_a_side_of_punctuation_alone_is_dropped() -> None:
    assert usable(Pair("。", "The dog."), Pair("狗。", "...")) == ([], ["synthetic: no letter or digit on a side"] * 2)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Three corpora, and two synthetic ones: new, new, repeated; leak of valid, leak of test."""
    folder = tmp_path_factory.mktemp("input")
    contents = {
        "train": [f"I have {n} cats.\t我有{n}只猫。" for n in range(100, 140)],
        "valid": ["I have 7 cats.\t我有7只猫。"],
        "test": ["I have 8 cats.\t我有8只猫。"],
        "forward": ["I've 100 cats.\t我有100只猫。", "I've 999 cats.\t我有101只猫。", "I have 102 cats\t我有102只猫"],
        "backward": ["I have 7 cats.\t我有100只猫。", "I have 103 cats.\t我有8只猫。", "I have 104 cats.\t有104只猫。"],
    }
    for name, rows in contents.items():
        (folder / f"{name}.tsv").write_text("".join(f"{row}\n" for row in rows), encoding="utf-8")
    return {name: folder / f"{name}.tsv" for name in contents}


def prepare_with(corpus: dict[str, Path], dest: Path, *flags: str) -> int:
    own = ["--valid-tsv", str(corpus["valid"]), "--test-tsv", str(corpus["test"])]
    return main(["prepare", "--tsv", str(corpus["train"]), *own, "--dest", str(dest), *flags])


def test_the_part_contains_the_usable_pairs_and_the_manifest_tells_the_rest(
    corpus: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(corpus["forward"]), str(corpus["backward"])]
    assert prepare_with(corpus, tmp_path / "data", "--synthetic-tsv", *files) == 0
    text = tmp_path / "data" / "text"
    assert lines(text / "train1.zh") == ["我 有 100 只 猫 。", "我 有 101 只 猫 。", "有 104 只 猫 。"]
    assert lines(text / "train1.en") == ["i 've 100 cats .", "i 've 999 cats .", "i have 104 cats ."]
    manifest: dict[str, Any] = json.loads((tmp_path / "data" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["synthetic"]["part"], manifest["synthetic"]["pairs"]) == ("train1", 3)
    assert manifest["dropped"] == {
        "synthetic: repeats a pair": 1,
        "synthetic: shares a sentence with valid or test": 2,
    }
    assert {"tsv", "synthetic_tsv", "synthetic_tsv.2"} <= manifest["inputs"].keys()
    origins = [line.split("\t")[1] for line in lines(tmp_path / "data" / "dropped.tsv")]
    assert origins == [f"{files[0]}, line 3", f"{files[1]}, line 1", f"{files[1]}, line 2"]
    assert "synthetic pairs: 3 in the part train1" in capsys.readouterr().out


def test_the_sentences_and_dictionaries_are_those_without_synthetic_pairs(
    corpus: dict[str, Path], tmp_path: Path
) -> None:
    assert prepare_with(corpus, tmp_path / "plain") == 0
    assert prepare_with(corpus, tmp_path / "more", "--synthetic-tsv", str(corpus["forward"])) == 0
    plain, more = (tmp_path / name for name in ("plain", "more"))
    found = {path.relative_to(plain) for folder in ("bin", "text", "raw") for path in (plain / folder).iterdir()}
    assert all((plain / path).read_bytes() == (more / path).read_bytes() for path in found)
    assert {path.name.partition(".")[0] for path in (more / "bin").iterdir()} > {"train", "train1"}


def test_fairseq_loads_both_parts(corpus: dict[str, Path], tmp_path: Path) -> None:
    from fairseq.tasks.translation import TranslationConfig, TranslationTask

    assert prepare_with(corpus, tmp_path / "data", "--synthetic-tsv", str(corpus["forward"])) == 0
    config = TranslationConfig(
        data=str(tmp_path / "data" / "bin"), source_lang="zh", target_lang="en", train_subset="train"
    )
    config.dataset_impl, config.upsample_primary = None, 3
    task = TranslationTask.setup_task(config)
    task.load_dataset("train", combine=True)
    assert len(task.datasets["train"]) == 3 * 40 + 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("no tab\n", "synthetic.tsv, line 1: no tab"),
        ("I have 100 cats.\t我有100只猫。\n", "--synthetic-tsv: no pair is usable"),
        (None, "synthetic.tsv: no such file"),
    ],
)
def test_bad_input_is_an_error_and_nothing_is_written(
    corpus: dict[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, message: str
) -> None:
    path = tmp_path / "synthetic.tsv"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    assert prepare_with(corpus, tmp_path / "data", "--synthetic-tsv", str(path)) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / "data").exists()
