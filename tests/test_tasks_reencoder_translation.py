"""What the translation task hands on: the limits of batches, and the minimum length of the search with the lengths."""

from __future__ import annotations

import pickle
from argparse import Namespace
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from fairseq.data import Dictionary, LanguagePairDataset
from fairseq.dataclass.configs import GenerationConfig
from fairseq.search import BeamSearch
from fairseq.tasks import FairseqTask
from fairseq.tasks.translation import TranslationTask
from torch import nn

from reencoder.models.reencoder import ReencoderModel
from reencoder.models.reencoder_config import ReencoderConfig
from reencoder.optim.matrices import hidden_matrix_rows
from reencoder.search import MinimumLengthSearch
from reencoder.tasks import process
from reencoder.tasks.batching import BlockBatchedPairs
from reencoder.tasks.recorded_data import DataRecord
from reencoder.tasks.reencoder_translation import ReencoderTranslationConfig, ReencoderTranslationTask

SOURCES, TARGETS = [2, 3, 5, 5], [4, 4, 4, 8]


def pairs(with_targets: bool = True) -> LanguagePairDataset:
    words = Dictionary()
    source, target = ([torch.full((size,), 4) for size in sizes] for sizes in (SOURCES, TARGETS))
    return LanguagePairDataset(
        source, SOURCES, words, target if with_targets else None, TARGETS if with_targets else None, words
    )


def sizes(dataset: Any, **limits: Any) -> list[int]:
    return [len(batch) for batch in dataset.batch_by_size(np.arange(4), **limits)]


def test_each_limit_is_its_own() -> None:
    dataset = BlockBatchedPairs(pairs(), None)
    assert sizes(dataset) == [4]
    assert sizes(dataset, max_sentences=3) == [3, 1]
    assert sizes(dataset, max_tokens=8) == [2, 1, 1]
    # fairseq enforces this by dropping sentences
    assert sizes(dataset, max_sentences=3, required_batch_size_multiple=8) == [3, 1]
    assert sizes(BlockBatchedPairs(pairs(), 24)) == [2, 1, 1]
    assert sizes(BlockBatchedPairs(pairs(with_targets=False), 50)) == [2, 2], "without targets: the source twice"


@pytest.fixture
def task(tmp_path: Any) -> ReencoderTranslationTask:
    cfg = ReencoderTranslationConfig(
        data=str(tmp_path), source_lang="zh", target_lang="en", max_blocks=24, min_len_ratio=0.75
    )
    return ReencoderTranslationTask(cfg, Dictionary(), Dictionary())


def test_data_sets_get_the_limit_of_blocks(task: ReencoderTranslationTask, monkeypatch: pytest.MonkeyPatch) -> None:
    def load(self: TranslationTask, split: str, epoch: int, combine: bool, **_: Any) -> None:
        self.datasets[split] = pairs()

    monkeypatch.setattr(TranslationTask, "load_dataset", load)
    task.load_dataset("train")
    assert sizes(task.datasets["train"]) == [2, 1, 1]
    typed = task.build_dataset_for_inference([torch.full((size,), 4) for size in SOURCES], SOURCES)
    assert sizes(typed, max_sentences=4) == [2, 1, 1]


