"""What is refused in test sets with markup, so that nothing of them is lost or mistaken."""

from __future__ import annotations

from pathlib import Path

import pytest

from data_prep.dropped import Record
from data_prep.errors import DataError
from data_prep.held_out import read_held_out
from data_prep.markup import read_segments


def read(folder: Path, *texts: str, name: str = "test.sgm") -> list[tuple[str, list[str]]]:
    """Write files and read them as a test set; the first is the source."""
    paths = [folder / f"{number}.{name}" for number in range(len(texts))]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    examples = read_held_out("--test", paths, Record())
    return [(example.chinese, [pair.english for pair in example.pairs]) for example in examples]


def sgm(kind: str, segments: str, attributes: str = "", document: str = 'docid="d"') -> str:
    return f"<{kind} setid='t' {attributes}>\n<doc {document}>\n{segments}\n</doc>\n</{kind}>\n"


CHINESE, ENGLISH = '<seg id="1">甲</seg>\n<seg id="2">乙</seg>', '<seg id="1">A</seg>\n<seg id="2">B</seg>'
SOURCE, REFERENCE = sgm("srcset", CHINESE), sgm("refset", ENGLISH)


@pytest.mark.parametrize("source", ["zh", "ZH-cn", "zho", "cmn_Hans", "Chinese", "any", ""])
@pytest.mark.parametrize("target", ["en", "eng", "English", "EN-us"])
def test_names_of_the_languages(source: str, target: str, tmp_path: Path) -> None:
    languages = f'srclang="{source}" trglang="{target}"'
    expected = [("甲", ["A"]), ("乙", ["B"])]
    assert read(tmp_path, sgm("srcset", CHINESE, languages), sgm("refset", ENGLISH, languages)) == expected
    if source:
        assert read(tmp_path, wmt(CHINESE, {"x": ENGLISH}, source, target), name="xml") == expected


@pytest.mark.parametrize(
    ("source", "reference", "message"),
    [
        (REFERENCE, SOURCE, "0.test.sgm: contains a <refset>, expected a <srcset>; give the file with the Chinese"),
        (SOURCE, SOURCE, "1.test.sgm: contains a <srcset>, expected a <refset>"),
        (SOURCE, sgm("TSTSET", ENGLISH), "1.test.sgm: contains a <tstset>, expected a <refset>"),
        (
            sgm("srcset", CHINESE, "srclang=en"),
            REFERENCE,
            r'0.test.sgm: <srcset srclang="en">, expected Chinese \(zh\)',
        ),
        (SOURCE, sgm("refset", ENGLISH, 'srclang="de" trglang="en"'), '<refset srclang="de">, expected Chinese'),
        (
            SOURCE,
            sgm("refset", ENGLISH, 'srclang="zh" trglang="cs"'),
            r'<refset trglang="cs">, expected English \(en\)',
        ),
    ],
)
def test_sgm_of_another_kind_or_language_is_refused(source: str, reference: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, source, reference)


def test_an_empty_element_is_an_empty_segment(tmp_path: Path) -> None:
    reference = sgm("refset", '<seg id="1"/>\n<seg id="2">B</seg><seg id=3 />')
    source = sgm("srcset", f"{CHINESE}<seg id=3>丙</seg>")
    assert read(tmp_path, source, reference, REFERENCE) == [("甲", ["A"]), ("乙", ["B", "B"])]
    (tmp_path / "ref.sgm").write_text(reference, encoding="utf-8")
    assert read_segments(tmp_path / "ref.sgm", "refset") == {("d", "1"): [""], ("d", "2"): ["B"], ("d", "3"): [""]}


@pytest.mark.parametrize(
    ("segments", "message"),
    [
        (
            '<seg id="1">A\n<seg id="2">B</seg>',
            '1.test.sgm, line 3: <seg id="1"> is not closed before the next element',
        ),
        ('<seg id="1">A</seg>\n<seg id="2">B', '1.test.sgm, line 4: <seg id="2"> is not closed'),
        ('<seg id="1">A</doc><doc id="e"></seg>', 'line 3: <seg id="1"> is not closed'),
        ('<seg id="1">A</seg>B</seg>', "1.test.sgm, line 3: </seg> has no <seg>"),
        ('<seg id="1">A</seg><seg id="1">B</seg>', "1.test.sgm: segment 1 of document 'd' occurs 2 times"),
        ('<seg>A</seg><seg id="1">B</seg>', "segment 1 of document 'd' occurs 2 times"),
    ],
)
def test_segments_that_would_be_lost_are_refused(segments: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, SOURCE, sgm("refset", segments))


def test_translators_of_sgm_have_documents_of_their_own(tmp_path: Path) -> None:
    references = [sgm("refset", ENGLISH.lower(), document=f'docid="d" sysid="{name}"') for name in ("x", "y")]
    assert read(tmp_path, SOURCE, "".join(references))[0] == ("甲", ["a", "a"])
    # the same name in another set is another translator; in the same set it is the same document twice
    assert read(tmp_path, SOURCE, references[0] * 2)[0] == ("甲", ["a", "a"])
    with pytest.raises(DataError, match="segment 1 of document 'd' occurs 2 times"):
        read(tmp_path, SOURCE, (references[0] * 2).replace("</refset>\n<refset setid='t' >\n", ""))


def wmt(source: str, references: dict[str, str], source_lang: str = "zh", target_lang: str = "en") -> str:
    texts = "".join(f'<ref lang="{target_lang}" translator="{name}">{text}</ref>' for name, text in references.items())
    return f'<dataset><doc id="d"><src lang="{source_lang}"><p>{source}</p></src>{texts}</doc></dataset>'


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (wmt(ENGLISH, {"x": CHINESE}, "en", "zh"), r'0.xml: <src lang="en">, expected Chinese \(zh\); give a test set'),
        (wmt(CHINESE, {"x": ENGLISH}, "zh", "cs"), r'0.xml: <ref lang="cs">, expected English \(en\)'),
        (wmt(CHINESE, {"x": ENGLISH}, "de", "cs"), '<src lang="de">'),
        (wmt(f"{CHINESE}<seg id='1'>丙</seg>", {"x": ENGLISH}), "document 'd', source: segment 1 occurs 2 times"),
        (
            wmt(CHINESE, {"x": ENGLISH + ENGLISH}),
            "0.xml: document 'd', translator 'x': segment 1 occurs 2 times; remove one",
        ),
        (
            wmt(CHINESE, {"x": f"{ENGLISH}<seg id='3'>C</seg>"}),
            "document 'd', translator 'x': the source has no segment 3; remove it, or complete the source",
        ),
        (wmt(CHINESE, {"x": "", "y": ""}).replace('"y"', '"x"'), "document 'd', translator 'x': occurs 2 times"),
        (wmt("<seg>甲</seg>", {"x": ""}), "document 'd', source: a <seg> has no id"),
        (wmt("<seg id='1a'>甲</seg>", {"x": ""}), "document 'd', source: a <seg> has the id '1a'"),
    ],
)
def test_xml_of_wmt_that_would_lose_something_is_refused(text: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        read(tmp_path, text, name="xml")
