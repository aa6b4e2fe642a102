"""Text that a language model writes."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from data_prep.characters import Options, prepare_characters
from data_prep.errors import DataError
from eval.__main__ import main
from eval.commands import sample as command
from eval.sampling import SampleSettings, as_text, draw, load, sample, write
from reencoder.text.alphabet import Alphabet
from tests.programs import succeed

ALPHABET = Alphabet("byte", sorted(set("abc é".encode())))


class Copy:
    """Predicts the symbol after the one it has read, in alphabetical order; its states count what it has read."""

    def __init__(self, sharpness: float = 50.0) -> None:
        self.sharpness = sharpness
        self.read: list[int] = []

    def __call__(self, tokens: torch.Tensor, states: Any = None) -> Any:
        assert states == (len(self.read) or None), "the states of the call before"
        self.read += tokens[0].tolist()
        following = [(token + 1) % len(ALPHABET) for token in tokens[0].tolist()]
        logits = self.sharpness * torch.nn.functional.one_hot(torch.tensor([following]), len(ALPHABET)).double()
        return SimpleNamespace(logits=logits, states=len(self.read))


def text_of(model: Any, **settings: Any) -> bytes:
    return b"".join(sample(model, SimpleNamespace(alphabet=ALPHABET), SampleSettings(**settings)))


def test_the_prime_is_read_and_every_symbol_is_fed_back() -> None:
    model = Copy()
    found = text_of(model, prime="ca", length=4)
    order = bytes(ALPHABET.symbols)
    at = order.index(b"a")
    assert found == b"ca" + bytes(order[(at + n) % len(order)] for n in range(1, 5))
    # the initial symbol, the prime, and everything written except the last symbol
    assert model.read == [len(ALPHABET), *ALPHABET.encode("ca"), *((at + n) % len(order) for n in range(1, 4))]
    assert len(text_of(Copy(), length=3)) == 3


def test_temperature_flattens_or_sharpens() -> None:
    logits, draws = torch.tensor([0.0, 1.0, 2.0]), 8000
    for temperature in (0.5, 1.0, 3.0):
        generator = torch.Generator().manual_seed(1)
        drawn = torch.tensor([draw(logits, temperature, generator) for _ in range(draws)])
        shares, expected = torch.bincount(drawn, minlength=3) / draws, torch.softmax(logits / temperature, 0)
        standard_errors = (expected * (1 - expected) / draws).sqrt()
        assert ((shares - expected).abs() < 4 * standard_errors).all()
    assert {draw(logits, 0, torch.Generator()) for _ in range(20)} == {2}
    assert text_of(Copy(0.0), length=30, seed=1) == text_of(Copy(0.0), length=30, seed=1)
    assert text_of(Copy(0.0), length=30, seed=1) != text_of(Copy(0.0), length=30, seed=2)


def test_characters_are_shown_as_soon_as_they_are_complete() -> None:
    def pieces() -> Iterator[bytes]:
        yield from (b"a", b"\xc3", b"\xa9", b"\xff", b"b", b"\xc3")

    assert list(as_text(pieces())) == ["a", "", "é", "\ufffd", "b", "", "\ufffd"]

    class Recorder(io.StringIO):
        def __init__(self) -> None:
            super().__init__()
            self.flushed: list[str] = []

        def flush(self) -> None:
            self.flushed.append(self.getvalue())

    stream = Recorder()
    write(Copy(), SimpleNamespace(alphabet=ALPHABET), SampleSettings(prime="a", length=1), stream)
    assert stream.flushed[:2] == ["a", "ab"] and stream.getvalue() == "ab\n"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"length": 0}, "--length 0: must be at least 1"),
        ({"temperature": -0.1}, "--temperature -0.1: must be 0, or between 1e-06 and"),
        ({"temperature": float("nan")}, "--temperature nan: must be 0, or between"),
        ({"temperature": 1e-40}, "--temperature 1e-40: must be 0, or between"),
        ({"prime": "az"}, "--prime: byte 0x7a is not in the alphabet"),
        ({"seed": 2**64}, "--seed 18446744073709551616: must be between -9223372036854775808 and 18446744073709551615"),
        ({"seed": -(2**63) - 1}, "--seed -9223372036854775809: must be between"),
    ],
)
def test_bad_settings_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        text_of(Copy(), **settings)


def test_a_prime_is_read_as_the_symbols_of_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Text in Latin-1, in a file and on the command line, where Python shows it as a lone surrogate."""
    latin = tmp_path / "latin"
    latin.write_bytes(b"\xe9a")
    symbols = {"byte": list(b"a\xe9"), "character": list(map(ord, "aé"))}
    read: dict[str, list[int]] = {}

    def prime(level: str, *options: str) -> int:
        model, alphabet = Copy(), Alphabet(level, symbols[level])
        monkeypatch.setattr(command, "resolve_checkpoint", lambda path: path)
        monkeypatch.setattr(command, "load", lambda *_: (model, SimpleNamespace(alphabet=alphabet)))
        status = main(["sample", "model.pt", "--length", "1", *options])
        read[level] = model.read
        return status

    primes = {f"--prime-file {latin}": ["--prime-file", str(latin)], "--prime": ["--prime", os.fsdecode(b"\xe9a")]}
    for option, options in primes.items():
        assert prime("byte", *options) == 0 and read["byte"] == [2, 1, 0]
        capsys.readouterr()
        assert prime("character", *options) == 2
        assert f"error: {option}: not UTF-8; convert it to UTF-8 first\n" == capsys.readouterr().err
    latin.write_text("éa", encoding="utf-8")
    assert prime("character", "--prime-file", str(latin)) == 0 and read["character"] == [2, 1, 0]
    assert prime("character", "--prime", "éa") == 0 and read["character"] == [2, 1, 0]
    capsys.readouterr()
    assert prime("byte", "--prime-file", str(latin)) == 2
    assert f"error: --prime-file {latin}: byte 0xc3 is not in the alphabet" in capsys.readouterr().err


