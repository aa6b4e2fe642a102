"""A small text, its task, models and batches for tests of the character language model."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import torch
from fairseq.logging import metrics
from torch import Tensor

from data_prep.characters import Options, prepare_characters
from reencoder.criterions.cross_entropy_with_accuracy import CrossEntropyWithAccuracy
from reencoder.models.language_model import GridLSTMLanguageModel, GridLSTMLanguageModelConfig
from reencoder.tasks.char_lm.carry import Carry
from reencoder.tasks.grid_char_lm import GridCharLMConfig, GridCharLMTask

TEXT = b"The cat sat on the mat; the dog did not. A mat is not a hat, and a hat is no cat.\n"
SIZES = {"train": 2083, "valid": 517, "test": 333}  # no multiples of anything below

PRECISION = 1e-7
"""Relative; fairseq computes log-probabilities in single precision even for models in double precision."""


def prepare_text(folder: Path) -> Path:
    """A folder of prepared text."""
    draw = np.random.default_rng(1)
    words = [TEXT.split()[n] for n in draw.integers(0, len(TEXT.split()), 1500)]
    (folder / "text").write_bytes(b" ".join(words)[: sum(SIZES.values())])
    options = Options(folder / "text", folder / "data", valid=SIZES["valid"], test=SIZES["test"])
    prepare_characters(options, [])
    return folder / "data"


def task_of(data: Path, **options: Any) -> GridCharLMTask:
    task = GridCharLMTask(GridCharLMConfig(data=str(data), **options))
    for split in SIZES:
        task.load_dataset(split)
    return task


def model_of(task: GridCharLMTask, seed: int = 1) -> Any:
    torch.manual_seed(seed)
    config = GridLSTMLanguageModelConfig(hidden_size=7, layers=2)
    model = GridLSTMLanguageModel.build_model(config, task).double()
    model.carry = Carry()
    return model.eval()


def batches_of(task: GridCharLMTask, split: str, size: int) -> list[dict[str, Any]]:
    return list(task.get_batch_iterator(task.dataset(split), max_sentences=size).next_epoch_itr(shuffle=True))


def evaluate(task: GridCharLMTask, model: Any, split: str, size: int) -> tuple[float, int]:
    """The metric `bpc` of a split, and the number of characters it counts."""
    criterion = CrossEntropyWithAccuracy(task).eval()
    with torch.no_grad(), metrics.aggregate(new_root=True) as found:
        logs = [task.valid_step(batch, model, criterion)[2] for batch in batches_of(task, split, size)]
        task.reduce_metrics(logs, criterion)
    return found.get_smoothed_values()["bpc"], sum(log["ntokens"] for log in logs)


def slow_bpc(task: GridCharLMTask, model: Any, split: str) -> float:
    """Character by character: each sequence is read from its beginning, and nothing is carried over."""
    characters, length = task.dataset(split).characters, task.cfg.sequence_length
    nats = 0.0
    with torch.no_grad():
        for start in range(0, len(characters), length):
            sequence = [len(task.alphabet), *map(int, characters[start : start + length])]
            logits = model(torch.tensor([sequence[:-1]])).logits[0]
            nats -= sum(
                float(torch.log_softmax(row, 0)[next_]) for row, next_ in zip(logits, sequence[1:], strict=True)
            )
    return nats / len(characters) / math.log(2)


class Optimizer:
    """As much of fairseq's as a training step needs."""

    def backward(self, loss: Tensor) -> None:
        loss.backward()  # type: ignore[no-untyped-call]


def train_step(task: GridCharLMTask, model: Any, batch: dict[str, Any], update: int, **options: Any) -> float:
    criterion = CrossEntropyWithAccuracy(task).train()
    return float(task.train_step(batch, model, criterion, Optimizer(), update, **options)[0].detach())
