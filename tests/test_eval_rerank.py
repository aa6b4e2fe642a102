"""Reranking: weights against all weights tried by hand, BLEU against sacreBLEU, and the files of results."""

import json
import random
from collections.abc import Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pytest

from data_prep.manifest import checksums, write_manifest
from eval.__main__ import main
from eval.bleu import score
from eval.rerank import BleuOfChoices, Lists, tune_weights
from eval.results import Text
from eval.split import Split

WORDS = ["the", "cat", "sat", "on", "a", "mat", "Dog", "."]


@pytest.fixture
def lists() -> Lists:
    draw = random.Random(3)
    references = [[" ".join(draw.choices(WORDS, k=8)) for _ in range(draw.randint(1, 3))] for _ in range(6)]
    texts = [
        [Text(" ".join(draw.choices([*group[0].split(), *WORDS], k=draw.randint(4, 9))), 0) for _ in range(n)]
        for group, n in zip(references, (1, 4, 4, 2, 3, 4), strict=True)
    ]
    features = np.array([[[draw.uniform(-9, 0) for _ in range(3)] for _ in range(4)] for _ in texts])
    return Lists(Split(Path("data"), "valid", ["x"] * 6, references), texts, features)


@pytest.mark.parametrize("keep_case", [False, True])
def test_bleu_of_choices_is_that_of_sacrebleu(lists: Lists, keep_case: bool) -> None:
    bleu = BleuOfChoices(lists, keep_case)
    for choice in ([0] * 6, [0, 3, 2, 1, 2, 3]):
        chosen = [texts[n].text for texts, n in zip(lists.texts, choice, strict=True)]
        assert bleu(choice) == pytest.approx(score(chosen, lists.split.references, keep_case=keep_case).bleu, abs=1e-9)


def test_highest_weighted_sum(lists: Lists) -> None:
    for weights in ([1.0, 0.0, 0.0], [1.0, 0.5, -2.0]):
        expected = []
        for texts, rows in zip(lists.texts, lists.features, strict=True):
            sums = [sum(w * f for w, f in zip(weights, row, strict=True)) for row in rows[: len(texts)]]
            expected.append(sums.index(max(sums)))
        assert lists.choose(weights) == expected


def test_weights() -> None:
    def separable(weights: Sequence[float]) -> float:
        return -((weights[1] - 0.5) ** 2) - (weights[2] + 1) ** 2

    grid = [[0.0, 0.4, 0.5, 2.0], [-1.5, -1.0, 0.0]]
    best = max(product(*grid), key=lambda pair: separable([1.0, *pair]))
    assert tune_weights(separable, grid) == [1.0, *best]
    assert tune_weights(lambda weights: 7.0, grid) == [1.0, 0.0, 0.0], "a tie stays with the value before"


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    for name in ("raw", "text"):
        (tmp_path / "data" / name).mkdir(parents=True)
    (tmp_path / "lists").mkdir()
    # In both splits the second hypothesis is right and longer.
    for split, sentence in (("valid", "this is a very good book ."), ("test", "he has a dog and a cat .")):
        for folder in ("raw", "text"):
            (tmp_path / "data" / folder / f"{split}.zh").write_text("书 。\n", encoding="utf-8")
        (tmp_path / "data" / "raw" / f"{split}.en.0").write_text(f"{sentence.replace(' .', '.')}\n")
        short = " ".join(sentence.split()[:2])
        found = [f"H-0\t-1\t{text}\nP-0\t" + " ".join(["-1"] * (len(text.split()) + 1)) for text in (short, sentence)]
        (tmp_path / "lists" / f"generate-{split}.txt").write_text("\n".join(found) + "\n")
    return ["rerank", str(tmp_path / "lists"), "--data", str(tmp_path / "data"), "--output", str(tmp_path / "out")]


def test_weights_of_the_validation_set_choose_in_the_other(arguments: list[str], tmp_path: Path) -> None:
    assert main(arguments) == 0
    assert (tmp_path / "out" / "hypotheses.valid.txt").read_text() == "this is a very good book.\n"
    assert (tmp_path / "out" / "hypotheses.test.txt").read_text() == "he has a dog and a cat.\n"
    document = json.loads((tmp_path / "out" / "scores.test.json").read_text())
    assert document["scores"]["bleu"] == pytest.approx(100)
    assert list(document["weights"]) == ["search", "length", "unknown words"]
    assert document["weights"]["length"] > 1 and document["settings"]["split"] == "test"


def test_bad_input(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--scorers", str(tmp_path / "none.pt")]) == 2
    assert "none.pt: no such checkpoint" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    (tmp_path / "lists" / "generate-test.txt").unlink()
    assert main(arguments) == 2
    assert "generate-test.txt: no such file" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_sources_that_are_not_those_that_were_prepared_are_refused(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "data"
    write_manifest(data, {"options": {"segmentation": "jieba"}, "files": checksums(data)})
    assert main([*arguments, "--split", "test"]) == 0
    (data / "text" / "test.zh").write_text("狗 。\n", encoding="utf-8")
    assert main([*arguments[:-1], str(tmp_path / "again"), "--split", "test"]) == 2
    assert "text/test.zh: is not the file that" in capsys.readouterr().err
