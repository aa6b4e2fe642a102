"""Files and directories are written whole, and replace nothing that they should not."""

from __future__ import annotations

import hashlib
import os
import threading
from pathlib import Path

import pytest

from data_prep import files
from data_prep.directories import new_directory
from data_prep.errors import DataError
from data_prep.files import new_file, read_lines, recorded_reading, write_lines


def test_a_symbolic_link_stays_and_its_target_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    target, link = tmp_path / "folder" / "target", tmp_path / "link.txt"
    link.symlink_to(target)
    for text in ("new", "newer"):
        with new_file(link) as temporary:
            assert temporary.name == "link.txt" and temporary.parent.parent == target.parent
            temporary.write_text(text)
        assert link.is_symlink() and target.read_text() == text
        assert not target.is_symlink() and list(target.parent.iterdir()) == [target]
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    with pytest.raises(DataError, match="circle: cannot be written"):
        write_lines(circle, ["a"])


@pytest.mark.parametrize("overwrite", [True, False])
def test_a_pipe_is_written_to_and_not_replaced(overwrite: bool, tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_text()), daemon=True)
    reader.start()
    with new_file(pipe, overwrite) as temporary:
        temporary.write_text("text")
        assert list(tmp_path.iterdir()) == [pipe]
    reader.join(timeout=60)
    assert read == ["text"] and pipe.is_fifo() and list(tmp_path.iterdir()) == [pipe]


def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    master, slave = os.openpty()  # a device in whose folder no file can be made, even by root
    link = tmp_path / "link"
    link.symlink_to(os.ttyname(slave))
    write_lines(link, ["text"])
    assert os.read(master, 100) == b"text\r\n"
    assert link.is_symlink() and link.is_char_device()
    os.close(slave)
    os.close(master)


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_appears_meanwhile_is_not_replaced(
    links: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_links(*_: Path) -> None:
        raise PermissionError("no links here")

    if not links:
        monkeypatch.setattr(files.os, "link", no_links)
    path = tmp_path / "file"
    with (
        pytest.raises(DataError, match=r"--output .*file: was written by another program meanwhile"),
        new_file(path, overwrite=False, option="--output") as temporary,
    ):
        temporary.write_text("mine")
        path.write_text("another's")
    assert path.read_text() == "another's" and list(tmp_path.iterdir()) == [path]
    path.unlink()
    with new_file(path, overwrite=False) as temporary:
        temporary.write_text("mine")
    assert path.read_text() == "mine" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("overwrite", "message"), [(False, "exists and is not empty"), (True, "would delete .*notes, which no earlier run")]
)
def test_a_directory_that_appears_meanwhile_is_not_replaced(overwrite: bool, message: str, tmp_path: Path) -> None:
    dest = tmp_path / "data"

    def foreign(folder: Path) -> Path:
        return next(folder.iterdir())

    with pytest.raises(DataError, match=message), new_directory(dest, overwrite, foreign, []) as temporary:
        (temporary / "file").write_text("mine")
        dest.mkdir()
        (dest / "notes").write_text("another's")
    assert list(tmp_path.iterdir()) == [dest] and [path.name for path in dest.iterdir()] == ["notes"]


def test_an_empty_directory_that_appears_meanwhile_is_replaced(tmp_path: Path) -> None:
    dest = tmp_path / "data"
    with new_directory(dest, False, lambda _: None, []) as temporary:
        (temporary / "file").touch()
        dest.mkdir()
    assert list(tmp_path.iterdir()) == [dest] and [path.name for path in dest.iterdir()] == ["file"]


def test_what_is_recorded_is_what_was_read(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("old\n")
    with recorded_reading() as read:
        assert read_lines(path) == read_lines(path) == ["old"]
        path.write_text("newer\n")
        with pytest.raises(DataError, match="file: has other contents than when it was first read"):
            read_lines(path)
    assert read == {path: {"sha256": hashlib.sha256(b"old\n").hexdigest(), "bytes": 4}}
    assert read_lines(path) == ["newer"]
