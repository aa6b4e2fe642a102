"""Parity, addition and memorization through the real programs: recipes, stopping, resuming, inspecting."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

import reencoder  # noqa: F401  # allows what checkpoints hold
from eval.__main__ import main as evaluate
from eval.inspection import Sample
from recipes.addition.__main__ import RECIPE as ADDITION
from recipes.algorithmic import program, runs
from recipes.algorithmic.program import Recipe, main
from recipes.algorithmic.runs import Run
from recipes.memorization.__main__ import RECIPE as MEMORIZATION
from recipes.parity.__main__ import RECIPE as PARITY
from recipes.training import TrainingError, locked
from tests.programs import ROOT, fairseq, succeed

TASK = ["--task", "grid_memorization", "--length", 2, "--alphabet", 8, "--criterion", "cross_entropy_with_accuracy"]
MODEL = ["--arch", "grid_lstm_2d", "--hidden-size", 32, "--layers", 2]
TRAINING = [
    *("--optimizer", "adam", "--lr", 0.01, "--clip-norm", 1.0, "--batch-size", 20, "--samples-per-epoch", 400),
    *("--num-workers", 0, "--log-format", "json", "--log-interval", 1000, "--no-epoch-checkpoints"),
    *("--best-checkpoint-metric", "accuracy", "--maximize-best-checkpoint-metric"),
]

PROGRESS = "progress._extra_state"  # samples seen, validation accuracy, which validation set


def entries(output: str, kind: str) -> list[dict[str, Any]]:
    """The JSON entries of a kind in a log."""
    return [json.loads(line.split(f"| {kind} | ")[1]) for line in output.splitlines() if f"| {kind} | {{" in line]


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Folder of checkpoints and log of a training that ends when its task is solved."""
    folder = tmp_path_factory.mktemp("solved")
    # 64 sequences of two symbols; 8 are held out
    return folder, succeed("train", *TASK, *MODEL, *TRAINING, "--max-update", 2000, "--save-dir", folder)


def test_training_ends_when_the_validation_set_is_solved(solved: tuple[Path, str]) -> None:
    folder, log = solved
    valid, train = entries(log, "valid"), entries(log, "train")
    accuracies = [float(entry["valid_accuracy"]) for entry in valid]
    assert accuracies[-1] == 1.0 and all(accuracy < 1.0 for accuracy in accuracies[:-2])
    # the last validation repeats the one before it: the update between them has changed nothing, and does not count
    assert valid[-1]["valid_loss"] == valid[-2]["valid_loss"]
    assert valid[-1]["valid_samples"] == valid[-2]["valid_samples"] == str(400 * (len(valid) - 1))
    assert [entry["train_samples"] for entry in train[:-1]] == [str(400 * n) for n in range(1, len(train))]
    assert "recall_accuracy" in str(valid[-1]) and float(valid[-1]["valid_sequence_accuracy"]) == 1.0

    last, best = (torch.load(folder / f"checkpoint_{name}.pt", weights_only=True) for name in ("last", "best"))
    assert last["model"][PROGRESS].tolist()[:2] == [400 * (len(valid) - 1), 1.0]
    for name, value in best["model"].items():
        assert torch.equal(value, last["model"][name]), name


def test_a_solved_training_is_not_continued_unless_asked_to(solved: tuple[Path, str], tmp_path: Path) -> None:
    folder, _log = solved
    options = [*TASK, *MODEL, *TRAINING, "--save-dir", tmp_path, "--restore-file", folder / "checkpoint_last.pt"]
    before = torch.load(folder / "checkpoint_last.pt", weights_only=True)
    succeed("train", *options, "--max-update", 10_000)
    again = torch.load(tmp_path / "checkpoint_last.pt", weights_only=True)
    for name, value in before["model"].items():
        assert torch.equal(value, again["model"][name]), name


def test_what_solved_one_problem_has_not_solved_another(solved: tuple[Path, str], tmp_path: Path) -> None:
    folder, _log = solved
    start = ["--finetune-from-model", folder / "checkpoint_last.pt", "--length", 4]  # the last --length counts
    log = succeed("train", *TASK, *MODEL, *TRAINING, "--save-dir", tmp_path, "--max-update", 3, *start)
    assert "solved after" not in log
    assert entries(log, "valid")[-1]["valid_num_updates"] == "3"


