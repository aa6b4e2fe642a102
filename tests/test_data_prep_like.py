"""Data that are prepared like other data, for a model of those: `prepare --like`."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

import reencoder  # noqa: F401  # allows what checkpoints hold
from data_prep.__main__ import main
from data_prep.corpora import SplitInput, read_and_split
from data_prep.errors import DataError
from data_prep.like import known_text, with_text_options
from data_prep.options import Options
from data_prep.pairs import Pair
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
        assert now["counts"]["train"]["en"]["unknown_percent"] == round(100 * unknown / len(words), 3)
        assert unknown > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--segmentation", "char"], "--segmentation: --like LIKE was prepared with jieba; leave the option out"),
        # Also where the value is the one that is used without --like.
        (["--min-count", "2"], "--min-count: --like LIKE was prepared with 1; leave the option out"),
        (["--phrase-pairs", "9"], "--phrase-pairs: --like LIKE has none, so its model knows no tag; leave it out"),
        (["--sentencepiece-vocab-size", "9"], "--sentencepiece-vocab-size: only with --segmentation sentencepiece or "),
        (["--overwrite", "--dest", "LIKE"], "--dest LIKE: contains the data of --like; choose another destination"),
        (["--overwrite", "--dest", "LIKE/.."], "--dest LIKE/..: contains the data of --like; choose another destin"),
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


def test_another_case_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match=r"^--keep-case: --like .*pieces was prepared without it; leave the option out"):
        with_text_options(folder / "pieces", {"keep_case": True, "segmentation": None})
    with pytest.raises(DataError, match=r"^--keep-case: --like .*words was prepared with it; leave the option out"):
        Options(folder / "new", [folder / "new.tsv"], like=folder / "words", min_count=1)


def test_what_cannot_be_used_is_refused(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text").write_text("abcdefgh" * 10)
    assert (
        main(["characters", str(tmp_path / "text"), "--dest", str(tmp_path / "lm"), "--valid", "9", "--test", "9"]) == 0
    )
    assert main(["copy-text", str(folder / "words"), str(tmp_path / "changed")]) == 0
    dictionary = tmp_path / "changed" / "bin" / "dict.en.txt"
    dictionary.write_text(dictionary.read_text() + "more 1\n")
    assert main(["copy-text", str(folder / "words"), str(tmp_path / "unlisted")]) == 0
    manifest = tmp_path / "unlisted" / "manifest.json"
    content = json.loads(manifest.read_text())
    del content["files"]["bin/dict.zh.txt"]
    manifest.write_text(json.dumps(content))
    capsys.readouterr()
    for name, message in (
        ("lm", "contains no segmentation"),
        ("changed", f"{dictionary}: is not the file that "),
        ("unlisted", f"{manifest}: lists no bin/dict.zh.txt"),
        ("none", "no such file"),
    ):
        assert run("--tsv", folder / "new.tsv", "--dest", tmp_path / "new", "--like", tmp_path / name) == 2
        error = capsys.readouterr().err
        assert error.startswith(
            f"error: --like {tmp_path / name}: not usable as data of `python -m data_prep prepare`: "
        )
        assert message in error


def first_lines(data: Path, *names: str) -> list[str]:
    return [(data / "raw" / name).read_text(encoding="utf-8").splitlines()[0] for name in names]


def split(tsv: Path, like: Path, **options: Any) -> SplitInput:
    text = {"keep_case": True, "min_count": 1, "valid_permille": 0, "test_permille": 0}
    return read_and_split(Options(tsv.parent / "new", [tsv], like=like, **{**text, **options}))


def test_sentences_that_were_held_out_are_not_trained_on(folder: Path, tmp_path: Path) -> None:
    like, pairs, synthetic = folder / "words", tmp_path / "pairs.tsv", tmp_path / "synthetic.tsv"
    english, chinese, reference, source = first_lines(like, "valid.en.0", "valid.zh", "test.en.0", "test.zh")
    leaks = f"{english}\t{chinese}\nSomething else.\t{source}\n{reference}\t別的。\n"
    pairs.write_text(leaks + "A new one.\t一個新的。\n", encoding="utf-8")
    synthetic.write_text(leaks + "The next one.\t下一個。\n", encoding="utf-8")
    kept, dropped = (split(pairs, like, synthetic_tsv=[synthetic], drop_leaks=drop) for drop in (False, True))
    warning = f"3 training pairs share a sentence with the valid or test set of --like {like}; --drop-leaks drops them"
    assert (len(kept.parts["train"]), kept.warnings) == (4, [warning])
    assert ([example.english for example in dropped.parts["train"]], dropped.warnings) == (["A new one."], [])
    reason = "shares a sentence with valid or test"
    assert kept.record.counts() == {f"synthetic: {reason}": 3}
    assert dropped.record.counts() == {reason: 3, f"synthetic: {reason}": 3}
    assert [[pair.english for pair in found.synthetic] for found in (kept, dropped)] == [["The next one."]] * 2
    # Beside the user's own sets each leak counts once.
    sets = {f"{part}_tsv": tmp_path / f"{part}.tsv" for part in ("valid", "test")}
    for path in sets.values():
        path.write_text(f"{english}\t{chinese}\n", encoding="utf-8")
    warning = f"3 training pairs share a sentence with the valid or test set that you gave or of --like {like}; --drop-"
    assert split(pairs, like, **sets).warnings[-1].startswith(warning)
    own = split(pairs, like, **sets, drop_leaks=True)
    assert [example.english for example in own.parts["train"]] == ["A new one."]


def test_every_reference_counts(tmp_path: Path) -> None:
    (tmp_path / "pairs.tsv").write_text("One.\t一。\n", encoding="utf-8")
    (tmp_path / "set.zh").write_text("二。\n三。\n", encoding="utf-8")
    (tmp_path / "set.en.0").write_text("Two.\nThree.\n", encoding="utf-8")
    (tmp_path / "set.en.1").write_text("\nIt is three.\n", encoding="utf-8")
    files = [tmp_path / f"set.{side}" for side in ("zh", "en.0", "en.1")]
    data = tmp_path / "data"
    options = ["--min-count", "1", "--keep-case", "--valid", *files, "--test", *files]
    assert run("--tsv", tmp_path / "pairs.tsv", "--dest", data, *options) == 0
    (tmp_path / "leak.tsv").write_text("it is three\t別的。\n...\t…\n", encoding="utf-8")
    assert "1 training pairs share a sentence with" in split(tmp_path / "leak.tsv", data).warnings[-1]
    known = [Pair("二。", "Two."), Pair("三。", "Three."), Pair("三。", "It is three.")]
    assert known_text(data).held_out() == [*known, *known]


def test_damaged_held_out_sets_are_refused(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "words", tmp_path / "words")
    like = known_text(tmp_path / "words")
    assert like.held_out()
    source = tmp_path / "words" / "raw" / "test.zh"
    content = source.read_bytes()
    source.write_bytes(content + b"\xff\n")
    with pytest.raises(DataError, match=r"raw/test\.zh: is not the file that .*; prepare the data again$"):
        like.held_out()
    source.unlink()
    with pytest.raises(DataError, match=r"^--like .*: .*raw/test\.zh is missing, which the manifest lists; prepare it"):
        like.held_out()
    shutil.rmtree(source.parent)
    assert like.held_out() is None


def test_held_out_sentences_stay_known(folder: Path, tmp_path: Path) -> None:
    options = ["--valid-permille", 0, "--test-permille", 0]
    assert run("--tsv", folder / "new.tsv", "--dest", tmp_path / "second", *options, "--like", folder / "words") == 0
    assert {(pair.chinese, pair.english) for pair in known_text(tmp_path / "second").held_out() or []} == {
        (pair.chinese, pair.english) for pair in known_text(folder / "words").held_out() or []
    }
    english, chinese = first_lines(folder / "words", "test.en.0", "test.zh")
    (tmp_path / "leak.tsv").write_text(f"{english}\t{chinese}\n", encoding="utf-8")
    assert "1 training pairs share" in split(tmp_path / "leak.tsv", tmp_path / "second").warnings[0]


def test_data_without_held_out_sets_give_no_warning(folder: Path, tmp_path: Path) -> None:
    options = ["--valid-permille", 0, "--test-permille", 0, *KINDS["words"]]
    assert run("--tsv", folder / "new.tsv", "--dest", tmp_path / "all", *options) == 0
    assert split(folder / "new.tsv", tmp_path / "all").warnings == []


def test_sentences_that_were_trained_on_are_counted(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    like, rows = folder / "words", (folder / "pairs.tsv").read_text(encoding="utf-8").splitlines()
    english, chinese = ((like / "text" / f"train.{language}").read_text().splitlines() for language in ("en", "zh"))
    (tmp_path / "new.tsv").write_text("A new one.\t一個新的。\n", encoding="utf-8")
    held_out = [row for row in rows if row.split("\t")[1] not in (like / "raw" / "valid.zh").read_text()][:40]
    # Of some only the Chinese side is known.
    some = [row.split("\t")[1] for row in held_out[::3]]
    held_out[::3] = [f"Nobody has said {number}.\t{source}" for number, source in enumerate(some)]
    for part, lines in (("valid", held_out), ("test", ["The next one.\t下一個。"])):
        (tmp_path / f"{part}.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    sets = ["--valid-tsv", tmp_path / "valid.tsv", "--test-tsv", tmp_path / "test.tsv"]
    assert run("--tsv", tmp_path / "new.tsv", "--dest", tmp_path / "new", *sets, "--like", like) == 0
    new = [(tmp_path / "new" / "text" / f"valid.{side}").read_text().splitlines() for side in ("en", "zh")]
    found = sum(target in english or source in chinese for target, source in zip(*new, strict=True))
    assert 0 < found < len(new[0])
    warned = [line for line in capsys.readouterr().out.splitlines() if "in the training set of" in line]
    assert warned == [
        f"warning: {found} of {len(new[0])} sentences of the new valid set are in the training set of --like {like}, "
        "in at least one language; its model scores too well on them"
    ]


def test_a_checkpoint_with_its_text_files_is_enough(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    checkpoints = tmp_path / "checkpoints"
    assert main(["copy-text", str(folder / "pieces"), str(checkpoints)]) == 0
    assert run("--tsv", folder / "new.tsv", "--dest", tmp_path / "new", *SPLIT, "--like", checkpoints) == 0
    output = capsys.readouterr().out
    assert f"warning: --like {checkpoints} does not contain its validation and test set; the training" in output
    assert f"warning: --like {checkpoints} does not contain its training set: sentences of the new valid and " in output
    assert fingerprint(tmp_path / "new" / "manifest.json") == fingerprint(folder / "pieces" / "manifest.json")
    options = ["--tsv", folder / "new.tsv", "--dest", tmp_path / "other", "--like", checkpoints, "--drop-leaks"]
    assert run(*options) == 2
    assert f"error: --drop-leaks: --like {checkpoints} does not contain its validation" in capsys.readouterr().err


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
