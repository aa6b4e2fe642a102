"""Minimum Bayes risk: choices worked by hand, sacreBLEU pair by pair, and the files of results."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sacrebleu.metrics import CHRF

from data_prep.errors import DataError
from data_prep.files import sha256_of
from data_prep.manifest import write_manifest
from eval.__main__ import main
from eval.bleu import score
from eval.hypotheses import Hypothesis
from eval.mbr import choose, weigh

FIRST = """\
S-0\t你好 ！
H-0\t-0.1\tgood morning !
P-0\t-0.1 -0.1 -0.1 -0.1
H-0\t-0.2\thello !
P-0\t-0.5 -0.5 -1.0
H-0\t-0.3\thello <unk> !
P-0\t-1.0 -0.5 -0.5 -1.0
H-1\t-0.5\the is a good man .
P-1\t-0.5 -0.5 -0.5 -0.5 -0.5 -0.5 -0.5
"""
SECOND = """\
H-1\t-0.5\tHe is a man .
P-1\t-1.0 -1.0 -1.0 -1.0 -1.0 -1.0
H-0\t-0.2\tHello !
P-0\t-0.5 -0.5 -1.0
"""


def test_the_candidate_most_like_the_others_wins() -> None:
    texts = ["a dog ran home", "the cat sat here", "the cat sat there", "the cat sat"]
    assert texts[choose(texts, [1.0] * 4)].startswith("the cat")
    # Against two copies of itself nothing can win.
    assert choose(["xyz", "the cat", "xyz"], [1.0] * 3) == 0
    # Nothing in common: the weights decide, and of equal ones the first.
    assert choose(["a", "b", "c"], [1.0, 1.5, 1.0]) == 1
    assert choose(["a", "b"], [1.0, 1.0]) == 0


@given(st.lists(st.tuples(st.text("abc ", max_size=8), st.floats(0.01, 1)), min_size=1, max_size=7))
def test_highest_expected_utility(candidates: list[tuple[str, float]]) -> None:
    texts, weights = [text for text, _ in candidates], [weight for _, weight in candidates]
    metric = CHRF()
    expected = [sum(w * metric.sentence_score(t, [other]).score for other, w in candidates) for t in texts]
    assert expected[choose(texts, weights)] == pytest.approx(max(expected), abs=1e-6)


def test_weights() -> None:
    candidates = [Hypothesis(-0.5, "a", (-0.5, -0.5)), Hypothesis(-1.0, "b", (-1.0, -1.0))]
    assert weigh(candidates, "uniform") == [1.0, 1.0]
    # probabilities 1/2 and 1/4
    assert weigh(candidates, "probability") == pytest.approx([2 / 3, 1 / 3])
    # so small that their powers of 2 are 0
    small = [Hypothesis(-1000.0, "a", (-5000.0, -1.0)), Hypothesis(-1000.0, "b", (-5000.0, -3.0))]
    assert weigh(small, "probability") == pytest.approx([4 / 5, 1 / 5])
    impossible = [Hypothesis(-float("inf"), "a", (-float("inf"),))] * 2
    assert weigh([*candidates, impossible[0]], "probability") == pytest.approx([2 / 3, 1 / 3, 0])
    assert weigh(impossible, "probability") == [0.5, 0.5]


@pytest.fixture
def arguments(tmp_path: Path) -> list[str]:
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    (raw / "test.zh").write_text("你好！\n他是好人。\n", encoding="utf-8")
    (raw / "test.en.0").write_text("Hello!\nHe is a good man.\n")
    for name, text in (("one", FIRST), ("two", SECOND)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "generate-test.txt").write_text(text, encoding="utf-8")
    (tmp_path / "one" / "scores.test.json").write_text('{"settings": {"beam": 3}, "checkpoints": [{"sha256": "ab"}]}')
    outputs = [str(tmp_path / name / "generate-test.txt") for name in ("one", "two")]
    return [
        "mbr",
        *outputs,
        "--data",
        str(tmp_path / "data"),
        "--output",
        str(tmp_path / "out"),
        "--weights",
        "uniform",
    ]


def test_results(arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    # "hello!" is there three times: lower-cased, and without the unknown word
    hypotheses = (tmp_path / "out" / "hypotheses.test.txt").read_text().split("\n")
    assert hypotheses == ["hello!", "he is a good man.", ""]
    expected = score(hypotheses[:2], [["Hello!"], ["He is a good man."]])
    assert f"{expected.bleu:.2f}" in capsys.readouterr().out
    document = json.loads((tmp_path / "out" / "scores.test.json").read_text())
    assert document["scores"]["bleu"] == expected.bleu
    assert document["counts"]["sources"] == document["counts"]["hypotheses"] == 2
    assert document["candidates"]["per_source"] == {"least": 2, "mean": 3.0, "most": 4}
    one, two = document["candidates"]["files"]
    assert one["sha256"] == sha256_of(tmp_path / "one" / "generate-test.txt")
    assert (one["settings"], one["checkpoints"]) == ({"beam": 3}, [{"sha256": "ab"}])
    assert two.keys() == {"path", "sha256"}
    assert document["settings"]["weights"] == "uniform" and document["settings"]["utility"] == "chrF2"
    assert {"commit", "command", "versions", "hardware", "wall_seconds"} <= document.keys()
    assert document["command"][:4] == ["python", "-m", "eval", "mbr"] and str(tmp_path) not in str(document["command"])
    assert "overwrite" not in document["settings"]


def test_probabilities_of_each_output_add_up_to_one(arguments: list[str], tmp_path: Path) -> None:
    # "good morning!" has 2**-0.4 of the first output's 2**-0.4 + 2**-2 + 2**-3: more than the others, but its output
    # counts only as much as the other one, which has only "hello!".
    arguments = arguments[:-2]  # the default
    assert main(arguments) == 0
    assert (tmp_path / "out" / "hypotheses.test.txt").read_text().startswith("hello!\n")
    assert main([arguments[0], arguments[1], *arguments[3:], "--overwrite"]) == 0
    assert (tmp_path / "out" / "hypotheses.test.txt").read_text().startswith("good morning!\n")


def test_unknown_words_can_be_kept(arguments: list[str], tmp_path: Path) -> None:
    one = tmp_path / "one" / "generate-test.txt"
    one.write_text("H-0\t-1\thello <unk> !\nH-1\t-1\ta\n")
    assert main([arguments[0], str(one), *arguments[3:], "--keep-unknown"]) == 0
    assert (tmp_path / "out" / "hypotheses.test.txt").read_text() == "hello <unk>!\na\n"


def test_earlier_results_are_replaced_only_on_demand(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 0
    assert main(arguments) == 2
    assert "scores.test.json: exists already" in capsys.readouterr().err
    assert main([*arguments, "--overwrite"]) == 0


def test_models_with_different_tokens_are_combined(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pieces = tmp_path / "pieces"
    shutil.copytree(tmp_path / "data", pieces)
    write_manifest(pieces, {"options": {"segmentation": "jieba", "target_segmentation": "sentencepiece"}})
    (tmp_path / "two" / "generate-test.txt").write_text("H-0\t-1\t▁hel lo ▁!\nH-1\t-1\t▁he ▁is ▁a ▁go od ▁man ▁.\n")
    data = arguments.index("--data") + 1
    assert main([*arguments[: data + 1], str(pieces), *arguments[data + 1 :]]) == 0
    assert (tmp_path / "out" / "hypotheses.test.txt").read_text() == "hello!\nhe is a good man.\n"
    settings = json.loads((tmp_path / "out" / "scores.test.json").read_text())["settings"]
    assert [Path(folder).name for folder in settings["data"]] == ["data", "pieces"]
    (pieces / "raw" / "test.zh").write_text("你好！\n你们好。\n", encoding="utf-8")
    assert main([*arguments[: data + 1], str(pieces), *arguments[data + 1 :], "--overwrite"]) == 2
    assert "pieces has other sources than that of" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "generate-test.txt: no such file"),
        ("H-0\t-1\ta\n", "generate-test.txt: 1 hypotheses for 2 sources; none for id 1"),
        ("H-0\t-1\ta\nP-0\t-1 x\n", "generate-test.txt: output of fairseq-generate, line 2: expected P-<id>"),
    ],
)
def test_bad_outputs(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, message: str
) -> None:
    path = tmp_path / "two" / "generate-test.txt"
    path.unlink()
    if text is not None:
        path.write_text(text)
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.splitlines()[-1].startswith("error: ")
    assert not (tmp_path / "out").exists()


def test_an_output_for_other_sources_is_refused(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tokens = tmp_path / "data" / "text" / "test.zh"
    tokens.parent.mkdir()
    for text in ("你好 ！\n他 是 好人 。\n", "早上 ！\n他 是 好人 。\n", "你好\n他 是 好人 。\n"):
        tokens.write_text(text, encoding="utf-8")
        known = text.startswith("你好 ！")
        assert main([*arguments, "--overwrite"]) == (0 if known else 2)
        if not known:
            error = capsys.readouterr().err.splitlines()[-1]
            assert "one/generate-test.txt: output of fairseq-generate, line 1: its source is '你好 ！', but" in error
    (tmp_path / "one" / "generate-test.txt").write_text(FIRST.replace("你好", "<unk>"), encoding="utf-8")
    tokens.write_text("生僻字 ！\n他 是 好人 。\n", encoding="utf-8")
    assert main([*arguments, "--overwrite"]) == 0
    (tmp_path / "one" / "generate-test.txt").write_text(FIRST + "S-2\t你好 ！\n", encoding="utf-8")
    assert main([*arguments, "--overwrite"]) == 2


def test_probabilities_need_token_scores(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "two" / "generate-test.txt").write_text("H-0\t-1\ta\nH-1\t-1\tb\n")
    assert main([*arguments, "--weights", "probability"]) == 2
    assert "generate-test.txt: no token scores (line P-0)" in capsys.readouterr().err


def test_wrong_settings_of_the_library(tmp_path: Path) -> None:
    from eval.mbr import RiskSettings

    for values in ({"split": "train"}, {"weights": "some"}, {"candidates": ()}, {"data": (tmp_path,) * 2}):
        with pytest.raises(DataError):
            RiskSettings(**{"data": (tmp_path,), "candidates": (tmp_path,), "output": tmp_path, **values})  # type: ignore[arg-type]
