"""Tuning of the search: against all settings tried by hand, and with a small program in place of fairseq-generate."""

import json
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_prep.errors import DataError
from data_prep.files import sha256_of
from eval import program
from eval.__main__ import main
from eval.bleu import Scores, score
from eval.hypotheses import Hypothesis
from eval.search_settings import SearchSettings
from eval.split import Split
from eval.tune import Grid, Quality, Tuner, best_at

# Prints what a search with these options finds. Sentence 0: the longer the better with a high length penalty; without
# --unkpen there is an unknown word; sentence 1 needs a beam of 4. Total scores; lengths count the end of the sentence.
STUB = """
import os, sys
options = dict(zip(sys.argv, sys.argv[1:]))
beam, lenpen, unkpen = int(options["--beam"]), float(options["--lenpen"]), float(options["--unkpen"])
ratio = options.get("--min-len-ratio")
with open({calls!r}, "a") as file:
    print(" ".join(sys.argv[1:]), file=file)
word = "<unk>" if unkpen < 5 else "dog"
lists = {{
    0: [(-4.0, "he has"), (-14.0, "he has a " + word + " and a cat .")],
    1: [(-3.0, "no"), (-9.0, "this is a very good book .")],
}}
lists[1] = lists[1] if beam >= 4 else lists[1][:1]
for number, hypotheses in lists.items():
    ranked = sorted(hypotheses, key=lambda h: -h[0] / (len(h[1].split()) + 1) ** lenpen)
    for total, text in ranked[: int(options.get("--nbest", 1))]:
        length = len(text.split()) + 1
        print(f"H-{{number}}\\t{{total / length ** lenpen}}\\t{{text}}")
        print(f"P-{{number}}\\t" + " ".join([f"{{total / length:.4f}}"] * length))
"""
REFERENCES = [["He has a dog and a cat."], ["This is a very good book."]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    raw = tmp_path / "data" / "raw"
    raw.mkdir(parents=True)
    (tmp_path / "data" / "bin").mkdir()
    for split in ("valid", "test"):
        (raw / f"{split}.zh").write_text("他有狗和猫。\n这是好书。\n", encoding="utf-8")
        (raw / f"{split}.en.0").write_text("".join(f"{texts[0]}\n" for texts in REFERENCES))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        with zipfile.ZipFile(tmp_path / name / "model.pt", "w") as archive:
            archive.writestr("data.pkl", name)
    (tmp_path / "stub.py").write_text(STUB.format(calls=str(tmp_path / "calls")))
    monkeypatch.setitem(program.COMMANDS, "fairseq-generate", [sys.executable, str(tmp_path / "stub.py")])
    return tmp_path


def arguments(folder: Path, *options: str) -> list[str]:
    path = f"{folder / 'a' / 'model.pt'}:{folder / 'b' / 'model.pt'}"
    return ["tune", str(folder / "data"), "--path", path, "--no-user-dir", *options]


GRID = ["--beams", "2", "4", "8", "--unkpens", "0", "1000", "--lenpens", "1", "0", "2", "--min-len-ratios", "0.5", "0"]


def calls(folder: Path) -> list[list[str]]:
    return [line.split() for line in (folder / "calls").read_text().splitlines()]


def test_results(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments(folder, *GRID, "--", "--cpu")) == 0
    document = json.loads((folder / "a" / "search.json").read_text())
    # Neither a minimum length nor a beam of 8 changes anything: the earlier value stays.
    assert document["settings"] == {"beam": 4, "lenpen": 2.0, "unkpen": 1000.0, "min_len_ratio": 0.5}
    assert document["scores"] == json.loads(
        json.dumps(score(["he has a dog and a cat.", "this is a very good book."], REFERENCES).to_json())
    )
    assert document["scores"]["bleu"] == document["bleu_reranked"] == pytest.approx(100)
    paths = [folder / name / "model.pt" for name in ("a", "b")]
    assert [entry["sha256"] for entry in document["checkpoints"]] == [sha256_of(path) for path in paths]
    assert {"commit", "command", "versions", "hardware", "wall_seconds", "manifest_sha256"} <= document.keys()
    # unkpen 2 values, min-len-ratio and beams 1 and 2 more; one run for each, and the chosen settings
    assert document["runs"] == len(calls(folder)) == 2 + 1 + 2 + 1
    assert len(document["tried"]) == 3 * (2 + 1 + 2)
    searches = [dict(pairwise(call)) for call in calls(folder)]
    assert [call["--lenpen"] for call in searches] == ["0.0"] * 5 + ["2.0"]
    assert [call.get("--nbest") for call in searches] == ["2", "2", "2", "4", "8", None]
    assert all(call[-1] == "--cpu" and call[call.index("--gen-subset") + 1] == "valid" for call in calls(folder))
    assert not (folder / "b" / "search.json").exists()
    output = capsys.readouterr().out
    assert "15 settings tried with 6 runs" in output and "BLEU 100.00 (highest of all settings: 100.00)" in output


def test_generation_uses_what_was_tuned(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert main(arguments(folder, *GRID)) == 0

    def generate(name: str, *options: str) -> dict[str, Any]:
        path = f"{folder / 'a' / 'model.pt'}:{folder / 'b' / 'model.pt'}"
        out = folder / name
        assert (
            main(["generate", str(folder / "data"), "--path", path, "--output", str(out), "--no-user-dir", *options])
            == 0
        )
        document: dict[str, Any] = json.loads((out / "scores.test.json").read_text())
        return document

    document = generate("tuned")
    names = ("beam", "lenpen", "unkpen", "min_len_ratio")
    assert [document["settings"][name] for name in names] == [4, 2.0, 1000.0, 0.5]
    assert set(document["search"]["origins"].values()) == {"search.json"}
    assert document["search"]["tuned"]["sha256"] == sha256_of(folder / "a" / "search.json")
    assert document["scores"]["bleu"] == pytest.approx(100)
    assert calls(folder)[-1].count("--beam") == 1

    document = generate("given", "--beam", "2", "--unkpen", "0.5")
    assert [document["settings"][name] for name in names] == [2, 2.0, 0.5, 0.5]
    assert document["search"]["origins"] == {
        "beam": "option",
        "lenpen": "search.json",
        "unkpen": "option",
        "min_len_ratio": "search.json",
    }
    document = generate("untuned", "--untuned")
    assert [document["settings"][name] for name in names] == [20, 1.0, 0.0, None]
    assert set(document["search"]["origins"].values()) == {"default"} and document["search"]["tuned"] is None
    assert caplog.messages == []

    # another checkpoint under the same name
    with zipfile.ZipFile(folder / "a" / "model.pt", "w") as archive:
        archive.writestr("data.pkl", "new")
    document = generate("other")
    assert [document["settings"][name] for name in names] == [20, 1.0, 0.0, None]
    assert "was tuned for another checkpoint" in caplog.text


def test_earlier_settings_are_replaced_only_on_demand(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = folder / "a" / "search.json"
    path.write_text("old")
    small = ["--beams", "2", "--unkpens", "0", "--lenpens", "1", "--task", "translation"]
    assert main(arguments(folder, *small)) == 2
    assert "search.json: exists already; give --overwrite" in capsys.readouterr().err
    assert path.read_text() == "old" and not (folder / "calls").exists()
    assert main(arguments(folder, *small, "--overwrite")) == 0
    assert json.loads(path.read_text())["settings"]["min_len_ratio"] is None
    assert not any("--min-len-ratio" in call for call in calls(folder)), "the stock task has no such option"


def test_a_folder_that_cannot_be_written_is_told_before_the_searches(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("data_prep.files.os.access", lambda path, mode: Path(path) != folder / "a")
    assert main(arguments(folder)) == 2
    assert f"{folder / 'a' / 'search.json'}: cannot be written: no permission" in capsys.readouterr().err
    assert not (folder / "calls").exists()


def test_only_the_chosen_settings_get_all_scores(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    scored: list[Scores] = []

    def detokenise(tokens: str) -> str:
        lines.append(tokens)
        return tokens.replace(" .", ".")

    def score_all(*arguments: Any, **options: Any) -> Scores:
        scored.append(score(*arguments, **options))
        return scored[-1]

    monkeypatch.setattr(Split, "detokeniser", lambda split: detokenise)
    monkeypatch.setattr("eval.tune.score", score_all)
    assert main(arguments(folder, *GRID)) == 0
    document = json.loads((folder / "a" / "search.json").read_text())
    assert [found.bleu for found in scored] == [document["scores"]["bleu"]]
    assert len(lines) == len(set(lines)) > 2, "no hypothesis is detokenised again"


def test_fairseqs_own_task_gets_no_minimum_length(folder: Path) -> None:
    assert main(arguments(folder, "--beams", "2", "--unkpens", "0", "--lenpens", "1")) == 0
    path = f"{folder / 'a' / 'model.pt'}:{folder / 'b' / 'model.pt'}"
    options = ["--task", "translation", "--no-user-dir", "--output", str(folder / "out")]
    assert main(["generate", str(folder / "data"), "--path", path, *options]) == 0
    assert "--min-len-ratio" in calls(folder)[0] and "--min-len-ratio" not in calls(folder)[-1]


def test_the_minimum_length_of_our_task_is_tuned(folder: Path) -> None:
    assert main(arguments(folder, "--beams", "2", "--unkpens", "0")) == 0
    tried = [call[call.index("--min-len-ratio") + 1] for call in calls(folder)]
    assert tried == ["0.5", "0.0", "0.7", "0.5"]


def test_hypotheses_without_token_scores(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    stub = folder / "stub.py"
    stub.write_text(stub.read_text().replace('print(f"P-', 'str(f"P-'))
    assert main(arguments(folder, *GRID)) == 2
    assert "no token scores (line P-0) for source id 0" in capsys.readouterr().err
    assert not (folder / "a" / "search.json").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--beams", "0"], "--beam 0: must be at least 1"),
        (["--lenpens", "nan"], "--lenpen nan: must be a finite number"),
        (["--unkpens", "inf"], "--unkpen inf: must be a finite number"),
        (["--min-len-ratios", "-1"], "--min-len-ratio -1.0: must not be negative"),
        (["--tolerance", "-0.1"], "--tolerance -0.1: must be a finite number, not negative"),
        (["--tolerance", "nan"], "--tolerance nan: must be a finite number, not negative"),
        (["--", "--unkpen", "3"], "--unkpen after --: not accepted there"),
    ],
)
def test_bad_options(folder: Path, capsys: pytest.CaptureFixture[str], options: list[str], message: str) -> None:
    assert main(arguments(folder, *options)) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and message in error


def test_a_grid_has_values() -> None:
    for name in ("beams", "lenpens", "unkpens", "min_len_ratios"):
        with pytest.raises(DataError, match=f"--{name.replace('_', '-')}: no value to try"):
            replace(Grid(), **{name: ()})  # type: ignore[arg-type]
    assert Grid().lenpens[0] == 1.0 and sorted(Grid().lenpens) == [n / 10 for n in range(21)]


@given(
    st.lists(st.tuples(st.floats(-50, -0.1), st.integers(1, 30)), min_size=1, max_size=8),
    st.floats(-1, 3),
)
def test_best_hypothesis_at_a_length_penalty(beam: list[tuple[float, int]], lenpen: float) -> None:
    hypotheses = [Hypothesis(total, "", (total / length,) * length) for total, length in beam]
    found = best_at(hypotheses, lenpen)
    assert found.score / len(found.token_scores) ** lenpen == max(total / length**lenpen for total, length in beam)


def tuner_of(worth: dict[str, dict[Any, float]], grid: Grid) -> Tuner:
    """A tuner of a score that is a sum over the settings: what each value is worth."""

    def search(settings: SearchSettings) -> list[list[Hypothesis]]:
        assert settings.lenpen == 0.0
        value = sum(worth[name][getattr(settings, name)] for name in ("beam", "unkpen", "min_len_ratio"))
        # Each length penalty ranks another one first.
        totals = {0.5: (-1.0, 1), 1.0: (-3.0, 4), 2.0: (-16.0, 16)}
        return [[Hypothesis(total, f"{value} {lenpen}", (0.0,) * length) for lenpen, (total, length) in totals.items()]]

    def quality(hypotheses: Sequence[Hypothesis]) -> Quality:
        value, lenpen = map(float, hypotheses[0].tokens.split())
        return Quality(value + worth["lenpen"][lenpen], 1.0)

    return Tuner(search, quality, grid)


def test_coordinates_one_after_the_other() -> None:
    """On a score that is a sum over the settings, coordinate search finds the best of all combinations."""
    worth: dict[str, dict[Any, float]] = {
        "beam": {5: 1.0, 10: 3.0, 20: 2.0},
        "unkpen": {0.0: 0.0, 2.0: 5.0, 9.0: 5.0},
        "min_len_ratio": {None: 1.0, 0.5: 0.0, 0.7: 4.0},
        "lenpen": {1.0: 0.0, 0.5: 2.0, 2.0: 1.0},
    }
    tuner = tuner_of(worth, Grid((5, 10, 20), (1.0, 0.5, 2.0), (0.0, 2.0, 9.0), (None, 0.5, 0.7)))
    best, scores = tuner.choose()
    everything = product(*(worth[name] for name in worth))
    assert scores.bleu == max(sum(worth[n][v] for n, v in zip(worth, values, strict=True)) for values in everything)
    assert (best.beam, best.unkpen, best.min_len_ratio) == (10, 2.0, 0.7)
    assert tuner.runs == 3 + 2 + 2 and len(tuner.tried) == 3 * tuner.runs
    assert scores.bleu == max(tried.bleu for _, tried in tuner.tried)


@pytest.mark.parametrize(
    ("tolerance", "beam", "lenpen"),
    [
        (0.0, 20, 2.0),
        # the second beam is no better than the first, the third is; of the length penalties, 0.5 is as good as 2.0 and
        # nearer to 1.0
        (0.3, 20, 0.5),
        (0.6, 5, 1.0),
    ],
)
def test_differences_within_the_tolerance_are_chance(tolerance: float, beam: int, lenpen: float) -> None:
    worth: dict[str, dict[Any, float]] = {
        "beam": {5: 1.0, 10: 1.25, 20: 1.5},
        "unkpen": {0.0: 0.0},
        "min_len_ratio": {None: 0.0},
        "lenpen": {1.0: 0.0, 0.5: 0.375, 2.0: 0.5},
    }
    tuner = tuner_of(worth, Grid((5, 10, 20), (1.0, 0.5, 2.0), (0.0,), (None,), tolerance))
    chosen, scores = tuner.choose()
    assert (chosen.beam, chosen.lenpen) == (beam, lenpen)
    assert scores.bleu == worth["beam"][beam] + worth["lenpen"][lenpen]
