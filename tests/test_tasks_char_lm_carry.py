"""States of the character language model on their way from batch to batch, and in checkpoints."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from fairseq.dataclass.configs import EMAConfig
from fairseq.models.ema.ema import EMA
from torch import distributed, multiprocessing

from reencoder.criterions.cross_entropy_with_accuracy import CrossEntropyWithAccuracy
from reencoder.tasks.char_lm.carry import Carry
from reencoder.tasks.char_lm.dataset import Place
from reencoder.tasks.char_lm.streams import Plan
from tests.char_lm_helpers import SIZES, batches_of, model_of, prepare_text, task_of, train_step


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return prepare_text(tmp_path_factory.mktemp("text"))


def test_states_leak_neither_between_splits_nor_between_models(data: Path) -> None:
    """Two models that validate two splits in turns get what each of them gets alone."""
    task = task_of(data, sequence_length=100, truncate_every=9)
    criterion = CrossEntropyWithAccuracy(task).eval()
    runs = [(model, split) for model in (model_of(task, 1), model_of(task, 2)) for split in ("valid", "test")]

    def step(run: tuple[Any, str], batch: dict[str, Any]) -> float:
        with torch.no_grad():
            return float(task.valid_step(batch, run[0], criterion)[0])

    alone = [[step(run, batch) for batch in batches_of(task, run[1], 2)] for run in runs]
    mixed: list[list[float]] = [[] for _ in runs]
    for column in range(max(map(len, alone))):
        for run, losses in zip(runs, mixed, strict=True):
            batches = batches_of(task, run[1], 2)
            if column < len(batches):
                losses.append(step(run, batches[column]))
    assert mixed == alone
    assert alone[0] != alone[2], "the models differ"


def test_no_gradient_flows_beyond_a_batch(data: Path) -> None:
    task = task_of(data, sequence_length=100, truncate_every=9)
    model = model_of(task)
    first, second = batches_of(task, "train", 3)[:2]
    train_step(task, model, first, 0)
    entering = model.carry.enter(second["place"], 3, 1)
    assert entering is not None and not any(part.requires_grad for part in entering)
    model.zero_grad()
    train_step(task, model, second, 1)
    found = [parameter.grad.clone() for parameter in model.parameters()]
    model.zero_grad()
    output = model(**second["net_input"], states=entering)
    log_probs = model.get_normalized_probs(output, log_probs=True)
    loss = -log_probs.gather(2, second["target"][..., None]).sum()
    loss.backward()  # type: ignore[no-untyped-call]
    for mine, parameter in zip(found, model.parameters(), strict=True):
        torch.testing.assert_close(mine, parameter.grad, rtol=1e-12, atol=1e-12)


def test_a_batch_can_be_computed_again_but_not_left_out(data: Path) -> None:
    """fairseq repeats the batches of an update after an overflow."""
    task = task_of(data, sequence_length=100, truncate_every=9)
    model = model_of(task)
    batches = batches_of(task, "train", 3)
    losses = [train_step(task, model, batch, update=n // 2) for n, batch in enumerate(batches[:4])]
    assert [train_step(task, model, batch, update=1) for batch in batches[2:4]] == losses[2:]
    with pytest.raises(ValueError, match="train: batch 5 came out of order"):
        train_step(task, model, batches[5], update=2)
    with pytest.raises(ValueError, match="train: batch 1 came out of order"):
        train_step(task, model, batches[1], update=2)


def test_a_batch_that_only_keeps_a_worker_busy_changes_no_states(data: Path) -> None:
    task = task_of(data, sequence_length=100, truncate_every=9)
    model, other = model_of(task), model_of(task)
    batches = batches_of(task, "train", 3)
    for batch in batches[:2]:
        train_step(task, model, batch, 0)
        train_step(task, other, batch, 0)
    train_step(task, model, batches[0], 1, ignore_grad=True)
    assert train_step(task, model, batches[2], 1) == train_step(task, other, batches[2], 1)


def test_a_validation_on_the_training_text_changes_no_states_of_the_training(data: Path) -> None:
    """In the middle of a sequence, and as far as another place in the text."""
    task = task_of(data, sequence_length=100, truncate_every=9)
    criterion = CrossEntropyWithAccuracy(task).eval()
    model, other = model_of(task), model_of(task)
    batches = batches_of(task, "train", 3)
    losses = [train_step(task, other, batch, n) for n, batch in enumerate(batches[:4])]
    found = [train_step(task, model, batch, n) for n, batch in enumerate(batches[:2])]
    saved = model.state_dict()["carry._extra_state"].clone()
    for batch in batches_of(task, "train", 2)[:5]:
        task.valid_step(batch, model, criterion)
    assert torch.equal(model.state_dict()["carry._extra_state"], saved)
    found += [train_step(task, model, batch, n) for n, batch in enumerate(batches[2:4], start=2)]
    assert found == losses


def test_states_are_saved_with_the_model(data: Path) -> None:
    task = task_of(data, sequence_length=100, truncate_every=9)
    criterion = CrossEntropyWithAccuracy(task).eval()
    model = model_of(task)
    batches = batches_of(task, "train", 3)
    for n, batch in enumerate(batches[:-1]):  # the last ones have fewer rows
        if n % 7 == 3:
            for held_out in batches_of(task, "valid", 2)[: n // 7 + 1]:  # ends anywhere
                task.valid_step(held_out, model, criterion)
        fresh = model_of(task, seed=5)
        fresh.load_state_dict(copy.deepcopy(model.state_dict()))
        assert train_step(task, fresh, batch, n) == train_step(task, model, batch, n)
    shapes = {tuple(model.state_dict()["carry._extra_state"].shape)}
    train_step(task, model, batches[-1], len(batches))
    shapes.add(tuple(model.state_dict()["carry._extra_state"].shape))
    assert len(shapes) == 1, "checkpoints can be averaged"


@pytest.mark.parametrize("decay", [0.9, 0.9999])
def test_a_moving_average_of_the_model_needs_no_states(data: Path, decay: float) -> None:
    """fairseq's moving average averages everything that is saved, the states included."""
    task = task_of(data, sequence_length=100, truncate_every=9)
    model, undisturbed = model_of(task), model_of(task)
    batches = batches_of(task, "train", 3)
    train_step(task, model, batches[0], 0)
    train_step(task, undisturbed, batches[0], 0)
    ema = EMA(model, EMAConfig(store_ema=True, ema_decay=decay, ema_fp32=True))
    weight = expected = model.readout.output.weight.detach().clone()
    for n, batch in enumerate(batches[1:14], start=1):
        assert train_step(task, model, batch, n) == train_step(task, undisturbed, batch, n)
        with torch.no_grad():
            model.readout.output.weight += 0.01
            undisturbed.readout.output.weight += 0.01
        expected = decay * expected + (1 - decay) * (weight + 0.01 * n)
        ema.step(model, n)
    saved = copy.deepcopy(ema.get_model().state_dict())
    assert saved["carry._extra_state"].shape == model.state_dict()["carry._extra_state"].shape
    torch.testing.assert_close(saved["readout.output.weight"], expected, rtol=1e-6, atol=1e-8)
    # An average can be trained further from the beginning of an epoch, and then has states as any model.
    fresh = model_of(task)
    fresh.load_state_dict(saved)
    train_step(task, fresh, batches[0], 0)
    other = model_of(task)
    other.load_state_dict(copy.deepcopy(fresh.state_dict()))
    assert train_step(task, other, batches[1], 1) == train_step(task, fresh, batches[1], 1)