def test_a_criterion_that_counts_nothing_is_refused(tmp_path: Path) -> None:
    task = [option for option in TASK if option not in ("--criterion", "cross_entropy_with_accuracy")]
    done = fairseq("train", *task, *MODEL, *TRAINING, "--save-dir", tmp_path, "--max-update", 1)
    assert done.status != 0 and "--criterion cross_entropy: expected cross_entropy_with_accuracy" in done.stderr


@pytest.mark.parametrize("optimizer", ["adam", "muon"])
def test_stopping_and_continuing_is_training_in_one_go(optimizer: str, tmp_path: Path) -> None:
    """25 updates at once, and 7 then 18 more from the checkpoint in mid-epoch: the same parameters, bit for bit."""
    options = [*TASK, *MODEL, *TRAINING, "--optimizer", optimizer, "--disable-validation", "--seed", 7]
    succeed("train", *options, "--max-update", 25, "--save-dir", tmp_path / "whole")
    for updates in (7, 25):
        succeed("train", *options, "--max-update", updates, "--save-dir", tmp_path / "parts")
    whole, parts = (
        torch.load(tmp_path / name / "checkpoint_last.pt", weights_only=True) for name in ("whole", "parts")
    )
    assert whole["model"][PROGRESS][0] == 25 * 20
    for name, value in whole["model"].items():
        assert torch.equal(value, parts["model"][name]), name


def test_errors_are_shown(solved: tuple[Path, str], capsys: pytest.CaptureFixture[str]) -> None:
    folder, _log = solved
    assert evaluate(["inspect", str(folder / "checkpoint_best.pt"), "--split", "valid", "--count", "2"]) == 0
    shown = capsys.readouterr().out
    assert "48 of 48 symbols right (100.00%), 8 of 8 samples without an error" in shown
    assert shown.splitlines()[-2:] == [
        "without delimiters: 16 of 16 right (100.00%)",
        "right by position, %: 100.0 100.0",
    ]
    lines = shown.splitlines()
    assert lines[0] == "sample 0: 6 of 6 symbols right" and len(lines) == 2 * 5 + 3
    source, target, predicted = (line.split()[1:] for line in lines[1:4])
    assert source[0] == "-" and source[3:] == ["-"] * 3 and target == predicted == ["-"] * 3 + source[1:3] + ["-"]


def test_a_bad_option_is_named(tmp_path: Path) -> None:
    done = fairseq("train", *TASK, *MODEL, *TRAINING, "--save-dir", tmp_path / "never", "--stop-at-accuracy", 1.5)
    assert done.status != 0 and "--stop-at-accuracy: expected 0 (never) to 1, got 1.5" in done.stderr
    assert not list(tmp_path.glob("never/*.pt"))


def points_of(folder: Path) -> list[dict[str, float]]:
    """The points of a run's curve."""
    points: list[dict[str, float]] = json.loads((folder / "result.json").read_text())["points"]
    return points


