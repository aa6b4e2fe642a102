"""Comparisons of systems: the tests of significance recomputed by hand, buckets of lengths, the table."""

import json
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sacrebleu.metrics import BLEU, CHRF, TER

from data_prep.errors import DataError
from eval.__main__ import main
from eval.bleu import reference_streams, score
from eval.buckets import FrequencyBucket, by_frequency, by_length, count_words
from eval.compare import CompareOptions, compare
from eval.comparison_text import to_markdown, to_text
from eval.sentences import differences, sentence_scores
from eval.tables import Table, markdown_table
from eval.training_words import training_counts
from reencoder.text.manifest import FORMAT

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
    found = compare(SYSTEMS, REFERENCES, options=CompareOptions(keep_case=keep_case, samples=samples, trials=trials))
    picks = np.random.default_rng(SEED).choice(size, size=(samples, size), replace=True)
    swaps = np.random.default_rng(SEED).integers(2, size=(trials, size), dtype=bool)
    baseline = SYSTEMS["one"]
    assert found.first_reference is not None
    for significance, against in (
        (found.significance, REFERENCES),
        (found.first_reference, [texts[:1] for texts in REFERENCES]),
    ):
        for metric_name, metric in metrics(keep_case).items():
            for name, hypotheses in SYSTEMS.items():
                test = significance.tests[metric_name][name]
                assert test.score == pytest.approx(corpus(metric, hypotheses, against))
                resampled, gaps = [], []
                for pick in picks:
                    references = [against[n] for n in pick]
                    resampled.append(corpus(metric, [hypotheses[n] for n in pick], references))
                    gaps.append(abs(resampled[-1] - corpus(metric, [baseline[n] for n in pick], references)))
                assert test.mean == pytest.approx(np.mean(resampled), abs=1e-4)
                if name == "one":
                    assert (test.p_bootstrap, test.p_randomisation) == (None, None)
                    continue
                difference = abs(test.score - corpus(metric, baseline, against))
                above = sum(bool(gap - np.mean(gaps) > difference + 1e-6) for gap in gaps)
                assert test.p_bootstrap == pytest.approx((above + 1) / (samples + 1))
                above = 0
                for swap in swaps:
                    first = [a if s else b for a, b, s in zip(baseline, hypotheses, swap, strict=True)]
                    second = [b if s else a for a, b, s in zip(baseline, hypotheses, swap, strict=True)]
                    gap = abs(corpus(metric, first, against) - corpus(metric, second, against))
                    above += gap >= difference - 1e-6
                assert test.p_randomisation == pytest.approx((above + 1) / (trials + 1))
            assert "bs:25" in significance.signatures[metric_name]["bootstrap"]
            assert "ar:30" in significance.signatures[metric_name]["randomisation"]
            assert f"case:{'mixed' if keep_case else 'lc'}" in significance.signatures[metric_name]["bootstrap"]
    assert found.scores == {name: score(SYSTEMS[name], REFERENCES, keep_case=keep_case) for name in SYSTEMS}


