"""Figures in prose that people wrote, in docs/tasks.md and the notes of results, are those of the committed results."""

from __future__ import annotations

import csv
import json
import math
import re
import shlex
from itertools import pairwise
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import Any

import pytest
from fairseq.models import ARCH_CONFIG_REGISTRY

import reencoder  # noqa: F401  # registers the plugin
from recipes.algorithmic.chance import Chance
from recipes.algorithmic.runs import outcome

ROOT = Path(__file__).resolve().parent.parent


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def results_of(task: str, folder: str = "") -> Path:
    return ROOT / "recipes" / task / "results" / folder


def runs_of(task: str, folder: str = "") -> dict[str, dict[str, Any]]:
    """The committed runs of a recipe by name."""
    runs: dict[str, dict[str, Any]] = json.loads(text_of(results_of(task, folder) / "curves.json"))["runs"]
    return runs


def notes_of(task: str, folder: str = "") -> str:
    """The notes beside results, in one line."""
    return " ".join(text_of(results_of(task, folder) / "notes.md").split())


def curve(task: str, folder: str, run: str) -> list[dict[str, float]]:
    """The points of a run in the committed results."""
    path = results_of(task, folder) / "curves.csv"
    with path.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row.pop("run") == run]
    return [{name: float(value) for name, value in row.items() if value} for row in rows]


def first(points: list[dict[str, float]], metric: str, least: float) -> dict[str, float]:
    """The first point that reaches an accuracy."""
    return next(point for point in points if point.get(metric, 0.0) >= least)


def best(points: list[dict[str, float]], metric: str) -> float:
    return max(point.get(metric, 0.0) for point in points)


@pytest.mark.parametrize(
    "folder",
    [
        *("parity", "addition", "addition/adam", "addition/learning-rates", "memorization", "memorization/adam"),
        *("memorization/learning-rates", "parity/signs", "parity/muon"),
    ],
)
def test_the_committed_outcomes_are_those_of_the_committed_curves(folder: str) -> None:
    task, _, further = folder.partition("/")
    runs = runs_of(task, further)
    for name, run in runs.items():
        found = outcome(curve(task, further, name), run["options"].get("stop_at_accuracy", 1.0))
        assert {key: run[key] for key in found} == found, name


STACKED = ("stacked_lstm-20", "tied_stacked_lstm-20")


def test_what_the_documents_say_of_muon_and_adam_is_in_the_curves() -> None:
    prose = " ".join(text_of(ROOT / "docs" / "tasks.md").split())
    digits, symbols = "valid_digit_accuracy", "valid_recall_accuracy"
    muon, adam = curve("addition", "", "tied_2lstm-8"), curve("addition", "adam", "tied_2lstm-8")
    samples = [first(points, digits, 0.68)["samples"] for points in (muon, adam)]
    text = "68% of the digits after {:,.0f} samples, with Adam, whose learning rate was not tuned, after {:,.0f};"
    assert text.format(*samples) in prose
    assert best(adam, digits) < 0.69 and best(muon, digits) == 1
    assert f"With Muon the model solved the task after {muon[-1]['samples']:,.0f}." in prose
    halves = [first(points, digits, 0.5)["samples"] for points in (muon, adam)]
    notes = notes_of("addition")
    assert "half of the digits after {:,.0f} samples with Muon and after {:,.0f} with Adam".format(*halves) in notes
    assert "and 68% after {:,.0f} and {:,.0f}.".format(*samples) in notes

    seeds = [curve("memorization", "adam", f"tied_2lstm-20{seed}") for seed in ("", "-seed-2", "-seed-3")]
    with_muon = first(curve("memorization", "", "tied_2lstm-20"), symbols, 0.99)
    with_adam = [first(points, symbols, 0.99) for points in seeds]
    samples = [point["samples"] for point in (with_muon, *with_adam)]
    assert "(99%: {:,.0f} with Muon; {:,.0f}, {:,.0f} and {:,.0f} with three seeds of Adam)".format(*samples) in prose
    assert "with Muon in a sixth to an eleventh of the updates" in prose
    assert sorted(round(point["updates"] / with_muon["updates"]) for point in with_adam) == [6, 8, 11]
    assert "Only with Muon did the Stacked LSTMs learn the task in 1,000,000 samples" in prose
    for run in STACKED:
        assert best(curve("memorization", "", run), symbols) == 1
        assert best(curve("memorization", "adam", run), symbols) < 0.2

    notes = notes_of("memorization")
    for share, wording in (
        (0.99, "99% of the symbols after {:,.0f} to {:,.0f}"),
        (1.0, "and all after {:,.0f} to {:,.0f}:"),
    ):
        reached = sorted(first(points, symbols, share)["samples"] for points in seeds)
        assert wording.format(reached[0], reached[-1]) in notes


