"""`--task reencoder_translation`: fairseq's translation task with what a two-dimensional model needs."""

# No `from __future__ import annotations` and no `int | None` in the config: fairseq reads the types of its fields.
import os
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any, Optional

import numpy as np
from fairseq.data import FairseqDataset, encoders
from fairseq.tasks import register_task
from fairseq.tasks.translation import TranslationConfig, TranslationTask
from numpy.typing import NDArray

from ..optim.matrices import mark_layers
from ..search import MinimumLengthSearch, by_position
from ..text.errors import DataError
from ..text.manifest import DIRECTION, check_files, fingerprint, languages, manifest_path, read_manifest
from .alignments import load_alignments
from .batching import BlockBatchedPairs
from .generator_options import DeclaresLimits, GeneratorOptions
from .json_options import json_options
from .process import ProcessConfig, SetsUpProcess
from .recorded_data import RecordsData


@dataclass
class ReencoderTranslationConfig(TranslationConfig, ProcessConfig):
    """The options of fairseq's translation task, and those below."""

    max_blocks: Optional[int] = field(  # noqa: UP045
        default=None,
        metadata={
            "help": "maximum number of blocks per batch: sentences x longest source x longest target, which is what a "
            "two-dimensional model costs (fairseq also requires --batch-size or --max-tokens: a second limit)"
        },
    )
    min_len_ratio: float = field(
        default=0.5,
        metadata={
            "help": "minimum number of words of a translation, as a ratio of its source's (the paper: 0.5; 0: no "
            "minimum); forced prefixes and the maximum length override it"
        },
    )
    upsample_primary: int = field(
        default=1,
        metadata={
            "help": "how often each pair of `train` occurs in an epoch, of data with further parts (`train1`, ...): "
            "their pairs occur once"
        },
    )
    rebuild_batches: bool = field(default=True, metadata={"help": "form new batches for every epoch"})


