"""The fairseq side of parity, addition and memorization: batches, workers, metrics, the end of training."""

from __future__ import annotations

from argparse import Namespace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from fairseq.data import Dictionary
from fairseq.data.iterators import EpochBatchIterator
from fairseq.logging import metrics
from fairseq.models import BaseFairseqModel
from omegaconf import OmegaConf

from reencoder.criterions.cross_entropy_with_accuracy import CrossEntropyWithAccuracy, count_correct
from reencoder.tasks.algorithmic.dataset import ProblemDataset
from reencoder.tasks.algorithmic.early_end import end_training
from reencoder.tasks.algorithmic.problems import Addition, Parity
from reencoder.tasks.algorithmic.sample_source import SampleSource
from reencoder.tasks.grid_addition import GridAdditionConfig, GridAdditionTask
from reencoder.tasks.random_stream import Purpose, Stream
from reencoder.tasks.symbol_dictionary import SymbolDictionary


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
    assert len(data.batch_by_size(np.arange(41), max_tokens=5)) == 41, "one sample each"


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
    assert len(words) == 3, "models read and predict exactly these"
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
    assert count_correct(PREDICTED, TARGET, {"digit_accuracy": 9}) == HAND_COUNTS
    without = {name: count for name, count in HAND_COUNTS.items() if not name.startswith("digit")}
    assert count_correct(PREDICTED, TARGET) == without


def test_padding_counts_nowhere() -> None:
    padded = torch.nn.functional.pad(TARGET, (0, 2), value=11)
    guessed = torch.nn.functional.pad(PREDICTED, (0, 2), value=11)  # right by chance
    assert count_correct(guessed, padded, {"digit_accuracy": 9}, padding=11) == HAND_COUNTS
    guessed[:, -1] = 3  # and wrong
    assert count_correct(guessed, padded, {"digit_accuracy": 9}, padding=11) == HAND_COUNTS


def test_a_sequence_of_padding_alone_is_no_sequence() -> None:
    counts = count_correct(torch.tensor([[1, 2], [1, 1]]), torch.tensor([[1, 2], [9, 9]]), padding=9)
    assert (counts["sequence_accuracy_correct"], counts["sequence_accuracy_total"]) == (1, 1)


def test_one_class_per_sample_has_no_sequence_accuracy() -> None:
    counts = count_correct(torch.tensor([1, 2, 3, 3]), torch.tensor([1, 2, 0, 3]))
    assert counts == {"accuracy_correct": 3, "accuracy_total": 4}


