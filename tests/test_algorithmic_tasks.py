"""The fairseq side of parity, addition and memorization: batches, workers, metrics, models."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from fairseq.data.iterators import EpochBatchIterator
from fairseq.logging import metrics
from fairseq.models import ARCH_CONFIG_REGISTRY

from reencoder.criterions.symbol_cross_entropy import SymbolCrossEntropy, count_correct
from reencoder.models.baselines import FeedForward, StackedLSTM
from reencoder.models.grid_lstm import GridLSTM1dModel, GridLSTM2dModel
from reencoder.tasks.algorithmic.dataset import ProblemDataset
from reencoder.tasks.algorithmic.problems import Addition, Parity
from reencoder.tasks.algorithmic.streams import SampleSource
from reencoder.tasks.algorithmic.task import SymbolDictionary
from reencoder.tasks.grid_addition import GridAdditionConfig, GridAdditionTask


def dataset(split: str = "train", size: int = 40) -> ProblemDataset:
    return ProblemDataset(SampleSource(Addition(4), 1, 2, 10, 10), split, size)


def sources_of_epochs(workers: int, epochs: int, size: int = 40) -> list[list[list[int]]]:
    """All sources that fairseq's iterator gives, epoch by epoch, in the order of their numbers."""
    data = dataset(size=size)
    batches = data.batch_by_size(np.arange(size), max_sentences=7)
    iterator = EpochBatchIterator(
        data, data.collater, batches, num_workers=workers, reuse_dataloader=True, persistent_workers=False
    )
    found = []
    for _ in range(epochs):
        rows: dict[int, list[int]] = {}
        for batch in iterator.next_epoch_itr(shuffle=True):
            rows |= zip(batch["id"].tolist(), batch["net_input"]["src_tokens"].tolist(), strict=True)
        found.append([rows[number] for number in sorted(rows)])
    return found


def test_workers_draw_what_one_process_draws_and_every_epoch_is_new() -> None:
    alone = sources_of_epochs(0, 3)
    assert [len(epoch) for epoch in alone] == [40, 40, 40]
    assert sources_of_epochs(2, 3) == alone
    rows = [tuple(row) for epoch in alone for row in epoch]
    assert len(set(rows)) == len(rows)


def test_batches_leave_nothing_out() -> None:
    data = dataset(size=41)
    for limits in ({"max_sentences": 6}, {"max_tokens": 100}, {"max_sentences": 6, "max_tokens": 100}):
        batches = data.batch_by_size(np.arange(41), required_batch_size_multiple=8, **limits)
        assert np.concatenate(batches).tolist() == list(range(41))
        assert max(map(len, batches)) == 6  # 100 // 16 positions is 6, too
    assert data.num_tokens(0) == 16 and data.size(0) == (16, 16)


def test_a_batch_has_what_fairseq_reads() -> None:
    data = dataset("valid")
    batch = data.collater([data[0], data[3]])
    assert batch["id"].tolist() == [0, 3] and batch["nsentences"] == 2 and batch["ntokens"] == 32
    assert batch["net_input"]["src_tokens"].shape == batch["target"].shape == (2, 16)
    assert torch.equal(batch["target"][1], torch.from_numpy(data.source.valid[1][3]))
    assert data.collater(data.__getitems__([])) == {}, "what fills up a shard that has run out"


def test_held_out_samples_stay_over_the_epochs() -> None:
    data = dataset("test")
    first = data[2][1].tolist()
    data.set_epoch(5)
    assert data[2][1].tolist() == first and len(data) == 10


def test_special_symbols_come_after_the_others() -> None:
    words = SymbolDictionary(("a", "b", "-"))
    assert [words[index] for index in range(3)] == ["a", "b", "-"]
    assert min(words.bos(), words.pad(), words.eos(), words.unk()) == 3
    assert words.string(torch.tensor([0, 2, 1, 2])) == "a - b -"


# Metrics

