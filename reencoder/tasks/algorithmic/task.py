"""What parity, addition and memorization have in common as fairseq tasks."""

# No `from __future__ import annotations` and no `int | None` in the config: fairseq reads the types of its fields.
import logging
import zlib
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fairseq.data import Dictionary
from fairseq.logging import metrics

from ..one_pass import OnePassConfig, OnePassTask
from ..symbol_dictionary import SymbolDictionary
from .dataset import ProblemDataset
from .early_end import end_training
from .problems import Problem
from .progress import Progress
from .sample_source import SampleSource

logger = logging.getLogger(__name__)


@dataclass
class AlgorithmicConfig(OnePassConfig):
    """Options that the algorithmic tasks share."""

    samples_per_epoch: int = field(
        default=15000,
        metadata={
            "help": "number of training samples per epoch, drawn with replacement; each epoch ends with a validation"
        },
    )
    valid_samples: int = field(
        default=100, metadata={"help": "number of samples held out for validation (the paper: 100)"}
    )
    test_samples: int = field(default=100, metadata={"help": "number of samples held out for --gen-subset test"})
    valid_seed: int = field(
        default=2, metadata={"help": "seed of the held-out samples; training samples come from --seed"}
    )
    stop_at_accuracy: float = field(
        default=1.0,
        metadata={
            "help": "end the training when the accuracy on the validation set reaches this value, with the parameters "
            "that reached it; 0: never"
        },
    )


class AlgorithmicTask(OnePassTask, ABC):
    """Samples are drawn on the fly, without a data directory; accuracy and the number of samples seen are metrics.

    Models get their sizes from the two dictionaries and `max_positions`.

    Args:
        cfg: the options.

    Attributes:
        problem: the problem to draw samples from.
        progress: number of samples seen and accuracy reached.

    Raises:
        ValueError: names the option that is wrong.
    """

    cfg: AlgorithmicConfig

    def __init__(self, cfg: AlgorithmicConfig, **kwargs: Any) -> None:
        super().__init__(cfg, **kwargs)
        if not 0 <= cfg.stop_at_accuracy <= 1:
            raise ValueError(f"--stop-at-accuracy: expected 0 (never) to 1, got {cfg.stop_at_accuracy}")
        self.problem = self.build_problem(cfg)
        self.source = SampleSource(self.problem, cfg.seed, cfg.valid_seed, cfg.valid_samples, cfg.test_samples)
        for name, wanted, held_out in (
            ("valid", cfg.valid_samples, self.source.valid),
            ("test", cfg.test_samples, self.source.test),
        ):
            if len(held_out[0]) < wanted:
                logger.warning(
                    f"there are only {self.problem.space} different samples: the {name} set has {len(held_out[0])} of "
                    f"them instead of {wanted}, and training sees the remaining ones repeatedly"
                )
        self._dictionaries = tuple(
            SymbolDictionary(symbols) for symbols in (self.problem.source_symbols, self.problem.target_symbols)
        )
        self.progress = Progress(held_out=zlib.crc32(b"".join(part.tobytes() for part in self.source.valid)))
        self._accuracies: list[float] = []

    @abstractmethod
    def build_problem(self, cfg: Any) -> Problem:
        """Build the problem that the options describe.

        Raises:
            ValueError: names the option that is wrong.
        """

    @property
    def source_dictionary(self) -> Dictionary:
        return self._dictionaries[0]

    @property
    def target_dictionary(self) -> Dictionary:
        return self._dictionaries[1]

    @property
    def accuracies_without(self) -> Mapping[str, int]:
        """For the criterion: the accuracy over all target symbols except delimiters."""
        name, delimiter = self.problem.result_name, self.problem.delimiter
        return {} if name is None or delimiter is None else {name: delimiter}

    def max_positions(self) -> tuple[int, int]:
        """Source and target length, the same for all samples."""
        return self.problem.source_length, self.problem.target_length

    def build_model(self, cfg: Any, from_checkpoint: bool = False) -> Any:
        """Build the model of an architecture; its checkpoints include the progress of the training."""
        model = super().build_model(cfg, from_checkpoint)
        model.progress = self.progress
        return model

    def load_dataset(self, split: str, combine: bool = False, task_cfg: Any = None, **kwargs: Any) -> None:
        """Set up `train`, `valid` or `test`.

        Raises:
            ValueError: there is no such split, or --samples-per-epoch is below 1.
        """
        self.datasets[split] = ProblemDataset(self.source, split, self.cfg.samples_per_epoch)

    # Metrics

    def reduce_metrics(self, logging_outputs: list[dict[str, Any]], criterion: Any) -> None:
        """Log fairseq's metrics, those of the criterion, and `samples`: the number of training samples so far."""
        super().reduce_metrics(logging_outputs, criterion)
        if not self.solved:
            self.progress.samples += sum(int(log.get("train_samples", 0)) for log in logging_outputs)
        metrics.log_derived("samples", lambda _meters: self.progress.samples, priority=185)

    # The end of training. When the validation set is solved, the next update is made the last one, and it changes
    # nothing: the validation and the last checkpoint that follow it are those of the parameters that solved the set.

    @property
    def solved(self) -> bool:
        """True if the last validation reached --stop-at-accuracy on every validation set."""
        return 0 < self.cfg.stop_at_accuracy <= self.progress.accuracy

    def begin_valid_epoch(self, epoch: int, model: Any) -> None:
        """Forget the accuracies of the previous validation."""
        self._accuracies = []

    def post_validate(self, model: Any, stats: dict[str, Any], agg: Any) -> None:
        """Record the accuracy; fairseq calls this after each validation set.

        Args:
            model: not used.
            stats: the metrics, `accuracy` among them.
            agg: not used.
        """
        if "accuracy" in stats:
            self._accuracies.append(float(stats["accuracy"]))
            self.progress.accuracy = min(self._accuracies)

    def train_step(
        self,
        sample: dict[str, Any],
        model: Any,
        criterion: Any,
        optimizer: Any,
        update_num: int,
        ignore_grad: bool = False,
        **kwargs: Any,
    ) -> Any:
        """Forward and backward pass as in fairseq's task; if the validation set is solved, this update is the last.

        Raises:
            ValueError: the set is solved, but this is not fairseq-train, and nothing would end the training.
        """
        if self.solved:
            logger.info(
                f"solved after {self.progress.samples} samples: accuracy {self.progress.accuracy} in validation"
            )
            end_training(self.cfg, update_num + 1)
        return super().train_step(sample, model, criterion, optimizer, update_num, ignore_grad, **kwargs)

    def optimizer_step(self, optimizer: Any, model: Any, update_num: int) -> None:
        """Update the parameters, unless they have already solved the validation set."""
        if not self.solved:
            super().optimizer_step(optimizer, model, update_num)
