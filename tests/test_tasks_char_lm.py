"""The character language model as a task: batches, carried states, bits per character; also in the real programs."""

from __future__ import annotations

import copy
import json
import math
import re
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fairseq.logging import metrics
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, distributed, multiprocessing

import reencoder  # noqa: F401  # allows what checkpoints hold
from data_prep.characters import Options, prepare_characters
from reencoder.criterions.cross_entropy_with_accuracy import CrossEntropyWithAccuracy
from reencoder.models.language_model import GridLSTMLanguageModel, GridLSTMLanguageModelConfig
from reencoder.tasks.char_lm.carry import Carry
from reencoder.tasks.char_lm.dataset import Place, TextDataset
from reencoder.tasks.char_lm.streams import Plan
from reencoder.tasks.char_lm.text import Alphabet
from reencoder.tasks.grid_char_lm import GridCharLMConfig, GridCharLMTask
from tests.programs import fairseq, succeed

TEXT = b"The cat sat on the mat; the dog did not. A mat is not a hat, and a hat is no cat.\n"
SIZES = {"train": 2083, "valid": 517, "test": 333}  # no multiples of anything below

PRECISION = 1e-7
"""Relative; fairseq computes log-probabilities in single precision even for models in double precision."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of prepared text."""
    folder = tmp_path_factory.mktemp("text")
    draw = np.random.default_rng(1)
    words = [TEXT.split()[n] for n in draw.integers(0, len(TEXT.split()), 1500)]
    (folder / "text").write_bytes(b" ".join(words)[: sum(SIZES.values())])
    options = Options(folder / "text", folder / "data", valid=SIZES["valid"], test=SIZES["test"])
    prepare_characters(options, [])
    return folder / "data"


# Streams


