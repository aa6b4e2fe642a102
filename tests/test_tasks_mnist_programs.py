"""MNIST in the real programs: training, stopping and continuing, errors as numbers and as a picture."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import reencoder.plugin  # noqa: F401  # allows what checkpoints hold
from eval.__main__ import main as evaluate
from tests.images import bars, write_bars
from tests.programs import fairseq, succeed

TASK = ["--task", "grid_mnist", "--valid-images", 60, "--criterion", "cross_entropy_with_accuracy"]
MODEL = ["--arch", "grid_lstm_image", "--patch", 4, "--hidden-size", 16, "--layers", 2, "--untied", "--readout", "pool"]
TRAINING = [
    *("--optimizer", "muon", "--lr", 0.02, "--clip-norm", 1.0, "--batch-size", 16, "--shift", 1, "--num-workers", 0),
    *(
        "--log-format",
        "json",
        "--log-interval",
        1000,
        "--no-epoch-checkpoints",
        "--best-checkpoint-metric",
        "error_rate",
    ),
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, str]:
    """Folder of images, folder of checkpoints, and log of a training that has learned to tell bars apart."""
    data, folder = write_bars(tmp_path_factory.mktemp("bars")), tmp_path_factory.mktemp("trained")
    log = succeed("train", data, *TASK, *MODEL, *TRAINING, "--shift", 0, "--max-epoch", 12, "--save-dir", folder)
    return data, folder, log


def error_rates(log: str, kind: str) -> list[float]:
    lines = [line for line in log.splitlines() if f"| {kind} | {{" in line]
    return [float(json.loads(line.split(f"| {kind} | ")[1])[f"{kind}_error_rate"]) for line in lines]


def test_a_model_learns(trained: tuple[Path, Path, str]) -> None:
    _data, _folder, log = trained
    assert len(error_rates(log, "train")) == len(error_rates(log, "valid")) == 12
    # of 60 images; guessing has an error rate of 90
    assert error_rates(log, "train")[-1] < 20 and error_rates(log, "valid")[-1] < 20


def test_stopping_and_continuing_is_training_in_one_go(tmp_path: Path) -> None:
    """25 updates at once, and 7 then 18 more from the checkpoint in mid-epoch: the same parameters, bit for bit."""
    options = [write_bars(tmp_path / "data"), *TASK, *MODEL, *TRAINING, "--disable-validation", "--seed", 7]
    options += ["--dropout", 0.1, "--readout-dropout", 0.2]  # 15 updates per epoch
    succeed("train", *options, "--max-update", 25, "--save-dir", tmp_path / "whole")
    for updates in (7, 20, 25):
        succeed("train", *options, "--max-update", updates, "--save-dir", tmp_path / "parts")
    whole, parts = (
        torch.load(tmp_path / name / "checkpoint_last.pt", weights_only=True)["model"] for name in ("whole", "parts")
    )
    for name, value in whole.items():
        assert torch.equal(value, parts[name]), name
    # with fewer images held out it would train with some of those on which it was compared
    done = fairseq("train", *options, "--max-update", 26, "--save-dir", tmp_path / "parts", "--valid-images", 1)
    assert done.status != 0 and "--valid-images: the training began with" in done.stderr
    assert ", not 1, so that what was held out may now be trained with" in done.stderr


def test_errors_are_counted_and_drawn(
    trained: tuple[Path, Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, folder, log = trained
    checkpoint, picture, document = folder / "checkpoint_last.pt", tmp_path / "errors.png", tmp_path / "errors.json"
    command = ["digits", str(checkpoint), "--json", str(document), "--png", str(picture)]
    assert evaluate(command) == 0
    shown = capsys.readouterr().out
    found = json.loads(document.read_text())
    assert found["split"] == "valid", "without --split the test set is not read"
    # what fairseq-train itself has measured, with six digits in its log
    assert found["error_rate"] == round(error_rates(log, "valid")[-1], 4)
    assert found["images"] == 60 and found["errors"] == len(found["misclassified"])
    confusion = np.array(found["confusion"])
    labels = bars(300, 1)[1][240:]
    assert confusion.sum(axis=1).tolist() == np.bincount(labels, minlength=10).tolist()
    assert confusion.trace() == 60 - found["errors"]
    for error in found["misclassified"]:
        assert labels[error["image"]] == error["label"] != error["predicted"] and 0.1 <= error["probability"] <= 1
    assert shown.splitlines()[-1] == (
        f"{found['errors']} of 60 images of valid wrong: error rate {found['error_rate']:.2f}%"
    )
    assert (
        len(found["checkpoints"][0]["sha256"]) == 64 and found["command"][0] == "python" and found["versions"]["torch"]
    )
    first = picture.read_bytes()
    assert first.startswith(b"\x89PNG")
    assert evaluate([*command, "--data", str(data)]) == 0
    assert picture.read_bytes() == first
    # what may be loaded safely has not changed for the rest of the process
    assert torch.load(checkpoint, weights_only=True)["args"] is None

    assert evaluate(["digits", f"{checkpoint}:{checkpoint}", "--split", "test", "--json", str(document)]) == 0
    ensemble = json.loads(document.read_text())
    assert ensemble["split"] == "test" and ensemble["images"] == 50 and len(ensemble["checkpoints"]) == 2


def test_bad_input_of_digits_is_one_line(
    trained: tuple[Path, Path, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, folder, _log = trained

    def error(*arguments: object) -> str:
        assert evaluate(["digits", *map(str, arguments)]) == 2
        found = capsys.readouterr().err
        assert found.startswith("error: ") and found.count("\n") == 1
        return found

    checkpoint = folder / "checkpoint_last.pt"
    assert "no such checkpoint" in error(tmp_path / "no.pt")
    other = tmp_path / "other.pt"
    torch.save({"model": {}, "cfg": {"task": {"_name": "grid_parity"}}}, other)
    assert "was trained on grid_parity; expected a checkpoint of grid_mnist" in error(other)
    config = {"_name": "grid_mnist", "data": str(data), "valid_images": 7}
    torch.save({"model": {}, "cfg": {"task": config}}, other)
    assert "hold out different numbers of images" in error(f"{checkpoint}:{other}")
    torch.save({"model": {}, "cfg": {"task": {**config, "valid_images": 0}}}, other)
    assert "--split valid: the training held out no images (--valid-images 0); give --split test" in error(other)
    truncated = write_bars(tmp_path / "truncated", suffix="")
    path = truncated / "t10k-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-1])
    assert f"{path}: truncated" in error(checkpoint, "--data", truncated, "--split", "test")


def test_a_criterion_that_counts_nothing_is_refused(tmp_path: Path) -> None:
    task = [option for option in TASK if option not in ("--criterion", "cross_entropy_with_accuracy")]
    done = fairseq("train", write_bars(tmp_path / "data"), *task, *MODEL, *TRAINING, "--save-dir", tmp_path / "never")
    assert done.status != 0 and "--criterion cross_entropy: expected cross_entropy_with_accuracy" in done.stderr


def test_a_corrupt_file_ends_training_with_its_name(tmp_path: Path) -> None:
    folder = write_bars(tmp_path / "data")
    path = folder / "train-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-9])
    done = fairseq("train", folder, *TASK, *MODEL, *TRAINING, "--save-dir", tmp_path / "never")
    assert done.status != 0 and f"ValueError: {path}: truncated" in done.stderr
