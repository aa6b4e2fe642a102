"""The character language model in the real programs: stopped and continued, bits per character."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch

import reencoder  # noqa: F401  # allows what checkpoints hold
from eval.__main__ import main as evaluate
from reencoder.models.language_model import GridLSTMLanguageModel, GridLSTMLanguageModelConfig
from reencoder.tasks.char_lm.carry import Carry
from tests.char_lm_helpers import SIZES, model_of, prepare_text, slow_bpc, task_of
from tests.programs import fairseq, succeed, succeed_in_two_processes


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


def test_two_processes_stop_and_continue(data: Path, tmp_path: Path) -> None:
    """Each gets the states of its own sequences back, and what the first process has loaded."""
    options = [data, *TASK, *MODEL, *TRAINING, "--batch-size", 2, "--optimizer", "muon", "--disable-validation"]
    options += ["--cpu", "--ddp-backend", "legacy_ddp"]
    for folder, stops in (("whole", (30,)), ("stopped", (17, 30))):
        for updates in stops:
            save = ["--max-update", updates, "--save-dir", tmp_path / folder]
            succeed_in_two_processes("train", *options, *save, folder=tmp_path)
    before, after = (
        torch.load(tmp_path / folder / "checkpoint_last.pt", weights_only=True)["model"]
        for folder in ("whole", "stopped")
    )
    assert before.keys() == after.keys() and all(torch.equal(value, after[name]) for name, value in before.items())


def test_another_alphabet_of_the_same_size_is_refused(
    data: Path, whole: tuple[Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = tmp_path / "other"
    shutil.copytree(data, other)
    alphabet = json.loads((other / "alphabet.json").read_text())
    alphabet["symbols"] = alphabet["symbols"][::-1]
    (other / "alphabet.json").write_text(json.dumps(alphabet))
    refusal = f"{other / 'alphabet.json'}: the checkpoint was trained on a text with another alphabet; "
    checkpoint = whole[0] / "checkpoint_last.pt"
    for program in ("validate", "eval_lm"):
        batches = ["--batch-size", 4, "--num-workers", 0]
        done = fairseq(program, other, *TASK[:2], "--path", checkpoint, *batches)
        assert done.status != 0 and f"{refusal}name their folder" in done.stderr, program
    shutil.copytree(whole[0], tmp_path / "resumed")
    options = [*TASK, *MODEL, *TRAINING, "--optimizer", "muon", "--max-update", 71, "--save-dir", tmp_path / "resumed"]
    for start in ([], ["--save-dir", tmp_path / "further", "--finetune-from-model", checkpoint]):
        done = fairseq("train", other, *options, "--disable-validation", *start)
        assert done.status != 0 and f"{refusal}a model keeps the symbols of its training" in done.stderr
    assert evaluate(["sample", str(checkpoint), "--data", str(other), "--length", "2"]) == 2
    assert "does not fit the alphabet" in capsys.readouterr().err


def test_fairseqs_own_language_modeling_task_takes_the_models(tmp_path: Path) -> None:
    """Words instead of characters, and padding."""
    (tmp_path / "text").write_text("".join(f"{'a b c d e'[: 2 * n % 9 + 1]}\n" for n in range(60)))
    preprocess = ["--only-source", "--trainpref", tmp_path / "text", "--validpref", tmp_path / "text"]
    succeed("preprocess", *preprocess, "--destdir", tmp_path / "bin")
    options = ["--task", "language_modeling", "--sample-break-mode", "complete", "--tokens-per-sample", 12]
    for model in ("grid_lstm_lm", "stacked_lstm_lm"):
        save = tmp_path / model
        training = ["--arch", model, "--hidden-size", 12, "--layers", 2, "--optimizer", "adam", "--lr", 0.02]
        training += ["--batch-size", 16, "--max-epoch", 4, "--num-workers", 0, "--log-format", "json"]
        log = succeed("train", tmp_path / "bin", *options, *training, "--no-epoch-checkpoints", "--save-dir", save)
        losses = [float(entry["valid_loss"]) for entry in entries(log, "valid")]
        assert losses[-1] < losses[0]
        scoring = [tmp_path / "bin", *options, "--gen-subset", "valid", "--path", save / "checkpoint_last.pt"]
        scored = fairseq("eval_lm", *scoring)
        assert scored.status == 0
        (loss,) = re.findall(r"Loss \(base 2\): ([\d.]+)", scored.stdout + scored.stderr)
        # For fairseq's own models the two programs agree no better: they count other tokens.
        assert float(loss) == pytest.approx(losses[-1], rel=0.01)


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
