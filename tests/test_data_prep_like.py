"""Data that are prepared like other data, for a model of those: `prepare --like`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch

import reencoder  # noqa: F401  # allows what checkpoints hold
from data_prep.__main__ import main
from data_prep.corpora import SplitInput, read_and_split
from data_prep.options import Options
from data_prep.phrasebook import write_phrasebook
from reencoder.text.manifest import fingerprint
from tests.programs import succeed

SPLIT = ["--test-permille", "100", "--valid-permille", "100"]
PIECES = [
    "--segmentation",
    "jieba-sentencepiece",
    "--target-segmentation",
    "sentencepiece",
    "--sentencepiece-type",
    "bpe",
]
PIECES += ["--sentencepiece-vocab-size", "800", "--sentencepiece-target-vocab-size", "300"]
KINDS = {"words": ["--min-count", "1", "--keep-case"], "pieces": PIECES}
TEXT = [
    *("bin/dict.zh.txt", "bin/dict.en.txt"),
    *("sentencepiece.zh.model", "sentencepiece.en.model"),
    "truecase.en.json",
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Prepared data of each kind, and pairs that were not used for them."""
    folder = tmp_path_factory.mktemp("like")
    write_phrasebook(folder / "pairs.tsv", 300, 1)
    for kind, options in KINDS.items():
        assert run("--tsv", folder / "pairs.tsv", "--dest", folder / kind, *SPLIT, *options) == 0
    write_phrasebook(folder / "new.tsv", 200, 2)
    return folder


def run(*options: object) -> int:
    return main(["prepare", *map(str, options)])


def manifest_of(data: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((data / "manifest.json").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("kind", KINDS)
def test_tokens_get_the_same_numbers(folder: Path, kind: str, tmp_path: Path) -> None:
    like, new = folder / kind, tmp_path / "new"
    # fairseq's folder is understood, too.
    assert run("--tsv", folder / "new.tsv", "--dest", new, *SPLIT, "--like", like / "bin") == 0
    copied = {name for name in TEXT if (like / name).exists()}
    assert copied == {name for name in TEXT if (new / name).exists()}
    assert [name for name in copied if (like / name).read_bytes() != (new / name).read_bytes()] == []
    assert fingerprint(new / "manifest.json") == fingerprint(like / "manifest.json")
    before, now = manifest_of(like), manifest_of(new)
    assert now["options"] == before["options"] and now.get("sentencepiece") == before.get("sentencepiece")
    assert now["like"] == {"path": str(like / "bin"), "fingerprint": fingerprint(like / "manifest.json")}
    assert "like" not in before
    if kind == "words":
        known = {line.split()[0] for line in (like / "bin" / "dict.en.txt").read_text().splitlines()}
        words = (new / "text" / "train.en").read_text().split()
        unknown = sum(word not in known for word in words)
        assert now["counts"]["train"]["en"]["unknown_percent"] == pytest.approx(100 * unknown / len(words), abs=0.01)
        assert unknown > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--segmentation", "char"], "--segmentation: LIKE was prepared with jieba, not char; with --like, leave"),
        (
            ["--target-segmentation", "sentencepiece"],
            "--target-segmentation: LIKE was prepared with words, not sentencepiece; with --like, leave the option out",
        ),
        (["--min-count", "3"], "--min-count: LIKE was prepared with 1, not 3; with --like, leave the option out"),
        (["--phrase-pairs", "9"], "--phrase-tag '<phrase>': LIKE/bin/dict.zh.txt lacks it, so the model has no such"),
        (["--overwrite", "--dest", "LIKE"], "--dest LIKE: --overwrite would delete the input LIKE/bin/dict.zh.txt"),
    ],
)
def test_options_that_would_change_the_tokens_are_refused(
    folder: Path, options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    like = str(folder / "words")
    options = ["--dest", str(tmp_path / "new"), *(option.replace("LIKE", like) for option in options)]
    assert run("--tsv", folder / "new.tsv", "--like", like, *options) == 2
    assert capsys.readouterr().err.splitlines()[-1].startswith("error: " + message.replace("LIKE", like))
    assert not (tmp_path / "new").exists()


def test_damaged_data_are_refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["copy-text", str(folder / "words"), str(tmp_path / "checkpoints")]) == 0
    dictionary = tmp_path / "checkpoints" / "bin" / "dict.en.txt"
    dictionary.write_text(dictionary.read_text() + "more 1\n")
    options = ["--tsv", folder / "new.tsv", "--dest", tmp_path / "new", "--like", tmp_path / "checkpoints"]
    assert run(*options) == 2
    assert f"error: {dictionary}: is not the file that " in capsys.readouterr().err
    assert run(*options[:-1], tmp_path) == 2
    assert f"error: {tmp_path / 'manifest.json'}: no such file" in capsys.readouterr().err


