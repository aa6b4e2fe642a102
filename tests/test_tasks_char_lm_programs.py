"""The character language model in the real programs: stopped and continued, bits per character."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import torch

import reencoder  # noqa: F401  # allows what checkpoints hold
from reencoder.models.language_model import GridLSTMLanguageModel, GridLSTMLanguageModelConfig
from reencoder.tasks.char_lm.carry import Carry
from tests.char_lm_helpers import SIZES, model_of, prepare_text, slow_bpc, task_of
from tests.programs import fairseq, succeed


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_text(tmp_path_factory.mktemp("text"))


MODEL = ["--arch", "grid_lstm_lm", "--hidden-size", 12, "--layers", 2]
TASK = ["--task", "grid_char_lm", "--sequence-length", 200, "--truncate-every", 10]
TRAINING = [
    *("--criterion", "cross_entropy_with_accuracy", "--lr", 0.01, "--clip-norm", 1.0, "--batch-size", 4),
    *("--num-workers", 0, "--log-format", "json", "--log-interval", 1000, "--no-epoch-checkpoints", "--seed", 3),
]


def entries(output: str, kind: str) -> list[dict[str, Any]]:
    return [json.loads(line.split(f"| {kind} | ")[1]) for line in output.splitlines() if f"| {kind} | {{" in line]


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Folder of checkpoints and log of a training without a stop or a validation: 70 updates, an epoch has 61."""
    folder = tmp_path_factory.mktemp("whole")
    options = [*TASK, *MODEL, *TRAINING, "--optimizer", "muon", "--max-update", 70, "--save-dir", folder]
    return folder, succeed("train", data, *options, "--disable-validation")


def test_stopping_and_continuing_is_training_in_one_go(data: Path, whole: tuple[Path, str], tmp_path: Path) -> None:
    """With stops in mid-sequence and validations there: the same parameters and states, bit for bit."""
    options = [data, *TASK, *MODEL, *TRAINING, "--optimizer", "muon", "--save-dir", tmp_path]
    logs = [succeed("train", *options, "--max-update", updates) for updates in (27, 70)]
    before, after = (
        torch.load(folder / "checkpoint_last.pt", weights_only=True)["model"] for folder in (whole[0], tmp_path)
    )
    assert before.keys() == after.keys() and "carry._extra_state" in before
    for name, value in before.items():
        assert torch.equal(value, after[name]), name
    # the bits per character of the epoch count the characters before and after the stop
    mine, expected = (entries(log, "train")[0] for log in (logs[1], whole[1]))
    assert mine["train_num_updates"] == expected["train_num_updates"] == "61"
    assert mine["train_bpc"] == expected["train_bpc"]


def test_all_programs_agree_on_the_bits_per_character(data: Path, whole: tuple[Path, str]) -> None:
    checkpoint = whole[0] / "checkpoint_last.pt"
    common = [data, *TASK, "--path", checkpoint, "--num-workers", 0]
    validated = succeed("validate", *common, "--valid-subset", "test", "--batch-size", 3, "--log-format", "json")
    (entry,) = entries(validated, "test")
    scored = fairseq("eval_lm", *common, "--gen-subset", "test", "--batch-size", 2)
    assert scored.status == 0, scored.stderr[-2000:]
    said = scored.stdout + scored.stderr
    assert f"Evaluated {SIZES['test']:,} tokens" in said
    found = re.search(r"Loss \(base 2\): ([\d.]+)", said)
    assert found is not None
    task = task_of(data, sequence_length=200, truncate_every=10)
    model = model_of(task)
    saved = torch.load(checkpoint, weights_only=True)["model"]
    model = GridLSTMLanguageModel.build_model(GridLSTMLanguageModelConfig(hidden_size=12, layers=2), task)
    model.carry = Carry()
    model.load_state_dict(saved)
    expected = slow_bpc(task, model.eval(), "test")
    assert float(entry["test_bpc"]) == pytest.approx(expected, abs=1e-5)
    assert float(found[1]) == pytest.approx(expected, abs=1e-4)
