"""What chance reaches, and how a result and its table compare a model with it."""

from __future__ import annotations

import logging
from fractions import Fraction
from itertools import product
from math import comb
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from omegaconf import OmegaConf

from data_prep.files import write_json, write_lines
from eval.inspection import Sample
from recipes.algorithmic import runs
from recipes.algorithmic.chance import Chance, addition, lower_bound, memorization, parity
from recipes.algorithmic.runs import against_chance, fresh_set, outcome, valid_set_size
from recipes.algorithmic.tables import section
from recipes.curves import Point
from recipes.parity.__main__ import RECIPE
from reencoder.tasks.grid_parity import GridParityConfig, GridParityTask


@pytest.mark.parametrize("digits", [1, 2])
def test_chance_in_addition_counts_all_sums(digits: int) -> None:
    operands = range(10 ** (digits - 1), 10**digits)
    sums = [str(a + b) for a, b in product(operands, operands)]
    best = sum(
        max(sum(text[position : position + 1] == str(digit) for text in sums) for digit in range(10))
        for position in range(digits + 1)
    )
    symbols = sum(map(len, sums))
    chance = addition(digits)
    assert chance.accuracy == pytest.approx(best / symbols, rel=1e-12)
    assert chance.symbols == pytest.approx(symbols / len(sums), rel=1e-12)


def test_chance_in_longer_sums() -> None:
    """Six digits are more than are counted one by one."""
    low, high = 10**5, 10**6 - 1
    sums = np.arange(2 * low, 2 * high + 1)
    share = np.minimum(sums - 2 * low, 2 * high - sums) + 1.0
    share /= share.sum()
    texts = sums.astype("S7").view("S1").reshape(-1, 7)
    best = sum(max(share[column == str(d).encode()].sum() for d in range(10)) for column in texts.T)
    symbols = 6 + share[sums > high].sum()
    assert addition(6).accuracy == pytest.approx(best / symbols, abs=1e-5)
    assert addition(6).symbols == pytest.approx(symbols, abs=1e-5)


def test_chance_of_the_other_problems() -> None:
    assert parity(28) == Chance(0.5, 1)
    assert memorization(20) == Chance(1 / 64, 20)


def tail(trials: int, least: int, share: Fraction) -> Fraction:
    """The probability of at least `least` of `trials`."""
    return sum(
        (comb(trials, n) * share**n * (1 - share) ** (trials - n) for n in range(least, trials + 1)), Fraction(0)
    )


@pytest.mark.parametrize("validations", [1, 20])
@pytest.mark.parametrize(("share", "samples", "symbols"), [(Fraction(1, 2), 60, 1), (Fraction(1, 64), 30, 4)])
def test_the_interval_is_the_binomial_one(share: Fraction, samples: int, symbols: int, validations: int) -> None:
    low, high = Chance(float(share), symbols).interval(samples, validations)
    trials = samples * symbols
    most, least = round(high * trials), round(low * trials)
    allowed = Fraction(1, 40 * validations)  # 2.5% on either side, shared by the validations
    assert tail(trials, most + 1, share) <= allowed < tail(trials, most, share)
    assert 1 - tail(trials, least, share) <= allowed < 1 - tail(trials, least + 1, share)


def test_a_perfect_test_has_a_lower_bound() -> None:
    assert lower_bound(50, 50) == pytest.approx(0.05 ** (1 / 50), rel=1e-9)
    assert lower_bound(0, 50) == 0
    bound = lower_bound(45, 50)
    assert tail(50, 45, Fraction(bound)) == pytest.approx(0.05, rel=1e-6)


POINTS: list[Point] = [
    {
        "epoch": n,
        "seconds": 20 * n,
        "updates": 10 * n,
        "samples": 100 * n,
        "valid_accuracy": accuracy,
        "valid_sequence_accuracy": accuracy,
    }
    for n, accuracy in enumerate((0.50, 0.54, 0.48), start=1)
]


def test_last_and_best_of_the_validations() -> None:
    # the training after the last validation makes a point of its own
    found = outcome([*POINTS, {"epoch": 4, "updates": 40, "samples": 400, "train_accuracy": 0.9}], 1.0)
    assert (found["validations"], found["samples"]) == (3, 400)
    assert (found["last"]["samples"], found["last"]["valid_accuracy"]) == (300, 0.48)
    assert (found["best"]["samples"], found["best"]["valid_accuracy"]) == (200, 0.54)


def test_the_best_of_equal_validations_is_the_last_as_that_has_the_checkpoint() -> None:
    again = {**POINTS[1], "epoch": 4, "updates": 40, "samples": 400}
    assert outcome([*POINTS, again, {**POINTS[2], "samples": 500}], 1.0)["best"]["samples"] == 400


def test_more_validations_have_more_luck() -> None:
    chance = against_chance(POINTS, "valid_accuracy", parity(16), 1000)
    assert (chance["accuracy"], chance["symbols"]) == (0.5, 1.0)
    assert chance["last"] == parity(16).interval(1000) and chance["best"] == parity(16).interval(1000, 3)
    assert chance["best"][1] > chance["last"][1] > 0.5


def test_the_size_of_the_validation_set_is_that_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    cfg = OmegaConf.structured(GridParityConfig(bits=8, seed=1, valid_samples=100, test_samples=100))
    with caplog.at_level(logging.WARNING):
        task = GridParityTask(cfg)
    assert len(task.source.valid[0]) == 32
    assert valid_set_size(["x", *caplog.messages], 100) == 32
    assert valid_set_size([message for message in caplog.messages if "test set" in message], 100) == 100


