"""What the three algorithmic tasks have in common as fairseq tasks."""

# No `from __future__ import annotations` and no `int | None` in the config: fairseq reads the types of its fields.
import logging
import zlib
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Optional

import torch
from fairseq.data import Dictionary, FairseqDataset
from fairseq.dataclass import FairseqDataclass
from fairseq.logging import metrics
from fairseq.tasks import FairseqTask
from numpy.typing import NDArray
from omegaconf import II, DictConfig
from torch import Tensor

from ...criterions.symbol_cross_entropy import SymbolCrossEntropy
from .dataset import ProblemDataset
from .problems import Problem
from .progress import Progress
from .streams import SampleSource

logger = logging.getLogger(__name__)


@dataclass
class AlgorithmicConfig(FairseqDataclass):
    """Options that the algorithmic tasks share."""

    samples_per_epoch: int = field(
        default=15000, metadata={"help": "training samples between two validations at the ends of epochs; all are new"}
    )
    valid_samples: int = field(default=100, metadata={"help": "samples held out for validation (the paper: 100)"})
    test_samples: int = field(default=100, metadata={"help": "samples held out for --gen-subset test"})
    valid_seed: int = field(
        default=2, metadata={"help": "seed of the samples held out; those of training come from --seed"}
    )
    stop_at_accuracy: float = field(
        default=1.0,
        metadata={
            "help": "training ends when the accuracy on the validation set is at least this, with the parameters that "
            "reached it; 0: never"
        },
    )
    seed: int = II("common.seed")
    persistent_workers: bool = field(
        default=False,
        metadata={"help": "keep off: a data worker that outlives an epoch would draw its samples once more"},
    )


class SymbolDictionary(Dictionary):
    """A dictionary whose symbols have the indices 0, 1, ...; fairseq's special symbols come after them.

    The models neither read nor predict the special ones.

    Args:
        symbols: the symbols in order.
    """

    def __init__(self, symbols: Sequence[str]) -> None:
        super().__init__(add_special_symbols=False)
        for symbol in symbols:
            self.add_symbol(symbol)
        self.bos_index = self.add_symbol(self.bos_word)
        self.pad_index = self.add_symbol(self.pad_word)
        self.eos_index = self.add_symbol(self.eos_word)
        self.unk_index = self.add_symbol(self.unk_word)
        self.nspecial = 4


class NoSearch(NamedTuple):
    """Stands for the generator that fairseq-generate wants to see.

    Attributes:
        eos: the symbol that fairseq leaves out where it prints; no target has it.
    """

    eos: int