def test_what_the_documents_say_of_characters_and_images_is_in_the_results() -> None:
    prose = " ".join(text_of(ROOT / "docs" / "tasks.md").split())
    run, plain = (runs_of("char_lm", folder)["tied_2lstm-muon"] for folder in ("weight-decay", ""))
    assert f"it took {run['seconds'] / 60:.0f} minutes on one core that it shared" in prose
    bits = [run["bpc"]["test"], plain["bpc"]["test"]]
    said = "best checkpoint has {:.3f} bits per character on the test set, without the weight decay {:.3f}"
    assert said.format(*bits) in prose
    times = [point["seconds"] for point in curve("char_lm", "weight-decay", "tied_2lstm-muon") if "seconds" in point]
    hours = median(after - before for before, after in pairwise(times)) * 90_000_000 / 3_650_000 / 3600
    assert 2.5 < hours < 3.5 and "a core needs three hours for each" in prose
    result = json.loads(text_of(results_of("mnist") / "result.json"))
    assert f"these options took {result['seconds'] / 60:.0f} minutes on one core" in prose
    rates = [result["evaluations"][split]["error_rate"] for split in ("valid", "test")]
    assert "has {}% of errors on the held-out images and {}% on the test set".format(*rates) in prose
    assert result["chosen"] == "average" and len(result["models"]["average"]["checkpoints"]) == 8
    for used, heading in ((run["options"], "## The next"), (result["options"], "## MNIST")):
        part = text_of(ROOT / "docs" / "tasks.md").split(heading)[1].split("\n## ")[0].replace("\\\n", " ")
        (command,) = re.findall(r"fairseq-train (.*)\n", part)
        words = shlex.split(command)
        given = dict(pair for pair in pairwise(words) if pair[0].startswith("--"))
        preset = SimpleNamespace()
        ARCH_CONFIG_REGISTRY[given["--arch"]](preset)
        assert {"hidden_size", "layers"} <= vars(preset).keys()
        assert {name: used[name] for name in vars(preset) if name in used}.items() <= vars(preset).items()
        for name in ("lr", "max_epoch", "total_num_update", "warmup_updates", "batch_size", "clip_norm", "optimizer"):
            value, written = used[name], given["--" + name.replace("_", "-")]
            assert written == value if isinstance(value, str) else float(written) == value, name
        assert float(given.get("--weight-decay", 0)) == used.get("weight_decay", 0)


def test_what_the_notes_say_of_characters_is_in_the_results() -> None:
    prose, runs = notes_of("char_lm"), runs_of("char_lm")
    names = ("stacked_lstm-muon", "tied_2lstm-muon", "tied_2lstm-adam", "stacked_lstm-adam")
    bits = [f"{runs[name]['bpc']['test']:.3f}" for name in names]
    assert "({} bits per character; the tied 2-LSTM has {}), with Adam the tied 2-LSTM ({}; the".format(*bits) in prose
    assert f"the Stacked LSTM has {bits[3]}). Both are better with Muon" in prose and bits == sorted(bits)
    assert all(runs[name]["seconds"] < 7200 for name in names if name.startswith("stacked"))


def test_what_the_notes_say_of_characters_with_weight_decay_is_in_the_results() -> None:
    prose = notes_of("char_lm", "weight-decay")
    plain, decayed = runs_of("char_lm"), runs_of("char_lm", "weight-decay")
    names = ("tied_2lstm-muon", "stacked_lstm-muon")
    before, after = ([round(runs[name]["bpc"]["test"], 5) for name in names] for runs in (plain, decayed))
    gains = [old - new for old, new in zip(before, after, strict=True)]
    assert "2-LSTM by {:.3f} bits per character and the Stacked LSTM by {:.3f}".format(*gains) in prose
    assert f"by {after[0] - after[1]:.3f} instead of {before[0] - before[1]:.3f} bits per character" in prose
    ends = [decayed[name]["points"][-1] if "points" in decayed[name] else decayed[name]["best"] for name in names]
    assert all(decayed[name]["best"]["epoch"] == 10 for name in names)
    said = "({:.3f} bits per character in the last pass, the Stacked LSTM {:.3f})"
    assert said.format(*(end["train_bpc"] for end in ends)) in prose
    assert "set ({:.1%} against {:.1%})".format(*(end["valid_accuracy"] for end in ends)) in prose
    for name in names:
        assert decayed[name]["options"] == {**plain[name]["options"], "weight_decay": 0.1, "stop_time_hours": 0.0}


