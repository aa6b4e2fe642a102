"""The table of words, characters and subwords: the counts are those of prepared data."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from data_prep import binarise
from data_prep.files import read_json
from data_prep.options import Options
from data_prep.prepare import prepare
from recipes.tatoeba import subwords
from tests.forked_programs import run_fork


@pytest.fixture
def cats(tmp_path: Path) -> Path:
    """A file of pairs that differ in a number."""
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"I have {n} cats.\t我有{n}只猫。\n" for n in range(100, 500)), encoding="utf-8")
    return path


def test_subwords_are_counted_on_the_validation_set(
    cats: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Known are 我 有 只 猫 。 and i have cats . but no number."""
    monkeypatch.setattr(subwords, "ROWS", {"words": {}, "characters": {"segmentation": "char"}})
    output = tmp_path / "subwords.json"
    assert subwords.main(["--tsv", str(cats), "--output", str(output)]) == 0
    result = read_json(output)
    for name in ("words", "characters"):
        row = result["rows"][name]
        assert row["zh"] == {"vocabulary": 5, "unknown_percent": pytest.approx(100 / 6), "tokens_per_sentence": 6}
        assert row["en"] == {"vocabulary": 4, "unknown_percent": 20, "tokens_per_sentence": 5}
    lines = capsys.readouterr().out.splitlines()
    assert "| words | 5 | 16.67% | 6.0 | 4 | 20.00% | 5.0 |" in lines
    assert "| characters | 5 | 16.67% | 6.0 | - | - | - |" in lines
    assert result["provenance"]["command"][-4:] == ["--tsv", "pairs.tsv", "--output", "subwords.json"]


def test_subwords_are_counted_as_data_preparation_does(
    cats: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fairseq_cli.preprocess  # noqa: F401  # for the fork

    monkeypatch.setattr(binarise, "subprocess", SimpleNamespace(run=run_fork))
    pieces: dict[str, Any] = {"segmentation": "jieba-sentencepiece", "sentencepiece_vocab_size": 20, "min_count": 1}
    counts = prepare(Options(dest=tmp_path / "data", tsv=[cats], **pieces))["counts"]["valid"]
    row = subwords.count(cats, {"words": {}, "pieces": pieces})["pieces"]
    for language in ("zh", "en"):
        dictionary = (tmp_path / "data" / "bin" / f"dict.{language}.txt").read_text(encoding="utf-8")
        assert row[language]["vocabulary"] == len(dictionary.splitlines())
        assert round(row[language]["unknown_percent"], 3) == counts[language]["unknown_percent"]
        assert row[language]["tokens_per_sentence"] == counts[language]["tokens"] / counts["lines"]
    assert row["en"]["unknown_percent"] > 0


def test_too_few_pairs_for_a_validation_set_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "pairs.tsv").write_text("Hi.\t嗨。\n", encoding="utf-8")
    assert subwords.main(["--tsv", str(tmp_path / "pairs.tsv"), "--output", str(tmp_path / "out.json")]) == 2
    assert "so few pairs that none fell into the validation set" in capsys.readouterr().err
    assert not (tmp_path / "out.json").exists()


def test_every_row_of_subwords_can_be_prepared(tmp_path: Path) -> None:
    for options in subwords.ROWS.values():
        Options(dest=tmp_path / "data", tsv=[tmp_path / "pairs.tsv"], **options)
