"""`--criterion cross_entropy_with_accuracy`: cross-entropy of every target, with accuracies per target and sequence."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from fairseq.criterions import FairseqCriterion, register_criterion
from fairseq.logging import metrics
from torch import Tensor
from torch.nn import functional


@runtime_checkable
class NamesAccuracies(Protocol):
    """A task that wants accuracies beside the one over all targets.

    Attributes:
        accuracies_without: for each further accuracy its name and the class whose targets it leaves out, such as the
            delimiters of an addition.
    """

    @property
    def accuracies_without(self) -> Mapping[str, int]: ...


def count_correct(
    predicted: Tensor, target: Tensor, accuracies_without: Mapping[str, int] | None = None, padding: int | None = None
) -> dict[str, int]:
    """Count correct predictions.

    Args:
        predicted: predicted classes, shape (batch,) or (batch, T).
        target: true classes, of the same shape.
        accuracies_without: see `NamesAccuracies`.
        padding: the class of targets that are only padding, and count nowhere.

    Returns:
        For each accuracy NAME_correct and NAME_total: `accuracy` over all targets, `sequence_accuracy` over samples
        without any mistake (only for targets of shape (batch, T)), and those of `accuracies_without`.
    """
    right = predicted.eq(target)
    real = torch.ones_like(right) if padding is None else target.ne(padding)
    counts = {"accuracy": (right & real, real)}
    if target.dim() == 2:
        some = real.any(dim=1)
        counts["sequence_accuracy"] = ((right | ~real).all(dim=1) & some, some)
    for name, left_out in (accuracies_without or {}).items():
        counted = real & target.ne(left_out)
        counts[name] = (right & counted, counted)
    sums = torch.stack([part.sum() for pair in counts.values() for part in pair]).tolist()  # one transfer from a GPU
    names = [f"{name}_{part}" for name in counts for part in ("correct", "total")]
    return dict(zip(names, sums, strict=True))


@register_criterion("cross_entropy_with_accuracy")
class CrossEntropyWithAccuracy(FairseqCriterion):
    """Cross-entropy of all targets, delimiters included, as the paper counts accuracy.

    It serves any task whose targets are classes and any fairseq model whose `get_normalized_probs` gives their
    log-probabilities. `task.target_dictionary` tells which target is padding, which counts nowhere; without a
    dictionary (None) every target counts.

    Args:
        task: the task; one that `NamesAccuracies` gets further accuracies.
        sentence_avg: divide gradients by the number of samples of an update, not of targets (`--sentence-avg`). What is
            logged is per target all the same. Default: False
    """

    def __init__(self, task: Any, sentence_avg: bool = False) -> None:
        super().__init__(task)
        self.sentence_avg = sentence_avg
        self.accuracies_without = dict(task.accuracies_without) if isinstance(task, NamesAccuracies) else {}

    def forward(self, model: Any, sample: dict[str, Any], reduce: bool = True) -> tuple[Tensor, int, dict[str, Any]]:
        """The loss of a batch.

        Args:
            model: gives the log-probabilities of the classes, shape (batch, classes) or (batch, T, classes).
            sample: a batch of the task, its `target` of shape (batch,) or (batch, T).
            reduce: without effect; the loss is always a sum.

        Returns:
            The loss in nats, summed over all targets; the number of targets, or with `sentence_avg` of samples; the
            values to log.

        Raises:
            ValueError: the model does not predict one class per target.
        """
        log_probs = model.get_normalized_probs(model(**sample["net_input"]), log_probs=True)
        target = sample["target"]
        if log_probs.shape[:-1] != target.shape:
            raise ValueError(
                f"--arch: the model predicts classes of shape {tuple(log_probs.shape[:-1])}, but the task's targets "
                f"have shape {tuple(target.shape)}; choose an architecture that suits the task"
            )
        padding = self.padding_idx  # an index that no target has if the task has no target dictionary
        loss = functional.nll_loss(log_probs.flatten(0, -2), target.flatten(), ignore_index=padding, reduction="sum")
        counts = count_correct(log_probs.argmax(dim=-1), target, self.accuracies_without, padding)
        sample_size = sample["nsentences"] if self.sentence_avg else counts["accuracy_total"]
        logged = {
            "loss": loss.detach(),
            "ntokens": sample["ntokens"],
            "nsentences": sample["nsentences"],
            "sample_size": sample_size,
            "train_samples": sample["nsentences"] if self.training else 0,
            **counts,
        }
        return loss, sample_size, logged

    @classmethod
    def reduce_metrics(cls, logging_outputs: list[dict[str, Any]]) -> None:
        """Log `loss` (bits per target) and each accuracy, exact over any number of batches and workers."""

        def total(key: str) -> float:
            return sum(float(log.get(key, 0)) for log in logging_outputs)

        targets = total("accuracy_total")
        if targets:
            metrics.log_scalar("loss", total("loss") / targets / math.log(2), targets, round=5)
        names = dict.fromkeys(
            key.removesuffix("_total") for log in logging_outputs for key in log if key.endswith("_total")
        )
        for name in names:
            count = total(f"{name}_total")
            if count:
                # not rounded: whether a task is solved must be exact; only fairseq's log has six digits
                metrics.log_scalar(name, total(f"{name}_correct") / count, count)

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        return True
