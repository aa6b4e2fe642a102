"""`--task reencoder_translation`: fairseq's translation task with what a two-dimensional model needs."""

# No `from __future__ import annotations` and no `int | None`: fairseq reads the types of the fields to build its options.
import logging
from dataclasses import dataclass, field
from typing import Any, Optional

import torch
from fairseq.tasks import register_task
from fairseq.tasks.translation import TranslationConfig, TranslationTask

from .cells import CellBatchedPairs

logger = logging.getLogger(__name__)


@dataclass
class ReencoderTranslationConfig(TranslationConfig):
    """The options of fairseq's translation task, and those below."""

    max_cells: Optional[int] = field(
        default=None,
        metadata={"help": "most cells a batch: sentences x longest source x longest target (what a two-dimensional model costs)"},
    )
    min_len_ratio: float = field(
        default=0.5,
        metadata={"help": "no translation has fewer words than this part of its source's (the paper: 0.5; 0: no limit)"},
    )
    rebuild_batches: bool = field(default=True, metadata={"help": "put the batches together anew each epoch"})


@register_task("reencoder_translation", dataclass=ReencoderTranslationConfig)
class ReencoderTranslationTask(TranslationTask):
    """Translation with batches budgeted by cells and a minimum length relative to the source, inside the search."""

    cfg: ReencoderTranslationConfig

    def load_dataset(self, split: str, epoch: int = 1, combine: bool = False, **kwargs: Any) -> None:
        """Load a split; see fairseq's task."""
        super().load_dataset(split, epoch, combine, **kwargs)
        self.datasets[split] = CellBatchedPairs(self.datasets[split], self.cfg.max_cells)
