"""`--criterion rdrop`: label-smoothed cross-entropy, and agreement of two passes with different dropout (R-Drop)."""

# No `from __future__ import annotations`: fairseq reads the types of the config's fields.
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from fairseq.criterions import register_criterion
from fairseq.criterions.label_smoothed_cross_entropy import LabelSmoothedCrossEntropyCriterion
from fairseq.criterions.label_smoothed_cross_entropy_with_rdrop import (
    RdropLabelSmoothedCrossEntropyCriterionConfig,
    compute_kl_loss,
    duplicate_input,
)
from fairseq.logging import metrics
from torch import Tensor


@dataclass
class RDropConfig(RdropLabelSmoothedCrossEntropyCriterionConfig):
    """The options of fairseq's R-Drop, and the one below."""

    alignment_lambda: float = field(
        default=0.0,
        metadata={
            "help": "weight of a further loss: minus the logarithm of the weight that the model gives the source words "
            "that are aligned with a target word, with --load-alignments (guided alignment)"
        },
    )


@register_criterion("rdrop", dataclass=RDropConfig)
class RDrop(LabelSmoothedCrossEntropyCriterion):
    """fairseq's R-Drop (Liang et al. 2021), with a loss and a perplexity per token as those of other criterions.

    fairseq's passes every batch twice and adds up the losses, but counts the tokens once, in validation too: gradients
    are twice as large, and what it prints as perplexity is the square of it. Here each loss is the mean of the two
    passes, and validation, where there is no dropout to disagree about, has one pass.

    With `alignment_lambda`, word alignments of the training set teach the model's attention (guided alignment, Chen et
    al. 2016), as with fairseq's `label_smoothed_cross_entropy_with_alignment`.

    Args:
        task: the task.
        sentence_avg: normalise by sentences, not tokens.
        label_smoothing: epsilon.
        ignore_prefix_size: number of first target tokens without loss. Default: 0
        report_accuracy: log the accuracy. Default: False
        rdrop_alpha: weight of the divergence; the paper's is 5 for translation. Default: 0
        alignment_lambda: see `RDropConfig`. Default: 0

    Raises:
        ValueError: `rdrop_alpha` or `alignment_lambda` is negative, or neither is above 0; only one of
            `alignment_lambda` and `--load-alignments` is given, or both `ignore_prefix_size` and `rdrop_alpha` are.
    """

    def __init__(
        self,
        task: Any,
        sentence_avg: bool,
        label_smoothing: float,
        ignore_prefix_size: int = 0,
        report_accuracy: bool = False,
        rdrop_alpha: float = 0.0,
        alignment_lambda: float = 0.0,
    ) -> None:
        super().__init__(task, sentence_avg, label_smoothing, ignore_prefix_size, report_accuracy)
        if ignore_prefix_size > 0 and rdrop_alpha > 0:
            # fairseq takes the divergence of all tokens, but masks it with the targets that are left
            raise ValueError("--ignore-prefix-size: cannot be combined with --rdrop-alpha")
        for option, weight in (("--rdrop-alpha", rdrop_alpha), ("--alignment-lambda", alignment_lambda)):
            if not weight >= 0:
                raise ValueError(f"{option}: expected 0 or more, got {weight}")
        if (alignment_lambda > 0) != bool(getattr(task.cfg, "load_alignments", False)):
            raise ValueError("--alignment-lambda, --load-alignments: --criterion rdrop needs both of them, or neither")
        if rdrop_alpha == alignment_lambda == 0:
            raise ValueError(
                "--criterion rdrop: without --rdrop-alpha (the paper takes 5) and --alignment-lambda it is "
                "label_smoothed_cross_entropy; give one of them, or that criterion"
            )
        self.rdrop_alpha = rdrop_alpha
        self.alignment_lambda = alignment_lambda

    def forward(
        self, model: Any, sample: dict[str, Any], reduce: bool = True, net_output: Any = None
    ) -> tuple[Tensor, int, dict[str, Any]]:
        """The loss of a batch.

        Args:
            model: the model; it decides by its mode whether this is training.
            sample: a batch of a translation task.
            reduce: return the sum over all tokens.
            net_output: the model's output; None to call it. Default: None

        Returns:
            The loss, the number of target tokens (of sentences with `--sentence-avg`), and what is logged.
        """
        passes = 2 if model.training and self.rdrop_alpha > 0 else 1
        repeated = sample if passes == 1 else _twice(sample)
        if net_output is None:
            net_output = model(**repeated["net_input"])
        loss, nll_loss = self.compute_loss(model, net_output, repeated, reduce)
        size = len(sample["target"])
        sample_size = size if self.sentence_avg else sample["ntokens"]
        logged = {"ntokens": sample["ntokens"], "nsentences": size, "sample_size": sample_size}
        if self.report_accuracy:
            correct, total = self.compute_accuracy(model, net_output, repeated)
            logged |= {"n_correct": correct, "total": total}
        if passes == 2:
            padding = repeated["target"][:size].reshape(-1, 1).eq(self.padding_idx)
            divergence = compute_kl_loss(model, net_output, padding)
            loss = loss + self.rdrop_alpha * divergence
            logged["rdrop_kl_loss"] = divergence.detach()
        logged |= {"loss": loss.data, "nll_loss": nll_loss.data}
        if self.alignment_lambda > 0 and model.training:
            # Also without links: with several processes all must log the same.
            alignment_loss = loss.new_zeros(())
            if sample.get("alignments") is not None:
                alignment_loss = alignment_cross_entropy(net_output[1]["attn"][0], sample, passes)
            loss = loss + self.alignment_lambda * alignment_loss
            logged |= {"loss": loss.data, "alignment_loss": alignment_loss.data}
        if passes == 2:
            loss = loss / 2
            logged |= {name: logged[name] / 2 for name in ("loss", "nll_loss", "alignment_loss") if name in logged}
        return loss, sample_size, logged

    @classmethod
    def reduce_metrics(cls, logging_outputs: Sequence[Mapping[str, Any]]) -> None:
        """Log what the batches of an update report."""
        super().reduce_metrics(logging_outputs)
        divergence = float(sum(log.get("rdrop_kl_loss", 0) for log in logging_outputs))
        if divergence > 0:
            size = sum(log["sample_size"] for log in logging_outputs)
            metrics.log_scalar("rdrop_kl_loss", divergence / size / math.log(2))
        aligned = [log for log in logging_outputs if "alignment_loss" in log]
        if aligned:
            size = sum(log["sample_size"] for log in aligned)
            loss = sum(log["alignment_loss"] for log in aligned)
            metrics.log_scalar("alignment_loss", loss / size / math.log(2), size, round=3)


