"""The recipes on real text through their command lines and the real programs, at a size of seconds."""

from __future__ import annotations

import csv
import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from data_prep.files import read_json, read_lines
from data_prep.phrasebook import write_phrasebook
from eval import provenance
from eval.bleu import Scores
from eval.generation_settings import GenerationSettings
from eval.search_settings import search_file
from eval.tune import Grid
from recipes import demo
from recipes.options import translation_options
from recipes.tables import BASELINES
from recipes.tatoeba import __main__ as tatoeba
from recipes.tatoeba import ablate
from recipes.tatoeba.catalogue import EXPERIMENTS
from recipes.tatoeba.data import VARIANTS
from recipes.tatoeba.experiment import Experiment
from recipes.tatoeba.systems_table import systems

CLEAN = provenance.Commit("a" * 40, dirty=False)
SMALL: dict[str, Any] = {"hidden_size": 8, "embed_dim": 0, "readout": "end", "output_dropout": 0.0}


@pytest.fixture(autouse=True)
def clean(monkeypatch: pytest.MonkeyPatch) -> None:
    """A checkout without changes, whatever this one is."""
    monkeypatch.setattr(provenance, "commit", lambda root=None: CLEAN)


@pytest.fixture(scope="module")
def tsv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("phrasebook") / "pairs.tsv"
    write_phrasebook(path, 400)
    return path


