"""`--criterion symbol_cross_entropy`: cross-entropy of every symbol, with accuracies counted by symbol and sequence."""

from __future__ import annotations

import math
from typing import Any

from fairseq.criterions import FairseqCriterion, register_criterion
from fairseq.logging import metrics
from torch import Tensor
from torch.nn import functional


def count_correct(
    predicted: Tensor, target: Tensor, delimiter: int | None = None, result_name: str | None = None
) -> dict[str, int]:
    """Count what was predicted right.

    Args:
        predicted: predicted symbols, shape (batch, T).
        target: true symbols, shape (batch, T).
        delimiter: the symbol that `result_name` leaves out.
        result_name: name under which the symbols that are no delimiters are counted; None: they are not.

    Returns:
        for `accuracy` (symbols, delimiters included), `sequence_accuracy` (sequences without any mistake) and
        `result_name`: NAME_correct and NAME_total.
    """
    right = predicted.eq(target)
    counts = {
        "accuracy_correct": int(right.sum()),
        "accuracy_total": target.numel(),
        "sequence_accuracy_correct": int(right.all(dim=1).sum()),
        "sequence_accuracy_total": target.size(0),
    }
    if result_name is not None and delimiter is not None:
        result = target.ne(delimiter)
        counts[f"{result_name}_correct"] = int((right & result).sum())
        counts[f"{result_name}_total"] = int(result.sum())
    return counts


@register_criterion("symbol_cross_entropy")
class SymbolCrossEntropy(FairseqCriterion):
    """Cross-entropy of all target symbols, the delimiters among them, as the paper counts accuracy.

    Args:
        task: an algorithmic task; it says what a delimiter is.

    Raises:
        ValueError: the task is of another kind.
    """

    def __init__(self, task: Any) -> None:
        super().__init__(task)
        if not hasattr(task, "problem"):
            raise ValueError(
                "--criterion symbol_cross_entropy: expected --task grid_addition, grid_memorization or grid_parity; "
                "use --criterion cross_entropy with other tasks"
            )
        self.delimiter: int | None = task.problem.delimiter
        self.result_name: str | None = task.problem.result_name

    def forward(self, model: Any, sample: dict[str, Any], reduce: bool = True) -> tuple[Tensor, int, dict[str, Any]]:
        """The loss of a batch.

        Args:
            model: gives logits of shape (batch, T, symbols).
            sample: a batch of the task.
            reduce: not followed; the loss is always a sum.

        Returns:
            the loss in nats, summed over all symbols; the number of symbols; what is to be logged.
        """
        logits, target = model(**sample["net_input"]), sample["target"]
        loss = functional.cross_entropy(logits.float().flatten(0, 1), target.flatten(), reduction="sum")
        logged = {
            "loss": loss.detach(),
            "ntokens": sample["ntokens"],
            "nsentences": sample["nsentences"],
            "sample_size": sample["ntokens"],
            "train_samples": sample["nsentences"] if self.training else 0,
            **count_correct(logits.argmax(dim=-1), target, self.delimiter, self.result_name),
        }
        return loss, sample["ntokens"], logged

    @classmethod
    def reduce_metrics(cls, logging_outputs: list[dict[str, Any]]) -> None:
        """Log `loss` (bits a symbol) and each accuracy, exact over any number of batches and workers."""

        def total(key: str) -> float:
            return sum(float(log.get(key, 0)) for log in logging_outputs)

        symbols = total("sample_size")
        if symbols:
            metrics.log_scalar("loss", total("loss") / symbols / math.log(2), symbols, round=5)
        names = dict.fromkeys(key.removesuffix("_total") for log in logging_outputs for key in log if "_total" in key)
        for name in names:
            count = total(f"{name}_total")
            if count:
                # not rounded: what decides whether a task is solved is exact, only fairseq's log has six digits
                metrics.log_scalar(name, total(f"{name}_correct") / count, count)

    @staticmethod
    def logging_outputs_can_be_summed() -> bool:
        return True