@pytest.mark.parametrize(
    ("recipe", "models", "metric"),
    [
        (ADDITION, ["tied_2lstm", "stacked_lstm"], "valid_digit_accuracy"),
        (MEMORIZATION, ["tied_2lstm"], "valid_recall_accuracy"),
        (PARITY, ["tied_1lstm"], "valid_accuracy"),
    ],
    ids=lambda value: value.name if isinstance(value, Recipe) else None,
)
def test_recipes_run(
    recipe: Recipe, models: list[str], metric: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["--scale", "smoke", "--dest", str(tmp_path), "--quiet", "--models"]
    assert main(recipe, [*command, *models]) == 0
    scale = recipe.scales["smoke"]
    document = json.loads((tmp_path / "results" / "curves.json").read_text())
    assert document["task"] == recipe.task and document["scale"] == "smoke" and len(document["paper"]) >= 1
    assert {run["model"] for run in document["runs"].values()} == set(models)
    table = list(csv.DictReader((tmp_path / "results" / "curves.csv").open()))
    for name, run in document["runs"].items():
        points = points_of(tmp_path / name)
        samples = [point["samples"] for point in points]
        assert samples[0] == scale.samples_per_epoch and run["samples"] == samples[-1] <= scale.samples
        assert all(0 <= point[metric] <= 1 for point in points)
        if name.startswith("tied_"):
            assert points[-1]["train_loss"] < 0.9 * points[0]["train_loss"], "it learns"
        assert run["provenance"]["commit"] is None or run["provenance"]["commit"]["revision"]
        assert 0 <= run["test"]["right"] <= run["test"]["samples"] and 0 <= run["test"]["accuracy"] <= 1
        assert (
            run["chance"]["last"][0] < run["chance"]["accuracy"] < run["chance"]["last"][1] < run["chance"]["best"][1]
        )
        assert run["last"].items() <= points[-1].items() and "points" not in run, "the CSV file has them"
        assert [
            {key: float(value) for key, value in row.items() if key != "run"} for row in table if row["run"] == name
        ] == points
    picture = (tmp_path / "results" / "curves.png").read_bytes()
    assert picture.startswith(b"\x89PNG")

    # once more: nothing is trained again; with other settings: refused
    log = tmp_path / f"{models[0]}-{scale.sizes[0]}" / "train.log"
    size = log.stat().st_size
    assert main(recipe, [*command, models[0]]) == 0
    assert log.stat().st_size == size and (tmp_path / "results" / "curves.png").read_bytes() == picture
    capsys.readouterr()
    assert main(recipe, [*command, models[0], "--lr", "0.5"]) == 2
    assert f"holds a run with other settings (lr {scale.lr}, now 0.5)" in capsys.readouterr().err

    # with more samples it goes on
    more = scale.samples + scale.samples_per_epoch
    assert main(recipe, [*command, models[0], "--samples", str(more)]) == 0
    points = points_of(tmp_path / f"{models[0]}-{scale.sizes[0]}")
    assert [int(point["samples"]) for point in points] == list(
        range(scale.samples_per_epoch, more + 1, scale.samples_per_epoch)
    )


def test_models_of_a_recipe_run_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "inspect", lambda checkpoint, split: [Sample(("0",), ("0",), ("0",))])
    small = ["--bits", "6", "--hidden-size", "8", "--samples", "100", "--samples-per-epoch", "50", "--quiet"]
    command = ["--scale", "smoke", "--dest", str(tmp_path), "--jobs", "3", *small]
    tied = [model for model in PARITY.models if not model.startswith("untied")]
    assert main(PARITY, [*command, "--models", *tied]) == 0
    document = json.loads((tmp_path / "results" / "curves.json").read_text())
    assert [run["model"] for run in document["runs"].values()] == tied
    assert document["runs"]["relu_signs-6"]["options"]["input_init"] == "signs"
    assert all(run["samples"] == 100 and len(run["starts"]) == 1 for run in document["runs"].values())

    # another seed is another run; that of the first is not repeated
    first = document["runs"]["relu-6"]
    assert main(PARITY, [*command, "--models", "relu", "--seeds", "1", "7", "7"]) == 0
    document = json.loads((tmp_path / "results" / "curves.json").read_text())
    assert [name for name in document["runs"] if name.startswith("relu-")] == ["relu-6", "relu-6-seed-7"]
    assert document["runs"]["relu-6"] == first
    second = document["runs"]["relu-6-seed-7"]
    assert second["options"] == {**first["options"], "seed": 7} and second["last"] != first["last"]

    # folders have names of their own, whatever the seed: none of them is lost
    shutil.copytree(tmp_path / "relu-6-seed-7", tmp_path / "relu-6-again")
    assert main(PARITY, [*command, "--models", "relu"]) == 0
    document = json.loads((tmp_path / "results" / "curves.json").read_text())
    names = {name for name in document["runs"] if name.startswith("relu-")}
    assert names == {"relu-6", "relu-6-seed-7", "relu-6-again"}