def test_a_seed_may_be_whatever_torch_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for seed in (2**64 - 1, -(2**63)):
        assert len(text_of(Copy(), length=3, seed=seed)) == 3
    assert main(["sample", str(tmp_path / "no.pt"), "--seed", "99999999999999999999"]) == 2
    assert "error: --seed 99999999999999999999: must be between" in capsys.readouterr().err


def test_a_model_writes_what_it_has_learned(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A text that repeats itself, through the real programs; the data has moved since the training."""
    (tmp_path / "text").write_bytes(b"abcde, " * 600)
    prepare_characters(Options(tmp_path / "text", tmp_path / "data", valid=70, test=70), [])
    succeed(
        "train", tmp_path / "data", "--task", "grid_char_lm", "--sequence-length", 400, "--truncate-every", 20,
        "--arch", "stacked_lstm_lm", "--hidden-size", 16, "--layers", 1, "--optimizer", "adam", "--lr", 0.02,
        "--criterion", "cross_entropy", "--batch-size", 5, "--max-update", 80, "--num-workers", 0,
        "--disable-validation", "--save-dir", tmp_path,
    )  # fmt: skip
    checkpoint = tmp_path / "checkpoint_last.pt"
    (tmp_path / "data").rename(tmp_path / "moved")
    arguments = ["sample", str(checkpoint), "--length", "14", "--temperature", "0.1", "--prime", "abcde, ab"]
    assert main([*arguments, "--data", str(tmp_path / "moved")]) == 0
    assert capsys.readouterr().out == "abcde, abcde, abcde, ab\n"
    assert main(arguments) == 2
    assert "name another folder with --data" in capsys.readouterr().err
    (tmp_path / "text").write_bytes(b"abcdefghi, " * 60)
    prepare_characters(Options(tmp_path / "text", tmp_path / "other", valid=70, test=70), [])
    with pytest.raises(DataError, match="does not fit the alphabet of"):
        load(checkpoint, tmp_path / "other")
    (tmp_path / "broken.pt").write_bytes(b"x")
    for path, message in (("none.pt", "no such checkpoint"), ("broken.pt", "not a complete checkpoint")):
        assert main(["sample", str(tmp_path / path)]) == 2
        assert message in capsys.readouterr().err
