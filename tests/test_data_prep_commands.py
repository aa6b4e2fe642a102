"""The smaller commands: segment, phrasebook, download, and a fast --help."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from data_prep.__main__ import main
from data_prep.manifest import write_manifest
from data_prep.pairs import read_tsv
from data_prep.segment import segment_stream
from data_prep.subwords import train_sentencepiece

ROOT = Path(__file__).resolve().parent.parent
PAIRS = "Hi.\t嗨。\tCC-BY\n".encode()


class Recorder(io.BytesIO):
    """Records the contents at each flush."""

    def __init__(self) -> None:
        super().__init__()
        self.flushed: list[str] = []

    def flush(self) -> None:
        self.flushed.append(self.getvalue().decode())


def run(*arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "data_prep", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, cwd=ROOT, timeout=60)


def test_segment_is_a_filter_with_as_many_lines_out_as_in() -> None:
    done = run("segment", stdin="\ufeff我在北京大學讀書。\r\n\n  \n\ufeff你好，Ｔｏｍ".encode())
    assert done.returncode == 0 and done.stderr == b""
    assert done.stdout.decode() == "我 在 北京大学 读书 。\n\n\n你好 , Tom\n"


def test_segment_writes_each_line_immediately() -> None:
    sink = Recorder()
    segment_stream(io.BytesIO("你好\n再见\n".encode()), sink, None, "char", None)
    assert sink.flushed == ["你 好\n", "你 好\n再 见\n"]


@pytest.mark.parametrize(("segmentation", "expected"), [("jieba", "我 在 北京大学\n"), ("char", "我 在 北 京 大 学\n")])
def test_segment_reads_its_settings_from_the_manifest(segmentation: str, expected: str, tmp_path: Path) -> None:
    write_manifest(tmp_path, {"options": {"segmentation": segmentation}})
    sink = io.BytesIO()
    other = {"jieba": "char", "char": "jieba"}[segmentation]
    segment_stream(io.BytesIO("我在北京大學\n".encode()), sink, tmp_path / "manifest.json", other, None)
    assert sink.getvalue().decode() == expected


@pytest.mark.parametrize("segmentation", ["sentencepiece", "jieba-sentencepiece"])
def test_segment_finds_the_sentencepiece_model_beside_the_manifest(segmentation: str, tmp_path: Path) -> None:
    write_manifest(tmp_path, {"options": {"segmentation": segmentation}})
    manifest, model = tmp_path / "manifest.json", tmp_path / "sentencepiece.zh.model"
    train_sentencepiece(["早上喝咖啡", "早上看书", "喝茶"] * 5, 12, model)
    sinks = [io.BytesIO(), io.BytesIO()]
    segment_stream(io.BytesIO("早上喝茶\n".encode()), sinks[0], manifest, "jieba", None)
    segment_stream(io.BytesIO("早上喝茶\n".encode()), sinks[1], None, segmentation, model)
    assert sinks[0].getvalue() == sinks[1].getvalue()
    assert "".join(sinks[0].getvalue().decode().split()) == "早上喝茶"


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (None, "no such file (the manifest)"),
        ("{", "cannot be read as a manifest"),
        ("[]", "not a manifest written by"),
        ('{"format": "data_prep/1", "options": {"segmentation": "words"}}', "unknown segmentation 'words'"),
        (
            '{"format": "data_prep/1", "options": {"segmentation": "sentencepiece"}}',
            "sentencepiece.zh.model: no such file",
        ),
    ],
)
def test_a_bad_manifest_is_refused(
    manifest: str | None, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "manifest.json"
    if manifest is not None:
        path.write_text(manifest)
    assert main(["segment", "--manifest", str(path)]) == 2
    error = capsys.readouterr().err
    assert error.startswith(f"error: {tmp_path}") and message in error and error.count("\n") == 1


def test_segment_refuses_bytes_that_are_not_utf_8_and_contradicting_options() -> None:
    done = run("segment", "--segmentation", "char", stdin="好\n".encode() + b"ab\xff\n")
    assert done.returncode == 2
    assert done.stdout.decode() == "好\n"
    assert done.stderr.decode() == (
        "error: standard input, line 2: byte 0xff at offset 6 is not UTF-8; convert the file to UTF-8 first\n"
    )
    done = run("segment", "--sentencepiece-model", "x")
    assert done.returncode == 2 and b"only be used with --segmentation sentencepiece or jieba-" in done.stderr


def test_help_does_not_import_the_large_libraries() -> None:
    program = (
        "import sys, data_prep.__main__ as program\n"
        "try: program.main(['prepare', '--help'])\n"
        "except SystemExit: pass\n"
        "print([name for name in ('torch', 'fairseq', 'jieba', 'opencc', 'sacremoses') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=60)
    assert "--min-count" in done.stdout and done.stdout.splitlines()[-1] == "[]"


def test_phrasebook_is_written_and_overwritten_only_on_request(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "phrasebook.tsv"
    arguments = ["phrasebook", "--output", str(output), "--pairs", "50", "--seed", "3"]
    assert main(arguments) == 0
    assert len(read_tsv(output).pairs) == 50
    assert main(arguments) == 2
    assert "exists already" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(["phrasebook", "--output", str(tmp_path / "none.tsv"), "--pairs", "0"])
    assert "error: argument --pairs: must be at least 1, not 0" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == [output]


def archive(path: Path, member: str = "cmn.txt") -> str:
    """Write a zip archive; return its URL."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("_about.txt", "about")
        bundle.writestr(member, PAIRS)
    return path.as_uri()


