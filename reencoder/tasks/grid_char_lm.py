"""`--task grid_char_lm`: predict the next character (or byte) of a text, from all before it in the same sequence."""

# No `from __future__ import annotations` and no `int | None` in the config: fairseq reads the types of its fields.
import math
import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fairseq.data import Dictionary
from fairseq.data.iterators import EpochBatchIterator
from fairseq.logging import metrics
from fairseq.tasks import register_task
from omegaconf import MISSING

from ..text.alphabet import ALPHABET, BEGIN, Alphabet, load_split
from .char_lm.carry import Carry, Carrying
from .char_lm.dataset import Batches, TextDataset
from .char_lm.streams import Plan
from .process import ProcessConfig, SetsUpProcess
from .recorded_data import RecordsData
from .symbol_dictionary import SymbolDictionary


@dataclass
class GridCharLMConfig(ProcessConfig):
    """The options of the task."""

    data: str = field(default=MISSING, metadata={"help": "folder written by python -m data_prep characters"})
    sequence_length: int = field(
        default=10_000,
        metadata={
            "help": "characters per sequence: the states of a model start from zero where a sequence begins, and are "
            "carried on from batch to batch within it"
        },
    )
    truncate_every: int = field(
        default=50, metadata={"help": "characters per row of a batch, through which gradients flow back"}
    )


