"""The check of what fairseq-preprocess wrote, on files that fairseq's own classes write."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import torch
from fairseq.data import Dictionary
from fairseq.data.indexed_dataset import make_builder

from data_prep import check
from data_prep.check import SideCounts, check_alignments, check_sentences, read_binarised, read_dictionary
from data_prep.errors import DataError
from data_prep.files import write_lines

LINES = ["the cat", "a", "cat the the", "</s> <unk> dog", "the cat"]


def write(folder: Path, sentences: Sequence[str], vocabulary: int = 100) -> Dictionary:
    """Binarise sentences with a dictionary that lacks "dog", beside the text of `LINES`."""
    dictionary = Dictionary()
    for word, count in (("the", 4), ("cat", 3), ("a", 1)):
        dictionary.add_symbol(word, count)
    for name in ("text", "bin"):
        (folder / name).mkdir()
    write_lines(folder / "text" / "train.en", LINES)
    dictionary.save(str(folder / "bin" / "dict.en.txt"))
    prefix = folder / "bin" / "train.zh-en.en"
    builder = make_builder(f"{prefix}.bin", "mmap", vocab_size=vocabulary)
    for sentence in sentences:
        numbers = [dictionary.index(word) for word in sentence.split()]
        builder.add_item(torch.IntTensor([*numbers, dictionary.eos()]))
    builder.finalize(f"{prefix}.idx")
    return dictionary


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check, "_CHUNK", 2)


def counts(folder: Path) -> SideCounts:
    return check_sentences(folder, "train", "en")


@pytest.mark.parametrize("vocabulary", [100, 100_000])  # tokens of 2 and of 4 bytes
def test_equal_sentences_are_counted(vocabulary: int, tmp_path: Path) -> None:
    dictionary = write(tmp_path, LINES, vocabulary)
    assert counts(tmp_path) == SideCounts(sentences=5, tokens=11, types=6, unknown=2)
    numbers = read_dictionary(tmp_path / "bin" / "dict.en.txt")
    assert numbers == {dictionary[number]: number for number in range(len(dictionary))}
    assert (dictionary.eos(), dictionary.unk()) == (check.EOS, check.UNK)


@pytest.mark.parametrize(
    ("sentences", "message"),
    [
        ([*LINES[:2], "cat the a", *LINES[3:]], "changed line 3 of train.en"),
        ([*LINES[:4], "the dog"], "changed line 5 of train.en"),
        (["the", "cat a", *LINES[2:]], "changed line 1 of train.en"),
        (["the cat", "a </s>", *LINES[2:]], "changed line 2 of train.en"),
        (LINES[:4], "wrote 4 of the 5 sentences of train.en"),
        ([*LINES, "a"], "wrote 6 of the 5 sentences of train.en"),
    ],
)
def test_a_difference_is_found(sentences: list[str], message: str, tmp_path: Path) -> None:
    write(tmp_path, sentences)
    with pytest.raises(DataError, match=message):
        counts(tmp_path)


@pytest.mark.parametrize(
    "found",
    [
        ["0-0 1-1", "", "0-0", "0-1", "1-0"],
        ["0-0 1-1", "", "0-0", "0-1 0-0", "1-1"],
        ["0-0 1-1", "", "0-0 0-1", "0-1", "1-1"],
        ["0-0 1-1", "", "0-0", "0-1 0-0"],
        ["0-0 1-1", "", "0-0", "0-1 0-0", "1-0", ""],
        ["0-0 1-1", "", "0-0", "0-1 0-0", "1-0", "0-0"],
    ],
)
def test_links_are_compared_in_all_chunks(found: list[str], tmp_path: Path) -> None:
    expected = ["0-0 1-1", "", "0-0", "0-1 0-0", "1-0"]
    for name, links in (("same", expected), ("other", found)):
        for folder in ("text", "bin"):
            (tmp_path / name / folder).mkdir(parents=True)
        write_lines(tmp_path / name / "text" / "train.align", expected)
        prefix = tmp_path / name / "bin" / "train.align.zh-en"
        builder = make_builder(f"{prefix}.bin", "mmap", vocab_size=100)
        for line in links:
            builder.add_item(torch.IntTensor([int(end) for link in line.split() for end in link.split("-")]))
        builder.finalize(f"{prefix}.idx")
    check_alignments(tmp_path / "same", "train")
    with pytest.raises(DataError, match=r"changed the links of train\.align"):
        check_alignments(tmp_path / "other", "train")


def test_a_missing_or_unknown_file_is_an_error(tmp_path: Path) -> None:
    write(tmp_path, LINES)
    index = tmp_path / "bin" / "train.zh-en.en.idx"
    for content in (b"TNTIDX" + index.read_bytes()[6:], index.read_bytes()[:-1], b""):
        index.write_bytes(content)
        with pytest.raises(DataError, match=r"train\.zh-en\.en\.idx: fairseq-preprocess wrote a format"):
            counts(tmp_path)
    index.unlink()
    with pytest.raises(DataError, match="wrote 0 of the 5 sentences"):
        counts(tmp_path)


def test_more_or_fewer_tokens_than_the_index_says_are_an_error(tmp_path: Path) -> None:
    write(tmp_path, LINES)
    data = tmp_path / "bin" / "train.zh-en.en.bin"
    whole = data.read_bytes()
    for content in (whole + whole[-2:], whole[:-2]):
        data.write_bytes(content)
        with pytest.raises(DataError, match=r"fairseq-preprocess (wrote 17 tokens|changed line 5)"):
            counts(tmp_path)


def test_sentences_that_do_not_follow_each_other_are_an_error(tmp_path: Path) -> None:
    write(tmp_path, LINES)
    index = tmp_path / "bin" / "train.zh-en.en.idx"
    index.write_bytes(index.read_bytes()[:-8] + bytes(8))
    with pytest.raises(DataError, match="do not follow each other"):
        read_binarised(index.with_suffix(""))
