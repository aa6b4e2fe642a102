"""The prepare command, from a file of pairs to what fairseq-train opens."""

from __future__ import annotations

import hashlib
import io
import json
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from data_prep.__main__ import main
from data_prep.files import sha256_of
from data_prep.segment import segment_stream

NAMES = ["汤姆", "玛丽", "约翰", "爱丽丝", "鲍勃"]
ENGLISH = ["Tom", "Mary", "John", "Alice", "Bob"]


def pairs() -> list[tuple[str, str, str]]:
    """English, Chinese, attribution; some sources have two references. In the last two pairs a side has no letters."""
    found = []
    for number in range(60):
        chinese, english = NAMES[number % 5], ENGLISH[number % 5]
        source = f"{chinese}有{number}本書。"
        found.append((f"{english} has {number} books.", source, f"CC-BY {number}"))
        if number % 3 == 0:
            found.append((f"There are {number} books that belong to {english}.", source, f"CC-BY {number}b"))
    return [*found, ("?!", "你好", "no letter"), ("Well...", "……", "no letter")]


@pytest.fixture(scope="module")
def tsv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("input") / "pairs.tsv"
    path.write_text("".join("\t".join(pair) + "\n" for pair in pairs()) + "\n", encoding="utf-8")
    return path


OPTIONS = ["--test-permille", "150", "--valid-permille", "150"]


