"""Raw text to tokens and back: capitals, sentence ends, odd characters, and what a manifest vouches for."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from data_prep.errors import DataError
from data_prep.files import sha256_of
from data_prep.manifest import copy_text_files, write_manifest
from data_prep.subwords import train_sentencepiece
from reencoder.text.manifest import fingerprint, manifest_path, read_manifest
from reencoder.text.pipeline import TextPipeline, clean, split_clauses, split_sentences
from reencoder.text.segmentation import EnglishTokenizer, detokenize_english
from reencoder.text.truecase import FormFinder, restore_beginnings, usual_capitals

SENTENCES = ["Tom met Mr. Smith in Paris.", "May I see it? It may rain, Tom.", "We may go to Paris with Tom."]


def capitals(sentences: Sequence[str]) -> dict[str, str]:
    words, find = EnglishTokenizer(keep_case=True).words, FormFinder()
    return usual_capitals(form for sentence in sentences for form in find(words(sentence)))


def prepared(folder: Path, **options: object) -> Path:
    """A folder that has what translation needs of prepared data."""
    (folder / "bin").mkdir(parents=True, exist_ok=True)
    for language in ("zh", "en"):
        (folder / "bin" / f"dict.{language}.txt").write_text("a 1\n")
    table = json.dumps(capitals(SENTENCES))
    (folder / "truecase.en.json").write_text(table)
    files = {path.relative_to(folder).as_posix(): sha256_of(path) for path in folder.rglob("*") if path.is_file()}
    write_manifest(folder, {"options": {"segmentation": "char", **options}, "files": files, "seconds": 1.5})
    return folder


def test_capitals_are_those_of_the_middle_of_sentences() -> None:
    assert capitals(SENTENCES) == {
        "i": "I",
        "mr.": "Mr.",
        "paris": "Paris",
        "smith": "Smith",
        "tom": "Tom",
    }


def test_of_equally_frequent_forms_the_first_one_counts() -> None:
    assert capitals(["We may go.", "In May it rains."]) == {}
    assert capitals(["In May it rains.", "We may go."]) == {"may": "May"}


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("may i see tom 's house in paris ?", "May I see Tom's house in Paris?"),
        ("i 'd like to , but i may not .", "I'd like to, but I may not."),
        ("it rains . we stay <unk> here .", "It rains. We stay here."),
        ("it is 3.5 miles to mr. smith .", "It is 3.5 miles to Mr. Smith."),
        ("", ""),
        ("<unk>", ""),
    ],
)
def test_tokens_become_readable_english(tokens: str, text: str, tmp_path: Path) -> None:
    assert TextPipeline(prepared(tmp_path)).decode(tokens) == text


def test_text_that_was_trained_with_its_case_keeps_it(tmp_path: Path) -> None:
    assert TextPipeline(prepared(tmp_path, keep_case=True)).decode("tom iPhone .") == "tom iPhone."


def test_pieces_are_joined_before_they_get_capitals(tmp_path: Path) -> None:
    words = EnglishTokenizer().words
    lines = [word for sentence in SENTENCES for word in words(sentence)]
    train_sentencepiece(lines, 30, tmp_path / "sentencepiece.en.model", "en", words=True)
    pipeline = TextPipeline(prepared(tmp_path, target_segmentation="sentencepiece"))
    tokens = pipeline.encode_target("Tom met Mr. Smith.")
    assert tokens.startswith("\u2581") and len(tokens.split()) > 5
    assert pipeline.decode(tokens) == "Tom met Mr. Smith."


def test_no_capital_behind_an_abbreviation_or_inside_a_sentence() -> None:
    assert restore_beginnings("see dr. who, e.g. at 5 p.m. or so.") == "See dr. who, e.g. at 5 p.m. or so."
    assert restore_beginnings('"stop!" "why?" he asked.') == '"Stop!" "Why?" He asked.'
    assert restore_beginnings("“stop!” “why?” ‘go.’") == "“Stop!” “Why?” ‘Go.’"
    assert restore_beginnings("no. that is wrong. it is 3. we go.") == "No. That is wrong. It is 3. We go."
    assert restore_beginnings("i have a ph.d. in math.") == "I have a ph.d. in math."


def test_typographic_quotation_marks_and_apostrophes_are_joined() -> None:
    for text in ("He said, “I have 0 apples.” It’s true.", "“Hello,” he said.", "‘No,’ we’ll say. They’re Tom’s."):
        assert detokenize_english(EnglishTokenizer(keep_case=True)(text)) == text


def test_odd_characters_are_no_part_of_a_sentence() -> None:
    assert clean("\ufeff你\x00好\u200b\u2028吗\ud800\ufffd\r") == "你 好 吗"
    assert clean("我\u200b们 ca\u00adfé") == "我们 café", "invisible characters split no word"
    assert clean(" \t\u3000\u200b ") == ""


def test_sentences_end_with_punctuation() -> None:
    assert split_sentences("你好！他3.5说？！ Go. 完") == ["你好！", "他3.5说？！", "Go.", "完"]
    assert split_sentences("没有") == ["没有"] and split_sentences(" ") == []
    assert split_sentences("他说：“你好。” 她说：“好！”“真的？”") == ["他说：“你好。”", "她说：“好！”", "“真的？”"]
    for one in (
        "“你好。”他说。",
        "（真的吗？）。",
        "Mr. Smith 和 J. R. Jones 来了。",
        "3. 你好！",
        "我喝茶；他喝水。",
        "真的吗？！",
        "e.g. 茶",
    ):
        assert split_sentences(one) == [one]
    assert split_clauses("我喝茶；他喝水; 你呢？") == ["我喝茶；", "他喝水;", "你呢？"] and split_clauses(" ") == []


def test_a_changed_or_missing_file_is_named(tmp_path: Path) -> None:
    folder = prepared(tmp_path)
    (folder / "bin" / "dict.zh.txt").write_text("b 1\n")
    with pytest.raises(DataError, match=r"dict\.zh\.txt: is not the file that .*manifest\.json describes"):
        TextPipeline(folder)
    (folder / "bin" / "dict.zh.txt").unlink()
    with pytest.raises(DataError, match=r"dict\.zh\.txt: cannot be read"):
        TextPipeline(folder)


def test_the_fingerprint_is_that_of_what_decides_about_tokens(tmp_path: Path) -> None:
    first = fingerprint(prepared(tmp_path / "a") / "manifest.json")
    again = prepared(tmp_path / "b")
    manifest = json.loads((again / "manifest.json").read_text())
    write_manifest(again, {**manifest, "seconds": 99})
    assert fingerprint(again / "manifest.json") == first
    assert fingerprint(prepared(tmp_path / "c", keep_case=True) / "manifest.json") != first
    other = prepared(tmp_path / "d")
    (other / "bin" / "dict.en.txt").write_text("b 1\n")
    manifest["files"]["bin/dict.en.txt"] = sha256_of(other / "bin" / "dict.en.txt")
    write_manifest(other, manifest)
    assert fingerprint(other / "manifest.json") != first


def test_the_manifest_is_beside_the_folder_of_binarised_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "bin").mkdir()
    monkeypatch.chdir(tmp_path / "bin")
    expected = tmp_path / "manifest.json"
    for data in (".", "../bin", "../bin/", f"../bin{os.pathsep}../more", str(tmp_path / "bin")):
        assert manifest_path(data) == expected


def test_the_files_travel_with_the_checkpoints(tmp_path: Path) -> None:
    folder = prepared(tmp_path / "data")
    copy_text_files(folder, tmp_path / "checkpoints")
    copied, original = TextPipeline(tmp_path / "checkpoints"), TextPipeline(folder)
    assert copied.fingerprint == original.fingerprint and copied.decode("tom") == "Tom"
    copy_text_files(folder, tmp_path / "checkpoints")
    other = tmp_path / "other"
    shutil.copytree(folder, other)
    manifest = read_manifest(other / "manifest.json")
    manifest["options"]["keep_case"] = True
    write_manifest(other, manifest)
    with pytest.raises(DataError, match=r"checkpoints/manifest\.json: belongs to data prepared otherwise than .*other"):
        copy_text_files(other, tmp_path / "checkpoints")
    assert TextPipeline(tmp_path / "checkpoints").fingerprint == original.fingerprint
    copy_text_files(other, tmp_path / "checkpoints", overwrite=True)
    assert fingerprint(tmp_path / "checkpoints" / "manifest.json") == fingerprint(other / "manifest.json")
    (folder / "truecase.en.json").write_text("{}")
    with pytest.raises(DataError, match=r"truecase\.en\.json"):
        copy_text_files(folder, tmp_path / "more")
    assert not (tmp_path / "more" / "manifest.json").exists()


def test_the_tokenizer_reads_the_manifest_that_is_named(tmp_path: Path) -> None:
    import fairseq  # noqa: F401  # registers the plugin, the tokenizer included

    from reencoder.tokenizer import ReencoderTokenizer, ReencoderTokenizerConfig

    folder = prepared(tmp_path)
    for path in (folder, folder / "manifest.json"):
        tokenizer = ReencoderTokenizer(ReencoderTokenizerConfig(text_manifest=str(path)))
        assert tokenizer.pipeline.manifest == folder / "manifest.json"
    with pytest.raises(ValueError, match=r"--text-manifest .*old\.json: expected a file named manifest\.json"):
        ReencoderTokenizer(ReencoderTokenizerConfig(text_manifest=str(folder / "old.json")))
