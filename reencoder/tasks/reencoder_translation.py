"""`--task reencoder_translation`: fairseq's translation task with what a two-dimensional model needs."""

# No `from __future__ import annotations` and no `int | None` in the config: fairseq reads the types of its fields.
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Optional

import numpy as np
from fairseq.data import FairseqDataset
from fairseq.tasks import register_task
from fairseq.tasks.translation import TranslationConfig, TranslationTask
from numpy.typing import NDArray

from ..search import LengthFlooredSearch
from .cells import CellBatchedPairs


@dataclass
class ReencoderTranslationConfig(TranslationConfig):
    """The options of fairseq's translation task, and those below."""

    max_cells: Optional[int] = field(  # noqa: UP045
        default=None,
        metadata={
            "help": "most cells a batch: sentences x longest source x longest target, what a two-dimensional model "
            "costs (fairseq asks for --batch-size or --max-tokens as well: give it as a second limit)"
        },
    )
    min_len_ratio: float = field(
        default=0.5,
        metadata={
            "help": "no translation has fewer words than this part of its source's (the paper: 0.5; 0: no limit); "
            "forced prefixes and the maximum length go before it"
        },
    )
    rebuild_batches: bool = field(default=True, metadata={"help": "put the batches together anew each epoch"})


@register_task("reencoder_translation", dataclass=ReencoderTranslationConfig)
class ReencoderTranslationTask(TranslationTask):
    """Translation with batches budgeted by cells and a minimum length relative to the source, inside the search.

    No sentence is dropped: fairseq's `--required-batch-size-multiple`, which is kept by dropping some, has no effect.
    """

    cfg: ReencoderTranslationConfig

    @classmethod
    def setup_task(cls, cfg: ReencoderTranslationConfig, **kwargs: Any) -> "ReencoderTranslationTask":
        """Check the options and load the dictionaries.

        Raises:
            ValueError: names the option that is wrong.
        """
        if cfg.max_cells is not None and cfg.max_cells < 1:
            raise ValueError(f"--max-cells: expected at least 1, got {cfg.max_cells}")
        if cfg.min_len_ratio < 0:
            raise ValueError(f"--min-len-ratio: expected 0 or more, got {cfg.min_len_ratio}")
        task: ReencoderTranslationTask = super().setup_task(cfg, **kwargs)
        return task

    def load_dataset(self, split: str, epoch: int = 1, combine: bool = False, **kwargs: Any) -> None:
        """Load a split.

        Raises:
            ValueError: the split has no sentence.
        """
        source, target = self.cfg.source_lang, self.cfg.target_lang
        for folder in map(Path, self.cfg.data.split(os.pathsep)):
            # fairseq would fail on the empty file with an error about memory maps
            for file in folder.glob(f"{split}.{source}-{target}.*.bin"):
                if file.stat().st_size == 0:
                    raise ValueError(f"{file}: the {split} set has no sentence; prepare the data again")
        super().load_dataset(split, epoch, combine, **kwargs)
        self.datasets[split] = CellBatchedPairs(self.datasets[split], self.cfg.max_cells)

    def build_dataset_for_inference(self, *args: Any, **kwargs: Any) -> CellBatchedPairs:
        """Sentences typed in by a user; see fairseq's task."""
        return CellBatchedPairs(super().build_dataset_for_inference(*args, **kwargs), self.cfg.max_cells)

    def filter_indices_by_size(
        self,
        indices: NDArray[np.int64],
        dataset: FairseqDataset,
        max_positions: Any = None,
        ignore_invalid_inputs: bool = False,
    ) -> NDArray[np.int64]:
        """Leave out sentences that are too long, if asked to; see fairseq's task.

        Raises:
            ValueError: a sentence is longer than the model allows, and `ignore_invalid_inputs` is off.
        """
        if not ignore_invalid_inputs:
            _, ignored = dataset.filter_indices_by_size(indices, max_positions)
            if len(ignored) > 0:
                raise ValueError(_too_long(dataset, sorted(ignored), max_positions))
        kept: NDArray[np.int64] = super().filter_indices_by_size(indices, dataset, max_positions, ignore_invalid_inputs)
        return kept

    def build_generator(self, models: Sequence[Any], args: Any, *other: Any, **kwargs: Any) -> Any:
        """fairseq's generator, its search held to `--min-len-ratio`; see fairseq's task.

        Raises:
            ValueError: alignments are asked of a model that has none.
        """
        if getattr(args, "print_alignment", None) and getattr(args, "score_reference", False):
            # fairseq would print what the scorer found, and that is nothing
            raise ValueError("--print-alignment: the Reencoder has no attention to read alignments from")
        generator = super().build_generator(models, args, *other, **kwargs)
        if self.cfg.min_len_ratio > 0 and hasattr(generator, "search"):
            generator.search = LengthFlooredSearch(generator.search, self.cfg.min_len_ratio)
            generator.should_set_src_lengths = True
        return generator


def _too_long(dataset: FairseqDataset, ignored: list[int], max_positions: Any) -> str:
    size = dataset.size(ignored[0])
    return (
        f"line {ignored[0] + 1} of the set has {size} tokens (source, target; ends of sentences included), the model "
        f"allows {max_positions}; {len(ignored)} such line(s) in all. Raise --max-source-positions and "
        "--max-target-positions in training, or leave such lines out with --skip-invalid-size-inputs-valid-test"
    )
