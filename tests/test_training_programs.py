"""One update from a whole batch, from its parts one after the other, and from two processes: always the same."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import reencoder  # noqa: F401  # allows what checkpoints hold
from data_prep.options import Options
from data_prep.phrasebook import write_phrasebook
from data_prep.prepare import prepare
from tests.programs import succeed, succeed_in_two_processes

PAIRS = 200
TRAINING = [
    *("--task", "reencoder_translation", "--arch", "reencoder_tiny", "--dropout", 0.0, "--output-dropout", 0.0),
    # Plain steps without clipping: every gradient counts, with its size.
    *(
        "--optimizer",
        "sgd",
        "--lr",
        0.3,
        "--clip-norm",
        0.0,
        "--max-epoch",
        2,
        "--disable-validation",
        "--no-epoch-checkpoints",
    ),
    *("--num-workers", 0, "--seed", 1, "--cpu", "--ddp-backend", "legacy_ddp"),
]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("parallel")
    write_phrasebook(folder / "pairs.tsv", PAIRS, 1)
    prepare(Options(folder / "data", tsv=[folder / "pairs.tsv"], segmentation="jieba"))
    return folder / "data" / "bin"


def parameters(folder: Path) -> dict[str, torch.Tensor]:
    checkpoint = torch.load(folder / "checkpoint_last.pt", weights_only=True)
    assert checkpoint["optimizer_history"][-1]["num_updates"] == 2, "one update per epoch"
    found: dict[str, torch.Tensor] = checkpoint["model"]
    return found


@pytest.fixture(scope="module")
def expected(data: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, torch.Tensor]:
    """The parameters after two updates, each from one batch of the whole training set."""
    folder = tmp_path_factory.mktemp("whole")
    succeed("train", data, *TRAINING, "--batch-size", PAIRS, "--save-dir", folder)
    return parameters(folder)


def assert_same(found: dict[str, torch.Tensor], expected: dict[str, torch.Tensor]) -> None:
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        assert torch.allclose(found[name], value, rtol=1e-5, atol=1e-6), name


def test_accumulated_gradients_are_those_of_the_whole_batch(
    data: Path, expected: dict[str, torch.Tensor], tmp_path: Path
) -> None:
    parts = ["--batch-size", PAIRS // 5, "--update-freq", PAIRS]
    succeed("train", data, *TRAINING, *parts, "--save-dir", tmp_path)
    assert_same(parameters(tmp_path), expected)


def test_two_processes_train_as_one(data: Path, expected: dict[str, torch.Tensor], tmp_path: Path) -> None:
    options = [*TRAINING, "--batch-size", PAIRS // 2, "--save-dir", tmp_path / "two"]
    succeed_in_two_processes("train", data, *options, folder=tmp_path)
    assert_same(parameters(tmp_path / "two"), expected)