@pytest.mark.parametrize("kind", ["bs", "ar"])
def test_equals_the_paired_tests_of_the_sacrebleu_command(tmp_path: Path, kind: str) -> None:
    draw = random.Random(2)
    words = ["the", "a", "Dog", "cat", "sat", "runs", "on", "over", "it's", "mat", ",", "and", "Tom"]
    references = [" ".join(draw.choices(words, k=draw.randint(4, 9))) for _ in range(60)]
    systems = {
        name: [" ".join(w for w in text.split() if draw.random() < kept) for text in references]
        for name, kept in (("one", 0.8), ("two", 0.75))
    }
    for name, lines in {**systems, "reference": references}.items():
        (tmp_path / name).write_text("".join(f"{line}\n" for line in lines))
    command = [sys.executable, "-m", "sacrebleu", str(tmp_path / "reference"), "--input"]
    command += [*(str(tmp_path / name) for name in systems), "--metrics", "bleu", "chrf", "ter", "--format", "text"]
    command += ["--lowercase", "--chrf-lowercase", f"--paired-{kind}", f"--paired-{kind}-n", "200", "--width", "4"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    printed = " ".join(done.stdout.replace("|", " ").split())
    options = CompareOptions(samples=200, trials=200)
    significance = compare(systems, [[text] for text in references], options=options).significance
    for metric, tests in significance.tests.items():
        for test in tests.values():
            interval = f" ({test.mean:.4f} ± {test.interval:.4f})" if kind == "bs" else ""
            assert f" {test.score:.4f}{interval} " in printed
        p_value = tests["two"].p_bootstrap if kind == "bs" else tests["two"].p_randomisation
        assert f"(p = {p_value:.4f})" in printed
        assert significance.signatures[metric]["bootstrap" if kind == "bs" else "randomisation"] in done.stdout


def test_a_system_does_not_differ_from_its_copy_but_from_a_bad_one() -> None:
    good = [f"sentence number {n} is about the {n * n} words" for n in range(60)]
    bad = [f"sentence {n} about words" for n in range(60)]
    systems = {"good": good, "copy": list(good), "bad": bad}
    found = compare(systems, [[text] for text in good], options=CompareOptions(samples=200, trials=200))
    assert found.first_reference is None, "there is only one reference"
    for tests in found.significance.tests.values():
        assert tests["copy"].p_bootstrap == tests["copy"].p_randomisation == 1.0
        assert tests["bad"].p_bootstrap == pytest.approx(1 / 201) == tests["bad"].p_randomisation
    text = to_text(found)
    assert f"{1 / 201:.4f}*" in text and "1.0000 " in text and "1 ref" not in text
    assert (found.sentences["copy"].equal, found.sentences["bad"].worse) == (60, 60)


def test_a_difference_in_few_sentences_may_be_chance() -> None:
    """Of the shuffles of k sentences in which one system is better, two have the observed difference: p = 2 / 2^k."""
    good = [f"sentence number {n} is about the {n * n} words" for n in range(40)]
    systems = {"good": good}
    for changed in (1, 3):
        systems[f"{changed} worse"] = [
            text.replace("number", "of") if n < changed else text for n, text in enumerate(good)
        ]
    options = CompareOptions(samples=20, trials=4000)
    for tests in compare(systems, [[text] for text in good], options=options).significance.tests.values():
        assert tests["1 worse"].p_randomisation == 1.0
        standard_error = (0.25 * 0.75 / options.trials) ** 0.5
        assert tests["3 worse"].p_randomisation == pytest.approx(0.25, abs=4 * standard_error)


def test_buckets_of_lengths() -> None:
    sources = ["四个字。", "五个字 呢。", "有六个字吗？", "二字", "x" * 30, "七个字在这里"]
    found = by_length(SYSTEMS, REFERENCES, sources, [2, 5, 6, 20])
    assert [(b.lowest, b.highest, b.sources) for b in found] == [(0, 2, 1), (3, 5, 2), (6, 6, 2), (21, None, 1)]
    inside = [[3], [0, 1], [2, 5], [4]]
    for bucket, members in zip(found, inside, strict=True):
        for name, hypotheses in SYSTEMS.items():
            expected = score([hypotheses[n] for n in members], [REFERENCES[n] for n in members])
            assert bucket.bleu[name] == expected.bleu
            assert bucket.bleu_first_reference[name] == expected.bleu_first_reference
    assert by_length(SYSTEMS, REFERENCES, sources, [])[0].bleu == {
        name: score(hypotheses, REFERENCES).bleu for name, hypotheses in SYSTEMS.items()
    }


def test_words_by_frequency_worked_by_hand() -> None:
    counts = count_words(["The cat.", "the dog's", "THE cat sat"])
    assert counts == {"the": 3, "cat": 2, ".": 1, "dog's": 1, "sat": 1}
    # "the" is frequent. Of "cat", "sat", "." (1 or 2): "cat" is right, "." is missing and "sat" is wrong. "mouse" is
    # new. With the second reference of the first sentence everything but one "the" is right.
    systems = {"one": ["the the cat sat", "a mouse"]}
    references = [["The cat.", "the cat sat"], ["the mouse"]]
    first, middle, last = by_frequency(systems, references, counts, [0, 2])
    assert first == FrequencyBucket(0, 0, 1, {"one": 100 * 2 * 1 / (2 + 1)}, {"one": 100 * 2 * 1 / (2 + 1)})
    assert (middle.lowest, middle.highest, middle.words) == (1, 2, 2)
    assert middle.f1 == {"one": 100.0} and middle.f1_first_reference == {"one": pytest.approx(100 * 2 * 1 / (2 + 2))}
    assert (last.lowest, last.highest, last.words) == (3, None, 2)
    assert last.f1["one"] == pytest.approx(100 * 2 * 1 / (2 + 2)) == last.f1_first_reference["one"]
    cased = by_frequency(systems, references, count_words(["The cat"], keep_case=True), [0], keep_case=True)
    assert [bucket.words for bucket in cased] == [3, 2]  # ".", "the", "mouse" are new


def test_largest_wins_and_losses() -> None:
    baseline = ["good one here", "bad", "the same words", "quite fine then"]
    other = ["good one", "much better now", "the same words", "no"]
    references = [["good one here"], ["much better now"], ["the same words"], ["quite fine then", "no"]]
    systems = {"a": baseline, "b": other}
    scores = {name: sentence_scores(own, references) for name, own in systems.items()}
    found = differences(systems, references, scores, ["一", "二", "三", "四"], count=1)["b"]
    assert (found.better, found.worse, found.equal) == (1, 1, 2)
    (win,), (loss,) = found.wins, found.losses
    assert (win.number, win.source, win.hypothesis, win.baseline, win.score) == (2, "二", other[1], "bad", 100.0)
    assert (loss.number, loss.baseline_score) == (1, 100.0)
    chrf = CHRF(lowercase=True).sentence_score("good one", ["good one here"]).score
    assert loss.gain == pytest.approx(chrf - 100) and scores["b"][0] == chrf
    nothing = differences(systems, references, scores, count=0)["b"]
    assert (nothing.wins, nothing.losses, nothing.better) == ([], [], 1)


def test_tables() -> None:
    table = Table("A|B", ("name", "s|re"), [("x_1", "&lt;"), ("long name", "10.00")], ["a note"])
    assert table.to_text().splitlines() == [
        "A|B",
        "  name        s|re",
        "  x_1         &lt;",
        "  long name  10.00",
        "  a note",
    ]
    assert table.to_markdown().splitlines() == [
        "**A\\|B**",
        "",
        "| name | s\\|re |",
        "| --- | ---: |",
        "| x\\_1 | \\&lt; |",
        "| long name | 10.00 |",
        "",
        "a note  ",
    ]
    assert markdown_table(("", "a", "b"), [("x", "", "1")], right=[2]) == [
        "| | a | b |",
        "| --- | --- | ---: |",
        "| x |  | 1 |",
    ]


def test_wrong_input() -> None:
    two = {name: SYSTEMS[name] for name in ("one", "two")}
    with pytest.raises(DataError, match="1 system to compare; expected at least two"):
        compare({"one": SYSTEMS["one"]}, REFERENCES)
    with pytest.raises(DataError, match="6 hypotheses for 5 sources"):
        compare(two, REFERENCES[:5])
    with pytest.raises(DataError, match="--samples 0: must be at least 2"):
        CompareOptions(samples=0)
    with pytest.raises(DataError, match="--trials -1: must be at least 1"):
        CompareOptions(trials=-1)
    with pytest.raises(DataError, match="--sentences -1: must not be negative"):
        differences(two, REFERENCES, {}, count=-1)
    with pytest.raises(DataError, match="5 sources, but 6 lines of references"):
        by_length(two, REFERENCES, ["a"] * 5, [])
    for limits in ([0, 3], [3, 3], [5, 2]):
        with pytest.raises(DataError, match=r"--lengths .*: must be at least 1 and ascend"):
            by_length(two, REFERENCES, ["a"] * 6, limits)
    with pytest.raises(DataError, match="--frequencies 3 3: must be at least 0 and ascend"):
        by_frequency(two, REFERENCES, {}, [3, 3])


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
    (files / "train").write_text("He has\nhe is in the rain.\n")
    arguments += ["--samples", "20", "--trials", "30", "--lengths", "5", "7", "--json", str(files / "result.json")]
    arguments += ["--markdown", str(files / "result.md"), "--training", str(files / "train"), "--frequencies", "0", "1"]
    assert main(arguments) == 0
    expected = compare(
        {"one": SYSTEMS["one"], "better": SYSTEMS["two"]},
        REFERENCES,
        ["字" * n for n in range(4, 10)],
        count_words(["He has", "he is in the rain."]),
        CompareOptions(lengths=[5, 7], frequencies=[0, 1], samples=20, trials=30),
    )
    assert capsys.readouterr().out == to_text(expected) + "\n"
    markdown = (files / "result.md").read_text(encoding="utf-8")
    assert markdown == to_markdown(expected) + "\n"
    assert markdown.count("| --- | ---: |") == 6 and "- reference: He has a dog." in markdown
    document = json.loads((files / "result.json").read_text())
    plain = json.loads(json.dumps(expected.to_json()))
    assert {key: document[key] for key in plain} == plain
    assert document["baseline"] == "one"
    assert [bucket["sources"] for bucket in document["by_source_length"]] == [2, 2, 2]
    assert [bucket["from"] for bucket in document["by_word_frequency"]] == [0, 1, 2]
    assert document["settings"] == {
        **{"lengths": [5, 7], "frequencies": [0, 1], "sentences": 5},
        **{"keep_case": False, "samples": 20, "trials": 30},
    }
    assert document["systems"].keys() == {"one", "better"}
    assert document["command"][:4] == ["python", "-m", "eval", "compare"] and document["hardware"]["cpu"]
    assert str(files) not in str(document["command"]) and document["wall_seconds"] >= 0
    assert [Path(file["path"]).name for file in document["files"]] == [
        *(f"test.en.{n}" for n in range(3)),
        *("test.zh", "train"),
    ]


def test_words_of_prepared_data_are_those_of_its_text(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "train.en").write_text("i don 't , tom 's\n")
    assert training_counts(None, tmp_path, False) is None, "without a manifest nobody knows what the tokens are"
    (tmp_path / "manifest.json").write_text(json.dumps({"format": FORMAT, "options": {"segmentation": "jieba"}}))
    # the text is "i don't, tom's", whose 13a tokens these are
    assert training_counts(None, tmp_path, False) == {"i": 1, "don't": 1, ",": 1, "tom's": 1}
    assert training_counts(None, None, False) is None


def test_words_of_lower_cased_data_count_in_any_case(tmp_path: Path) -> None:
    (tmp_path / "text").mkdir()
    (tmp_path / "text" / "train.en").write_text("i like tom .\n" * 50)
    for keep_case, found in ((False, 50), (True, 0)):
        (tmp_path / "manifest.json").write_text(
            json.dumps({"format": FORMAT, "options": {"segmentation": "jieba", "keep_case": keep_case}})
        )
        counts = training_counts(None, tmp_path, keep_case=True)
        assert counts is not None
        assert [counts.get(word, 0) for word in ("i", "I", "Tom", "Mary")] == [50, found, found, 0]
    # A word in capitals is one of the training set's: all four words are in the bucket above 9.
    (tmp_path / "manifest.json").write_text(json.dumps({"format": FORMAT, "options": {"segmentation": "jieba"}}))
    counts = training_counts(None, tmp_path, keep_case=True)
    assert counts is not None
    [bucket] = by_frequency({"one": ["I like Tom."]}, [["I like Tom."]], counts, (0, 9), keep_case=True)
    assert (bucket.lowest, bucket.words) == (10, 4)


def test_references_without_sources(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["compare", str(files / "one"), str(files / "two"), "--samples", "5", "--trials", "5"]
    arguments += ["--references", str(files / "data" / "raw" / "test.en")]
    assert main(arguments) == 0
    assert "by length" not in capsys.readouterr().out
    assert main([*arguments, "--sources", str(files / "data" / "raw" / "test.zh")]) == 0
    assert "by length" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--lengths", "5", "3"], "--lengths: needs the sources; give --sources or --data"),
        (["--lengths", "5", "3", "--sources", "one"], "--lengths 5 3: must be at least 1 and ascend"),
        (["--frequencies", "5"], "--frequencies: needs the training data; give --training, or --data"),
        (["--frequencies", "5", "5", "--training", "one"], "--frequencies 5 5: must be at least 0 and ascend"),
        (["--sentences", "-1"], "--sentences -1: must not be negative"),
    ],
)
def test_options_are_checked_before_the_words_are_counted(
    options: list[str],
    message: str,
    files: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(files)
    monkeypatch.setattr("eval.commands.compare.training_counts", lambda *arguments: pytest.fail("counted too early"))
    assert main(["compare", "one", "two", "--references", "data/raw/test.en", *options]) == 2
    assert capsys.readouterr().err.startswith(f"error: {message}")


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