@settings(max_examples=300, deadline=None)
@given(
    characters=st.integers(1, 300),
    length=st.integers(1, 60),
    piece=st.integers(1, 70),
    streams=st.integers(1, 9),
    workers=st.integers(1, 3),
)
def test_every_character_is_in_exactly_one_batch(
    characters: int, length: int, piece: int, streams: int, workers: int
) -> None:
    if -(-characters // length) < workers:
        with pytest.raises(ValueError, match="too few for"):
            Plan(characters, length, piece, streams, workers)
        return
    plan = Plan(characters, length, piece, streams, workers)
    seen: list[int] = []
    for worker in range(workers):
        batches = plan.batches(worker)
        assert batches, "each worker has something to do"
        before: list[int] = []
        for batch in batches:
            starts = batch.starts.tolist()
            assert 1 <= batch.length <= piece and 1 <= len(starts) <= streams
            # a sequence begins at multiples of its length and nowhere else; all others go on, row by row
            assert all((start % length == 0) == batch.begins for start in starts)
            assert batch.begins or starts == before[: len(starts)]
            before = [start + batch.length for start in starts]
            seen += [position for start in starts for position in range(start, start + batch.length)]
    assert sorted(seen) == list(range(characters))


def test_streams_are_contiguous_and_read_side_by_side() -> None:
    """Worked out by hand: 11 characters, sequences of 2, so 6 sequences in 4 streams of 2, 2, 1 and 1."""
    found = [(batch.starts.tolist(), batch.length, batch.begins) for batch in Plan(11, 2, 2, 4).batches()]
    # the last sequence has one character only: the others go on without it
    assert found == [([0, 4, 8, 10], 1, True), ([1, 5, 9], 1, False), ([2, 6], 2, True)]
    two = Plan(11, 2, 2, 2, workers=2)
    assert [batch.starts.tolist() for batch in two.batches(0)] == [[0, 8], [2]]
    assert [batch.starts.tolist() for batch in two.batches(1)] == [[4, 10], [5], [6]]


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ((10, 0, 1, 1), "--sequence-length: expected at least 1"),
        ((10, 1, 0, 1), "--truncate-every: expected at least 1"),
        ((10, 1, 1, 0), "--batch-size: expected at least 1"),
        ((0, 1, 1, 1), "no characters"),
    ],
)
def test_bad_plans_are_refused(numbers: tuple[int, ...], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Plan(*numbers)


def test_a_model_reads_the_character_before_and_a_symbol_of_its_own_where_a_sequence_begins() -> None:
    text = TextDataset("train", np.array([5, 6, 7, 8, 9, 4, 3], dtype=np.uint8), begin=10, sequence_length=4)
    batches = [text.collater([piece]) for piece in Plan(7, 4, 2, 2).batches()]
    read, predicted = (
        [batch["net_input"]["src_tokens"].tolist() if name == "read" else batch["target"].tolist() for batch in batches]
        for name in ("read", "predicted")
    )
    assert predicted == [[[5, 6], [9, 4]], [[7], [3]], [[8]]]
    assert read == [[[10, 5], [10, 9]], [[6], [4]], [[7]]]
    assert [batch["ntokens"] for batch in batches] == [4, 2, 1]
    whole = [text.collater([text[n] for n in rows]) for rows in text.whole_sequences(5)]
    assert [batch["target"].tolist() for batch in whole] == [[[5, 6, 7, 8]], [[9, 4, 3]]]
    assert text.collater([]) == {}


# Bits per character


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


# Carried states


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


class Optimizer:
    """As much of fairseq's as a training step needs."""

    def backward(self, loss: Tensor) -> None:
        loss.backward()  # type: ignore[no-untyped-call]


def train_step(task: GridCharLMTask, model: Any, batch: dict[str, Any], update: int, **options: Any) -> float:
    criterion = CrossEntropyWithAccuracy(task).train()
    return float(task.train_step(batch, model, criterion, Optimizer(), update, **options)[0].detach())


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


def test_states_of_other_batches_are_refused(data: Path) -> None:
    task, other = (task_of(data, sequence_length=100, truncate_every=piece) for piece in (9, 10))
    model, resumed = model_of(task), model_of(other)
    for batch in batches_of(task, "train", 3)[:4]:
        train_step(task, model, batch, 0)
    resumed.load_state_dict(model.state_dict())
    with pytest.raises(ValueError, match=r"stopped in the middle of a sequence.*or --reset-dataloader"):
        train_step(other, resumed, batches_of(other, "train", 3)[4], 1)
    train_step(other, resumed, batches_of(other, "train", 3)[0], 1)  # the beginning of an epoch needs no states


def _worker(rank: int, folder: Path) -> None:
    """Each worker keeps other states; all are saved, and each gets its own back."""
    store = distributed.FileStore(str(folder / "store"), 2)
    distributed.init_process_group("gloo", store=store, rank=rank, world_size=2)
    carry = Carry()
    place: Place = {"split": "train", "number": 6, "begins": True, "plan": [10**8, 50, 5, 3, 2]}
    carry.enter(place, 3 - rank)
    hidden = torch.arange(2.0 * (3 - rank) * 4).reshape(2, 3 - rank, 4) + 100 * rank
    carry.leave(place, (hidden, -hidden))
    carry.share()
    saved = carry.get_extra_state()
    torch.save(saved, folder / f"saved{rank}")
    restored = Carry()
    restored.set_extra_state(torch.load(folder / "saved0", weights_only=True) if rank == 0 else saved)
    found = restored.enter({**place, "number": 7, "begins": False}, 3 - rank)
    assert found is not None and torch.equal(found[0], hidden) and torch.equal(found[1], -hidden)


def test_the_states_of_all_workers_are_saved(tmp_path: Path) -> None:
    multiprocessing.spawn(_worker, (tmp_path,), nprocs=2)  # type: ignore[no-untyped-call]
    assert torch.equal(*(torch.load(tmp_path / f"saved{rank}", weights_only=True) for rank in (0, 1)))


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


# Alphabet


def test_names_of_symbols_are_different_and_visible() -> None:
    names = Alphabet("byte", range(256)).names()
    assert len(set(names)) == 256 and names[ord("a")] == "a" and names[10] == "<0a>" and names[32] == "<20>"
    assert Alphabet("character", [10, 97, 233, 0x200B]).names() == ["<0a>", "a", "é", "<200b>"]


@pytest.mark.parametrize("level", ["byte", "character"])
def test_text_is_encoded_and_decoded(level: str) -> None:
    text = "naïve – 文\n"
    symbols = sorted(set(text.encode() if level == "byte" else map(ord, text)))
    alphabet = Alphabet(level, symbols)
    assert alphabet.decode(alphabet.encode(text)) == text.encode()
    with pytest.raises(ValueError, match=r"(byte 0x7a|character 'z') is not in the alphabet"):
        alphabet.encode("z")


# The programs

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
    assert scored.returncode == 0, scored.stderr[-2000:]
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


def test_damaged_data_is_refused(data: Path, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"alphabet.json: no such file.*python -m data_prep characters"):
        GridCharLMTask(GridCharLMConfig(data=str(tmp_path)))
    (tmp_path / "alphabet.json").write_text('{"level": "byte", "symbols": [1, 1]}')
    with pytest.raises(ValueError, match=r"alphabet.json: cannot be read as an alphabet.*only once"):
        GridCharLMTask(GridCharLMConfig(data=str(tmp_path)))
    (tmp_path / "alphabet.json").write_text('{"level": "byte", "symbols": [65, 66]}')
    task = GridCharLMTask(GridCharLMConfig(data=str(tmp_path)))
    (tmp_path / "train.npy").write_bytes(b"no array")
    np.save(tmp_path / "valid.npy", np.array([0, 1, 2], dtype=np.uint8))
    np.save(tmp_path / "test.npy", np.array([[0.5]]))
    for split, message in (
        ("train", "cannot be read"),
        ("valid", "contains symbol 2 of an alphabet of 2"),
        ("test", "expected a list of unsigned numbers"),
    ):
        with pytest.raises(ValueError, match=rf"{split}.npy: {message}"):
            task.load_dataset(split)


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