TARGET = torch.tensor([[9, 9, 1, 2, 9], [9, 9, 3, 9, 9], [9, 9, 4, 5, 9]])
PREDICTED = torch.tensor([[9, 9, 1, 3, 9], [9, 9, 3, 9, 9], [9, 9, 9, 5, 9]])
"""Counted by hand: 15 symbols, 13 right; 3 sequences, 1 right; 5 digits to find (not 9), 3 of them right (4 digits
were predicted).
"""

HAND_COUNTS = {
    "accuracy_correct": 13,
    "accuracy_total": 15,
    "sequence_accuracy_correct": 1,
    "sequence_accuracy_total": 3,
    "digit_accuracy_correct": 3,
    "digit_accuracy_total": 5,
}


def test_accuracies_are_those_of_a_hand_count() -> None:
    assert count_correct(PREDICTED, TARGET, delimiter=9, result_name="digit_accuracy") == HAND_COUNTS
    without = {name: count for name, count in HAND_COUNTS.items() if not name.startswith("digit")}
    assert count_correct(PREDICTED, TARGET) == without


class Fixed:
    """A model that gives the logits of known predictions."""

    def __call__(self, src_tokens: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(PREDICTED, 10).float()[src_tokens]


def criterion() -> SymbolCrossEntropy:
    problem = SimpleNamespace(delimiter=9, result_name="digit_accuracy")
    return SymbolCrossEntropy(SimpleNamespace(problem=problem))


def test_metrics_over_uneven_batches_are_exact() -> None:
    outputs = []
    for rows in ([0, 1], [2]):
        sample = {"net_input": {"src_tokens": torch.tensor(rows)}, "target": TARGET[rows]}
        outputs.append(criterion()(Fixed(), {**sample, "ntokens": 5 * len(rows), "nsentences": len(rows)})[2])
    with metrics.aggregate(new_root=True) as found:
        for output in outputs:  # as two updates, not as one that sums them
            SymbolCrossEntropy.reduce_metrics([output])
    values = found.get_smoothed_values()
    assert values["accuracy"] == 13 / 15
    assert values["sequence_accuracy"] == pytest.approx(1 / 3)
    assert values["digit_accuracy"] == pytest.approx(3 / 5)
    # a right symbol has the logit 1 of ten, a wrong one 0
    norm = float(torch.logsumexp(torch.tensor([1.0] + 9 * [0.0]), 0))
    assert values["loss"] == pytest.approx((norm - 13 / 15) / np.log(2), abs=1e-4)


def test_samples_are_counted_in_training_only() -> None:
    sample = {"net_input": {"src_tokens": torch.tensor([0, 1, 2])}, "target": TARGET, "ntokens": 15, "nsentences": 3}
    task = GridAdditionTask.setup_task(GridAdditionConfig(digits=2, seed=1))  # type: ignore[arg-type]
    judge = criterion()
    for training, expected in ((True, 3), (True, 6), (False, 6), (True, 9)):
        judge.train(training)
        with metrics.aggregate(new_root=True) as found:
            task.reduce_metrics([judge(Fixed(), sample)[2]], judge)
        assert found.get_smoothed_values()["samples"] == expected
    assert task.progress.samples == 9


def test_other_tasks_are_refused() -> None:
    with pytest.raises(ValueError, match="expected --task grid_addition"):
        SymbolCrossEntropy(SimpleNamespace())
    with pytest.raises(ValueError, match="--arch stacked_lstm predicts a symbol at every step"):
        StackedLSTM.build_model(None, SimpleNamespace(problem=Parity(8)))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="use --task grid_parity"):
        FeedForward.build_model(None, SimpleNamespace(problem=Addition(2)))  # type: ignore[arg-type]


def test_a_missed_threshold_does_not_solve_the_task() -> None:
    config: Any = GridAdditionConfig(digits=2, stop_at_accuracy=0.9)
    config.seed = 1
    task = GridAdditionTask.setup_task(config)
    missed, reached = ([0.89], [0.95, 0.5], [0.5, 0.95]), ([0.9], [0.95, 0.9])
    for accuracies in (*missed, *reached):
        task.begin_valid_epoch(1, None)
        for accuracy in accuracies:  # one for each validation set
            task.post_validate(None, {"accuracy": accuracy}, None)
        assert task.solved is (accuracies in reached)
    task.cfg.stop_at_accuracy = 0.0
    assert not task.solved


