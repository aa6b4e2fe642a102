"""R-Drop: without dropout the loss of one pass, with dropout the mean of two passes and their divergence."""

from __future__ import annotations

import copy
import math
from argparse import Namespace
from typing import Any

import pytest
import torch
from fairseq.criterions.label_smoothed_cross_entropy import LabelSmoothedCrossEntropyCriterion
from fairseq.logging import metrics
from torch import Tensor

from reencoder.criterions.rdrop import RDrop
from reencoder.models.reencoder import ReencoderModel
from tests.test_models_reencoder import PAD, Task, batch, build, sentences

ALPHA, EPSILON = 3.0, 0.1


def sample_of(sources: tuple[int, ...], targets: tuple[int, ...]) -> dict[str, Any]:
    source, target = sentences(*sources), sentences(*targets)
    inputs = {
        "src_tokens": batch(source, left=True),
        "src_lengths": torch.tensor(sources),
        "prev_output_tokens": batch(sentences(*targets, first=2)),
    }
    return {"net_input": inputs, "target": batch(target), "ntokens": sum(targets)}


def criterions() -> tuple[RDrop, LabelSmoothedCrossEntropyCriterion]:
    task = Task()
    task.cfg = Namespace()  # type: ignore[attr-defined]
    return RDrop(task, False, EPSILON, rdrop_alpha=ALPHA), LabelSmoothedCrossEntropyCriterion(task, False, EPSILON)


SAMPLE = sample_of((5, 3, 7), (4, 6, 2))


def gradients(model: ReencoderModel, loss: Tensor) -> list[Tensor]:
    return list(torch.autograd.grad(loss, [parameter for parameter in model.parameters() if parameter.requires_grad]))


@pytest.mark.parametrize("training", [True, False])
def test_without_dropout_loss_gradients_and_log_are_those_of_one_pass(training: bool) -> None:
    rdrop, plain = criterions()
    model = build(dropout=0.0, readout="lexical-attention", readout_heads=2, embed_dim=6).train(training)
    loss, size, logged = rdrop(model, copy.deepcopy(SAMPLE))
    expected, expected_size, expected_log = plain(model, copy.deepcopy(SAMPLE))
    torch.testing.assert_close(loss, expected, rtol=1e-12, atol=0)
    assert size == expected_size == 12
    for name in ("loss", "nll_loss", "ntokens"):
        torch.testing.assert_close(logged[name], expected_log[name], rtol=1e-12, atol=0)
    torch.testing.assert_close(gradients(model, loss), gradients(model, expected), rtol=1e-5, atol=2e-7)


def test_with_dropout_it_is_the_mean_of_two_passes_and_half_of_alpha_times_their_divergence() -> None:
    rdrop, _ = criterions()
    model = build(dropout=0.4, readout="lexical-attention", readout_heads=2, embed_dim=6).train()
    torch.manual_seed(4)
    loss, _, logged = rdrop(model, copy.deepcopy(SAMPLE))
    torch.manual_seed(4)
    twice = {name: torch.cat([part, part]) for name, part in SAMPLE["net_input"].items()}
    log_probs = model.get_normalized_probs(model(**twice), log_probs=True)
    target = SAMPLE["target"]
    real = target.ne(PAD)
    nll, divergence = torch.zeros((), dtype=torch.float64), torch.zeros((), dtype=torch.float64)
    for one, other in (log_probs.chunk(2), log_probs.chunk(2)[::-1]):
        chosen = one.gather(-1, target.unsqueeze(-1)).squeeze(-1)
        share = EPSILON / (one.size(-1) - 1)
        smoothed = (1 - EPSILON - share) * chosen + share * one.sum(-1)
        nll = nll - smoothed[real].sum() / 2
        divergence = divergence + (other.exp() * (other - one)).sum(-1)[real].sum() / 2
    assert divergence > 0.01
    # fairseq takes the softmax in single precision
    torch.testing.assert_close(loss.double(), nll + ALPHA / 2 * divergence, rtol=2e-6, atol=0)
    assert logged["rdrop_kl_loss"] == pytest.approx(divergence.item(), rel=1e-5)


def test_validation_is_one_pass() -> None:
    rdrop, plain = criterions()
    model = build(dropout=0.4)
    sample = copy.deepcopy(SAMPLE)
    assert rdrop(model, sample)[0] == plain(model, copy.deepcopy(SAMPLE))[0]
    assert len(sample["net_input"]["src_tokens"]) == 3


def test_the_log_of_an_update_has_the_divergence_per_target_and_the_accuracy_of_both_passes() -> None:
    rdrop, _ = criterions()
    rdrop.report_accuracy = True
    model = build(dropout=0.4).train()
    sample = copy.deepcopy(SAMPLE)
    logs = [rdrop(model, sample)[2], rdrop(model, sample)[2]]
    assert len(sample["target"]) == len(sample["net_input"]["src_tokens"]) == 3, "the batch stays as it is"
    with metrics.aggregate(new_root=True) as found:
        RDrop.reduce_metrics(logs)
    values = found.get_smoothed_values()
    expected = float(sum(log["rdrop_kl_loss"] for log in logs)) / (2 * 12) / math.log(2)
    assert values["rdrop_kl_loss"] == pytest.approx(expected, rel=1e-6)
    tensors = [logs[0][name] for name in ("rdrop_kl_loss", "n_correct", "total", "loss")]
    assert all(isinstance(one, Tensor) and not one.requires_grad for one in tensors), "no wait for a GPU"
    assert values["total"] == 4 * 12 and logs[0]["nsentences"] == 3


def test_weights_that_cannot_be_or_change_nothing_are_refused() -> None:
    task = Task()
    task.cfg = Namespace()  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match=r"--criterion rdrop: without --rdrop-alpha .* it is label_smoothed_cross"):
        RDrop(task, False, EPSILON)
    for weight in (-1.0, math.nan):
        with pytest.raises(ValueError, match="--rdrop-alpha: expected 0 or more"):
            RDrop(task, False, EPSILON, rdrop_alpha=weight)


def test_a_prefix_without_loss_is_refused() -> None:
    task = Task()
    task.cfg = Namespace()  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="--ignore-prefix-size: cannot be combined with --rdrop-alpha"):
        RDrop(task, False, EPSILON, ignore_prefix_size=1, rdrop_alpha=ALPHA)