@pytest.mark.parametrize("ratio", [0.0, 0.75])
def test_the_search_has_the_ratio_and_is_told_the_lengths(
    ratio: float, task: ReencoderTranslationTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = BeamSearch(Dictionary())
    generator = SimpleNamespace(search=plain, should_set_src_lengths=False)
    monkeypatch.setattr(TranslationTask, "build_generator", lambda *_args, **_named: generator)
    task.cfg.min_len_ratio = ratio
    built = task.build_generator([], Namespace())
    if ratio:
        assert isinstance(built.search, MinimumLengthSearch) and built.search.search is plain
        assert built.search.ratio == 0.75 and built.should_set_src_lengths
    else:
        assert built.search is plain and not built.should_set_src_lengths
    generator.search = plain
    assert task.build_generator([], Namespace(min_len_ratio=0.25)).search.ratio == 0.25, "that of the options"
    generator.search = plain
    assert task.build_generator([], Namespace(min_len_ratio=0.0)).search is plain and task.cfg.min_len_ratio == ratio


@pytest.mark.parametrize(
    ("given", "limits"),
    [
        ({"beam": 5}, (2.0, 200)),  # what --eval-bleu passes
        ({"max_len_a": 0, "max_len_b": 200}, (0, 200)),
        ({"max_len_b": 200}, (0, 200)),
        ({"max_len_a": 1.5}, (1.5, 200)),
        ({"max_len_b": 30}, (0, 30)),
    ],
)
def test_a_translation_may_be_twice_as_long_as_its_source_and_longer_unless_told(
    given: dict[str, Any], limits: tuple[float, int], task: ReencoderTranslationTask
) -> None:
    options = Namespace(**given)
    generator = task.build_generator([_model()], options)
    assert (generator.max_len_a, generator.max_len_b) == limits
    assert vars(options) == given


def test_the_configuration_of_fairseqs_programs_does_not_tell_that_defaults_are_given(
    task: ReencoderTranslationTask,
) -> None:
    config = GenerationConfig()
    generator = task.build_generator([_model()], config)
    assert (generator.max_len_a, generator.max_len_b) == (2.0, 200) and config.max_len_a == 0
    generator = task.build_generator([_model()], GenerationConfig(max_len_b=30))
    assert (generator.max_len_a, generator.max_len_b) == (0, 30)


def test_constraints_that_a_program_does_not_read_are_refused(task: ReencoderTranslationTask) -> None:
    generator = task.build_generator([_model()], Namespace(constraints="ordered"))
    with pytest.raises(ValueError, match="--constraints: only fairseq-interactive reads them"):
        task.inference_step(generator, [_model()], {})


def test_dropout_in_the_search_is_refused(task: ReencoderTranslationTask) -> None:
    """A Reencoder would translate without it; a model with fairseq's modules has it."""
    ours, other = _model(), nn.Linear(1, 1)
    with pytest.raises(ValueError, match="--retain-dropout: a Reencoder has dropout in training only; leave the optio"):
        task.build_generator([other, ours], Namespace(retain_dropout=True))
    task.build_generator([ours], Namespace(retain_dropout=False))
    assert getattr(task.build_generator([other], Namespace(retain_dropout=True)), "search", None)


@pytest.mark.parametrize(
    ("option", "given", "message"),
    [
        ("eval_bleu_detok_args", "x", "--eval-bleu-detok-args 'x': not JSON .Expecting value"),
        ("eval_bleu_detok_args", "[1]", r"--eval-bleu-detok-args '\[1\]': expected a JSON object such as {}, got list"),
        ("eval_bleu_args", '{"beam": 5', "--eval-bleu-args '{\"beam\": 5': not JSON"),
    ],
)
def test_options_of_bleu_in_validation_are_json_objects(
    option: str, given: str, message: str, task: ReencoderTranslationTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FairseqTask, "build_model", lambda *_: _model())
    task.cfg.eval_bleu, task.cfg.eval_bleu_detok = True, "space"
    task.build_model(SimpleNamespace())
    assert task.sequence_generator.max_len_a == 2
    setattr(task.cfg, option, given)
    with pytest.raises(ValueError, match=message):
        task.build_model(SimpleNamespace())
    assert getattr(task.cfg, option) == given


def test_sentences_that_are_too_long_are_named_with_what_to_do(task: ReencoderTranslationTask) -> None:
    long = np.array([3, 1101])
    typed = task.build_dataset_for_inference([torch.full((size,), 4) for size in long], long)
    with pytest.raises(ValueError) as raised:
        task.filter_indices_by_size(np.arange(2), typed, (1024, 1024))
    message = str(raised.value)
    assert "line 2 of the set has (1101, 0) tokens" in message and "allows (1024, 1024)" in message
    assert "Give this program higher --max-source-positions and --max-target-positions" in message


def _model() -> ReencoderModel:
    words = Dictionary()
    task = SimpleNamespace(source_dictionary=words, target_dictionary=words, max_positions=lambda: (9, 9))
    return ReencoderModel.build_model(ReencoderConfig(hidden_size=4, embed_dim=4), task)


def test_a_wrapped_search_that_needs_the_lengths_gets_them() -> None:
    class Lengths(BeamSearch):
        needs_src_lengths = True
        lengths: torch.Tensor | None = None

        def set_src_lengths(self, src_lengths: torch.Tensor) -> None:
            self.lengths = src_lengths

    inner = Lengths(Dictionary())
    MinimumLengthSearch(inner, 0.5).set_src_lengths(torch.tensor([3, 4]))
    assert inner.lengths is not None and inner.lengths.tolist() == [3, 4]


def test_muon_finds_the_matrices_of_other_models(
    task: ReencoderTranslationTask, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, len(task.target_dictionary)))
    monkeypatch.setattr(FairseqTask, "build_model", lambda *_: model)
    marks = [hidden_matrix_rows(weights) for weights in task.build_model(SimpleNamespace()).parameters()]
    assert marks == [5, None, None, None]


@pytest.mark.parametrize("ratio", [-0.1, float("nan"), float("inf")])
def test_a_ratio_out_of_range_is_named(ratio: float) -> None:
    with pytest.raises(ValueError, match="--min-len-ratio: expected 0 or more"):
        ReencoderTranslationTask.setup_task(ReencoderTranslationConfig(data="data", min_len_ratio=ratio))


def test_training_sets_the_process_up(task: ReencoderTranslationTask, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr(process, "set_up_training", called.append)
    task.begin_epoch(1, None)
    task.cfg.matmul_precision = "medium"
    task.begin_epoch(2, None)
    assert called == ["highest", "medium"]


def test_a_copy_of_a_record_in_another_process_checks_nothing() -> None:
    """Models can be pickled, whatever the task is that checks their records."""

    def refuse(record: Mapping[str, Any]) -> None:
        raise ValueError(f"trained on {record['text']}")

    mine, other = DataRecord({"text": "mine"}, refuse), DataRecord({"text": "other"}, refuse)
    copied = pickle.loads(pickle.dumps(mine))
    assert torch.equal(copied.get_extra_state(), mine.get_extra_state())
    copied.set_extra_state(other.get_extra_state())
    with pytest.raises(ValueError, match="trained on other"):
        mine.set_extra_state(other.get_extra_state())