# Baselines


def size_of(model: torch.nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


@pytest.mark.parametrize("untied", [False, True])
def test_baselines_have_the_sizes_of_their_equations(untied: bool) -> None:
    d, layers = 12, 3
    copies = layers if untied else 1
    stacked = StackedLSTM(SimpleNamespace(hidden_size=d, layers=layers, untied=untied, forget_bias=1.0), 11, 11)  # type: ignore[arg-type]
    assert size_of(stacked) == 11 * d + copies * (4 * d * 2 * d + 8 * d) + (d + 1) * 11
    assert stacked(torch.zeros(2, 7, dtype=torch.long)).shape == (2, 7, 11)
    options = SimpleNamespace(hidden_size=d, layers=layers, untied=untied, activation="relu", input_scale=0.0)
    net = FeedForward(options, 20, 2)  # type: ignore[arg-type]
    assert size_of(net) == 21 * d + copies * (d + 1) * d + (d + 1) * 2
    assert net(torch.ones(2, 20, dtype=torch.long)).shape == (2, 1, 2)


def test_baselines_start_as_their_options_say() -> None:
    d = 16
    options = {"hidden_size": d, "layers": 2}
    stacked = StackedLSTM(SimpleNamespace(**options, untied=True, forget_bias=3.0), 5, 5)  # type: ignore[arg-type]
    for layer in range(2):
        bias = getattr(stacked.lstm, f"bias_ih_l{layer}")
        assert torch.equal(bias[d : 2 * d], torch.full((d,), 3.0))  # torch's order: input, forget, candidate, output
        assert bias[:d].abs().max() < 1 and bias[2 * d :].abs().max() < 1
    for activation, function in (("relu", torch.relu), ("tanh", torch.tanh)):
        cfg: Any = SimpleNamespace(**options, untied=False, activation=activation, input_scale=4.0)
        net = FeedForward(cfg, 20, 2)
        assert 3.5 < net.project.weight.abs().max() <= 4.0
        bits = torch.randint(0, 2, (3, 20), generator=torch.Generator().manual_seed(1))
        values = function(net.project(bits.float()))
        for _ in range(2):
            values = function(net.hidden[0](values))
        assert torch.equal(net(bits), net.output(values).unsqueeze(1))


def test_an_untied_stacked_lstm_with_equal_layers_is_a_tied_one() -> None:
    options = {"hidden_size": 8, "layers": 3, "forget_bias": 1.0}
    tied = StackedLSTM(SimpleNamespace(**options, untied=False), 5, 5)  # type: ignore[arg-type]
    untied = StackedLSTM(SimpleNamespace(**options, untied=True), 5, 5)  # type: ignore[arg-type]
    state = tied.state_dict()
    for name in list(state):
        if name.startswith("lstm."):
            state |= {name.replace("_l0", f"_l{layer}"): state[name] for layer in (1, 2)}
    untied.load_state_dict(state)
    tokens = torch.randint(0, 5, (4, 9), generator=torch.Generator().manual_seed(1))
    assert torch.allclose(tied(tokens), untied(tokens), atol=1e-6)


# Grid LSTMs

GRID = {"hidden_size": 12, "layers": 3, "dropout": 0.0, "output_form": "tanh_om", "no_bias": False}
GRID |= {"forget_bias": 1.0, "init_scale": 1.7, "input_scale": 0.0, "prioritize_depth": False, "recompute": False}


@pytest.mark.parametrize("untied", [False, True])
@pytest.mark.parametrize("readout", ["hidden", "hidden-memory"])
def test_grid_lstms_have_the_sizes_of_their_equations(untied: bool, readout: str) -> None:
    d, copies = 12, 3 if untied else 1
    read = 2 * d if readout == "hidden-memory" else d
    cfg: Any = SimpleNamespace(**GRID, untied=untied, readout=readout, depth="lstm")
    deep = GridLSTM1dModel(cfg, 20, 2)
    assert size_of(deep) == 21 * 2 * d + copies * (d + 1) * 4 * d + (read + 1) * 2
    assert deep(torch.ones(2, 20, dtype=torch.long)).shape == (2, 1, 2)
    grid = GridLSTM2dModel(cfg, 11, 11)
    transform = 4 * d * (2 * d + 1)  # one along time and one along depth
    assert size_of(grid) == 12 * 2 * d + copies * 2 * transform + (read + 1) * 11
    assert grid(torch.zeros(2, 7, dtype=torch.long)).shape == (2, 7, 11)


def test_options_of_grid_lstms_reach_the_grid() -> None:
    cfg: Any = SimpleNamespace(**GRID | {"forget_bias": 2.5, "input_scale": 3.0, "output_form": "o_tanhm"})
    cfg.untied, cfg.readout, cfg.depth = False, "hidden", "lstm"
    for model in (GridLSTM1dModel(cfg, 20, 2), GridLSTM2dModel(cfg, 11, 11)):
        assert model.grid.grid.output_form == "o_tanhm"
        biases = torch.cat([bias.flatten() for bias in model.grid.grid.biases])
        assert int((biases == 2.5).sum()) == 12 * len(model.grid.grid.dimensions)
        weight = model.grid.project.linear.weight
        assert 2.5 < weight.abs().max() <= 3.0
    cfg.prioritize_depth = True
    assert [dim.priority for dim in GridLSTM2dModel(cfg, 11, 11).grid.grid.dimensions] == [0, 1]


def test_presets_fill_in_what_is_not_given() -> None:
    args = SimpleNamespace(layers=7)
    ARCH_CONFIG_REGISTRY["grid_lstm_2d_memorization"](args)
    assert vars(args) == {"layers": 7, "hidden_size": 100, "input_scale": 2.0, "forget_bias": 3.0}


@pytest.mark.parametrize("depth", ["identity", "tanh", "relu"])
def test_a_depth_without_cells_has_no_memory_to_read(depth: str) -> None:
    cfg: Any = SimpleNamespace(**GRID, untied=False, readout="hidden-memory", depth=depth)
    grid = GridLSTM2dModel(cfg, 5, 5)
    assert grid.readout.output.in_features == 12
    assert grid(torch.zeros(2, 4, dtype=torch.long)).shape == (2, 4, 5)


def test_a_2lstm_predicts_from_what_it_has_read_so_far() -> None:
    cfg: Any = SimpleNamespace(**GRID, untied=False, readout="hidden-memory", depth="lstm")
    grid = GridLSTM2dModel(cfg, 6, 6)
    tokens = torch.randint(0, 6, (3, 8), generator=torch.Generator().manual_seed(1))
    changed = tokens.clone()
    changed[:, 5] = (changed[:, 5] + 1) % 6
    before, after = grid(tokens), grid(changed)
    assert torch.allclose(before[:, :5], after[:, :5], atol=1e-6)
    assert not torch.allclose(before[:, 5:], after[:, 5:], atol=1e-3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"layers": 0}, "--layers: expected at least 1, got 0"),
        ({"hidden_size": 0}, "--hidden-size: expected at least 1, got 0"),
        ({"dropout": 1.0}, "--dropout: expected at least 0 and below 1"),
        ({"init_scale": 0.0}, "--init-scale: expected above 0"),
        ({"input_scale": -1.0}, "--input-scale: expected 0 or more, got -1.0"),
        ({"recompute": True, "prioritize_depth": True}, "--recompute: not with --prioritize-depth"),
        ({"no_bias": True, "forget_bias": 3.0}, "--forget-bias 3.0: with --no-bias there is none"),
    ],
)
def test_bad_options_of_models_are_named(change: dict[str, float], message: str) -> None:
    cfg: Any = SimpleNamespace(**{**GRID, "untied": False, "readout": "hidden", "depth": "lstm", **change})
    with pytest.raises(ValueError, match=message):
        GridLSTM2dModel(cfg, 5, 5)
