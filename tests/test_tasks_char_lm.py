"""The character language model as a task: bits per character, workers, what it refuses."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from fairseq.data import iterators
from fairseq.dataclass.configs import GenerationConfig
from torch import Tensor

from reencoder.criterions.cross_entropy_with_accuracy import CrossEntropyWithAccuracy
from reencoder.tasks.char_lm.carry import Carry
from reencoder.tasks.grid_char_lm import GridCharLMConfig, GridCharLMTask
from tests.char_lm_helpers import PRECISION, SIZES, batches_of, evaluate, model_of, prepare_text, slow_bpc, task_of


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_text(tmp_path_factory.mktemp("text"))


@pytest.mark.parametrize("length", [40, 100, 10_000])
def test_bits_per_character_are_exact_whatever_the_batch_size(data: Path, length: int) -> None:
    task = task_of(data, sequence_length=length, truncate_every=9)
    model = model_of(task)
    expected = slow_bpc(task, model, "valid")
    for size in (1, 2, 3, 5, 8, 13, 64):
        found, counted = evaluate(task, model, "valid", size)
        assert counted == SIZES["valid"]
        assert found == pytest.approx(expected, rel=PRECISION)


def test_truncation_does_not_change_what_is_predicted(data: Path) -> None:
    long = model_of(task := task_of(data, sequence_length=100, truncate_every=100))
    short = task_of(data, sequence_length=100, truncate_every=3)
    assert evaluate(task, long, "test", 4)[0] == pytest.approx(evaluate(short, long, "test", 4)[0], rel=PRECISION)


def test_workers_that_run_out_of_text_are_kept_busy(data: Path) -> None:
    task = task_of(data, sequence_length=100, truncate_every=9)
    text = task.dataset("train")
    iterators = [
        task.get_batch_iterator(text, max_sentences=2, num_shards=2, shard_id=worker).next_epoch_itr()
        for worker in (0, 1)
    ]
    batches = [list(iterator) for iterator in iterators]
    assert len(batches[0]) == len(batches[1]) and {} in batches[0] + batches[1]
    assert sum(batch.get("ntokens", 0) for own in batches for batch in own) == SIZES["train"]


def test_no_thread_buffers_batches(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may free a batch after the end of the program, which aborts the process."""
    monkeypatch.setattr(iterators, "BackgroundConsumer", lambda *_, **__: pytest.fail("a thread was started"))
    task = task_of(data, sequence_length=100, truncate_every=9)
    more: dict[str, Any] = {"num_workers": 1, "data_buffer_size": 10}
    found = task.get_batch_iterator(task.dataset("valid"), max_sentences=4, **more).next_epoch_itr()
    assert sum(batch["ntokens"] for batch in found) == SIZES["valid"]
    whole = task.eval_lm_dataloader(task.dataset("valid"), batch_size=4, **more)
    assert sum(batch["ntokens"] for batch in whole) == SIZES["valid"]


def test_states_of_fewer_rows_are_contiguous(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """cuDNN accepts no others; the last rows of a text end before the others do."""
    from fairseq.models import MODEL_REGISTRY

    task = task_of(data, sequence_length=110, truncate_every=9)
    model_class = MODEL_REGISTRY["stacked_lstm_lm"]
    config = Namespace(**{**vars(model_class.__dataclass()), "hidden_size": 6, "layers": 3, "untied": True})
    model = model_class.build_model(config, task).double().eval()
    model.carry = Carry()
    rows: list[int] = []
    forward = model.lstm.forward

    def checked(values: Tensor, pair: tuple[Tensor, Tensor] | None) -> Any:
        rows.append(values.size(1))
        assert all(part.is_contiguous() for part in pair or ())
        return forward(values, pair)

    monkeypatch.setattr(model.lstm, "forward", checked)
    assert evaluate(task, model, "test", 4)[1] == SIZES["test"]
    assert rows[:2] == [4, 3]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"sequence_length": 0}, "--sequence-length: expected at least 1, got 0"),
        ({"truncate_every": -1}, "--truncate-every: expected at least 1, got -1"),
        ({"data": "one:two"}, "one:two: expected one folder"),
    ],
)
def test_bad_options_are_named(data: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        GridCharLMTask(GridCharLMConfig(**{"data": str(data), **options}))


def test_a_model_without_states_is_refused(data: Path) -> None:
    class Stateless(torch.nn.Module):
        def forward(self, src_tokens: Tensor, states: None = None) -> Any:
            return Namespace(logits=torch.zeros(*src_tokens.shape, 3))

        def get_normalized_probs(self, output: Any, log_probs: bool) -> Tensor:
            raise AssertionError("never called")

    task = task_of(data)
    model = Stateless()
    model.carry = Carry()
    with pytest.raises(ValueError, match="--arch: the model returns no states"):
        task.valid_step(batches_of(task, "valid", 2)[0], model, CrossEntropyWithAccuracy(task))


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda task: task.get_batch_iterator(task.dataset("valid"), max_tokens=100), "--batch-size: expected the"),
        (
            lambda task: task.get_batch_iterator(task.dataset("valid"), max_sentences=2, skip_remainder_batch=True),
            "--skip-remainder-batch",
        ),
        (lambda task: task.load_dataset("other"), r"other.npy: no such file; there are the splits train, valid and"),
        (lambda task: task.eval_lm_dataloader(task.dataset("valid"), context_window=3), "--context-window"),
    ],
)
def test_what_would_skip_characters_is_refused(
    data: Path, action: Callable[[GridCharLMTask], object], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        action(task_of(data))


def test_any_model_of_sequences_can_be_a_language_model(data: Path) -> None:
    """Those that other tasks use need only take and return states."""
    from fairseq.models import MODEL_REGISTRY

    task = task_of(data, sequence_length=100, truncate_every=9)
    for name in ("grid_lstm_2d", "stacked_lstm"):
        model_class = MODEL_REGISTRY[name]
        config = Namespace(**{**vars(model_class.__dataclass()), "hidden_size": 6, "layers": 2})
        model = model_class.build_model(config, task).double().eval()
        model.carry = Carry()
        assert evaluate(task, model, "test", 3)[0] == pytest.approx(slow_bpc(task, model, "test"), rel=PRECISION)


def test_translation_is_refused(data: Path) -> None:
    with pytest.raises(ValueError, match="--task grid_char_lm: there is nothing to translate; python -m eval sample"):
        task_of(data).build_generator([], GenerationConfig())