@pytest.fixture(scope="module")
def shared_work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of runs for several tests, which start the same trainings: the first trains, the others go on."""
    return tmp_path_factory.mktemp("work")


def test_the_demo_trains_translates_and_scores(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    work = tmp_path / "demo"
    arguments = ["--work", str(work), "--pairs", "400", "--updates", "12", "--beam", "2", "--seed", "3"]
    assert demo.main(arguments) == 0
    printed = capsys.readouterr().out
    result = read_json(work / "result.json")
    assert result["settings"] == {"pairs": 400, "updates": 12, "beam": 2, "seed": 3}
    assert result["provenance"]["command"] == [
        "python", "-m", "recipes.demo", "--work", "demo", *arguments[2:]
    ]  # fmt: skip
    for name, updates in (("untrained", 1), ("trained", 12)):
        document = read_json(work / f"results-{name}" / "scores.test.json")
        assert result["scores"][name] == document["scores"] and document["settings"]["beam"] == 2
        assert document["commit"] == result["provenance"]["commit"] == {"revision": "a" * 40, "dirty": False}
        log = (work / f"train-{name}.log").read_text()
        assert f'"train_num_updates": "{updates}"' in log and "'seed': 3" in log
    losses = [
        float(json.loads(line.split("| train | ")[1])["train_loss"])
        for line in (work / "train-untrained.log").read_text().splitlines()
        if "| train | {" in line
    ]
    trained = (work / "train-trained.log").read_text()
    assert losses and float(trained.split('"train_loss": "')[-1].split('"')[0]) < losses[0]
    assert f"{result['scores']['trained']['bleu']:.2f} trained" in printed
    # what is shown are sentences of the test set, and none of them is in training
    sources = [line.removeprefix("  Chinese      ") for line in printed.splitlines() if line.startswith("  Chinese")]
    assert sources and set(sources) <= set(read_lines(work / "data" / "raw" / "test.zh"))
    assert result["scores"]["trained"] != result["scores"]["untrained"]


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ("0", "must be at least 1"),
        ("3", "too few; none is held out for the "),
        ("1000000000000", "the phrasebook can generate only "),
    ],
)
def test_wrong_numbers_of_pairs(tmp_path: Path, capsys: pytest.CaptureFixture[str], pairs: str, message: str) -> None:
    assert demo.main(["--work", str(tmp_path / "demo"), "--pairs", pairs]) == 2
    assert f"error: --pairs {pairs}: {message}" in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.log")), "nothing is trained"


def test_the_recipe_trains_tunes_and_tests(
    tsv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(EXPERIMENTS, "tiny", Experiment("tiny?", SMALL, updates=4, seed=3))
    monkeypatch.setattr(tatoeba, "Grid", lambda: Grid(beams=(2,), lenpens=(1.0, 0.5), unkpens=(1000.0,)))
    monkeypatch.setitem(VARIANTS, "words", {"test_permille": 30, "valid_permille": 30})  # type: ignore[misc]
    work, results = tmp_path / "work", tmp_path / "results"
    arguments = ["--tsv", str(tsv), "--work", str(work), "--results", str(results), "--members", "tiny"]
    assert tatoeba.main([*arguments, "--jobs", "1"]) == 0
    result = read_json(results / "result.json")
    (member,) = result["members"]
    assert (member["name"], member["options"]["seed"], member["updates"]) == ("tiny", 3, 4)
    assert result["provenance"]["command"][:3] == ["python", "-m", "recipes.tatoeba"]
    assert str(tmp_path) not in " ".join(result["provenance"]["command"])
    assert commits(results) == [{"revision": "a" * 40, "dirty": False}] * 4
    translations = work / "translations" / "tiny"
    for split in ("valid", "test"):
        document = read_json(results / f"scores.{split}.json")
        assert document == read_json(translations / f"scores.{split}.json")
        assert result["scores"][split] == document["scores"]
        assert [Path(checkpoint["path"]).name for checkpoint in document["checkpoints"]] == ["checkpoint_best.pt"]
        assert document["settings"]["beam"] == result["search"]["words"]["beam"] == 2
    examples = read_json(results / "examples.json")
    assert {example["source"] for example in examples} <= set(read_lines(work / "data" / "words" / "raw" / "test.zh"))
    assert all(example["attributions"] for example in examples)
    rows = list(csv.DictReader((results / "curve.csv").open()))
    assert rows[-1]["updates"] == "4" and (results / "curve.png").read_bytes().startswith(b"\x89PNG")
    assert f"test: {Scores(**result['scores']['test']).to_text()}" in capsys.readouterr().out
    assert "'seed': 3" in (work / "experiments" / "tiny" / "train.log").read_text()

    # Again, with everything there already; the code changes just before the end, when files have been written.
    def translated(settings: GenerationSettings) -> Scores:
        return Scores(**read_json(settings.scores_path)["scores"])

    def changing(*given: Any, **named: Any) -> Any:
        monkeypatch.setattr(provenance, "commit", lambda root=None: replace(CLEAN, dirty=True))
        return []

    monkeypatch.setattr(tatoeba, "generate", translated)
    monkeypatch.setattr(tatoeba, "tune", lambda settings, grid: read_json(search_file(settings.checkpoints[0])))
    monkeypatch.setattr(tatoeba, "examples", changing)
    assert tatoeba.main(arguments) == 0
    assert commits(results) == [{"revision": "a" * 40, "dirty": True}] * 4, "all files say the same"


def test_the_reverse_direction_reranks(
    tsv: Path, shared_work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(EXPERIMENTS, "tiny", Experiment("tiny?", SMALL, updates=4))
    monkeypatch.setitem(EXPERIMENTS, "back", Experiment("back?", SMALL, updates=4, reverse=True))
    monkeypatch.setitem(EXPERIMENTS, "other", Experiment("other?", SMALL, "characters", updates=4))
    monkeypatch.setitem(VARIANTS, "words", {"test_permille": 30, "valid_permille": 30})  # type: ignore[misc]
    monkeypatch.setattr(tatoeba, "Grid", lambda: Grid(beams=(2,), lenpens=(1.0,), unkpens=(1000.0,)))
    monkeypatch.setattr(tatoeba, "CHOSEN", 2)
    work, results = shared_work, tmp_path / "results"
    arguments = ["--tsv", str(tsv), "--work", str(work), "--results", str(results), "--jobs", "1"]
    for members, message in (
        (["back"], "--members back: translates English into Chinese; use it with --rerank"),
        (["other"], "--rerank: all models must have the same tokens, but their data are characters, words"),
    ):
        assert tatoeba.main([*arguments, "--rerank", "back", "--members", *members]) == 2
        assert message in capsys.readouterr().err
    assert tatoeba.main([*arguments, "--rerank", "back", "--mbr", "--members", "tiny"]) == 2
    assert "--mbr, --rerank: each chooses from the n-best list; give one of them" in capsys.readouterr().err
    assert tatoeba.main([*arguments, "--rerank", "back", "--members", "tiny"]) == 0
    result = read_json(results / "result.json")
    assert ([member["name"] for member in result["members"]], result["rerank"]) == (["tiny", "back"], ["back"])
    assert result["members"][1]["valid"] is None and result["members"][1]["options"]["target_lang"] == "zh"
    document = read_json(results / "scores.test.json")
    assert document == read_json(work / "translations" / "rerank" / "scores.test.json")
    assert [Path(scorer["path"]).parts[-3] for scorer in document["scorers"]] == ["back"]
    assert result["scores"]["test"] == document["scores"]
    alone = read_json(work / "translations" / "tiny" / "scores.test.json")
    assert result["parts"]["tiny"]["test"] == alone["scores"] and alone["settings"]["nbest"] == 2
    (line,) = [line for line in "\n".join(systems(results.parent, BASELINES)).splitlines() if "reranked" in line]
    assert line.startswith("* **results**: `tiny`, whose best translations are reranked by `back`. Command: ")


def test_members_with_other_tokens_are_combined(
    tsv: Path, shared_work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    split = {"test_permille": 30, "valid_permille": 30}
    for name, data, more in (("tiny", "words", {}), ("other", "characters", {"segmentation": "char"})):
        monkeypatch.setitem(EXPERIMENTS, name, Experiment(f"{name}?", SMALL, data, updates=4))
        monkeypatch.setitem(VARIANTS, data, {**split, **more})  # type: ignore[misc]
    monkeypatch.setattr(tatoeba, "Grid", lambda: Grid(beams=(2,), lenpens=(1.0,), unkpens=(1000.0,)))
    monkeypatch.setattr(tatoeba, "COMBINED", 2)
    work, results = shared_work, tmp_path / "results"
    members = ["--members", "tiny", "other", "--jobs", "1"]
    assert tatoeba.main(["--tsv", str(tsv), "--work", str(work), "--results", str(results), *members]) == 0
    result = read_json(results / "result.json")
    assert list(result["search"]) == ["words", "characters"]
    document = read_json(results / "scores.test.json")
    assert document == read_json(work / "translations" / "mbr" / "scores.test.json")
    assert document["candidates"]["per_source"]["least"] == 4
    assert result["scores"]["test"] == document["scores"]
    for name in ("tiny", "other"):
        part = read_json(work / "translations" / name / "scores.test.json")
        assert result["parts"][name]["test"] == part["scores"] and part["settings"]["beam"] == 2

    # One model alone.
    monkeypatch.setattr(tatoeba, "CHOSEN", 3)
    alone = tmp_path / "alone"
    arguments = ["--tsv", str(tsv), "--work", str(work), "--results", str(alone), "--members", "tiny", "--mbr"]
    assert tatoeba.main(arguments) == 0
    document, result = read_json(alone / "scores.test.json"), read_json(alone / "result.json")
    assert document == read_json(work / "translations" / "mbr" / "scores.test.json")
    assert document["candidates"]["per_source"]["most"] == 3 and result["mbr"]
    assert result["scores"]["test"] == document["scores"]
    (line,) = [line for line in systems(alone.parent, BASELINES) if line.startswith("* **alone**")]
    assert line.startswith("* **alone**: Minimum Bayes risk over the best translations of `tiny`. Command: ")


def commits(results: Path) -> list[dict[str, Any]]:
    """What the files of a result say of the checkout."""
    result = read_json(results / "result.json")
    names = ("search.words", "scores.valid", "scores.test")
    return [result["provenance"]["commit"], *(read_json(results / f"{name}.json")["commit"] for name in names)]


def timed(function: Callable[..., Any], seconds: list[float]) -> Callable[..., Any]:
    """The function, which also notes how long each of its calls takes."""

    def call(*given: Any, **named: Any) -> Any:
        started = time.monotonic()
        result = function(*given, **named)
        seconds.append(time.monotonic() - started)
        return result

    return call


def test_the_ablation_trains_variants_with_their_options(
    tsv: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from data_prep.__main__ import main as prepare

    data = tmp_path / "data"
    parts = ["--test-permille", "30", "--valid-permille", "30"]
    assert prepare(["prepare", "--tsv", str(tsv), "--dest", str(data), *parts]) == 0
    monkeypatch.setitem(ablate.BASE, "hidden_size", 8)
    monkeypatch.setitem(ablate.BASE, "batch_size", 64)
    trainings: list[float] = []
    variants: list[float] = []
    monkeypatch.setattr(ablate, "train", timed(ablate.train, trainings))
    monkeypatch.setattr(ablate, "train_variant", timed(ablate.train_variant, variants))
    output, logs = tmp_path / "ablation.json", tmp_path / "logs"
    arguments = [str(data / "bin"), "--output", str(output), "--logs", str(logs), "--jobs", "1", "--only"]
    assert ablate.main([*arguments, "base", "upper rows continue"]) == 0
    rows = read_json(output)["results"]
    assert [row["variant"] for row in rows] == ["base", "upper rows continue"]
    for row in rows:
        assert row["updates"] > 1 and row["valid_ppl"] > 1 and row["train_ppl"] > 1
        folder = logs / row["variant"].replace(" ", "-")
        log = (folder / "train.log").read_text()
        # by default fairseq would resume from whatever ./checkpoints holds
        assert "No existing checkpoint found" in log and str(folder / "checkpoints" / "checkpoint_last.pt") in log
        assert f"'upper_target': {row['changed'].get('upper_target', 'word')}," in log
        assert row["provenance"]["command"][-2:] == ["base", "upper rows continue"]
    # Its own minutes, not those of the call: at least those of fairseq-train, at most those of the variant, up to the
    # one decimal that is recorded.
    for row, training, variant in zip(rows, trainings, variants, strict=True):
        for recorded in (row["wall_seconds"], row["provenance"]["wall_seconds"]):
            assert training - 0.05 <= recorded <= variant + 0.05
    # The second began after the first had ended. Whole seconds are recorded.
    first, second = (datetime.fromisoformat(row["provenance"]["started"]) for row in rows)
    assert (second - first).total_seconds() > trainings[0] - 1
    assert rows[0]["valid_ppl"] != rows[1]["valid_ppl"]

    assert ablate.main([*arguments, "base", "forget bias 2"]) == 0
    more = read_json(output)["results"]
    assert more[:2] == rows and more[2]["variant"] == "forget bias 2"
    assert more[2]["provenance"]["command"][-2:] == ["base", "forget bias 2"]


def test_every_training_of_a_recipe_is_one_that_fairseq_can_start(tmp_path: Path) -> None:
    """All options exist, and get their values."""
    from fairseq import options as fairseq_options

    import reencoder.plugin  # noqa: F401
    from recipes.training import command_line

    trainings = {
        "demo": translation_options("reencoder_tiny", 100, 4000, 0.005, 7),
        **{f"ablation, {name}": {**ablate.BASE, **changed} for name, changed in ablate.VARIANTS.items()},
        **{name: experiment.training() for name, experiment in EXPERIMENTS.items()},
    }
    for name, training in trainings.items():
        arguments = command_line(tmp_path, training)
        user_dir = arguments.index("--user-dir")  # the plugin is there already
        del arguments[user_dir : user_dir + 2]
        parsed = fairseq_options.parse_args_and_arch(fairseq_options.get_training_parser(), arguments)
        found = vars(parsed)
        for option, value in training.items():
            if option in ("task", "arch", "optimizer", "lr_scheduler", "criterion") or value is False:
                continue
            expected = [value] if option == "lr" else value
            assert found[option] == expected or str(found[option]) == str(expected), f"{name}: --{option}"
        warmup = float(training.get("warmup_updates", 0))
        assert float(training.get("total_num_update", warmup)) >= warmup
