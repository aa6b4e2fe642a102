"""Comparisons of systems: the tests of significance recomputed by hand, buckets of lengths, the table."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sacrebleu.metrics import BLEU, CHRF, TER

from data_prep.errors import DataError
from eval.__main__ import main
from eval.bleu import reference_streams, score
from eval.compare import by_length, compare

SYSTEMS = {
    "one": ["He has a dog.", "this is a Book", "where is the bank now", "I don't know", "it rains today", "come in"],
    "two": ["he had a dog", "That is a book .", "where is the bank", "I know nothing", "it is raining", "come on in"],
    "three": ["a dog", "book", "bank", "I do not know it", "rain", "come"],
}
REFERENCES = [
    ["He has a dog.", "He's got a dog."],
    ["This is a book."],
    ["Where is the bank?", "Where's the bank?", "Where can I find the bank?"],
    ["I don't know."],
    ["It is raining today."],
    ["Come in."],
]
SEED = 12345  # sacreBLEU's


@pytest.fixture(autouse=True)
def seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SACREBLEU_SEED", raising=False)


def metrics(keep_case: bool) -> dict[str, Any]:
    return {
        "BLEU": BLEU(lowercase=not keep_case, force=True),
        "chrF2": CHRF(lowercase=not keep_case),
        "TER": TER(case_sensitive=keep_case),
    }


def corpus(metric: Any, hypotheses: list[str], references: list[list[str]]) -> float:
    return float(metric.corpus_score(hypotheses, reference_streams(references)).score)


@pytest.mark.parametrize("keep_case", [False, True])
def test_agrees_with_resampling_by_hand(keep_case: bool) -> None:
    samples, trials, size = 25, 30, len(REFERENCES)
    found = compare(SYSTEMS, REFERENCES, keep_case=keep_case, samples=samples, trials=trials)
    picks = np.random.default_rng(SEED).choice(size, size=(samples, size), replace=True)
    swaps = np.random.default_rng(SEED).integers(2, size=(trials, size), dtype=bool)
    baseline = SYSTEMS["one"]
    for metric_name, metric in metrics(keep_case).items():
        for name, hypotheses in SYSTEMS.items():
            test = found.tests[metric_name][name]
            assert test.score == pytest.approx(corpus(metric, hypotheses, REFERENCES))
            resampled, differences = [], []
            for pick in picks:
                references = [REFERENCES[n] for n in pick]
                resampled.append(corpus(metric, [hypotheses[n] for n in pick], references))
                differences.append(abs(resampled[-1] - corpus(metric, [baseline[n] for n in pick], references)))
            assert test.mean == pytest.approx(np.mean(resampled), abs=1e-4)
            if name == "one":
                assert (test.p_bootstrap, test.p_randomisation) == (None, None)
                continue
            difference = abs(test.score - corpus(metric, baseline, REFERENCES))
            above = sum(bool(d - np.mean(differences) > difference + 1e-6) for d in differences)
            assert test.p_bootstrap == pytest.approx((above + 1) / (samples + 1))
            above = 0
            for swap in swaps:
                first = [a if s else b for a, b, s in zip(baseline, hypotheses, swap, strict=True)]
                second = [b if s else a for a, b, s in zip(baseline, hypotheses, swap, strict=True)]
                above += abs(corpus(metric, first, REFERENCES) - corpus(metric, second, REFERENCES)) > difference + 1e-6
            assert test.p_randomisation == pytest.approx((above + 1) / (trials + 1))
        assert "bs:25" in found.signatures[metric_name]["bootstrap"]
        assert "ar:30" in found.signatures[metric_name]["randomisation"]
        assert f"case:{'mixed' if keep_case else 'lc'}" in found.signatures[metric_name]["bootstrap"]
    assert found.scores == {name: score(SYSTEMS[name], REFERENCES, keep_case=keep_case) for name in SYSTEMS}


def test_a_system_does_not_differ_from_its_copy_but_from_a_bad_one() -> None:
    good = [f"sentence number {n} is about the {n * n} words" for n in range(60)]
    bad = [f"sentence {n} about words" for n in range(60)]
    found = compare({"good": good, "copy": list(good), "bad": bad}, [[text] for text in good], samples=200, trials=200)
    for tests in found.tests.values():
        assert tests["copy"].p_bootstrap == tests["copy"].p_randomisation == 1.0
        assert tests["bad"].p_bootstrap == pytest.approx(1 / 201) == tests["bad"].p_randomisation
    text = found.to_text()
    assert f"{1 / 201:.4f}*" in text and "1.0000 " in text


def test_buckets_of_lengths() -> None:
    sources = ["四个字。", "五个字 呢。", "有六个字吗？", "二字", "x" * 30, "七个字在这里"]
    found = by_length(SYSTEMS, REFERENCES, sources, [2, 5, 6, 20])
    assert [(b["from"], b["to"], b["sources"]) for b in found] == [(0, 2, 1), (3, 5, 2), (6, 6, 2), (21, None, 1)]
    inside = [[3], [0, 1], [2, 5], [4]]
    for bucket, members in zip(found, inside, strict=True):
        for name, hypotheses in SYSTEMS.items():
            expected = score([hypotheses[n] for n in members], [REFERENCES[n] for n in members]).bleu
            assert bucket["bleu"][name] == expected
    assert by_length(SYSTEMS, REFERENCES, sources, [])[0]["bleu"] == {
        name: score(hypotheses, REFERENCES).bleu for name, hypotheses in SYSTEMS.items()
    }


def test_wrong_input() -> None:
    two = {name: SYSTEMS[name] for name in ("one", "two")}
    with pytest.raises(DataError, match="1 system to compare; expected at least two"):
        compare({"one": SYSTEMS["one"]}, REFERENCES)
    with pytest.raises(DataError, match="6 hypotheses for 5 sources"):
        compare(two, REFERENCES[:5])
    with pytest.raises(DataError, match="--samples 0: must be at least 1"):
        compare(two, REFERENCES, samples=0)
    with pytest.raises(DataError, match="--trials -1: must be at least 1"):
        compare(two, REFERENCES, trials=-1)
    with pytest.raises(DataError, match="5 sources, but 6 lines of references"):
        by_length(two, REFERENCES, ["a"] * 5, [])
    for limits in ([0, 3], [3, 3], [5, 2]):
        with pytest.raises(DataError, match=r"--lengths .*: must be at least 1 and ascend"):
            by_length(two, REFERENCES, ["a"] * 6, limits)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    for name, hypotheses in SYSTEMS.items():
        (tmp_path / name).write_text("".join(f"{line}\n" for line in hypotheses))
    (raw / "test.zh").write_text("".join(f"{'字' * n}\n" for n in range(4, 10)), encoding="utf-8")
    for number in range(3):
        lines = [texts[number] if number < len(texts) else "" for texts in REFERENCES]
        (raw / f"test.en.{number}").write_text("".join(f"{line}\n" for line in lines))
    return tmp_path


def test_command_line(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["compare", str(files / "one"), f"better={files / 'two'}", "--data", str(files / "data")]
    arguments += ["--samples", "20", "--trials", "30", "--lengths", "5", "7", "--json", str(files / "result.json")]
    assert main(arguments) == 0
    expected = compare(
        {"one": SYSTEMS["one"], "better": SYSTEMS["two"]},
        REFERENCES,
        ["字" * n for n in range(4, 10)],
        limits=[5, 7],
        samples=20,
        trials=30,
    )
    assert capsys.readouterr().out == expected.to_text() + "\n"
    document = json.loads((files / "result.json").read_text())
    plain = json.loads(json.dumps(expected.to_json()))
    assert {key: document[key] for key in plain} == plain
    assert document["baseline"] == "one"
    assert [bucket["sources"] for bucket in document["by_source_length"]] == [2, 2, 2]
    assert document["settings"] == {"keep_case": False, "samples": 20, "trials": 30}
    assert document["systems"].keys() == {"one", "better"}
    assert [Path(file["path"]).name for file in document["files"]] == [
        *(f"test.en.{n}" for n in range(3)),
        "test.zh",
    ]


def test_references_without_sources(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["compare", str(files / "one"), str(files / "two"), "--samples", "5", "--trials", "5"]
    arguments += ["--references", str(files / "data" / "raw" / "test.en")]
    assert main(arguments) == 0
    assert "by length" not in capsys.readouterr().out
    assert main([*arguments, "--sources", str(files / "data" / "raw" / "test.zh")]) == 0
    assert "by length" in capsys.readouterr().out


def test_a_file_may_have_an_equals_sign(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from eval.commands.compare import named_files

    monkeypatch.chdir(files)
    (files / "beam=5").write_text("a\n")
    assert named_files(["beam=5", "a=one", "b=x=y"]) == {"beam=5": Path("beam=5"), "a": Path("one"), "b": Path("x=y")}


@pytest.mark.parametrize(
    ("systems", "message"),
    [
        (["one", "one"], "a second system named one; give NAME=FILE"),
        (["one", "=two"], "=two: empty name"),
        (["one"], "1 system to compare"),
        (["one", "none"], "none: no such file"),
        (["one", "short"], "short: 1 hypotheses for 6 sources in "),
    ],
)
def test_bad_systems(
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    systems: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(files)
    (files / "short").write_text("a\n")
    assert main(["compare", *systems, "--data", "data"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and message in error


@pytest.mark.shared
def test_moses_against_the_others(shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from data_prep.__main__ import main as data_prep

    tsv = shared_data / "tatoeba-zh-en" / "cmn-eng.tsv"
    assert data_prep(["prepare", "--tsv", str(tsv), "--dest", str(tmp_path / "tatoeba")]) == 0
    folder = shared_data.parent / "baselines"
    names = {"moses": "moses-tuned-drop-unknown", "transformer": "transformer-7-epochs"}
    arguments = [f"{name}={folder / file}.test.txt" for name, file in names.items()]
    result = tmp_path / "result.json"
    arguments += ["--data", str(tmp_path / "tatoeba"), "--samples", "300", "--trials", "300", "--json", str(result)]
    assert main(["compare", *arguments]) == 0
    tests = json.loads(result.read_text())["tests"]
    assert f"{tests['BLEU']['moses']['score']:.2f}" == "30.25"
    assert f"{tests['BLEU']['transformer']['score']:.2f}" == "23.15"
    assert f"{tests['chrF2']['moses']['score']:.2f}" == "49.75"
    assert tests["BLEU"]["transformer"]["p_bootstrap"] < 0.05 > tests["BLEU"]["transformer"]["p_randomisation"]
