"""What the character language model reads: streams, batches, alphabet, files of prepared text."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reencoder.tasks.char_lm.dataset import TextDataset
from reencoder.tasks.char_lm.streams import Plan
from reencoder.tasks.grid_char_lm import GridCharLMConfig, GridCharLMTask
from reencoder.text.alphabet import Alphabet

# Streams


@settings(max_examples=300)
@given(
    characters=st.integers(1, 300),
    length=st.integers(1, 60),
    piece=st.integers(1, 70),
    streams=st.integers(1, 9),
    workers=st.integers(1, 3),
)
def test_every_character_is_in_exactly_one_batch(
    characters: int, length: int, piece: int, streams: int, workers: int
) -> None:
    if -(-characters // length) < workers:
        with pytest.raises(ValueError, match="too few for"):
            Plan(characters, length, piece, streams, workers)
        return
    plan = Plan(characters, length, piece, streams, workers)
    seen: list[int] = []
    for worker in range(workers):
        batches = plan.batches(worker)
        assert batches, "each worker has something to do"
        before: list[int] = []
        for batch in batches:
            starts = batch.starts.tolist()
            assert 1 <= batch.length <= piece and 1 <= len(starts) <= streams
            # a sequence begins at multiples of its length and nowhere else; all others go on, row by row
            assert all((start % length == 0) == batch.begins for start in starts)
            assert batch.begins or starts == before[: len(starts)]
            before = [start + batch.length for start in starts]
            seen += [position for start in starts for position in range(start, start + batch.length)]
    assert sorted(seen) == list(range(characters))


def test_streams_are_contiguous_and_read_side_by_side() -> None:
    """Worked out by hand: 11 characters, sequences of 2, so 6 sequences in 4 streams of 2, 2, 1 and 1."""
    found = [(batch.starts.tolist(), batch.length, batch.begins) for batch in Plan(11, 2, 2, 4).batches()]
    # the last sequence has one character only: the others go on without it
    assert found == [([0, 4, 8, 10], 1, True), ([1, 5, 9], 1, False), ([2, 6], 2, True)]
    two = Plan(11, 2, 2, 2, workers=2)
    assert [batch.starts.tolist() for batch in two.batches(0)] == [[0, 8], [2]]
    assert [batch.starts.tolist() for batch in two.batches(1)] == [[4, 10], [5], [6]]


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((10, 1, 1, 0), "--batch-size: expected at least 1"),
        ((0, 1, 1, 1), "no characters"),
    ],
)
def test_bad_plans_are_refused(numbers: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Plan(*numbers)


def test_a_model_reads_the_character_before_and_a_symbol_of_its_own_where_a_sequence_begins() -> None:
    text = TextDataset("train", np.array([5, 6, 7, 8, 9, 4, 3], dtype=np.uint8), begin=10, sequence_length=4)
    batches = [text.collater([piece]) for piece in Plan(7, 4, 2, 2).batches()]
    read, predicted = (
        [batch["net_input"]["src_tokens"].tolist() if name == "read" else batch["target"].tolist() for batch in batches]
        for name in ("read", "predicted")
    )
    assert predicted == [[[5, 6], [9, 4]], [[7], [3]], [[8]]]
    assert read == [[[10, 5], [10, 9]], [[6], [4]], [[7]]]
    assert [batch["ntokens"] for batch in batches] == [4, 2, 1]
    whole = [text.collater([text[n] for n in rows]) for rows in text.whole_sequences(5)]
    assert [batch["target"].tolist() for batch in whole] == [[[5, 6, 7, 8]], [[9, 4, 3]]]
    assert text.collater([]) == {}


# Alphabet


def test_names_of_symbols_are_different_and_visible() -> None:
    names = Alphabet("byte", range(256)).names()
    assert len(set(names)) == 256 and names[ord("a")] == "a" and names[10] == "<0a>" and names[32] == "<20>"
    assert Alphabet("character", [10, 97, 233, 0x200B]).names() == ["<0a>", "a", "é", "<200b>"]


@pytest.mark.parametrize("level", ["byte", "character"])
def test_text_is_encoded_and_decoded(level: str) -> None:
    text = "naïve – 文\n"
    symbols = sorted(set(text.encode() if level == "byte" else map(ord, text)))
    alphabet = Alphabet(level, symbols)
    assert alphabet.decode(alphabet.encode(text)) == text.encode()
    assert alphabet.encode(text.encode()) == alphabet.encode(text)
    with pytest.raises(ValueError, match=r"(byte 0x7a|character 'z') is not in the alphabet"):
        alphabet.encode("z")


def test_damaged_data_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"alphabet.json: no such file.*python -m data_prep characters"):
        GridCharLMTask(GridCharLMConfig(data=str(tmp_path)))
    (tmp_path / "alphabet.json").write_text('{"level": "byte", "symbols": [1, 1]}')
    with pytest.raises(ValueError, match=r"alphabet.json: cannot be read as an alphabet.*only once"):
        GridCharLMTask(GridCharLMConfig(data=str(tmp_path)))
    (tmp_path / "alphabet.json").write_text('{"level": "byte", "symbols": [65, 66]}')
    task = GridCharLMTask(GridCharLMConfig(data=str(tmp_path)))
    (tmp_path / "train.npy").write_bytes(b"no array")
    np.save(tmp_path / "valid.npy", np.array([0, 1, 2], dtype=np.uint8))
    np.save(tmp_path / "test.npy", np.array([[0.5]]))
    for split, message in (
        ("train", "cannot be read"),
        ("valid", "contains symbol 2 of an alphabet of 2"),
        ("test", "expected a list of unsigned numbers"),
    ):
        with pytest.raises(ValueError, match=rf"{split}.npy: {message}"):
            task.load_dataset(split)
    (tmp_path / "train.npy").write_bytes(b"")
    with (tmp_path / "valid.npy").open("wb") as file:
        np.savez(file, characters=np.array([0, 1], dtype=np.uint8))
    (tmp_path / "test.npy").write_bytes((tmp_path / "valid.npy").read_bytes()[:-1])
    for split, message in (
        ("train", "cannot be read: No data left in file"),
        ("valid", r"an archive of arrays \(.npz\), expected a single array"),
        ("test", "cannot be read: File is not a zip file"),
    ):
        with pytest.raises(ValueError, match=rf"{split}.npy: {message}; prepare it with: python -m data_prep char"):
            task.load_dataset(split)