def _twice(sample: Mapping[str, Any]) -> dict[str, Any]:
    """Return a batch with each sentence twice, in the order of the batch both times."""
    inputs = duplicate_input(dict(sample["net_input"]))  # in place, and fairseq may use the batch again
    return {**sample, "net_input": inputs, "target": torch.cat([sample["target"], sample["target"]])}


def alignment_cross_entropy(attention: Tensor, sample: Mapping[str, Any], passes: int) -> Tensor:
    """Return the cross-entropy of a model's weights of the source words and word alignments, summed over a batch.

    Args:
        attention: weights of the source positions for each target position, shape (passes * batch, T, S).
        sample: a batch of fairseq with `alignments`, shape (links, 2): position in S, position in batch * T; and
            `align_weights`, shape (links,): links of one target position share its weight equally.
        passes: how often the batch occurs in `attention`.
    """
    by_row = attention.unflatten(0, (passes, -1)).flatten(1, 2)  # (passes, batch * T, S)
    source, row = sample["alignments"].long().unbind(dim=1)
    weights = by_row[:, row, source]
    weights = weights.to(torch.promote_types(weights.dtype, torch.float32))  # half precision would overflow
    return -(weights.clamp_min(torch.finfo(weights.dtype).tiny).log() * sample["align_weights"].to(weights)).sum()
