"""Compressed files are read whole or refused."""

from __future__ import annotations

import builtins
import bz2
import gzip
import lzma
import zipfile
from pathlib import Path
from typing import Any

import pytest
import zstandard

from data_prep.errors import DataError
from data_prep.files import read_lines

TEXT = "\ufeff嗨。\r\n没门！\n".encode()
COMPRESSED = {".gz": gzip.compress(TEXT), ".xz": lzma.compress(TEXT), ".zst": zstandard.compress(TEXT)}


@pytest.mark.parametrize("ending", COMPRESSED)
def test_compressed_files_are_read_and_damaged_ones_refused(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"text{ending}"
    path.write_bytes(COMPRESSED[ending])
    assert read_lines(path) == ["嗨。", "没门！"]
    for damaged in (COMPRESSED[ending][:-4], b"plain text"):
        path.write_bytes(damaged)
        with pytest.raises(DataError, match=r"damaged or incomplete"):
            read_lines(path)


def test_files_of_several_streams_must_have_the_end_of_each(tmp_path: Path) -> None:
    # zstd: the first frame does not tell its size; a skippable frame contains no text
    unknown = zstandard.ZstdCompressor(write_content_size=False).compress(b"b\n")
    skippable = b"\x50\x2a\x4d\x18\x04\x00\x00\x00abcd"
    for ending, first, second in (
        (".gz", gzip.compress(b"b\n"), gzip.compress(b"a\n")),
        (".XZ", lzma.compress(b"b\n") + bytes(8), lzma.compress(b"a\n")),
        (".zst", unknown + skippable, zstandard.compress(b"a\n")),
    ):
        path = tmp_path / f"text{ending}"
        path.write_bytes(first + second)
        assert read_lines(path) == ["b", "a"]
        for content in (first + second[:-1], first + second[:1], first + second + b"more", b""):
            path.write_bytes(content)
            with pytest.raises(DataError, match=rf"text{ending}: damaged or incomplete"):
                read_lines(path)
    (tmp_path / "text.zst").write_bytes(unknown[:-1])
    with pytest.raises(DataError, match="the file ends before its contents do"):
        read_lines(tmp_path / "text.zst")


def test_what_is_compressed_in_another_way_is_refused(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "text.zip", "w") as bundle:
        bundle.writestr("text", TEXT)
    contents = {"zip": (tmp_path / "text.zip").read_bytes(), "bzip2": bz2.compress(TEXT)}
    contents |= dict(zip(("gzip", "xz", "zstd"), COMPRESSED.values(), strict=True))
    for name, content in contents.items():
        for path, written in ((tmp_path / "text", content), (tmp_path / "twice.gz", gzip.compress(content))):
            path.write_bytes(written)
            with pytest.raises(DataError, match=rf"{path.name}: is compressed \({name}\); unpack it first, or give it"):
                read_lines(path)
    (tmp_path / "text").write_bytes(b"BZh9 begins a text, and so does PK\n")
    assert read_lines(tmp_path / "text") == ["BZh9 begins a text, and so does PK"]


def test_without_zstandard_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "text.zst").write_bytes(COMPRESSED[".zst"])
    real = builtins.__import__

    def missing(name: str, *args: Any, **kwargs: Any) -> Any:
        if name == "zstandard":
            raise ModuleNotFoundError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", missing)
    with pytest.raises(DataError, match=r"text.zst: .zst needs the package zstandard; install the extra 'data'"):
        read_lines(tmp_path / "text.zst")