def test_what_the_notes_say_of_memorization_with_adam_is_in_the_results() -> None:
    prose = notes_of("memorization", "adam")
    runs = runs_of("memorization", "adam")
    names = [f"tied_2lstm-20{seed}" for seed in ("", "-seed-2", "-seed-3")]
    seeds, curves = [runs[name] for name in names], [curve("memorization", "adam", name) for name in names]
    for share, wording in (
        (0.9, "90% of the symbols after {:,.0f}, {:,.0f} and {:,.0f} samples"),
        (0.99, "99% after {:,.0f}, {:,.0f} and {:,.0f}."),
        (1.0, "each of three seeds, after {:,.0f}, {:,.0f} and {:,.0f} samples"),
    ):
        assert wording.format(*(first(points, "valid_recall_accuracy", share)["samples"] for points in curves)) in prose
    assert f"at least {min(run['test']['right'] for run in seeds)} are right" in prose
    shares = [runs[run]["last"]["valid_recall_accuracy"] for run in STACKED]
    assert "recall {:.0%} (untied) and {:.0%} (tied) of the symbols after 1,000,000 samples".format(*shares) in prose
    assert [runs[run]["samples"] for run in STACKED] == [1_000_000] * 2
    untied = curve("memorization", "adam", STACKED[0])
    half, end = (
        [point["valid_recall_accuracy"] for point in untied if abs(point["samples"] - at) < 60_000]
        for at in (500_000, 1_000_000)
    )
    assert max(half) < min(end), "still improving"
    best = runs[STACKED[1]]["best"]
    shown = (best["valid_recall_accuracy"], best["samples"])
    assert "the tied one had its best validation, {:.0%}, after {:,.0f}.".format(*shown) in prose


def test_what_the_notes_say_of_eight_digits_is_in_the_results() -> None:
    prose, runs = notes_of("addition"), runs_of("addition")
    grid, stacked, tied = (runs[f"{model}-8"] for model in ("tied_2lstm", "stacked_lstm", "tied_stacked_lstm"))
    assert grid["samples"] == stacked["samples"] == tied["samples"] and grid["solved"]
    assert f"After {grid['samples']:,} samples all 1,000 held-out sums are right, and {grid['test']['right']}" in prose
    assert f"At the end, {stacked['test']['right']} of 1,000 fresh sums are right." in prose
    assert f"ends at {tied['last']['valid_digit_accuracy']:.0%} of the digits" in prose
    others = [runs[f"tied_2lstm-8-seed-{seed}"] for seed in (2, 3)]
    assert {run["samples"] for run in others} == {grid["samples"]}
    held_out = (round(1000 * run["last"]["valid_sequence_accuracy"]) for run in others)
    fresh = (run["test"]["right"] for run in others)
    text = "with two other seeds, {} and {} of the held-out sums and {:,} and {:,} of the fresh ones."
    assert text.format(*held_out, *fresh) in prose
    names = ("stacked_lstm-8", "tied_2lstm-8", "tied_2lstm-8-seed-2", "tied_2lstm-8-seed-3")
    for share, wording in (
        (0.9, "90% of the digits after {:,.0f} samples (the 2-LSTM after {:,.0f} to {:,.0f})"),
        (0.99, "99% after {:,.0f} ({:,.0f} to {:,.0f})"),
    ):
        reached = [first(curve("addition", "", name), "valid_digit_accuracy", share)["samples"] for name in names]
        assert wording.format(reached[0], min(reached[1:]), max(reached[1:])) in prose
    assert (
        1.4 < stacked["parameters"] / grid["parameters"] < 1.6 and 0.45 < tied["parameters"] / grid["parameters"] < 0.55
    )
    late = [point["valid_digit_accuracy"] for point in curve("addition", "", "tied_stacked_lstm-8")]
    assert max(late) - late[-20] < 0.02, "little gained in the last 300,000 samples"