@pytest.fixture(scope="module")
def prepared(tsv: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    dest = tmp_path_factory.mktemp("prepared") / "data"
    assert main(["prepare", "--tsv", str(tsv), "--dest", str(dest), *OPTIONS]) == 0
    return dest


def manifest_of(directory: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((directory / "manifest.json").read_text(encoding="utf-8"))
    return loaded


def lines(path: Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    assert text.endswith("\n")
    return text.split("\n")[:-1]


def test_raw_text_contains_every_reference_unchanged(prepared: Path) -> None:
    references: dict[str, list[tuple[str, str]]] = {}
    for english, chinese, attribution in pairs():
        references.setdefault(chinese, []).append((english, attribution))
    for part in ("valid", "test"):
        sources = lines(prepared / "raw" / f"{part}.zh")
        columns = [lines(prepared / "raw" / f"{part}.en.{k}") for k in range(2)]
        assert not (prepared / "raw" / f"{part}.en.2").exists()
        assert sources and {len(column) for column in columns} == {len(sources)}
        for source, *given in zip(sources, *columns, strict=True):
            expected = [english for english, _ in references[source]]
            assert given == expected + [""] * (2 - len(expected))
        expected = [
            f"{line}\t{k}\t{attribution}"
            for line, source in enumerate(sources, 1)
            for k, (_, attribution) in enumerate(references[source])
        ]
        assert lines(prepared / "raw" / f"{part}.attribution") == expected


def test_text_is_tokenised_and_the_target_is_the_first_reference(prepared: Path) -> None:
    for part in ("valid", "test"):
        first = lines(prepared / "raw" / f"{part}.en.0")
        assert [line.lower().replace(".", " .") for line in first] == lines(prepared / "text" / f"{part}.en")
        chinese = lines(prepared / "text" / f"{part}.zh")
        raw = lines(prepared / "raw" / f"{part}.zh")
        assert ["".join(line.split()) for line in chinese] == [line.replace("書", "书") for line in raw]
        assert all(line.endswith("书 。") for line in chinese)


def test_counts_are_those_of_the_files(prepared: Path) -> None:
    manifest = manifest_of(prepared)
    assert sum(counts["pairs"] for counts in manifest["counts"].values()) == len(pairs()) - 2
    assert manifest["dropped"] == {
        "blank line at the end of the file": 1,
        "no letter or digit on the English side": 1,
        "no letter or digit on the Chinese side": 1,
    }
    for part, counts in manifest["counts"].items():
        for language in ("zh", "en"):
            known = {line.rsplit(" ", 1)[0] for line in lines(prepared / "bin" / f"dict.{language}.txt")}
            tokens = [token for line in lines(prepared / "text" / f"{part}.{language}") for token in line.split()]
            side = counts[language]
            assert side["sentences"] == counts["lines"] == len(lines(prepared / "text" / f"{part}.{language}"))
            assert (side["tokens"], side["types"]) == (len(tokens), len(set(tokens)))
            assert side["unknown"] == sum(token not in known for token in tokens)


def test_words_seen_once_are_unknown_and_dictionaries_come_from_training_only(prepared: Path) -> None:
    for language in ("zh", "en"):
        tokens = " ".join(lines(prepared / "text" / f"train.{language}")).split()
        expected = {f"{token} {tokens.count(token)}" for token in tokens if tokens.count(token) >= 2}
        assert set(lines(prepared / "bin" / f"dict.{language}.txt")) == expected
    assert manifest_of(prepared)["counts"]["test"]["zh"]["unknown"] > 0


def test_the_segment_command_segments_as_for_training(prepared: Path) -> None:
    sink = io.BytesIO()
    with (prepared / "raw" / "test.zh").open("rb") as source:
        segment_stream(source, sink, prepared / "manifest.json", "char", None)
    assert sink.getvalue() == (prepared / "text" / "test.zh").read_bytes()


def test_the_manifest_describes_input_and_output(prepared: Path, tsv: Path) -> None:
    manifest = manifest_of(prepared)
    assert manifest["inputs"]["tsv"] == {"path": str(tsv), "sha256": sha256_of(tsv), "bytes": tsv.stat().st_size}
    files = {path.relative_to(prepared).as_posix() for path in prepared.rglob("*") if path.is_file()}
    assert set(manifest["files"]) == files - {"manifest.json"}
    assert all(sha256_of(prepared / name) == digest for name, digest in manifest["files"].items())
    assert manifest["options"]["segmentation"] == "jieba" and manifest["options"]["min_count"] == 2
    assert manifest["command"].startswith("python -m data_prep prepare --tsv ")
    assert {"fairseq", "jieba", "opencc", "sacremoses", "python"} <= set(manifest["versions"])


def test_the_same_input_gives_the_same_bytes_from_parallel_files_too(prepared: Path, tmp_path: Path) -> None:
    files = [tmp_path / f"all, of it.{language}" for language in ("zh", "en")]
    texts = ["".join(pair[column] + "\n" for pair in pairs()).encode() for column in (1, 0)]
    files[1].write_bytes(texts[1])
    os.mkfifo(files[0])  # a pipe, which can be read once only
    threading.Thread(target=files[0].write_bytes, args=(texts[0],), daemon=True).start()
    # The comma: fairseq-preprocess takes it for the separator of a list.
    dest = tmp_path / "a, b" / "data"
    assert main(["prepare", "--parallel", *map(str, files), "--dest", str(dest), *OPTIONS]) == 0
    found, expected = (
        {name: digest for name, digest in manifest_of(folder)["files"].items() if "attribution" not in name}
        for folder in (dest, prepared)
    )
    # It names the files.
    del found["dropped.tsv"], expected["dropped.tsv"]
    assert found == expected
    assert manifest_of(dest)["inputs"] == {
        language: {"path": str(path), "sha256": hashlib.sha256(text).hexdigest(), "bytes": len(text)}
        for language, path, text in zip(("zh", "en"), files, texts, strict=True)
    }


def test_the_printed_counts_and_an_overwritten_destination(
    tsv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    dest = tmp_path / "data"
    arguments = ["prepare", "--tsv", str(tsv), "--dest", str(dest), *OPTIONS]
    assert main([*arguments, "--segmentation", "char", "--min-count", "1", "--keep-case"]) == 0
    before = manifest_of(dest)
    assert before["counts"]["train"]["en"]["unknown"] == 0
    assert "Tom has " in (dest / "text" / "train.en").read_text(encoding="utf-8")
    assert "有 " in (dest / "text" / "train.zh").read_text(encoding="utf-8")
    capsys.readouterr()

    assert main([*arguments, "--overwrite", "--segmentation", "sentencepiece", "--sentencepiece-vocab-size", "32"]) == 0
    after = manifest_of(dest)
    assert (dest / "sentencepiece.zh.model").is_file()
    assert os.listdir(tmp_path) == ["data"]
    printed = capsys.readouterr().out.splitlines()
    for row, part in zip(printed[1:4], ("train", "valid", "test"), strict=True):
        counts = after["counts"][part]
        assert row.split()[:4] == [part, str(counts["pairs"]), str(counts["sources"]), str(counts["zh"]["tokens"])]
    assert "dropped: no letter or digit on the English side: 1" in printed

    (dest / "notes.txt").write_text("mine")
    assert main([*arguments, "--overwrite"]) == 2
    assert "notes.txt" in capsys.readouterr().err
    assert manifest_of(dest) == after
    (dest / "notes.txt").unlink()
    inside = dest / "raw" / "test.zh"
    parallel = ["--parallel", str(inside), str(inside.with_name("test.en.0"))]
    assert main(["prepare", *parallel, "--dest", str(dest), "--overwrite"]) == 2
    assert "would delete the input" in capsys.readouterr().err
    assert manifest_of(dest) == after


def fake_preprocess(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Let `program` run instead of fairseq-preprocess."""
    package = tmp_path / "fake" / "fairseq_cli"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "preprocess.py").write_text(program)
    monkeypatch.setenv("PYTHONPATH", str(package.parent))


def test_a_failing_fairseq_leaves_the_destination_unchanged(
    tsv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fake_preprocess(tmp_path, monkeypatch, "import sys; sys.exit('the disk is on fire')")
    assert main(["prepare", "--tsv", str(tsv), "--dest", str(tmp_path / "data"), *OPTIONS]) == 2
    assert "error: fairseq-preprocess failed with status 1: the disk is on fire\n" in capsys.readouterr().err
    assert os.listdir(tmp_path) == ["fake"]


def test_a_sentence_that_fairseq_loses_is_noticed(
    tsv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """fairseq-preprocess gets a text with one line less than the text that the check reads."""
    fake_preprocess(
        tmp_path,
        monkeypatch,
        "import pathlib, subprocess, sys, os\n"
        "path = pathlib.Path('text/test.en')\n"
        "whole = path.read_bytes()\n"
        "path.write_bytes(b''.join(whole.splitlines(True)[:-1]))\n"
        "del os.environ['PYTHONPATH']\n"
        "subprocess.run([sys.executable, '-m', 'fairseq_cli.preprocess', *sys.argv[1:]], check=True)\n"
        "path.write_bytes(whole)\n",
    )
    assert main(["prepare", "--tsv", str(tsv), "--dest", str(tmp_path / "data"), *OPTIONS]) == 2
    assert "sentences of test.en\n" in capsys.readouterr().err.splitlines(keepends=True)[-1]
    assert os.listdir(tmp_path) == ["fake"]


def test_a_given_split_is_kept_and_its_leaks_are_counted(
    tsv: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    held_out = {"valid": "Hello!\t您好！\nHi.\t您好！\n", "test": "tom HAS 0 books\t別的\nBye.\t再见。\n"}
    options = []
    for part, text in held_out.items():
        (tmp_path / f"{part}.tsv").write_text(text, encoding="utf-8")
        options += [f"--{part}-tsv", str(tmp_path / f"{part}.tsv")]
    dest = tmp_path / "data"
    assert main(["prepare", "--tsv", str(tsv), "--dest", str(dest), *options]) == 0
    manifest = manifest_of(dest)
    assert {part: counts["pairs"] for part, counts in manifest["counts"].items()} == {
        "train": len(pairs()),
        "valid": 2,
        "test": 2,
    }
    assert lines(dest / "raw" / "valid.en.1") == ["Hi."]
    assert manifest["options"]["split"] == "given" and "test_permille" not in manifest["options"]
    warning = "1 training pairs share a sentence with the valid or test set that you gave; --drop-leaks drops them"
    assert manifest["warnings"] == [warning] and f"warning: {warning}" in capsys.readouterr().out
