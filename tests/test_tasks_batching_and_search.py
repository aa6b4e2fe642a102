"""Batches by blocks, and the minimum length inside the search."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from fairseq.data import Dictionary
from fairseq.search import BeamSearch, DiverseBeamSearch
from fairseq.tasks.translation import TranslationTask
from hypothesis import given
from hypothesis import strategies as st

from reencoder.batching import batch_by_blocks
from reencoder.search import MinimumLengthSearch, WatchedSearch, by_position
from reencoder.tasks.reencoder_translation import ReencoderTranslationTask

EOS, PAD = 2, 1


@given(
    sizes=st.lists(st.tuples(st.integers(1, 30), st.integers(1, 30)), min_size=0, max_size=60),
    max_blocks=st.none() | st.integers(1, 2000),
    max_tokens=st.none() | st.integers(1, 200),
    max_sentences=st.none() | st.integers(1, 20),
)
def test_batches_keep_their_limits_and_every_sentence(
    sizes: list[tuple[int, int]], max_blocks: int | None, max_tokens: int | None, max_sentences: int | None
) -> None:
    source = np.array([size[0] for size in sizes], dtype=np.int64)
    target = np.array([size[1] for size in sizes], dtype=np.int64)
    order = np.argsort(source * 31 + target, kind="stable")
    batches = batch_by_blocks(order, source, target, max_blocks, max_tokens, max_sentences)
    assert [n for batch in batches for n in batch] == order.tolist()
    limits = [limit or math.inf for limit in (max_blocks, max_tokens, max_sentences)]

    def cost(batch: list[int]) -> tuple[int, int, int]:
        wide, high = max(source[batch]), max(target[batch])
        return len(batch) * wide * high, len(batch) * max(wide, high), len(batch)

    def fits(batch: list[int]) -> bool:
        return all(value <= limit for value, limit in zip(cost(batch), limits, strict=True))

    for n, batch in enumerate(batches):
        assert len(batch) == 1 or fits(list(batch))
        if n + 1 < len(batches):  # no batch ends before it must
            assert not fits([*batch, batches[n + 1][0]])


def search_step(step: int, lengths: list[int], lprobs: torch.Tensor, ratio: float = 0.5) -> torch.Tensor:
    dictionary = Dictionary()
    for symbol in range(lprobs.size(-1) - len(dictionary)):
        dictionary.add_symbol(f"w{symbol}")
    search = MinimumLengthSearch(BeamSearch(dictionary), ratio)
    search.set_src_lengths(torch.tensor(lengths))
    search.step(step, lprobs, torch.zeros(len(lengths), lprobs.size(1), step))
    return lprobs[:, :, EOS]


@pytest.mark.parametrize("step", [0, 1, 2, 3])
def test_the_end_is_forbidden_exactly_below_the_ratio(step: int) -> None:
    words = [0, 1, 2, 3, 4, 5, 6, 7]
    ends = search_step(step, [n + 1 for n in words], torch.zeros(len(words), 2, 12))
    for n, allowed in zip(words, (ends > -math.inf).all(dim=1).tolist(), strict=True):
        assert allowed == (step >= 0.5 * n)


def test_an_end_that_is_forced_stays_possible() -> None:
    lprobs = torch.full((1, 2, 12), -math.inf)
    lprobs[:, :, EOS] = -1.5
    assert search_step(0, [9], lprobs).tolist() == [[-1.5, -1.5]]


def test_other_words_are_left_alone() -> None:
    torch.manual_seed(0)
    lprobs = torch.randn(3, 2, 12)
    before = lprobs.clone()
    search_step(1, [9, 2, 9], lprobs)
    keep = [n for n in range(12) if n != EOS]
    assert torch.equal(lprobs[:, :, keep], before[:, :, keep])
    assert torch.equal(lprobs[1], before[1])


def test_the_best_hypothesis_of_each_sentence_is_shown_until_it_ends() -> None:
    """Two sentences with the numbers 7 and 4, two hypotheses each, candidates for three steps, best first."""

    class Given(BeamSearch):
        def step(self, step: int, *args: Any) -> Any:
            words = [[[5, 6], [8, 9]], [[6, self.eos], [self.eos, 8]], [[self.eos, 5], [5, 5]]]
            return torch.zeros(2, 2), torch.tensor(words[step]), torch.tensor([[1, 0], [1, 0]])

    shown: list[tuple[int, list[int]]] = []
    search = WatchedSearch(Given(Dictionary()), lambda number, words: shown.append((number, words.tolist())))
    lprobs, numbers = torch.zeros(2, 2, 10), torch.tensor([7, 4])
    so_far = [[[2], [2], [2], [2]], [[2, 5], [2, 6], [2, 8], [2, 9]], [[2, 5, 6], [2, 6, 6], [2, 8, 8], [2, 9, 9]]]
    for step, hypotheses in enumerate(so_far):
        found = search.step(step, lprobs, torch.zeros(2, 2, step), torch.tensor(hypotheses), numbers)
        assert found[1].shape == (2, 2)
    assert shown == [(7, [5]), (4, [8]), (7, [6, 6])]


def test_groups_of_the_beam_are_kept_by_position(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sentences with the numbers 7, 4 and 9; that with the number 4 ends after the first step."""
    told: list[list[int]] = []
    monkeypatch.setattr(DiverseBeamSearch, "step", lambda _search, *arguments: told.append(arguments[-1].tolist()))
    search = by_position(DiverseBeamSearch(Dictionary(), 2, 0.5))
    for step, numbers in enumerate(([7, 4, 9], [7, 9], [9])):
        search.step(step, torch.zeros(0), torch.zeros(0), torch.zeros(0), torch.tensor(numbers))
    assert told == [[0, 1, 2], [0, 2], [2]]
    assert by_position(search) is search


@pytest.mark.parametrize("attention", [torch.empty(0), None, torch.ones(1, 2)])
def test_an_empty_source_has_an_empty_translation_with_and_without_attention(
    attention: torch.Tensor | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """fairseq gives a tensor without elements for models that have no attention, such as the paper's."""
    invented = {
        **{"tokens": torch.tensor([7, EOS]), "score": torch.tensor(-1.0), "positional_scores": torch.ones(2)},
        **{"attention": attention, "alignment": torch.empty(0)},
    }
    monkeypatch.setattr(TranslationTask, "inference_step", lambda *arguments, **options: [[invented], [invented]])
    task = object.__new__(ReencoderTranslationTask)
    task.tgt_dict = Dictionary()
    sample = {"net_input": {"src_lengths": torch.tensor([1, 2])}}
    [[empty], [other]] = task.inference_step(None, [], sample)
    assert empty["tokens"].tolist() == [EOS] and empty["score"] == 0 and other is invented