def test_the_learning_rates_of_addition_are_the_best_of_those_tried() -> None:
    shown = notes_of("addition", "learning-rates")
    found: dict[tuple[str, float], tuple[float, bool]] = {}
    for folder in ("", "learning-rates"):
        runs = runs_of("addition", folder)
        for name, run in runs.items():
            if run["size"] == 8 and run["options"]["seed"] == 1:
                (point,) = (point for point in curve("addition", folder, name) if point["samples"] == 320_000)
                found[run["model"], run["options"]["lr"]] = point["valid_digit_accuracy"], folder == ""
    models = ("tied_2lstm", "stacked_lstm", "tied_stacked_lstm")
    for rate in (0.0035, 0.007, 0.014, 0.028):
        cells = []
        for model in models:
            share, went_on = found.get((model, rate), (0.0, False))
            assert not went_on or share == max(other for (name, _), (other, _) in found.items() if name == model)
            cells.append((f"**{share:.1%}**" if went_on else f"{share:.1%}") if share else "-")
        assert f"| {rate} | {' | '.join(cells)} |" in shown
    for model in models[1:]:
        scaled = [share for (name, _), (share, _) in found.items() if name == f"{model}_scaled"]
        rates = [rate for (name, rate) in found if name == f"{model}_scaled"]
        assert len(scaled) == 2 and all(
            share < found[model, rate][0] for share, rate in zip(scaled, rates, strict=True)
        )


def test_what_the_notes_say_of_fifteen_digits_is_in_the_results() -> None:
    prose, run = notes_of("addition"), runs_of("addition")["tied_2lstm-15"]
    share, samples = run["last"]["valid_digit_accuracy"], run["samples"]
    assert f"predicts {share:.0%} of them after {samples:,} samples (chance: {run['chance']['accuracy']:.0%})" in prose
    positions = run["test"]["by_position"]
    least, tenth, most = min(positions[:9]), positions[9], max(positions[10:])
    assert f"right in at least {least:.0%}, the tenth in {tenth:.0%}, and each of the last six in at most" in prose
    assert least >= 0.91 and "in at most 12%, where chance is 10%" in prose
    assert most <= Chance(0.1).interval(run["test"]["samples"], validations=6)[1] and most < 0.12
    points = curve("addition", "", "tied_2lstm-15")
    (before,) = (point["valid_digit_accuracy"] for point in points if point["samples"] == 928_000)
    assert f"It had {before:.0%} after 928,000 samples and gained little" in prose and share - before < 0.02


MEMORIZED = {
    "tied_2lstm-20": "recalls 90% of the symbols after {:,.0f} samples, 99% after {:,.0f} and all after {:,.0f}.",
    "stacked_lstm-20": "is close behind: {:,.0f}, {:,.0f} and {:,.0f}.",
    "tied_stacked_lstm-20": "half as many weights as the 2-LSTM, and needs {:,.0f}, {:,.0f} and {:,.0f}.",
    "stacked_lstm_scaled-20": "learning rates, the untied Stacked LSTM needs {:,.0f}, {:,.0f} and {:,.0f} samples,",
    "tied_stacked_lstm_scaled-20": "the tied one {:,.0f}, {:,.0f} and {:,.0f}.",
}
"""What the notes on memorization say of the samples after which a model recalls 90%, 99% and all of the symbols."""


@pytest.mark.parametrize("run", MEMORIZED)
def test_what_the_notes_say_of_memorization_is_in_the_curves(run: str) -> None:
    points = curve("memorization", "", run)
    reached = [first(points, "valid_recall_accuracy", least)["samples"] for least in (0.9, 0.99, 1.0)]
    assert MEMORIZED[run].format(*reached) in notes_of("memorization")
    runs = runs_of("memorization")
    assert f"each model has at least {min(run['test']['right'] for run in runs.values())} right" in notes_of(
        "memorization"
    )


def test_the_learning_rates_of_memorization_are_the_best_of_those_tried() -> None:
    """The runs of the comparison are in the other folders, and their figures in bold."""
    chosen = {("muon", ""), ("adam", "adam")}
    shown: dict[str, dict[tuple[str, float], tuple[float, str]]] = {"muon": {}, "adam": {}}
    for folder in ("", "adam", "learning-rates"):
        for name, run in runs_of("memorization", folder).items():
            options = run["options"]
            if options["seed"] != 1 or run["model"].endswith("_scaled"):
                continue
            if options["optimizer"] == "muon":
                samples = run["samples_to_solve"]
                merit, text = (-samples, f"{samples:,}") if samples else (-math.inf, "not")
            else:
                (point,) = (point for point in curve("memorization", folder, name) if point["samples"] == 150_000)
                merit, text = point["valid_recall_accuracy"], f"{point['valid_recall_accuracy']:.1%}"
            text = f"**{text}**" if (options["optimizer"], folder) in chosen else text
            shown[options["optimizer"]][run["model"], options["lr"]] = merit, text
    tables = notes_of("memorization", "learning-rates")
    scaled = runs_of("memorization", "learning-rates")["stacked_lstm_scaled-20-muon-0.007"]
    text = "the untied Stacked LSTM with Muon needs {:,} samples at a rate of {}."
    assert text.format(scaled["samples_to_solve"], scaled["options"]["lr"]) in tables
    for model in STACKED:
        rates = [runs_of("memorization")[name]["options"]["lr"] for name in (model, model.replace("-", "_scaled-"))]
        assert rates[0] == rates[1], "at the same learning rates"
    for optimizer, found in shown.items():
        for rate in sorted({rate for _, rate in found}):
            cells = [
                found.get((model, rate), (0.0, "-"))[1] for model in ("tied_2lstm", "stacked_lstm", "tied_stacked_lstm")
            ]
            assert f"| {rate} | {' | '.join(cells)} |" in tables, optimizer
        for model in {model for model, _ in found}:
            merits = [cell for (name, _), cell in found.items() if name == model]
            assert max(merits)[1].startswith("**"), (optimizer, model)