def test_sentences_that_were_held_out_are_not_trained_on(folder: Path, tmp_path: Path) -> None:
    like, pairs, synthetic = folder / "words", tmp_path / "pairs.tsv", tmp_path / "synthetic.tsv"
    english, chinese, reference, source = (
        (like / "raw" / f"{part}.{side}").read_text(encoding="utf-8").splitlines()[0]
        for part in ("valid", "test")
        for side in ("en.0", "zh")
    )
    leaks = f"{english}\t{chinese}\nSomething else.\t{source}\n{reference}\t別的。\n"
    pairs.write_text(leaks + "A new one.\t一個新的。\n", encoding="utf-8")
    synthetic.write_text(leaks + "The next one.\t下一個。\n", encoding="utf-8")

    def split(drop_leaks: bool) -> SplitInput:
        options: dict[str, Any] = {"valid_permille": 0, "test_permille": 0, "drop_leaks": drop_leaks}
        return read_and_split(Options(tmp_path / "new", [pairs], like=like, synthetic_tsv=[synthetic], **options))

    kept, dropped = split(False), split(True)
    warning = f"3 training pairs share a sentence with the valid or test set of {like}; --drop-leaks drops them"
    assert (len(kept.parts["train"]), kept.warnings) == (4, [warning])
    assert ([example.english for example in dropped.parts["train"]], dropped.warnings) == (["A new one."], [])
    reason = "shares a sentence with valid or test"
    assert kept.record.counts() == {f"synthetic: {reason}": 3}
    assert dropped.record.counts() == {reason: 3, f"synthetic: {reason}": 3}
    assert (
        [pair.english for pair in kept.synthetic] == [pair.english for pair in dropped.synthetic] == ["The next one."]
    )


def test_a_checkpoint_with_its_text_files_is_enough(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoints = tmp_path / "checkpoints"
    assert main(["copy-text", str(folder / "pieces"), str(checkpoints)]) == 0
    assert run("--tsv", folder / "new.tsv", "--dest", tmp_path / "new", *SPLIT, "--like", checkpoints) == 0
    assert f"warning: {checkpoints} does not contain its valid and test set; the" in capsys.readouterr().out
    assert fingerprint(tmp_path / "new" / "manifest.json") == fingerprint(folder / "pieces" / "manifest.json")


def test_a_model_is_trained_further(folder: Path, tmp_path: Path) -> None:
    options = ["--task", "reencoder_translation", "--arch", "reencoder_tiny", "--optimizer", "sgd", "--max-update", 1]
    options += ["--batch-size", 8, "--required-batch-size-multiple", 1, "--num-workers", 0, "--cpu"]
    succeed("train", folder / "pieces" / "bin", *options, "--lr", 0.1, "--save-dir", tmp_path / "first")
    assert run("--tsv", folder / "new.tsv", "--dest", tmp_path / "new", *SPLIT, "--like", folder / "pieces") == 0
    further = ["--finetune-from-model", tmp_path / "first" / "checkpoint_last.pt", "--save-dir", tmp_path / "second"]
    succeed("train", tmp_path / "new" / "bin", *options, "--lr", 1e-9, *further)
    first, second = (
        torch.load(tmp_path / name / "checkpoint_last.pt", weights_only=True) for name in ("first", "second")
    )
    for name, value in first["model"].items():
        assert torch.allclose(value, second["model"][name], atol=1e-6), name