def test_download_unpacks_and_prints_the_checksum(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    url, output = archive(tmp_path / "cmn-eng.zip"), tmp_path / "new" / "cmn.tsv"
    digest = hashlib.sha256(PAIRS).hexdigest()
    arguments = ["download", "tatoeba", "--output", str(output), "--url", url, "--sha256", digest.upper()]
    assert main(arguments) == 0
    assert output.read_bytes() == PAIRS
    assert capsys.readouterr().out == f"{digest}  {output}\n"
    assert list(output.parent.iterdir()) == [output]
    assert main(arguments) == 2
    assert "exists already; choose another name or give --overwrite" in capsys.readouterr().err
    assert main([*arguments, "--overwrite"]) == 0


def test_the_output_may_have_the_name_of_an_archive(tmp_path: Path) -> None:
    content = b"".join(hashlib.sha256(b"%d" % number).hexdigest().encode() + b"\tx\n" for number in range(4000))
    with zipfile.ZipFile(tmp_path / "source", "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("cmn.txt", content)
    output = tmp_path / "archive.zip"
    assert main(["download", "tatoeba", "--output", str(output), "--url", (tmp_path / "source").as_uri()]) == 0
    assert output.read_bytes() == content


def test_a_bad_download_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "archives"
    folder.mkdir()
    good = archive(folder / "good.zip")
    other = archive(folder / "other.zip", "fra.txt")
    whole = (folder / "good.zip").read_bytes()
    (folder / "cut.zip").write_bytes(whole[:-30])
    damaged = bytearray(whole)
    start = whole.index(b"cmn.txt") + len("cmn.txt")
    damaged[start : start + 8] = b"\xff" * 8
    (folder / "damaged.zip").write_bytes(damaged)
    cases = [
        (["--url", good, "--sha256", "0" * 64], "the public file changes over time"),
        (["--url", other], "the archive contains no cmn.txt"),
        (["--url", (folder / "cut.zip").as_uri()], "not a complete zip archive"),
        (["--url", (folder / "damaged.zip").as_uri()], "not a complete zip archive"),
        (["--url", (folder / "missing.zip").as_uri()], "cannot be downloaded"),
        (["--url", "no address"], "cannot be downloaded"),
    ]
    for options, message in cases:
        assert main(["download", "tatoeba", "--output", str(tmp_path / "out" / "cmn.tsv"), *options]) == 2
        error = capsys.readouterr().err.splitlines()[-1]
        assert error.startswith("error: ") and message in error
        assert not list((tmp_path / "out").iterdir())


def test_a_failed_download_keeps_the_file_that_was_there(tmp_path: Path) -> None:
    output = tmp_path / "cmn.tsv"
    output.write_text("old")
    url = (tmp_path / "missing.zip").as_uri()
    assert main(["download", "tatoeba", "--output", str(output), "--url", url, "--overwrite"]) == 2
    assert output.read_text() == "old"


def test_any_path_in_a_manifest_survives_json(tmp_path: Path) -> None:
    write_manifest(tmp_path, {"command": "prepare 数据 \udcff"})
    loaded = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert loaded == {"format": "data_prep/1", "command": "prepare 数据 \udcff"}
