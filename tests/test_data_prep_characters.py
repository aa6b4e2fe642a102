"""Text for character language models: alphabet, splits, messages."""

from __future__ import annotations

import gzip
import hashlib
import json
import lzma
import os
import threading
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from data_prep.__main__ import main
from data_prep.characters import Options, number_symbols, prepare_characters, read_symbols

TEXT = "Grüße, 世界!\r\n\x00ab\nab"


def prepare(text: bytes, folder: Path, *options: str) -> int:
    (folder / "text").write_bytes(text)
    return main(["characters", str(folder / "text"), "--dest", str(folder / "data"), *options])


def read_back(folder: Path) -> tuple[str, list[list[int]]]:
    """Level, and the values of the symbols of each split."""
    alphabet = json.loads((folder / "data" / "alphabet.json").read_text())
    parts = [np.load(folder / "data" / f"{split}.npy") for split in ("train", "valid", "test")]
    assert all(part.ndim == 1 and part.dtype.kind == "u" for part in parts)
    return alphabet["level"], [[alphabet["symbols"][index] for index in part] for part in parts]


@pytest.mark.parametrize("level", ["byte", "character"])
def test_the_end_is_for_the_test_and_nothing_is_lost(
    level: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepare(TEXT.encode(), tmp_path, "--level", level, "--valid", "3", "--test", "2") == 0
    symbols = list(TEXT.encode()) if level == "byte" else [ord(character) for character in TEXT]
    found = read_back(tmp_path)
    assert found == (level, [symbols[:-5], symbols[-5:-2], symbols[-2:]])
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split() == ["train", str(len(symbols) - 5), f"{level}s"]
    assert printed[3].split()[:2] == ["alphabet", str(len(set(symbols)))]
    manifest = json.loads((tmp_path / "data" / "manifest.json").read_text())
    assert manifest["counts"]["alphabet"] == len(set(symbols)) and manifest["options"]["level"] == level
    assert manifest["inputs"]["text"]["sha256"] == hashlib.sha256(TEXT.encode()).hexdigest()
    for name, digest in manifest["files"].items():
        assert hashlib.sha256((tmp_path / "data" / name).read_bytes()).hexdigest() == digest


def test_a_text_may_come_from_a_pipe(tmp_path: Path) -> None:
    pipe, dest = tmp_path / "pipe", tmp_path / "data"
    os.mkfifo(pipe)
    threading.Thread(target=pipe.write_text, args=("abcd",), daemon=True).start()
    assert main(["characters", str(pipe), "--dest", str(dest), "--valid", "1", "--test", "1"]) == 0
    manifest = json.loads((dest / "manifest.json").read_text())
    expected = {"path": str(pipe), "sha256": hashlib.sha256(b"abcd").hexdigest(), "bytes": 4}
    assert manifest["inputs"]["text"] == expected


def test_a_text_may_have_more_than_256_characters(tmp_path: Path) -> None:
    text = "".join(map(chr, range(0x4E00, 0x4E00 + 300)))
    assert prepare(text.encode(), tmp_path, "--level", "character", "--valid", "1", "--test", "1") == 0
    assert [chr(symbol) for part in read_back(tmp_path)[1] for symbol in part] == list(text)


@pytest.mark.parametrize("highest", [1, 255, 256, 0x10FFFF])
def test_symbols_are_numbered_by_their_values(highest: int) -> None:
    symbols = np.random.default_rng(1).integers(0, highest, 2000, endpoint=True).astype(np.uint32)
    alphabet, places = number_symbols(symbols)
    expected = np.unique(symbols, return_inverse=True)
    assert alphabet.tolist() == expected[0].tolist() and places.tolist() == expected[1].tolist()
    assert places.dtype == np.min_scalar_type(len(alphabet) - 1)


def test_symbols_that_training_never_sees_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert prepare(b"aaaabbcd", tmp_path, "--valid", "2", "--test", "2") == 0
    assert "4 different bytes (3 of them not in the training set)" in capsys.readouterr().out
    counts = prepare_characters(Options(tmp_path / "text", tmp_path / "more", valid=1, test=1), [])
    assert counts == {"alphabet": 4, "train": 6, "valid": 1, "test": 1, "not_in_train": 2}


def test_only_the_beginning_is_used_with_a_limit(tmp_path: Path) -> None:
    assert prepare(b"abcdefgh", tmp_path, "--limit", "5", "--valid", "1", "--test", "1") == 0
    assert read_back(tmp_path)[1] == [[97, 98, 99], [100], [101]]
    # a character that the limit cuts in two is left out
    (tmp_path / "more").write_bytes("ab世".encode())
    assert read_symbols(tmp_path / "more", "character", 4).tolist() == [97, 98]
    assert read_symbols(tmp_path / "more", "character").tolist() == [97, 98, ord("世")]


@pytest.mark.parametrize(("ending", "compress"), [(".gz", gzip.compress), (".xz", lzma.compress)])
def test_a_text_may_be_compressed(ending: str, compress: Callable[[bytes], bytes], tmp_path: Path) -> None:
    path, sizes = tmp_path / f"text{ending}", ["--valid", "1", "--test", "1", "--limit", "5"]
    path.write_bytes(compress(b"abcdefgh"))
    assert main(["characters", str(path), "--dest", str(tmp_path / "data"), *sizes]) == 0
    assert read_back(tmp_path)[1] == [[97, 98, 99], [100], [101]]
    manifest = json.loads((tmp_path / "data" / "manifest.json").read_text())
    assert manifest["inputs"]["text"]["sha256"] == hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (
            b"abcd",
            ["--valid", "2", "--test", "2"],
            "text are used, which leaves none to train with; choose smaller --valid and --test\n",
        ),
        (
            b"abcdef",
            ["--valid", "2", "--test", "2", "--limit", "4"],
            "which leaves none to train with; choose smaller --valid and --test, or a larger --limit\n",
        ),
        (b"abcd", ["--limit", "5"], "has only 4 bytes"),
        (b"PK\x03\x04abcd", ["--valid", "1", "--test", "1"], "text: is compressed (zip); unpack it first"),
        (b"ab\xffd", ["--level", "character"], "byte 0xff at offset 2 is not UTF-8"),
        ("ab世".encode()[:-1], ["--level", "character"], "byte 0xe4 at offset 2 is not UTF-8"),
    ],
)
def test_bad_input_is_refused(
    text: bytes, options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert prepare(text, tmp_path, *options) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and message in error and error.count("\n") == 1
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--valid", "0"], "--valid: must be at least 1, not 0"),
        (["--test", "-1"], "--test: must be at least 1, not -1"),
        (["--limit", "-1"], "--limit: must be at least 0, not -1"),
    ],
)
def test_sizes_out_of_range_are_refused(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        prepare(b"abcd", tmp_path, *options)
    assert f"error: argument {message}" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_a_missing_file_and_an_existing_folder_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["characters", str(tmp_path / "no"), "--dest", str(tmp_path / "data")]) == 2
    assert "no such file" in capsys.readouterr().err
    sizes = ["--valid", "1", "--test", "1"]
    assert prepare(b"abcd", tmp_path, *sizes) == 0 and prepare(b"abcd", tmp_path, *sizes) == 2
    assert "give --overwrite" in capsys.readouterr().err
    assert prepare(b"abcdef", tmp_path, *sizes, "--overwrite") == 0
    (tmp_path / "data" / "mine").touch()
    assert prepare(b"abcdef", tmp_path, *sizes, "--overwrite") == 2
    assert "which no earlier run wrote" in capsys.readouterr().err


@pytest.mark.shared
def test_the_beginning_of_enwik8_is_prepared(shared_data: Path, tmp_path: Path) -> None:
    text = shared_data / "enwik8" / "enwik8.first4150000"
    counts = prepare_characters(Options(text, tmp_path / "data", valid=250_000, test=250_000), [])
    assert counts["alphabet"] == len(set(text.read_bytes())) == 200
    assert [counts[split] for split in ("train", "valid", "test")] == [3_650_000, 250_000, 250_000]