def test_a_run_without_a_checkpoint_does_not_bind_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As after a wrong option: the next run in the folder may have other settings, and its log is its own."""
    monkeypatch.setattr(runs, "inspect", lambda checkpoint, split: [Sample(("0",), ("0",), ("0",))])
    small = ["--bits", "6", "--hidden-size", "8", "--samples", "100", "--samples-per-epoch", "50", "--quiet"]
    command = ["--scale", "smoke", "--dest", str(tmp_path), "--models", "relu", *small]
    folder, shown = tmp_path / "relu-6", "an option is wrong\n"

    def fail(data: None, options: object, log: Path, *rest: object) -> None:
        log.write_text(shown)
        raise TrainingError(shown)

    with monkeypatch.context() as patched:
        patched.setattr("recipes.runs.train", fail)
        assert main(PARITY, [*command, "--lr", "5"]) == 2
    with locked(folder):  # it might still run
        assert main(PARITY, command) == 2
    assert "started earlier still writes into it" in capsys.readouterr().err
    assert main(PARITY, command) == 0
    assert (folder / "earlier-train.log").read_text() == shown
    assert shown not in (folder / "train.log").read_text()
    (start,) = json.loads((folder / "settings.json").read_text())["starts"]
    assert "5" not in start["command"]
    capsys.readouterr()
    assert main(PARITY, [*command, "--lr", "5"]) == 2
    assert "holds a run with other settings" in capsys.readouterr().err


def test_a_folder_has_one_training_at_a_time(tmp_path: Path) -> None:
    """Also when the program that started it is gone: the training has inherited the lock."""
    with locked(tmp_path) as inherited:
        orphan = subprocess.Popen(["sleep", "60"], pass_fds=inherited)
    try:
        with pytest.raises(TrainingError, match="started earlier still writes into it"), locked(tmp_path):
            pass
    finally:
        orphan.terminate()
        orphan.wait()
    with locked(tmp_path):
        pass


def test_a_recipe_that_is_stopped_stops_its_training(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "recipes.parity", "--scale", "smoke", "--models", "relu", "--dest", str(tmp_path)]
    recipe = subprocess.Popen([*command, "--samples", "10000000", "--quiet"], cwd=ROOT, stderr=subprocess.PIPE)
    log = tmp_path / "relu-10" / "train.log"
    end = time.monotonic() + 240
    while not (log.exists() and "begin training epoch" in log.read_text()):
        assert recipe.poll() is None and time.monotonic() < end, "no training has begun"
        time.sleep(0.1)
    recipe.terminate()
    said = recipe.communicate(timeout=60)[1]
    assert recipe.returncode == 130 and b"run the same command again to resume" in said
    with locked(log.parent):  # nothing writes there any more
        pass


def test_scales_become_options_of_fairseq() -> None:
    scale = replace(MEMORIZATION.scales["cpu"], hours=0.25, lr_shrink=0.5, lr_patience=4)
    options = MEMORIZATION.run("stacked_lstm", 20, scale, seed=3).options
    assert options["stop_time_hours"] == 0.25 and options["seed"] == 3 and options["length"] == 20
    assert options["lr_scheduler"] == "reduce_lr_on_plateau"
    assert options["lr_shrink"] == 0.5 and options["lr_patience"] == 4
    assert options["forget_bias"] == scale.forget_bias and "input_scale" not in options
    scaled = MEMORIZATION.run("stacked_lstm_scaled", 20, scale, seed=3).options
    assert {name: value for name, value in scaled.items() if options.get(name) != value} == {
        "init_scale": scale.init_scale,
        "input_scale": scale.input_scale,
    }
    constant = replace(scale, lr_shrink=1.0, own_layers=(("untied_2lstm", 7),))
    assert "lr_scheduler" not in MEMORIZATION.run("tied_2lstm", 20, constant, seed=1).options
    for model, layers in (("tied_2lstm", scale.layers), ("untied_2lstm", 7)):
        assert MEMORIZATION.run(model, 20, constant, seed=1).options["layers"] == layers


@pytest.mark.parametrize("all_sizes", [False, True])
def test_a_model_that_fails_is_tried_on_nothing_harder(
    all_sizes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def execute(run: Run, *_: Any) -> dict[str, Any]:
        tried.append(run.size)
        return {"solved": run.size < 8, "samples_to_solve": 1, "samples": 1, "best": defaultdict(int)}

    monkeypatch.setattr(Run, "execute", execute)
    monkeypatch.setattr(program, "collect", lambda *_: None)
    arguments = ["--scale", "smoke", "--models", "tied_1lstm", "--bits", "6", "8", "10", "--dest", str(tmp_path)]
    assert main(PARITY, arguments + ["--all-sizes"] * all_sizes) == 0
    assert tried == ([6, 8, 10] if all_sizes else [6, 8])


def test_bad_options_of_recipes_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(ADDITION, ["--scale", "smoke", "--dest", str(tmp_path), "--layers", "0"]) == 2
    assert "--layers 0: must be at least 1" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        main(ADDITION, ["--scale", "smoke", "--dest", str(tmp_path), "--digits", "0"])
    assert "argument --digits: must be at least 1, not 0" in capsys.readouterr().err