@register_task("reencoder_translation", dataclass=ReencoderTranslationConfig)
class ReencoderTranslationTask(RecordsData, SetsUpProcess, TranslationTask):
    """Translation with batches limited by blocks and, in the search, a minimum length relative to the source.

    Only training sentences that are longer than the model allows are dropped: fairseq's
    `--required-batch-size-multiple`, which drops sentences, has no effect.
    """

    cfg: ReencoderTranslationConfig
    recorded_as = "text"
    also_recorded = (DIRECTION,)
    keeps = (
        "a model keeps the tokens of its training: name its data, or prepare other text for it with python -m "
        "data_prep prepare --like"
    )
    _constrained: bool = False  # words are forced into the output

    @classmethod
    def setup_task(cls, cfg: ReencoderTranslationConfig, **kwargs: Any) -> "ReencoderTranslationTask":
        """Check the options and load the dictionaries.

        Raises:
            ValueError: names the option that is wrong, or the dictionary that is not the one that was prepared.
        """
        if cfg.max_blocks is not None and cfg.max_blocks < 1:
            raise ValueError(f"--max-blocks: expected at least 1, got {cfg.max_blocks}")
        if cfg.upsample_primary < 1:
            raise ValueError(f"--upsample-primary: expected at least 1, got {cfg.upsample_primary}")
        if not 0 <= cfg.min_len_ratio < inf:
            raise ValueError(f"--min-len-ratio: expected 0 or more, got {cfg.min_len_ratio}")
        if cfg.source_lang is None or cfg.target_lang is None:
            # fairseq infers them from the binarised parts, which do not travel with a checkpoint
            with suppress(DataError):
                cfg.source_lang, cfg.target_lang = languages(read_manifest(manifest_path(cfg.data)))
        task: ReencoderTranslationTask = super().setup_task(cfg, **kwargs)
        # Now and not with every checkpoint: the data may be prepared again while a training runs.
        with suppress(DataError):  # binarised otherwise than with data_prep
            task._fingerprint = fingerprint(task._manifest)
        if task._fingerprint is not None:
            # With other dictionaries every number would mean another word, without a trace in the manifest.
            try:
                check_files(task._manifest, [f"bin/dict.{name}.txt" for name in (cfg.source_lang, cfg.target_lang)])
            except DataError as error:
                raise ValueError(str(error)) from None
        return task

    def build_model(self, cfg: Any, from_checkpoint: bool = False) -> Any:
        """The model; `--optimizer muon` works with fairseq's own as well, `--eval-bleu-detok reencoder` with our data.

        Raises:
            ValueError: the options of the model or those of `--eval-bleu` are wrong, or `--load-alignments` is given
                for a Reencoder with a readout that has no weights to teach.
        """
        # TranslationTask would make the detokenizer without the manifest of the data.
        model = super(TranslationTask, self).build_model(cfg, from_checkpoint)
        if self.cfg.load_alignments and isinstance(model, DeclaresLimits) and not model.learns_alignment:
            raise ValueError(
                "--load-alignments: this --readout has no weights to teach; choose attention or lexical-attention"
            )
        self.with_record(model)
        mark_layers(model, len(self.target_dictionary))
        if self.cfg.eval_bleu:
            self.tokenizer = self._bleu_detokenizer()
            options = json_options("--eval-bleu-args", self.cfg.eval_bleu_args)
            self.sequence_generator = self.build_generator([model], Namespace(**options))
        return model

    def _bleu_detokenizer(self) -> Any:
        options = json_options("--eval-bleu-detok-args", self.cfg.eval_bleu_detok_args)
        if self.cfg.eval_bleu_detok == "reencoder":
            options = {"text_manifest": str(self._manifest), **options}
        return encoders.build_tokenizer(Namespace(**{**options, "tokenizer": self.cfg.eval_bleu_detok}))

    def data_record(self) -> dict[str, str]:
        """The fingerprint of the data, and the direction of the translation."""
        return {**super().data_record(), DIRECTION: f"{self.cfg.source_lang} to {self.cfg.target_lang}"}

    def check_data(self, record: Mapping[str, Any], remedy: str) -> None:
        """See `RecordsData.check_data`; the direction must be the same, too."""
        super().check_data(record, remedy)
        mine = self.data_record()[DIRECTION]
        if record.get(DIRECTION, mine) != mine:
            raise ValueError(
                f"the checkpoint translates {record[DIRECTION]}; expected {mine}: --source-lang and --target-lang have "
                "to be those of its training"
            )

    def other_data(self) -> str:
        return f"{self._manifest}: the checkpoint was trained on data that were prepared otherwise"

    def build_tokenizer(self, args: Any) -> Any:
        """fairseq's tokenizer; `--tokenizer reencoder` finds the manifest of the data and fits the checkpoint.

        Raises:
            ValueError: the manifest is missing or damaged, the checkpoint was trained on data prepared otherwise, or
                there are `--constraints`.
        """
        if getattr(args, "_name", None) != "reencoder":
            return super().build_tokenizer(args)
        if self._constrained:
            # fairseq-interactive encodes them as it encodes sources
            raise ValueError(
                "--tokenizer reencoder: --constraints would be split as if they were Chinese; leave the tokenizer out "
                "and give tokens, as in the folder text of the prepared data"
            )
        # Here, because whoever imports the tokenizer first imports fairseq with it, and so the whole plugin, this
        # module included, before the tokenizer has defined anything.
        from ..tokenizer import ReencoderTokenizer, ReencoderTokenizerConfig

        config = ReencoderTokenizerConfig(text_manifest=args.text_manifest or str(self._manifest))
        return ReencoderTokenizer(config, self._trained_on)

    @property
    def _manifest(self) -> Path:
        """Where the manifest of the (first) data folder is."""
        return manifest_path(self.cfg.data)

    def load_dataset(self, split: str, epoch: int = 1, combine: bool = False, **kwargs: Any) -> None:
        """Load a split.

        Raises:
            ValueError: the split has no sentences, or `--load-alignments` finds no word alignments of the training set.
        """
        source, target = self.cfg.source_lang, self.cfg.target_lang
        for folder in map(Path, self.cfg.data.split(os.pathsep)):
            # fairseq would fail on the empty file with an error about memory maps
            for file in folder.glob(f"{split}.{source}-{target}.*.bin"):
                if file.stat().st_size == 0:
                    raise ValueError(f"{file}: the {split} set has no sentences; prepare the data again")
        super().load_dataset(split, epoch, combine, **kwargs)
        pairs = self.datasets[split]
        if self.cfg.load_alignments and split == self.cfg.train_subset:
            folders = self.cfg.data.split(os.pathsep)
            folder = Path(folders[(epoch - 1) % len(folders)])
            links = load_alignments(folder, split, (source, target), combine, self.cfg.upsample_primary)
            if len(links) != len(pairs):
                raise ValueError(
                    f"--load-alignments: {folder} has {len(pairs)} pairs, but alignments of {len(links)}; prepare the "
                    "data again"
                )
            pairs.align_dataset = links
        self.datasets[split] = BlockBatchedPairs(pairs, self.cfg.max_blocks)

    def build_dataset_for_inference(self, *args: Any, **kwargs: Any) -> BlockBatchedPairs:
        """The data set of sentences that a user types in; see fairseq's task."""
        return BlockBatchedPairs(super().build_dataset_for_inference(*args, **kwargs), self.cfg.max_blocks)

    def filter_indices_by_size(
        self,
        indices: NDArray[np.int64],
        dataset: FairseqDataset,
        max_positions: Any = None,
        ignore_invalid_inputs: bool = False,
    ) -> NDArray[np.int64]:
        """Leave out sentences that are too long, if allowed; see fairseq's task.

        Raises:
            ValueError: a sentence is longer than the model allows, and `ignore_invalid_inputs` is False.
        """
        if not ignore_invalid_inputs:
            _, ignored = dataset.filter_indices_by_size(indices, max_positions)
            if len(ignored) > 0:
                raise ValueError(_too_long(dataset, sorted(ignored), max_positions))
        kept: NDArray[np.int64] = super().filter_indices_by_size(indices, dataset, max_positions, ignore_invalid_inputs)
        return kept

    def build_generator(self, models: Sequence[Any], args: Any, *other: Any, **kwargs: Any) -> Any:
        """fairseq's generator, with `--min-len-ratio` applied in its search; see fairseq's task.

        Its default maximum of 200 tokens would cut translations of long sources short: unless `--max-len-a` or
        `--max-len-b` is given, a translation may have twice as many tokens as its source, and 200 more. On the command
        line of fairseq's programs the pair `--max-len-a 0 --max-len-b 200`, fairseq's defaults, counts as not given.

        Args:
            models: the models.
            args: see `GeneratorOptions.of`; its `min_len_ratio`, if there is one, replaces that of the task.
            other: passed on to fairseq's task.
            kwargs: passed on to fairseq's task.

        Raises:
            ValueError: alignments are requested from a Reencoder that has none, or dropout is.
        """
        options = GeneratorOptions.of(args)
        options.check_models(models)
        self._constrained = options.constrained
        generator = super().build_generator(models, options.with_max_len(args), *other, **kwargs)
        ratio = self.cfg.min_len_ratio if options.min_len_ratio is None else options.min_len_ratio
        if hasattr(generator, "search"):
            generator.search = by_position(generator.search)
            if ratio > 0:
                generator.search = MinimumLengthSearch(generator.search, ratio)
                generator.should_set_src_lengths = True
        return generator

    def inference_step(self, generator: Any, models: Any, sample: Any, *args: Any, **kwargs: Any) -> Any:
        """Translate a batch; see fairseq's task. Of an empty source the translation is empty, not an invention.

        Raises:
            ValueError: words are to be forced into the output, but the program does not read them.
        """
        if self._constrained and kwargs.get("constraints") is None:
            raise ValueError("--constraints: only fairseq-interactive reads them, from its input")
        hypotheses = super().inference_step(generator, models, sample, *args, **kwargs)
        lengths = sample["net_input"].get("src_lengths")
        if sample.get("target") is not None or lengths is None:
            return hypotheses
        end = self.target_dictionary.eos()
        return [
            found if length > 1 else [_empty(found[0], end)]
            for found, length in zip(hypotheses, lengths.tolist(), strict=True)
        ]


def _empty(hypothesis: dict[str, Any], end: int) -> dict[str, Any]:
    """A hypothesis of probability 1 that consists of the end of sentence alone, on the devices of `hypothesis`."""
    tokens, scores = hypothesis["tokens"], hypothesis["positional_scores"]
    attention = hypothesis.get("attention")
    return {
        **hypothesis,
        "tokens": tokens.new_tensor([end]),
        "score": scores.new_zeros(()),
        "positional_scores": scores.new_zeros(1),
        "attention": attention if attention is None or attention.dim() < 2 else attention[:, :1],
        "alignment": tokens.new_empty((0, 2)),
    }


def _too_long(dataset: FairseqDataset, ignored: list[int], max_positions: Any) -> str:
    size = tuple(map(int, np.atleast_1d(dataset.size(ignored[0]))))
    return (
        f"line {ignored[0] + 1} of the set has {size} tokens (source, target; ends of sentences included), the model "
        f"allows {max_positions}; there are {len(ignored)} such lines. Give this program higher "
        "--max-source-positions and --max-target-positions, which a Reencoder that is already trained allows, or leave "
        "such lines out with --skip-invalid-size-inputs-valid-test"
    )
