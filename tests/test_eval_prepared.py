"""Scores and alignments are only of the files that were prepared."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from data_prep.errors import DataError
from data_prep.manifest import checksums, write_manifest
from eval.__main__ import main
from eval.prepared import check_unchanged
from eval.sentence_pairs import split_pairs
from eval.split import read_split
from eval.training_words import training_counts

FILES = {
    "raw/test.zh": "你好。\n再见。\n",
    "raw/test.en.0": "Hello.\nBye.\n",
    "raw/test.en.1": "Hi.\n\n",
    "text/test.zh": "你好 。\n再见 。\n",
    "text/test.en": "hello .\nbye .\n",
    "text/train.zh": "你好 。\n谢谢 。\n",
    "text/train.en": "hello .\nthanks .\n",
}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    write_manifest(folder, {"options": {"segmentation": "jieba"}, "files": checksums(folder)})
    return folder


def rotate(path: Path) -> None:
    """Put the first line of a file last."""
    first, *rest = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join([*rest, first]), encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("raw/test.zh", lambda data: read_split(data, "test")),
        ("raw/test.en.0", lambda data: read_split(data, "test")),
        ("raw/test.en.1", lambda data: read_split(data, "test")),
        ("text/test.zh", lambda data: split_pairs(data, "test")),
        ("text/test.en", lambda data: split_pairs(data, "test")),
        ("text/train.en", lambda data: training_counts(None, data, False)),
    ],
)
def test_a_file_that_has_changed_is_refused(name: str, read: Callable[[Path], object], data: Path) -> None:
    read(data)
    rotate(data / name)
    with pytest.raises(DataError, match=rf"{name}: is not the file that .*manifest\.json describes .*prepare"):
        read(data)


def test_commands_refuse_references_and_sources_that_have_changed(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b"):
        (tmp_path / name).write_text("Hello.\nBye.\n")
    compare = ["compare", str(tmp_path / "a"), str(tmp_path / "b"), "--samples", "5", "--trials", "5"]
    commands = [["score", str(tmp_path / "a"), "--samples", "0"], compare]
    assert [main([*command, "--data", str(data)]) for command in commands] == [0, 0]
    for name, number in (("raw/test.en.0", 2), ("raw/test.zh", 1)):
        rotate(data / name)
        for command in commands[-number:]:
            assert main([*command, "--data", str(data)]) == 2
            assert f"{data / name}: is not the file that" in capsys.readouterr().err
        (data / name).write_text(FILES[name], encoding="utf-8")


def test_references_that_were_added_or_removed_are_refused(data: Path) -> None:
    (data / "raw" / "test.en.2").write_text("Hello!\n\n")
    with pytest.raises(DataError, match=r"test\.en\.2: .*manifest\.json does not list this file, so it was added"):
        read_split(data, "test")
    (data / "raw" / "test.en.2").unlink()
    (data / "raw" / "test.en.1").unlink()
    with pytest.raises(DataError, match=r"test\.en\.1: no such file, though .*manifest\.json lists it"):
        read_split(data, "test")


def test_data_that_cannot_be_checked_pass(data: Path) -> None:
    manifest = json.loads((data / "manifest.json").read_text(encoding="utf-8"))
    rotate(data / "raw" / "test.zh")
    listed = {name: checksum for name, checksum in manifest["files"].items() if not name.startswith("raw/")}
    for files in ({"files": listed}, {}):
        write_manifest(data, {"options": manifest["options"], **files})
        assert read_split(data, "test").sources == ["再见。", "你好。"]
    (data / "manifest.json").unlink()
    assert read_split(data, "test").sources == ["再见。", "你好。"]


def test_a_manifest_without_a_table_of_files_is_refused(data: Path) -> None:
    write_manifest(data, {"files": ["raw/test.zh"]})
    with pytest.raises(DataError, match="'files' is not a table of checksums"):
        check_unchanged(data, [data / "raw" / "test.zh"])
