"""Test sets with several references, SGM and XML, and the files of a directory."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import pytest
from sacrebleu.dataset.fake_sgml import FakeSGMLDataset

from data_prep.__main__ import main
from data_prep.corpora import read_and_split
from data_prep.dropped import Record
from data_prep.errors import DataError
from data_prep.files import read_lines
from data_prep.held_out import read_held_out
from data_prep.layout import find_layout
from data_prep.markup import read_segments
from data_prep.options import Options


def write(folder: Path, files: dict[str, str]) -> list[Path]:
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in files]


def read(files: list[Path], record: Record | None = None) -> list[tuple[str, list[str]]]:
    examples = read_held_out("--test", files, record or Record())
    return [(example.chinese, [pair.english for pair in example.pairs]) for example in examples]


def test_references_may_be_missing_and_repeated_sources_stay(tmp_path: Path) -> None:
    files = write(tmp_path, {"zh": "甲\n乙\n甲\n丙\n", "en.0": "A\n\nA\n\n", "en.1": "a\nb\n\n \n"})
    record = Record()
    assert read(files, record) == [("甲", ["A", "a"]), ("乙", ["b"]), ("甲", ["A"])]
    assert [(entry.reason, entry.origin) for entry in record.dropped] == [
        ("source without a reference", f"{files[0]}, line 4")
    ]


def test_pairs_are_grouped_by_source(tmp_path: Path) -> None:
    files = write(tmp_path, {"test.tsv": "A\t甲\nB\t乙\nA2\t甲\n"})
    assert read(files) == [("甲", ["A", "A2"]), ("乙", ["B"])]


def test_numbered_lines_of_btec_are_grouped_by_sentence(tmp_path: Path) -> None:
    files = write(
        tmp_path,
        {
            "test.zh": "S_1\\01\\甲\nS_2\\01\\乙\n",
            "test.mref.en": "S_1\\01\\A\nS_1\\02\\a\\b\nS_2\\01\\B\nS_2\\02\\b\n",
        },
    )
    assert read(files) == [("甲", ["A", "a\\b"]), ("乙", ["B", "b"])]
    # the order of the references does not matter, and one may be missing
    write(tmp_path, {"test.mref.en": "S_2\\01\\B\nS_1\\01\\A\n"})
    assert read(files) == [("甲", ["A"]), ("乙", ["B"])]
    write(tmp_path, {"test.mref.en": "S_2\\01\\B\n"})
    assert read(files) == [("乙", ["B"])]


def test_blank_lines_do_not_leave_names_of_sentences_in_the_texts(tmp_path: Path) -> None:
    files = write(
        tmp_path,
        {"dev.zh": "S1\\01\\你好\n\nS2\\01\\再见\nS3\\01\\谢谢\n", "dev.en": "S1\\01\\hello\nS2\\01\\bye\n\n"},
    )
    record = Record()
    assert read(files, record) == [("你好", ["hello"]), ("再见", ["bye"])]
    assert [entry.origin for entry in record.dropped] == [f"{files[0]}, sentence 'S3'"]
    write(tmp_path, {"dev.en": "\n\n\n"})
    with pytest.raises(DataError, match="contains no pairs"):
        read(files)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"zh": "甲\n乙\n", "en": "A\n"}, "zh has 2 sentences but .*en has 1; the files must be aligned"),
        ({"zh": "甲\n\n", "en": "A\nB\n"}, "zh, line 2: the Chinese side is empty"),
        ({"zh": "甲\n", "en": "A\rB\n"}, "en, line 1: carriage return"),
        ({"zh": "", "en": ""}, "--test: the file contains no pairs"),
        ({"zh": "甲\n"} | {f"en{k}": "A\n" for k in range(17)}, "17 references; at most 16"),
        ({"test.xml": "<dataset><doc>"}, "not a WMT XML file with source and references"),
        ({"zh.sgm": "nothing", "en.sgm": ""}, "zh.sgm: contains no <seg>"),
        ({"a.sgm": "<doc docid='1'><seg id=1>甲</seg>", "b.sgm": "<doc docid='2'><seg id=1>A</seg>"}, "document '2'"),
        (
            {
                "a.sgm": "<doc docid='1'><seg id=1>甲</seg><seg id=1>乙</seg>",
                "b.sgm": "<doc docid='1'><seg id=1>A</seg>",
            },
            "a.sgm: segment 1 of document '1' occurs 2 times",
        ),
        ({"zh": "S_1\\01\\甲\n", "en": "S_2\\01\\A\n"}, "en: sentence 'S_2' is not in .*zh"),
        (
            {"zh": "S_1\\01\\甲\n", "en": "A\n"},
            "en, line 1: no name of a sentence, but the lines of .*zh have the form",
        ),
        ({"zh": "甲\n乙\n", "en": "S_1\\01\\A\n\n"}, "zh, line 1: no name of a sentence, but the lines of .*en have"),
        (
            {"zh": "S_1\\01\\甲\nS_2\\01\\乙\n", "en": "S_1\\01\\A\nB\n"},
            r"en, line 2: no name of a sentence.*NAME\\NUMBER\\TEXT; give all files of the set with names",
        ),
    ],
)
def test_bad_test_sets_are_refused(files: dict[str, str], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        read(write(tmp_path, files))


SOURCE = """<srcset setid="t" srclang="zh">
<doc docid="x" genre="news">
<title>title</title>
<seg id="1"> 甲 &amp;  乙 </seg>
<seg id="2">丙</seg>
</doc>
<DOC docid="y"><p>
<seg id="1">丁</seg>
</p></DOC></srcset>
"""


def test_documents_without_docid(tmp_path: Path) -> None:
    for document in ('<doc id="{}">', "<doc>"):
        files = write(
            tmp_path,
            {
                f"{name}.sgm": "".join(f"{document.format(text)}<seg id=1>{text}</seg></doc>" for text in texts)
                for name, texts in {"zh": "甲乙", "en": "甲乙"}.items()
            },
        )
        assert read(files) == [("甲", ["甲"]), ("乙", ["乙"])]


def test_sgm_is_read_as_sacrebleu_does_except_for_entities(tmp_path: Path) -> None:
    (path,) = write(tmp_path, {"src.sgm": SOURCE})
    FakeSGMLDataset("name")._convert_format(str(path), str(tmp_path / "text"))
    expected = [line.replace("&amp;", "&") for line in read_lines(tmp_path / "text")]
    found = [text for texts in read_segments(path, "srcset").values() for text in texts]
    assert found == expected == ["甲 & 乙", "丙", "丁"]


def test_references_in_sgm_are_matched_by_segment_and_several_may_be_in_one_file(tmp_path: Path) -> None:
    references = """<refset>
    <doc docid="y" sysid="r1"><seg id="1">D</seg></doc>
    <doc docid="x" sysid="r1"><seg id=2>C & c</seg><seg id='1'>A
    B</seg></doc>
    <doc docid="x" sysid="r2"><seg id="1">a b</seg><seg id="2"></seg></doc></refset>"""
    files = write(tmp_path, {"src.sgm": SOURCE, "ref.sgm": references})
    packed = tmp_path / "ref.sgm.gz"
    packed.write_bytes(gzip.compress(references.encode()))
    for reference in (files[1], packed):
        assert read([files[0], reference]) == [("甲 & 乙", ["A B", "a b"]), ("丙", ["C & c"]), ("丁", ["D"])]


def test_xml_of_wmt_has_source_and_references(tmp_path: Path) -> None:
    (path,) = write(
        tmp_path,
        {
            "newstest.zh-en.xml": """<?xml version='1.0' encoding='utf-8'?><dataset id="n"><doc id="d" origlang="zh">
            <src lang="zh"><p><seg id="1">甲</seg><seg id="2">乙</seg></p></src>
            <ref lang="en" translator="B"><p><seg id="1">b &amp; c</seg></p></ref>
            <ref lang="en" translator="A"><p><seg id="1">A</seg><seg id="2">B</seg></p></ref></doc></dataset>"""
        },
    )
    assert read([path]) == [("甲", ["A", "b & c"]), ("乙", ["B"])]


def test_nothing_in_xml_of_wmt_vanishes(tmp_path: Path) -> None:
    (path,) = write(
        tmp_path,
        {
            "newstest.zh-en.xml": """<dataset id="n"><doc id="d" origlang="zh">
            <src lang="zh"><p><seg id="1">甲</seg><seg id="2">乙</seg><seg id="10">她<b>很</b>高兴</seg></p></src>
            <ref lang="en"><p><seg id="1">A</seg><seg id="10">She is <i>very</i>
             happy</seg></p></ref></doc></dataset>"""
        },
    )
    record = Record()
    assert read([path], record) == [("甲", ["A"]), ("她很高兴", ["She is very happy"])]
    assert [(entry.origin, entry.chinese) for entry in record.dropped] == [(f"{path}, segment 2", "乙")]


def test_the_line_of_bytes_that_are_not_utf8_is_named(tmp_path: Path) -> None:
    (path,) = write(tmp_path, {"a.sgm": "<doc docid='1'>\n"})
    path.write_bytes(path.read_bytes() + b"<seg id=1>\xb9\xfa</seg>\n")
    with pytest.raises(DataError, match=r"a\.sgm, line 2: byte 0xb9 at offset 26"):
        read([path, path])


@pytest.mark.parametrize(
    ("names", "options", "valid", "test"),
    [
        (
            ["train.zh", "train.en", "dev.zh", *(f"dev.en{k}" for k in range(11)), "test.zh.gz", "test.en.XZ"],
            {},
            ["dev.zh", *(f"dev.en{k}" for k in range(11))],
            ["test.zh.gz", "test.en.XZ"],
        ),
        (
            [
                *(f"train.tags.zh-en.{language}" for language in ("zh", "en")),
                *(f"IWSLT17.TED.{part}.zh-en.{side}.xml" for part in ("dev2010", "tst2010") for side in ("zh", "en")),
                "README",
            ],
            {"valid": "dev2010", "test": "tst2010"},
            ["IWSLT17.TED.dev2010.zh-en.zh.xml", "IWSLT17.TED.dev2010.zh-en.en.xml"],
            ["IWSLT17.TED.tst2010.zh-en.zh.xml", "IWSLT17.TED.tst2010.zh-en.en.xml"],
        ),
        (
            ["IWSLT10_BTEC.train.zh.txt", "IWSLT10_BTEC.train.en.txt", "test.zh", "test.ref.en.0"]
            + [f"IWSLT10.devset1_CSTAR03.{end}.txt" for end in ("zh", "en", "mref.en")],
            {"valid": "devset1_CSTAR03"},
            ["IWSLT10.devset1_CSTAR03.zh.txt", "IWSLT10.devset1_CSTAR03.mref.en.txt"],
            ["test.zh", "test.ref.en.0"],
        ),
    ],
    ids=["plain", "iwslt", "btec"],
)
def test_files_of_a_directory_are_found(
    names: list[str], options: dict[str, str], valid: list[str], test: list[str], tmp_path: Path
) -> None:
    write(tmp_path, dict.fromkeys(names, ""))
    layout = find_layout(tmp_path, **options)
    assert [path.name for path in layout.train] == names[:2]
    assert [path.name for path in layout.valid] == valid and [path.name for path in layout.test] == test


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda folder: [(folder / f"dev.en.{k}").touch() for k in (1, 2)],
            "of 'valid or dev or val' with and without the number of a reference: dev.en, dev.en.1, dev.en.2; number",
        ),
        (
            lambda folder: (folder / "train.en.1").touch(),
            "of 'train' with and without .*: train.en, train.en.1; number",
        ),
        (lambda folder: (folder / "train.en").unlink(), "no file of 'train' in en, such as train.en$"),
        (lambda folder: (folder / "dev.zh").unlink(), "no file of 'valid or dev or val' in zh.*--valid-name"),
        (lambda folder: (folder / "test.zh.gz").touch(), "several Chinese files: test.zh, test.zh.gz"),
        (lambda folder: (folder / "dev.txt.en").touch(), "several English files: dev.en, dev.txt.en"),
        (lambda folder: [(folder / f"dev.mref.en.{k}").touch() for k in range(17)], "17 files of references of 'valid"),
        (
            lambda folder: [(folder / "dev.en").unlink(), *((folder / f"dev.en.{k}").touch() for k in (0, 1, 2, 4, 5))],
            "no English file of 'valid or dev or val' with the number 3, though there is dev.en.5; number the files of",
        ),
        (
            lambda folder: [(folder / "dev.en").unlink(), *((folder / f"dev.en.{k}").touch() for k in (1, 3))],
            "no English file of .* with the number 2, though there is dev.en.3",
        ),
        (
            lambda folder: [(folder / "dev.en").unlink(), (folder / "dev.en.2").touch()],
            "no English file of .* with the number 0, though there is dev.en.2",
        ),
    ],
)
def test_a_directory_that_is_not_clear_is_refused(change: Any, message: str, tmp_path: Path) -> None:
    write(tmp_path, {f"{part}.{side}": "" for part in ("train", "dev", "test") for side in ("zh", "en")})
    change(tmp_path)
    with pytest.raises(DataError, match=message):
        find_layout(tmp_path)


def test_a_missing_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"--directory .*none: cannot be read"):
        find_layout(tmp_path / "none")


def test_several_corpora_and_a_directory_are_read_in_this_order(tmp_path: Path) -> None:
    sides = {"train": "zh en", "dev": "zh en.0 en.1", "test": "zh en"}
    write(tmp_path, {f"{part}.{side}": "" for part, names in sides.items() for side in names.split()})
    a, b, c, d, e, f = map(Path, "abcdef")
    options = Options(dest=Path("x"), tsv=[a, b], parallel=[(c, d), (e, f)], directory=tmp_path)
    train = tmp_path / "train.zh", tmp_path / "train.en"
    assert options.corpora == [(a,), (b,), (c, d), (e, f), train]
    assert {name: str(path.name) for name, path in options.inputs.items()} == {
        **{"tsv": "a", "tsv.2": "b", "zh": "c", "en": "d", "zh.2": "e", "en.2": "f"},
        **{"zh.3": "train.zh", "en.3": "train.en"},
        **{"valid.zh": "dev.zh", "valid.en.0": "dev.en.0", "valid.en.1": "dev.en.1"},
        **{"test.zh": "test.zh", "test.en.0": "test.en"},
    }
    assert options.recorded()["split"] == "given" and not {"directory", "mojibake"} & options.recorded().keys()


@pytest.fixture
def own_sets(tmp_path: Path) -> dict[str, Any]:
    """Options with four pairs, of which the second and the fourth share a sentence with valid and test."""
    contents = {
        "tsv": "A dog.\t狗。\nA CAT\t小貓\nA bird.\t鸟。\nFishes.\t魚\n",
        "valid_tsv": "A cat.\t猫。\n",
        "test_tsv": "A fish.\t鱼。\n",
    }
    files = write(tmp_path, {f"{name}.tsv": text for name, text in contents.items()})
    return dict(zip(contents, [files[:1], *files[1:]], strict=True))


def test_leaks_into_the_users_own_sets_are_dropped_on_request(own_sets: dict[str, Any], tmp_path: Path) -> None:
    split = read_and_split(Options(tmp_path / "data", **own_sets, drop_leaks=True))
    assert [example.english for example in split.parts["train"]] == ["A dog.", "A bird."]
    assert [len(split.parts[part]) for part in ("valid", "test")] == [1, 1] and not split.warnings
    assert split.record.counts() == {"shares a sentence with valid or test": 2}
    found = [(entry.origin, entry.english, entry.chinese) for entry in split.record.dropped]
    assert found == [
        (f"{own_sets['tsv'][0]}, line 2", "A CAT", "小貓"),
        (f"{own_sets['tsv'][0]}, line 4", "Fishes.", "魚"),
    ]


def test_the_columns_are_those_of_the_users_own_sets_too(own_sets: dict[str, Any], tmp_path: Path) -> None:
    files = [*own_sets["tsv"], own_sets["valid_tsv"], own_sets["test_tsv"]]
    expected = read_and_split(Options(tmp_path / "data", **own_sets)).parts
    for path in files:
        rows = [line.split("\t") for line in read_lines(path)]
        path.write_text("".join(f"{chinese}\tx\t{english}\n" for english, chinese in rows), encoding="utf-8")
    parts = read_and_split(Options(tmp_path / "data", **own_sets, tsv_columns=[1, 3])).parts
    for name, examples in expected.items():
        found = [[(one.chinese, one.english) for one in sets[name]] for sets in (parts, expected)]
        assert examples and found[0] == found[1], name


def test_leaks_are_kept_with_a_warning_without_the_option(own_sets: dict[str, Any], tmp_path: Path) -> None:
    split = read_and_split(Options(tmp_path / "data", **own_sets))
    assert len(split.parts["train"]) == 4 and not split.record.dropped
    assert split.warnings == [
        "2 training pairs share a sentence with the valid or test set that you gave; --drop-leaks drops them"
    ]


def test_sentences_that_valid_and_test_share_give_a_warning(own_sets: dict[str, Any], tmp_path: Path) -> None:
    own_sets["test_tsv"].write_text("A fish.\t鱼。\nThe cat.\t貓\na CAT\t猫咪\nA CAT!\t猫咪\n", encoding="utf-8")
    split = read_and_split(Options(tmp_path / "data", **own_sets, drop_leaks=True))
    assert split.warnings == [
        "2 sentences of the test set that you gave are in the valid set, too, in at least one language; "
        "what is tuned on the valid set has seen them"
    ]
    assert [len(split.parts[part]) for part in ("valid", "test")] == [1, 3]


def test_training_pairs_that_are_all_leaks_are_refused(own_sets: dict[str, Any], tmp_path: Path) -> None:
    own_sets["tsv"] = [own_sets["valid_tsv"]]
    with pytest.raises(DataError, match=rf"no training pairs in {own_sets['tsv'][0]}: nothing to train on"):
        read_and_split(Options(tmp_path / "data", **own_sets, drop_leaks=True))


def test_leaks_are_recorded_and_need_own_sets(
    own_sets: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "drop_leaks" not in Options(tmp_path, **own_sets).recorded()
    assert Options(tmp_path, **own_sets, drop_leaks=True).recorded()["drop_leaks"] is True
    assert main(["prepare", "--tsv", str(own_sets["tsv"][0]), "--dest", str(tmp_path / "data"), "--drop-leaks"]) == 2
    assert "error: --drop-leaks: only with your own validation and test set" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()
