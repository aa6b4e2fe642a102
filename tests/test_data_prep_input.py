"""Reading pairs, and bad input on the command line: one line that names it, status 2, nothing written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from data_prep.__main__ import main
from data_prep.corpora import read_and_split
from data_prep.dropped import Record
from data_prep.errors import DataError
from data_prep.files import read_lines
from data_prep.options import Options
from data_prep.pairs import EMPTY, MALFORMED, Columns, Corpus, Pair, read_parallel, read_tsv
from reencoder.text.manifest import read_manifest

GOOD = "Hi.\t嗨。\tCC-BY\n"


def refused(arguments: Sequence[object], capsys: pytest.CaptureFixture[str]) -> str:
    """Run a command line that must be refused; return its error message, which is one line."""
    try:
        status = main([str(argument) for argument in arguments])
    except SystemExit as error:  # the parser refuses it
        status = int(error.code or 0)
    assert status == 2
    output = capsys.readouterr()
    last = output.err.splitlines()[-1]
    assert last.startswith("error: ")
    assert "Traceback" not in output.err and output.out == ""
    return last


def test_a_tsv_file_is_read_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_bytes("\ufeffHi.\t嗨。\tCC-BY\t#1\r\n Ｎo\u2028way. \t 没门！\n\n".encode())
    corpus = read_tsv(path)
    assert corpus.pairs == [Pair("嗨。", "Hi.", "CC-BY\t#1"), Pair(" 没门！", " Ｎo\u2028way. ", None)]
    assert [pair.origin for pair in corpus.pairs] == [f"{path}, line 1", f"{path}, line 2"]
    assert corpus.blank_last_lines == 1


def test_joined_files_have_byte_order_marks_inside(tmp_path: Path) -> None:
    for name, text in (("tsv", "Hi.\t嗨。\n"), ("zh", "嗨。\n"), ("en", "Hi.\n")):
        (tmp_path / name).write_bytes(("\ufeff" + text).encode() * 2 + "\ufeff\n".encode())
    pairs = [Pair("嗨。", "Hi.")] * 2
    assert read_tsv(tmp_path / "tsv") == Corpus(pairs, blank_last_lines=1, byte_order_marks=2)
    assert read_parallel(tmp_path / "zh", tmp_path / "en") == Corpus(pairs, blank_last_lines=1, byte_order_marks=4)
    assert read_lines(tmp_path / "zh") == ["嗨。", "嗨。", ""]
    split = read_and_split(Options(tmp_path / "data", tsv=[tmp_path / "tsv"], test_permille=0, valid_permille=0))
    assert split.record.repairs() == {"byte-order mark at the start of a line": 2}


def test_columns_can_lie_elsewhere(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text("1\tzh\t嗨。\tHi.\tCC-BY\n2\tzh\t没门！\tNo way.\n", encoding="utf-8")
    columns = Columns(3, 4, 5)
    assert read_tsv(path, columns=columns).pairs == [Pair("嗨。", "Hi.", "CC-BY"), Pair("没门！", "No way.", None)]
    assert read_tsv(path, columns=Columns(3, 4)).pairs[0] == Pair("嗨。", "Hi.")

    with path.open("a", encoding="utf-8") as stream:
        stream.write("3\tzh\t你好\n")
    arguments = ["prepare", "--tsv", path, "--dest", tmp_path / "data", "--tsv-columns", 3, 4]
    message = refused(arguments, capsys)
    assert message.endswith("line 3: too few columns; --tsv-columns says Chinese in column 3, English in column 4")
    assert not (tmp_path / "data").exists()


def test_columns_serve_all_files_of_pairs(tmp_path: Path) -> None:
    rows = [f"{number}\t你好{'好' * number}\thello {'so ' * number}\n" for number in range(1, 9)]
    for name, part in (("train", rows[:6]), ("valid", rows[6:7]), ("test", rows[7:])):
        (tmp_path / f"{name}.tsv").write_text("".join(part), encoding="utf-8")
    given = [
        "--tsv",
        tmp_path / "train.tsv",
        "--valid-tsv",
        tmp_path / "valid.tsv",
        "--test-tsv",
        tmp_path / "test.tsv",
    ]
    options = [*given, "--tsv-columns", 2, 3, "--segmentation", "char", "--min-count", 1, "--dest", tmp_path / "data"]
    assert main([str(word) for word in ("prepare", *options)]) == 0
    for name, number in (("valid", 7), ("test", 8)):
        assert (tmp_path / "data" / "raw" / f"{name}.zh").read_text(encoding="utf-8") == f"你好{'好' * number}\n"
    assert read_manifest(tmp_path / "data" / "manifest.json")["options"]["tsv_columns"] == [2, 3]


@pytest.mark.parametrize("columns", ["1", "1 1", "0 2", "1 2 3 4"])
def test_columns_that_cannot_be_are_refused(columns: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pairs.tsv").write_text(GOOD, encoding="utf-8")
    given = ["prepare", "--tsv", tmp_path / "pairs.tsv", "--dest", tmp_path / "data", "--tsv-columns", *columns.split()]
    assert f"--tsv-columns {columns}: expected two or three different columns" in refused(given, capsys)
    (tmp_path / "zh").write_text("嗨。\n", encoding="utf-8")
    given = ["prepare", "--parallel", tmp_path / "zh", tmp_path / "zh", "--dest", tmp_path / "d", "--tsv-columns", 1, 2]
    assert "--tsv-columns: only with --tsv" in refused(given, capsys)


def test_parallel_files_are_chinese_then_english(tmp_path: Path) -> None:
    (tmp_path / "zh").write_text("嗨。\n没门！\n\n", encoding="utf-8")
    (tmp_path / "en").write_text("Hi.\nNo way.", encoding="utf-8")
    corpus = read_parallel(tmp_path / "zh", tmp_path / "en")
    assert corpus.pairs == [Pair("嗨。", "Hi."), Pair("没门！", "No way.")]
    assert corpus.blank_last_lines == 1


def test_a_last_line_that_is_blank_on_one_side_is_an_incomplete_pair(tmp_path: Path) -> None:
    (tmp_path / "zh").write_text("嗨。\n没门！\n\n\n\n", encoding="utf-8")
    (tmp_path / "en").write_text("Hi.\nNo way.\nYes.\n\n", encoding="utf-8")
    record = Record({EMPTY})
    corpus = read_parallel(tmp_path / "zh", tmp_path / "en", record)
    assert corpus == Corpus([Pair("嗨。", "Hi."), Pair("没门！", "No way.")], blank_last_lines=2)
    assert [(entry.reason, entry.english) for entry in record.dropped] == [("the Chinese side is empty", "Yes.")]
    with pytest.raises(DataError, match="zh, line 3: the Chinese side is empty"):
        read_parallel(tmp_path / "zh", tmp_path / "en")
    (tmp_path / "zh").write_text("嗨。\n没门！\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"zh has 2 lines but .*en has 3"):
        read_parallel(tmp_path / "zh", tmp_path / "en")


def test_training_files_of_btec_have_the_names_of_sentences(tmp_path: Path) -> None:
    chinese, english = tmp_path / "train.zh", tmp_path / "train.en"
    chinese.write_text("T_1\\01\\嗨。\nT_2\\01\\没门！\n", encoding="utf-8")
    english.write_text("T_1\\01\\Hi.\nT_2\\01\\No\\way.\n", encoding="utf-8")
    pairs = [Pair("嗨。", "Hi."), Pair("没门！", "No\\way.")]
    assert read_parallel(chinese, english).pairs == pairs
    plain = tmp_path / "plain.en"
    plain.write_text("Hi.\nNo\\way.\n", encoding="utf-8")
    assert read_parallel(chinese, plain).pairs == pairs
    english.write_text("T_1\\01\\Hi.\nT_3\\01\\No way.\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"train.en, line 2: sentence 'T_3', but line 2 of .*train.zh is 'T_2'"):
        read_parallel(chinese, english)
    # a line that is dropped does not make it another kind of file
    chinese.write_bytes("T_1\\01\\嗨。\n\nT_2\\01\\没门！\nT_3\\01\\".encode() + b"\xff\n")
    english.write_text("T_1\\01\\Hi.\n\nT_2\\01\\No\\way.\nT_3\\01\\Yes.\n", encoding="utf-8")
    assert read_parallel(chinese, english, Record({MALFORMED, EMPTY})).pairs == pairs
    chinese.write_text("T_1\\01\\嗨。\nT_2\\01\\没门！\n", encoding="utf-8")
    english.write_text("T_1\\01\\Hi.\nNo way.\n", encoding="utf-8")  # a backslash in a text is no name
    assert read_parallel(chinese, english).pairs[0] == Pair("嗨。", "T_1\\01\\Hi.")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (GOOD + "no tab here\n", "line 2: no tab; expected English, tab, Chinese"),
        (GOOD + "\n" + GOOD, "line 2: no tab"),
        (GOOD + "  \t嗨。\n", "line 2: the English side is empty"),
        (GOOD + "Hi.\t\u3000\tCC-BY\n", "line 2: the Chinese side is empty"),
        (GOOD + "Hi.\t\n", "line 2: the Chinese side is empty"),
        (GOOD + "Hi.\rthere\t嗨。\n", "line 2: carriage return inside the line"),
        (GOOD.encode() + b"Hi\xff.\tx\n", "line 2: byte 0xff at offset 19 is not UTF-8"),
        (b"\xef\xbb\xbf" + b"caf\xe9\tx\n", "line 1: byte 0xe9 at offset 6 is not UTF-8"),
        ("", "no training pairs in"),
        ("\n\n", "no training pairs in"),
        ("...\t嗨。\nHi.\t！？\n", "no training pairs in"),
    ],
)
def test_a_bad_tsv_file_is_refused(
    content: str | bytes, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    error = refused(["prepare", "--tsv", path, "--dest", tmp_path / "out"], capsys)
    assert str(path) in error and message in error
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("chinese", "english", "message"),
    [
        ("嗨。\n没门！\n", "Hi.\n", "zh has 2 lines but"),
        ("嗨。\n \n没门！\n", "Hi.\nYes.\nNo.\n", "zh, line 2: the Chinese side is empty"),
        ("嗨。\n没门！\n", "\nNo.\n", "en, line 1: the English side is empty"),
    ],
)
def test_bad_parallel_files_are_refused(
    chinese: str, english: str, message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [tmp_path / "zh", tmp_path / "en"]
    for path, content in zip(files, (chinese, english), strict=True):
        path.write_text(content, encoding="utf-8")
    assert message in refused(["prepare", "--parallel", *files, "--dest", tmp_path / "out"], capsys)
    assert sorted(tmp_path.iterdir()) == sorted(files)


def test_a_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    missing = tmp_path / "missing.tsv"
    arguments = ["prepare", "--tsv", missing, "--dest", tmp_path / "out"]
    assert refused(arguments, capsys) == f"error: {missing}: no such file"
    assert refused([*arguments[:2], tmp_path, *arguments[3:]], capsys).startswith(f"error: {tmp_path}: cannot be read")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--min-count", "0"], "--min-count: must be at least 1, not 0"),
        (["--test-permille", "-1"], "--test-permille -1"),
        (["--test-permille", "600", "--valid-permille", "401"], "their sum may not exceed 1000"),
        (["--test-permille", "1000", "--valid-permille", "0"], "no training pairs"),
        (["--valid-tsv", "x.tsv"], "--valid-tsv and --test-tsv go together"),
        (
            ["--segmentation", "sentencepiece", "--sentencepiece-vocab-size", "0"],
            "vocab-size: must be at least 1, not 0",
        ),
        (["--segmentation", "sentencepiece"], "--sentencepiece-vocab-size 8000: sentencepiece refused"),
        (
            ["--segmentation", "sentencepiece", "--sentencepiece-vocab-size", "4"],
            "--sentencepiece-vocab-size 4: too few; the characters of the training set alone need 5",
        ),
        (
            ["--sentencepiece-vocab-size", "300"],
            "--sentencepiece-vocab-size: only with --segmentation sentencepiece or",
        ),
        (["--sentencepiece-type", "bpe"], "--sentencepiece-type: only with --segmentation or --target-segmentation"),
        (["--subword-sampling", "0.2"], "--subword-sampling: only with --subword-samples"),
        (["--phrase-tag", "<p>"], "--phrase-tag: only with --phrase-pairs"),
        (
            ["--tsv-columns", "1", "2", "--test-permille", "0", "--valid-permille", "0"],
            "only 0% of the letters on the Chinese side of the first training pairs are Chinese, such as 'Hi.'",
        ),
        (["--test", "a", "b", "--test-tsv", "c", "--valid", "d", "e"], "give only one of --test, --test-tsv and"),
        (["--valid", "a", "b"], "give both to use your own split"),
        (["--test-name", "tst2010"], "--valid-name, --test-name: only with --directory"),
        (["--max-chinese", "-1"], "--max-chinese: must be at least 0, not -1"),
        (["--max-ratio", "0.5"], "--max-ratio 0.5: must be at least 1"),
        (["--min-script", "some"], "--min-script: expected a number, found 'some'"),
        (["--phrase-pairs", "1.5"], "--phrase-pairs: expected an integer, found '1.5'"),
        (["--phrase-max-source", "0"], "--phrase-max-source: must be at least 1, not 0"),
        (["--phrase-min-frequency", "nan"], "--phrase-min-frequency: must be between 0 and 1, not nan"),
        (["--min-script", "1.5"], "--min-script: must be between 0 and 1, not 1.5"),
    ],
)
def test_bad_options_are_refused(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "pairs.tsv"
    path.write_text(GOOD, encoding="utf-8")
    assert message in refused(["prepare", "--tsv", path, "--dest", tmp_path / "out", *options], capsys)
    assert list(tmp_path.iterdir()) == [path]


def test_a_run_without_any_corpus_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "give at least one of --tsv, --parallel and" in refused(["prepare", "--dest", tmp_path / "out"], capsys)


def test_a_non_empty_destination_is_left_unchanged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, dest = tmp_path / "pairs.tsv", tmp_path / "out"
    path.write_text(GOOD, encoding="utf-8")
    dest.mkdir()
    (dest / "thesis.txt").write_text("years of work")
    arguments = ["prepare", "--tsv", path, "--dest", dest]
    assert "exists and is not empty; choose another destination or give --overwrite" in refused(arguments, capsys)
    assert f"would delete {dest / 'thesis.txt'}" in refused([*arguments, "--overwrite"], capsys)
    assert "is not a directory" in refused([*arguments[:-1], path], capsys)
    assert (dest / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["prepare", "--parallel", "b", "--dest", "out"],
        ["prepare", "--tsv", "a", "--dest", "out", "--min-count", "two"],
        ["prepare", "--tsv", "a", "--dest", "out", "--source-lang", "de"],
        ["segment", "--segmentation", "words"],
    ],
)
def test_wrong_command_lines_are_refused_in_one_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as status:
        main(arguments)
    assert status.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1
