"""`--criterion rdrop`: label-smoothed cross-entropy, and agreement of two passes with different dropout (R-Drop)."""

from __future__ import annotations

from typing import Any

from fairseq.criterions import register_criterion
from fairseq.criterions.label_smoothed_cross_entropy_with_rdrop import (
    RdropLabelSmoothedCrossEntropyCriterion,
    RdropLabelSmoothedCrossEntropyCriterionConfig,
)
from torch import Tensor


@register_criterion("rdrop", dataclass=RdropLabelSmoothedCrossEntropyCriterionConfig)
class RDrop(RdropLabelSmoothedCrossEntropyCriterion):
    """fairseq's R-Drop (Liang et al. 2021), with a loss and a perplexity per token as those of other criterions.

    fairseq's passes every batch twice and adds up the losses, but counts the tokens once, in validation too: gradients
    are twice as large, and what it prints as perplexity is the square of it. Here each loss is the mean of the two
    passes, and validation, where there is no dropout to disagree about, has one pass.
    """

    def forward(
        self, model: Any, sample: dict[str, Any], reduce: bool = True, net_output: Any = None
    ) -> tuple[Tensor, int, dict[str, Any]]:
        """The loss of a batch.

        Args:
            model: the model; it decides by its mode whether this is training.
            sample: a batch of a translation task. In training its inputs are doubled in place.
            reduce: return the sum over all tokens.
            net_output: what the model says; None to call it. Default: None

        Returns:
            The loss, the number of target tokens (of sentences with `--sentence-avg`), and what is logged.
        """
        alpha: float = self.rdrop_alpha  # type: ignore[has-type]
        if not model.training:
            self.rdrop_alpha = 0.0
        try:
            loss, sample_size, logged = super().forward(model, sample, reduce, net_output)
        finally:
            self.rdrop_alpha = alpha
        if alpha > 0 and model.training:
            loss = loss / 2
            logged |= {name: logged[name] / 2 for name in ("loss", "nll_loss")}
        return loss, sample_size, logged
