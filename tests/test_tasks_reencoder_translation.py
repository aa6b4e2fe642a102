"""What the translation task hands on: the limits of batches, and the minimum length of the search with the lengths."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from fairseq.data import Dictionary, LanguagePairDataset
from fairseq.search import BeamSearch
from fairseq.tasks.translation import TranslationTask
from torch import nn

from reencoder.optim.matrices import hidden_matrix_rows
from reencoder.search import MinimumLengthSearch
from reencoder.tasks import process
from reencoder.tasks.batching import BlockBatchedPairs
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
    built = task.build_generator([], SimpleNamespace())
    if ratio:
        assert isinstance(built.search, MinimumLengthSearch) and built.search.search is plain
        assert built.search.ratio == 0.75 and built.should_set_src_lengths
    else:
        assert built.search is plain and not built.should_set_src_lengths


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
    monkeypatch.setattr(TranslationTask, "build_model", lambda *_: model)
    marks = [hidden_matrix_rows(weights) for weights in task.build_model(SimpleNamespace()).parameters()]
    assert marks == [5, None, None, None]


def test_training_sets_the_process_up(task: ReencoderTranslationTask, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[str] = []
    monkeypatch.setattr(process, "set_up_training", called.append)
    task.begin_epoch(1, None)
    task.cfg.matmul_precision = "medium"
    task.begin_epoch(2, None)
    assert called == ["highest", "medium"]
