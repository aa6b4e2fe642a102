"""Tasks whose metrics come from what the criterion `cross_entropy_with_accuracy` counts."""

# No `from __future__ import annotations`: as in the tasks that use it.
from typing import Any

from fairseq.tasks import FairseqTask

from ..criterions.cross_entropy_with_accuracy import CrossEntropyWithAccuracy


class MeasuresAccuracy(FairseqTask):
    """A task that needs this criterion; with another, fairseq would miss the task's metrics after the first epoch."""

    def build_criterion(self, cfg: Any, from_checkpoint: bool = False) -> Any:
        """Build the criterion.

        Raises:
            ValueError: the criterion does not count samples and accuracies (fairseq's default does not).
        """
        criterion = super().build_criterion(cfg, from_checkpoint)
        if not isinstance(criterion, CrossEntropyWithAccuracy):
            raise ValueError(
                f"--criterion {getattr(cfg, '_name', type(criterion).__name__)}: expected cross_entropy_with_accuracy, "
                "which counts samples and accuracies"
            )
        return criterion