@register_task("grid_char_lm", dataclass=GridCharLMConfig)
class GridCharLMTask(RecordsData, SetsUpProcess):
    """Bits per character, `bpc`, is a metric, exact over all characters.

    The text is read in --batch-size parallel streams (see `char_lm.streams`). Models must take and return states.

    Args:
        cfg: the options.

    Attributes:
        alphabet: the symbols of the text.

    Raises:
        ValueError: names the option or the file that is wrong.
    """

    cfg: GridCharLMConfig
    recorded_as = "alphabet"

    def __init__(self, cfg: GridCharLMConfig, **kwargs: Any) -> None:
        super().__init__(cfg, **kwargs)
        for option, value in (
            ("--sequence-length", cfg.sequence_length),
            ("--truncate-every", cfg.truncate_every),
        ):
            if value < 1:
                raise ValueError(f"{option}: expected at least 1, got {value}")
        if os.pathsep in cfg.data:
            raise ValueError(f"{cfg.data}: expected one folder")
        self.alphabet = Alphabet.load(Path(cfg.data))
        self._fingerprint = self.alphabet.fingerprint()
        names = self.alphabet.names()
        self._target_dictionary = SymbolDictionary(names)
        self._source_dictionary = SymbolDictionary([*names, BEGIN])

    @property
    def source_dictionary(self) -> Dictionary:
        """The alphabet, and as the last symbol that with which a sequence begins."""
        return self._source_dictionary

    @property
    def target_dictionary(self) -> Dictionary:
        """The alphabet."""
        return self._target_dictionary

    def other_data(self) -> str:
        return f"{Path(self.cfg.data) / ALPHABET}: the checkpoint was trained on a text with another alphabet"

    def sizes(self) -> dict[str, int]:
        """The size of the split `train`, once it is open."""
        train = self.datasets.get("train")
        return {} if train is None else {"characters in the split train": len(train.characters)}

    def max_positions(self) -> None:
        """None: sequences may have any length."""
        return None

    def load_dataset(self, split: str, combine: bool = False, task_cfg: Any = None, **kwargs: Any) -> None:
        """Open `train`, `valid` or `test`.

        Raises:
            ValueError: the file is missing or damaged.
        """
        characters = load_split(Path(self.cfg.data), split, len(self.alphabet))
        self.datasets[split] = TextDataset(split, characters, len(self.alphabet), self.cfg.sequence_length)

    def get_batch_iterator(
        self,
        dataset: TextDataset,
        max_tokens: Any = None,
        max_sentences: Any = None,
        num_shards: int = 1,
        shard_id: int = 0,
        num_workers: int = 0,
        epoch: int = 1,
        skip_remainder_batch: bool = False,
        **kwargs: Any,
    ) -> EpochBatchIterator:
        """Iterate over the batches of a split in their order, which never changes.

        Raises:
            ValueError: the batch size is missing or wrong, or characters would be skipped.
        """
        if not max_sentences:
            raise ValueError("--batch-size: expected the number of parallel streams (--max-tokens does not tell it)")
        if skip_remainder_batch:
            raise ValueError("--skip-remainder-batch: every character counts; leave it out")
        plan = Plan(
            len(dataset.characters), self.cfg.sequence_length, self.cfg.truncate_every, int(max_sentences), num_shards
        )
        batches = Batches(dataset, plan, shard_id)
        longest = max(len(plan.batches(worker)) for worker in range(num_shards))
        numbers: list[list[int]] = [[number] for number in range(len(batches))]
        # Without fairseq's thread that buffers batches, see `OnePassTask.get_batch_iterator`.
        return EpochBatchIterator(
            dataset=batches,
            collate_fn=Batches.collate,
            batch_sampler=numbers + [[]] * (longest - len(numbers)),
            num_workers=num_workers,
            epoch=epoch,
            disable_shuffling=True,
            persistent_workers=False,
        )

    def eval_lm_dataloader(
        self,
        dataset: TextDataset,
        max_tokens: Any = 36000,
        batch_size: Any = None,
        num_shards: int = 1,
        shard_id: int = 0,
        num_workers: int = 0,
        context_window: int = 0,
        **kwargs: Any,
    ) -> Iterable[dict[str, Any]]:
        """Iterate over whole sequences, for fairseq-eval-lm, which carries no states.

        Raises:
            ValueError: a context window was asked for.
        """
        if context_window > 0:
            raise ValueError("--context-window: each character is predicted from all before it; leave it out")
        rows = batch_size or max(1, (max_tokens or 0) // self.cfg.sequence_length)
        return EpochBatchIterator(
            dataset=dataset,
            collate_fn=dataset.collater,
            batch_sampler=dataset.whole_sequences(rows),
            num_shards=num_shards,
            shard_id=shard_id,
            num_workers=num_workers,
            disable_shuffling=True,
            persistent_workers=False,
        ).next_epoch_itr(shuffle=False)

    def build_generator(self, models: Any, args: Any, *other: Any, **kwargs: Any) -> Any:
        """Refuse fairseq-generate and fairseq-interactive, which translate.

        Raises:
            ValueError: always.
        """
        raise ValueError(
            "--task grid_char_lm: there is nothing to translate; python -m eval sample CKPT writes text, and "
            "fairseq-validate and fairseq-eval-lm score it"
        )

    # States between batches

    def build_model(self, cfg: Any, from_checkpoint: bool = False) -> Any:
        """Build the model of an architecture; its checkpoints include the states of the training."""
        model = super().build_model(cfg, from_checkpoint)
        model.carry = Carry()
        return model

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
        """Forward and backward pass as in fairseq's task, with the states of the batch before.

        A batch whose gradient is ignored only keeps a worker busy that has run out of text.
        """
        given = model if ignore_grad else Carrying(model, model.carry, sample["place"], update_num)
        result = super().train_step(sample, given, criterion, optimizer, update_num, ignore_grad, **kwargs)
        model.carry.share()
        return result

    def valid_step(self, sample: dict[str, Any], model: Any, criterion: Any, **kwargs: Any) -> Any:
        """Forward pass as in fairseq's task, with the states of the batch before."""
        return super().valid_step(sample, Carrying(model, model.carry, sample["place"]), criterion, **kwargs)

    def reduce_metrics(self, logging_outputs: list[dict[str, Any]], criterion: Any) -> None:
        """Log fairseq's metrics, those of the criterion, and `bpc`: bits per character."""
        super().reduce_metrics(logging_outputs, criterion)
        characters = sum(int(log.get("ntokens", 0)) for log in logging_outputs)
        if characters:
            nats = sum(float(log.get("nll_loss", log.get("loss", 0))) for log in logging_outputs)
            # not rounded: only fairseq's log has six digits
            metrics.log_scalar("bpc", nats / characters / math.log(2), characters, priority=10)