class Fixed(BaseFairseqModel):
    """A model that gives the logits of known predictions."""

    def forward(self, src_tokens: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.one_hot(PREDICTED, 10).float()[src_tokens]


def criterion() -> CrossEntropyWithAccuracy:
    return CrossEntropyWithAccuracy(SimpleNamespace(target_dictionary=None, accuracies_without={"digit_accuracy": 9}))


def test_metrics_over_uneven_batches_are_exact() -> None:
    outputs = []
    for rows in ([0, 1], [2]):
        sample = {"net_input": {"src_tokens": torch.tensor(rows)}, "target": TARGET[rows]}
        outputs.append(criterion()(Fixed(), {**sample, "ntokens": 5 * len(rows), "nsentences": len(rows)})[2])
    with metrics.aggregate(new_root=True) as found:
        for output in outputs:  # as two updates, not as one that sums them
            CrossEntropyWithAccuracy.reduce_metrics([output])
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


def test_the_criterion_serves_any_task_with_classes() -> None:
    """A task without dictionaries, delimiters or sequences: ten images, one class each."""
    judge = CrossEntropyWithAccuracy(SimpleNamespace(target_dictionary=None))
    logits = torch.randn(10, 4, generator=torch.Generator().manual_seed(1))
    model: Any = SimpleNamespace(get_normalized_probs=lambda output, log_probs: output.log_softmax(dim=-1))
    target = torch.arange(10) % 4

    class Model:
        get_normalized_probs = staticmethod(model.get_normalized_probs)

        def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
            return logits

    sample = {"net_input": {"pixels": torch.zeros(10, 28, 28)}, "target": target, "ntokens": 10, "nsentences": 10}
    loss, size, logged = judge(Model(), sample)
    torch.testing.assert_close(loss, torch.nn.functional.cross_entropy(logits, target, reduction="sum"))
    assert size == logged["accuracy_total"] == 10
    assert logged["accuracy_correct"] == sum(int(row.argmax()) == n % 4 for n, row in enumerate(logits))
    assert "sequence_accuracy_total" not in logged


def test_with_sentence_avg_gradients_count_samples_and_the_log_is_the_same() -> None:
    sample = {"net_input": {"src_tokens": torch.tensor([0, 1, 2])}, "target": TARGET, "ntokens": 15, "nsentences": 3}
    found = []
    for sentence_avg, expected in ((False, 15), (True, 3)):
        # from the command line, as fairseq-train does it
        judge = CrossEntropyWithAccuracy.build_criterion(
            Namespace(sentence_avg=sentence_avg), SimpleNamespace(target_dictionary=None)
        )
        loss, size, logged = judge(Fixed(), sample)
        assert size == logged["sample_size"] == expected
        with metrics.aggregate(new_root=True) as values:
            CrossEntropyWithAccuracy.reduce_metrics([logged])
        found.append((float(loss), values.get_smoothed_values()))
    assert found[0] == found[1] and found[0][1]["loss"] > 0


def test_padding_of_the_target_dictionary_costs_nothing() -> None:
    dictionary = Dictionary()
    judge = CrossEntropyWithAccuracy(SimpleNamespace(target_dictionary=dictionary))
    target = torch.tensor([[3, 2, 0], [2, dictionary.pad(), dictionary.pad()]])
    logits = torch.randn(2, 3, 4, generator=torch.Generator().manual_seed(1))

    class Model(BaseFairseqModel):
        def forward(self, **_: Any) -> torch.Tensor:
            return logits

    loss, size, _logged = judge(Model(), {"net_input": {}, "target": target, "ntokens": 4, "nsentences": 2})
    real = target != dictionary.pad()
    torch.testing.assert_close(loss, torch.nn.functional.cross_entropy(logits[real], target[real], reduction="sum"))
    assert size == 4


def test_a_model_of_another_shape_is_refused() -> None:
    sample = {"net_input": {"src_tokens": torch.tensor([0])}, "target": TARGET[:1, :1], "ntokens": 1, "nsentences": 1}
    with pytest.raises(ValueError, match=r"--arch: the model predicts classes of shape \(1, 5\)"):
        criterion()(Fixed(), sample)


def test_training_ends_through_the_programs_configuration() -> None:
    whole = OmegaConf.create({"task": {"digits": 2}, "optimization": {"max_update": 0}})
    end_training(whole.task, 17)
    assert whole.optimization.max_update == 17
    alone: list[Any] = [OmegaConf.create({"digits": 2}), GridAdditionConfig(digits=2)]
    for config in alone:
        with pytest.raises(ValueError, match="--stop-at-accuracy: expected to run in fairseq-train"):
            end_training(config, 17)


def test_a_missed_threshold_does_not_solve_the_task() -> None:
    config: Any = GridAdditionConfig(digits=2, stop_at_accuracy=0.9)
    config.seed = 1
    task = GridAdditionTask.setup_task(config)
    missed, reached = ([0.89], [0.95, 0.5], [0.5, 0.95]), ([0.9], [0.95, 0.9])
    for accuracies in (*missed, *reached):
        task.begin_valid_epoch(1, None)
        for accuracy in accuracies:  # one per validation set
            task.post_validate(None, {"accuracy": accuracy}, None)
        assert task.solved is (accuracies in reached)
    task.cfg.stop_at_accuracy = 0.0
    assert not task.solved


def test_seed_purpose_epoch_index_and_attempt_each_have_words_of_their_own() -> None:
    """Also splits of one seed: `--valid-seed` may equal `--seed`."""
    drawn = {
        tuple(Stream(seed, purpose, 5).draw(epoch, index, attempt).tolist())
        for seed in (1, 2)
        for purpose in Purpose
        for epoch in (0, 1, 2)
        for index in (0, 1, 2)
        for attempt in (0, 1, 2)
    }
    assert len(drawn) == 2 * 5 * 3 * 3 * 3
    assert len({word for words in drawn for word in words}) == 5 * len(drawn), "no word twice"


def test_each_split_is_drawn_from_its_own_stream() -> None:
    problem = Addition(15)  # so many samples that no two are the same
    source = SampleSource(problem, seed=3, valid_seed=4, valid_samples=5, test_samples=6)
    for found, seed, purpose, epoch, count in (
        (source.valid, 4, Purpose.VALID, 0, 5),
        (source.test, 4, Purpose.TEST, 0, 6),
        (source.train(2, range(7)), 3, Purpose.TRAIN, 2, 7),
    ):
        words = np.stack([Stream(seed, purpose, problem.words).draw(epoch, index) for index in range(count)])
        assert all(np.array_equal(mine, expected) for mine, expected in zip(found, problem.build(words), strict=True))


def test_a_small_problem_never_trains_on_what_is_held_out() -> None:
    """Of 16 strings 2 are held out for each set, and training draws hundreds."""
    source = SampleSource(Parity(4), seed=1, valid_seed=2, valid_samples=2, test_samples=2)
    valid, test = ({row.tobytes() for row in part[0]} for part in (source.valid, source.test))
    assert len(valid) == len(test) == 2 and not valid & test
    inputs, targets = source.train(1, range(400))
    assert {row.tobytes() for row in inputs}.isdisjoint(valid | test)
    assert len({row.tobytes() for row in inputs}) == 12
    assert np.array_equal(inputs.sum(axis=1) % 2, targets[:, 0]), "also where a sample was drawn again"


def test_what_only_translation_has_is_refused() -> None:
    config: Any = GridAdditionConfig(digits=2)
    config.seed = 1
    task = GridAdditionTask.setup_task(config)
    task.build_generator([], Namespace(print_alignment=None))
    with pytest.raises(ValueError, match="--print-alignment: this task has no alignments"):
        task.build_generator([], Namespace(print_alignment="hard"))
    with pytest.raises(ValueError, match="fairseq-interactive: this task has samples of its own and reads no lines"):
        task.get_interactive_tokens_and_lengths(["12"], str)