def test_states_of_other_batches_are_refused(data: Path) -> None:
    task, other = (task_of(data, sequence_length=100, truncate_every=piece) for piece in (9, 10))
    model, resumed = model_of(task), model_of(other)
    for batch in batches_of(task, "train", 3)[:4]:
        train_step(task, model, batch, 0)
    resumed.load_state_dict(model.state_dict())
    with pytest.raises(ValueError, match=r"stopped in the middle of a sequence.*or --reset-dataloader"):
        train_step(other, resumed, batches_of(other, "train", 3)[4], 1)
    train_step(other, resumed, batches_of(other, "train", 3)[0], 1)  # the beginning of an epoch needs no states


def test_a_training_does_not_resume_on_another_split_of_the_text(data: Path) -> None:
    task, other = task_of(data), task_of(data)
    state = task.get_checkpoint_dict()["GridCharLMTask"]
    other.set_checkpoint_dict(state)
    split = other.dataset("train")
    split.characters = split.characters[:-1]
    count = SIZES["train"]
    with pytest.raises(ValueError, match=f"characters in the split train: .*{count}, not {count - 1},.* --save-dir"):
        other.set_checkpoint_dict(state)


def _worker(rank: int, folder: Path) -> None:
    """Each worker keeps other states; all are saved, and each gets its own back."""
    store = distributed.FileStore(str(folder / "store"), 2)
    distributed.init_process_group("gloo", store=store, rank=rank, world_size=2)
    carry = Carry()
    place: Place = {"split": "train", "number": 6, "begins": True, "plan": Plan(10**8, 50, 5, 3, 2)}
    carry.enter(place, 3 - rank, 4)
    hidden = torch.arange(2.0 * (3 - rank) * 4).reshape(2, 3 - rank, 4) + 100 * rank
    carry.leave(place, (hidden, -hidden), 4)
    carry.share()
    saved = carry.get_extra_state()
    torch.save(saved, folder / f"saved{rank}")
    restored = Carry()
    restored.set_extra_state(torch.load(folder / "saved0", weights_only=True) if rank == 0 else saved)
    found = restored.enter({**place, "number": 7, "begins": False}, 3 - rank, 5)
    assert found is not None and torch.equal(found[0], hidden) and torch.equal(found[1], -hidden)
    distributed.destroy_process_group()  # a thread of gloo that still runs at the exit would abort the process


def test_the_states_of_all_workers_are_saved(tmp_path: Path) -> None:
    multiprocessing.spawn(_worker, (tmp_path,), nprocs=2)  # type: ignore[no-untyped-call]
    assert torch.equal(*(torch.load(tmp_path / f"saved{rank}", weights_only=True) for rank in (0, 1)))