class AlgorithmicTask(FairseqTask):
    """Samples drawn on the fly, no data directory, accuracy and the number of samples seen as metrics.

    Args:
        cfg: the options.

    Attributes:
        problem: what is drawn; models read their sizes from it.
        progress: samples seen and accuracy reached.

    Raises:
        ValueError: names the option that is wrong.
    """

    cfg: AlgorithmicConfig

    def __init__(self, cfg: AlgorithmicConfig, **kwargs: Any) -> None:
        super().__init__(cfg, **kwargs)
        if not 0 <= cfg.stop_at_accuracy <= 1:
            raise ValueError(f"--stop-at-accuracy: expected 0 (never) to 1, got {cfg.stop_at_accuracy}")
        if cfg.persistent_workers:
            raise ValueError("--persistent-workers: such a worker draws the same samples each epoch; leave it out")
        self.problem = self.build_problem(cfg)
        self.source = SampleSource(self.problem, cfg.seed, cfg.valid_seed, cfg.valid_samples, cfg.test_samples)
        for name, wanted, held_out in (
            ("valid", cfg.valid_samples, self.source.valid),
            ("test", cfg.test_samples, self.source.test),
        ):
            if len(held_out[0]) < wanted:
                logger.warning(
                    f"there are only {self.problem.space} different samples: the {name} set has {len(held_out[0])} of "
                    f"them instead of {wanted}, and training sees those that are left again and again"
                )
        self._dictionaries = tuple(
            SymbolDictionary(symbols) for symbols in (self.problem.source_symbols, self.problem.target_symbols)
        )
        self.progress = Progress(held_out=zlib.crc32(b"".join(part.tobytes() for part in self.source.valid)))
        self._accuracies: list[float] = []

    @abstractmethod
    def build_problem(self, cfg: Any) -> Problem:
        """The problem that the options describe.

        Raises:
            ValueError: names the option that is wrong.
        """

    @property
    def source_dictionary(self) -> Dictionary:
        return self._dictionaries[0]

    @property
    def target_dictionary(self) -> Dictionary:
        return self._dictionaries[1]

    def build_model(self, cfg: Any, from_checkpoint: bool = False) -> Any:
        """Build the model of an architecture; it takes the progress of the training into its checkpoints."""
        model = super().build_model(cfg, from_checkpoint)
        model.progress = self.progress
        return model

    def build_criterion(self, cfg: Any, from_checkpoint: bool = False) -> Any:
        """Build the criterion.

        Raises:
            ValueError: it is one that counts neither samples nor accuracies (fairseq's default is).
        """
        criterion = super().build_criterion(cfg, from_checkpoint)
        if not isinstance(criterion, SymbolCrossEntropy):
            raise ValueError(
                f"--criterion {getattr(cfg, '_name', type(criterion).__name__)}: expected symbol_cross_entropy, which "
                "counts samples and accuracies"
            )
        return criterion

    def load_dataset(self, split: str, combine: bool = False, task_cfg: Any = None, **kwargs: Any) -> None:
        """Set up `train`, `valid` or `test`.

        Raises:
            ValueError: there is no such split, or --samples-per-epoch is less than 1.
        """
        self.datasets[split] = ProblemDataset(self.source, split, self.cfg.samples_per_epoch)

    def filter_indices_by_size(
        self,
        indices: NDArray[Any],
        dataset: FairseqDataset,
        max_positions: Any = None,
        ignore_invalid_inputs: bool = False,
    ) -> NDArray[Any]:
        """Leave nothing out: all samples have one length."""
        return indices

    # Metrics

    def reduce_metrics(self, logging_outputs: list[dict[str, Any]], criterion: Any) -> None:
        """Log fairseq's metrics, those of the criterion, and `samples`: how many were trained on so far."""
        super().reduce_metrics(logging_outputs, criterion)
        if not self.solved:
            self.progress.samples += sum(int(log.get("train_samples", 0)) for log in logging_outputs)
        metrics.log_derived("samples", lambda _meters: self.progress.samples, priority=185)

    # The end of training. fairseq's loop ends by itself only at a number of updates, so when the validation set is
    # solved that number is set to the next update, and this update changes nothing: validation and the last checkpoint
    # that follow it are those of the parameters that solved the set.

    @property
    def solved(self) -> bool:
        """Whether the last validation reached --stop-at-accuracy, on every validation set."""
        return 0 < self.cfg.stop_at_accuracy <= self.progress.accuracy

    def begin_valid_epoch(self, epoch: int, model: Any) -> None:
        self._accuracies = []

    def post_validate(self, model: Any, stats: dict[str, Any], agg: Any) -> None:
        """Take note of the accuracy; fairseq calls this after each validation set.

        Args:
            model: not needed.
            stats: the metrics, with `accuracy`.
            agg: not needed.
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
        """Forward and backward as in fairseq's task; the last update there will be, if the validation set is solved."""
        whole = self.cfg._get_parent() if isinstance(self.cfg, DictConfig) else None
        if self.solved and whole is not None:
            logger.info(
                f"solved after {self.progress.samples} samples: accuracy {self.progress.accuracy} in validation"
            )
            whole.optimization.max_update = update_num + 1
        return super().train_step(sample, model, criterion, optimizer, update_num, ignore_grad, **kwargs)

    def optimizer_step(self, optimizer: Any, model: Any, update_num: int) -> None:
        """Update the parameters, unless they have solved the validation set."""
        if not self.solved:
            super().optimizer_step(optimizer, model, update_num)

    # fairseq-generate: the predictions are not fed back, so one forward pass finds them all.

    def build_generator(self, models: Sequence[Any], args: Any, *other: Any, **kwargs: Any) -> NoSearch:
        """What fairseq-generate asks for; there is nothing to search."""
        return NoSearch(self.target_dictionary.eos())

    def inference_step(
        self,
        generator: NoSearch,
        models: Sequence[Any],
        sample: dict[str, Any],
        prefix_tokens: Optional[Tensor] = None,  # noqa: UP045
        constraints: Any = None,
    ) -> list[list[dict[str, Any]]]:
        """Predict.

        Args:
            generator: not needed.
            models: one, or an ensemble whose probabilities are averaged.
            sample: a batch.
            prefix_tokens: not supported.
            constraints: not supported.

        Returns:
            for each sample one hypothesis: `tokens`, their `positional_scores` (log-probabilities), `score` (their
            mean), and no alignment.

        Raises:
            ValueError: a prefix or constraints were asked for.
        """
        if prefix_tokens is not None or constraints is not None:
            raise ValueError("--prefix-size, --constraints: predictions are not fed back, so nothing can be forced")
        with torch.no_grad():
            scores = torch.stack(
                [model.get_normalized_probs(model(**sample["net_input"]), log_probs=False) for model in models]
            )
            best, tokens = scores.mean(dim=0).log().max(dim=-1)
        return [
            [{"tokens": row, "positional_scores": score, "score": float(score.mean()), "alignment": None}]
            for row, score in zip(tokens, best, strict=True)
        ]
