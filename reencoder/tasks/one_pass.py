"""What the tasks have in common whose predictions come from one forward pass and are not fed back."""

# No `from __future__ import annotations`: fairseq reads the types of the config's fields.
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import torch
from fairseq.data import Dictionary, FairseqDataset
from numpy.typing import NDArray
from omegaconf import II
from torch import Tensor

from ..criterions.cross_entropy_with_accuracy import CrossEntropyWithAccuracy
from .process import ProcessConfig, SetsUpProcess


class NoSearch(NamedTuple):
    """Takes the place of the generator that fairseq-generate expects.

    Attributes:
        eos: the symbol that fairseq omits when it prints; no target contains it.
    """

    eos: int


@dataclass
class OnePassConfig(ProcessConfig):
    """The options that these tasks share."""

    seed: int = II("common.seed")
    persistent_workers: bool = field(
        default=False,
        metadata={"help": "not supported: a data worker that outlives an epoch would repeat what it has drawn in it"},
    )


class OnePassTask(SetsUpProcess):
    """A task with a target dictionary, targets of shape (batch, T), and samples that all have the same size.

    It needs the criterion `cross_entropy_with_accuracy`, from whose counts its metrics come.

    Args:
        cfg: the options.

    Raises:
        ValueError: data workers are to outlive an epoch.
    """

    cfg: OnePassConfig

    def __init__(self, cfg: OnePassConfig, **kwargs: Any) -> None:
        super().__init__(cfg, **kwargs)
        if cfg.persistent_workers:
            raise ValueError("--persistent-workers: such a worker repeats its first epoch; leave it out")

    @property
    def target_dictionary(self) -> Dictionary:
        raise NotImplementedError

    def build_criterion(self, cfg: Any, from_checkpoint: bool = False) -> CrossEntropyWithAccuracy:
        """Build the criterion.

        Raises:
            ValueError: the criterion does not count samples and accuracies (fairseq's default does not): fairseq would
                miss the task's metrics after the first epoch.
        """
        criterion = super().build_criterion(cfg, from_checkpoint)
        if not isinstance(criterion, CrossEntropyWithAccuracy):
            raise ValueError(
                f"--criterion {getattr(cfg, '_name', type(criterion).__name__)}: expected cross_entropy_with_accuracy, "
                "which counts samples and accuracies"
            )
        return criterion

    def filter_indices_by_size(
        self,
        indices: NDArray[Any],
        dataset: FairseqDataset,
        max_positions: Any = None,
        ignore_invalid_inputs: bool = False,
    ) -> NDArray[Any]:
        """Keep all samples: they have the same size."""
        return indices

    def get_batch_iterator(self, *args: Any, **kwargs: Any) -> Any:
        """Iterate over the batches as fairseq's task does, but without its thread that buffers them.

        The data workers end with each epoch, and that thread waits until they have; nobody waits for the thread. If the
        program ends just when the thread frees its last batch, Python stops it within torch's code, which aborts the
        process: status 134, "terminate called without an active exception", after right results. The workers fetch
        batches in advance anyway.
        """
        return super().get_batch_iterator(*args, **{**kwargs, "data_buffer_size": 0})

    # fairseq-generate

    def build_generator(self, models: Sequence[Any], args: Any, *other: Any, **kwargs: Any) -> NoSearch:
        """Build what fairseq-generate asks for; there is nothing to search.

        Raises:
            ValueError: alignments are requested.
        """
        if getattr(args, "print_alignment", None):
            raise ValueError("--print-alignment: this task has no alignments, only translation has; leave it out")
        return NoSearch(self.target_dictionary.eos())

    def get_interactive_tokens_and_lengths(self, lines: Sequence[str], encode_fn: Any) -> Any:
        """Refuse what is typed into fairseq-interactive.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            "fairseq-interactive: this task has samples of its own and reads no lines; use fairseq-generate, whose "
            "--gen-subset chooses a split"
        )

    def inference_step(
        self,
        generator: NoSearch,
        models: Sequence[Any],
        sample: dict[str, Any],
        prefix_tokens: Tensor | None = None,
        constraints: Any = None,
    ) -> list[list[dict[str, Any]]]:
        """Predict.

        Args:
            generator: not used.
            models: one, or an ensemble whose probabilities are averaged.
            sample: a batch.
            prefix_tokens: not supported.
            constraints: not supported.

        Returns:
            For each sample one hypothesis: `tokens`, their `positional_scores` (log-probabilities), `score` (their
            mean), and no alignment.

        Raises:
            ValueError: a prefix or constraints were given.
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