def test_the_fresh_set_is_the_one_for_tests(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = [
        Sample(("1",), ("-", "1", "2"), ("-", "1", "2")),
        Sample(("1",), ("-", "1", "2"), ("3", "1", "2")),
        Sample(("1",), ("-", "1", "2"), ("-", "1", "1")),
    ]
    monkeypatch.setattr(runs, "inspect", lambda checkpoint, split: samples if split == "test" else [])
    assert fresh_set(Path("folder/checkpoint_best.pt")) == {
        "checkpoint": "checkpoint_best.pt",
        "samples": 3,
        "right": 1,
        "at_least": lower_bound(1, 3),
        "accuracy": 5 / 6,
        "by_position": [1.0, 2 / 3],
    }


def run(**changes: Any) -> dict[str, Any]:
    """A run as result files contain it that were written before there was a fresh set."""
    clean = {"revision": "a" * 40, "dirty": False}
    options = {"valid_samples": 1000, "optimizer": "adam", "lr": 0.003, "batch_size": 100, "seed": 1}
    start = {"command": ["python", "a b"], "commit": clean, "started": "2026-01-01T00:00:00+00:00"}
    provenance = {
        "commit": {**clean, "dirty": True},
        "hardware": {"cores": 2, "cpu": "a processor"},
        "versions": {"torch": "2.6"},
    }
    result = {
        "model": "relu", "label": "ReLU", "size": 16, "options": options, "starts": [start],
        "provenance": provenance, "chance": against_chance(POINTS, "valid_accuracy", parity(16), 1000),
    }  # fmt: skip
    return {**result, **outcome(POINTS, 1.0), **changes}


def test_the_table_shows_last_best_chance_and_the_fresh_set(tmp_path: Path) -> None:
    test = {"samples": 1000, "right": 990, "at_least": 0.983}
    found = {"old": run(), "new": run(label="tanh", test=test, solved=True, samples_to_solve=300)}
    write_json(tmp_path / "curves.json", {"scale": "cpu", "runs": found})
    write_lines(tmp_path / "notes.md", ["A note."])
    lines = section(RECIPE, tmp_path)
    last, best = (f"{100 * parity(16).interval(1000, n)[1]:.1f}%" for n in (1, 3))
    shared = f"48.00% ({last}) | 54.00% ({best}) | 3 | 48.00%, 54.00%"
    assert f"| 16 | ReLU | 1 | {shared} | - | not tested | 300 | 1 |" in lines
    assert f"| 16 | tanh | 1 | {shared} | 300 | 990 of 1,000 (at least 98.3%) | 300 | 1 |" in lines
    assert "A note." in lines and not any(line.startswith("Over several seeds") for line in lines)
    # the commit of the start was clean, that at the end of the run was not
    assert any("`python 'a b'` (commit aaaaaaa with uncommitted changes, 2026-01-01)" in line for line in lines)


def test_the_table_compares_the_seeds_of_a_model(tmp_path: Path) -> None:
    runs = [
        *(seeded(10, None, 0.6), seeded(2, 2000, 1.0), seeded(1, 1000, 1.0)),
        *(run(label="tanh"), seeded(2, None, 0.5, label="tanh", lr=0.1)),
    ]
    write_json(tmp_path / "curves.json", {"scale": "cpu", "runs": {str(n): one for n, one in enumerate(runs)}})
    write_lines(tmp_path / "notes.md", [])
    lines = section(RECIPE, tmp_path)
    table = [line for line in lines if line.startswith("| 16 |")]
    assert [line.split(" | ")[1:3] for line in table[:5]] == [
        *(["ReLU", "1"], ["ReLU", "2"], ["ReLU", "10"]),
        *(["tanh", "1"], ["tanh", "2"]),
    ]
    compared = "1, 2, 10 | 2 of 3 | 1,000; 2,000 | 60.00%, 100.00%, 100.00%"
    assert table[5:] == [f"| 16 | ReLU | {compared} |"], "one seed, or two with different settings, are not compared"


def seeded(seed: int, samples: int | None, best: float, **changes: Any) -> dict[str, Any]:
    """A run with a seed, which solved the task after some samples or not at all."""
    one = run(solved=samples is not None, samples_to_solve=samples)
    options = {**one["options"], "seed": seed, "lr": changes.pop("lr", 0.003), "bits": changes.get("size", 16)}
    return {**one, "options": options, "best": {**one["best"], "valid_accuracy": best}, **changes}


def test_a_seed_that_fails_counts_on_larger_sizes(tmp_path: Path) -> None:
    """Where sizes grow, it is not tried on these, so those that are left would look better."""
    runs = [
        *(seeded(1, 10, 1.0, size=16), seeded(2, None, 0.5, size=16), seeded(3, 10, 1.0, size=16)),
        *(seeded(1, None, 0.6, size=20), seeded(3, 30, 1.0, size=20), seeded(3, None, 0.5, size=24)),
    ]
    write_json(tmp_path / "curves.json", {"scale": "cpu", "runs": {str(n): one for n, one in enumerate(runs)}})
    write_lines(tmp_path / "notes.md", [])
    compared = [line for line in section(RECIPE, tmp_path) if " of 3 |" in line]
    assert compared == [
        "| 16 | ReLU | 1, 2, 3 | 2 of 3 | 10; 10 | 50.00%, 100.00%, 100.00% |",
        "| 20 | ReLU | 1, 2, 3 | 1 of 3 | 30 | 60.00%, 100.00% |",
        "| 24 | ReLU | 1, 2, 3 | 0 of 3 | - | 50.00% |",
    ]