def test_what_the_documents_say_of_signs_is_in_the_results() -> None:
    runs = runs_of("parity", "signs")
    notes, prose = notes_of("parity", "signs"), " ".join(text_of(ROOT / "docs" / "tasks.md").split())
    solved = [runs[f"untied_1lstm_signs-{bits}"]["samples_to_solve"] for bits in (50, 100)]
    assert "The untied 1-LSTM solves 50 bits after {:,} samples and 100 bits after {:,}.".format(*solved) in notes
    points = curve("parity", "signs", "untied_1lstm_signs-250")
    at = first(points, "valid_accuracy", 0.9)["samples"], points[-1]["valid_accuracy"], points[-1]["samples"]
    untied = runs["untied_1lstm_signs-250"]["test"]["right"]
    text = "90% of the held-out strings right after {:,.0f} samples and {:.1%} after {:,.0f}, and {} of 1,000 fresh"
    assert text.format(*at, untied) in notes
    assert f"solves 100 bits after {solved[1]:,} samples, and has {untied} of 1,000 fresh strings of 250 bits" in prose
    uniform = [runs_of("parity")[f"untied_1lstm-{bits}"] for bits in (24, 28)]
    assert [run["solved"] for run in uniform] == [True, False]
    assert f"it solved 24 bits, and not 28 within {uniform[1]['samples']:,} samples." in prose
    assert runs["tied_1lstm_signs-50"]["solved"] and runs["tied_1lstm_signs-100"]["solved"]
    assert f"has {runs['tied_1lstm_signs-250']['test']['right']} of 1,000 fresh strings of 250 bits right." in notes
    names = ("tanh_signs-50", "untied_tanh_signs-50", "relu_signs-50", "tanh_signs-250")
    right = [runs[name]["test"]["right"] for name in names]
    assert not any(runs[name]["solved"] for name in names) and {runs[name]["samples"] for name in names} == {5_000_000}
    for text in ("tied tanh net has {} right, the untied one {},", "tied ReLU net {}.", "tied tanh net has {} right."):
        count = text.count("{}")
        assert text.format(*right[:count]) in notes
        right = right[count:]
    assert runs["untied_tanh_signs-50"]["parameters"] > runs["tied_1lstm_signs-50"]["parameters"]


def test_what_the_notes_say_of_parity_with_muon_is_in_the_results() -> None:
    prose = notes_of("parity", "muon")
    muon, adam, signs = runs_of("parity", "muon"), runs_of("parity"), runs_of("parity", "signs")
    starts = [first(curve("parity", folder, "untied_1lstm-20"), "valid_accuracy", 0.6) for folder in ("muon", "")]
    said = "exceeds 60% of 20 bits after {:,.0f} samples (with Adam, above, after {:,.0f})"
    assert said.format(*(point["samples"] for point in starts)) in prose
    short = [runs[f"untied_1lstm-{bits}"]["samples_to_solve"] for runs in (muon, adam) for bits in (16, 20)]
    assert "solves 16 and 20 bits after {:,} and {:,} ({:,} and {:,}).".format(*short) in prose
    failed, solved = muon["untied_1lstm-24"], adam["untied_1lstm-24"]
    assert failed["best"]["valid_accuracy"] <= failed["chance"]["best"][1]
    assert f"nothing in {failed['samples']:,} samples; with Adam it solves them after {solved['samples']:,}." in prose
    long = [runs[f"untied_1lstm_signs-{bits}"]["samples_to_solve"] for runs in (muon, signs) for bits in (50, 100)]
    assert "after {:,} and {:,} samples ({:,} and {:,})".format(*long) in prose
    longest = muon["untied_1lstm_signs-250"]
    right = f"{longest['test']['right']} of 1,000 fresh strings of 250 bits right after {longest['samples']:,}."
    assert right in prose
    assert {run["options"]["lr"] for run in muon.values()} == {0.003}
