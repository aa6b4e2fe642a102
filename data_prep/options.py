"""The options of `python -m data_prep prepare`."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .errors import DataError
from .phrases import PhraseLimits, PhraseOptions
from .sampled_part import SamplingOptions
from .subwords import MODEL_TYPES
from .text import TARGET_SEGMENTATIONS


@dataclass(frozen=True)
class Options:
    """The options of `prepare`; either `tsv` or `parallel` is given.

    Attributes:
        dest: directory to write.
        tsv: file of pairs, see `read_tsv`.
        parallel: Chinese and English file, see `read_parallel`.
        valid_tsv: the user's own validation set; requires `test_tsv`. All other input is then used for training.
        test_tsv: the user's own test set; requires `valid_tsv`.
        source_lang: source language, "zh".
        target_lang: target language, "en".
        segmentation: segmentation of Chinese, see `ChineseSegmenter`.
        target_segmentation: segmentation of English: "words", or "sentencepiece" for pieces of words.
        sentencepiece_type: type of the sentencepiece models, see `train_sentencepiece`.
        sentencepiece_vocab_size: number of pieces of the Chinese sentencepiece model.
        sentencepiece_target_vocab_size: number of pieces of the English sentencepiece model.
        subword_samples: number of further copies of the training set with subwords drawn at random, see
            `add_sampled_part`; 0 for none.
        subword_sampling: see `SamplingOptions`.
        subword_seed: see `SamplingOptions`.
        keep_case: do not lower-case English.
        min_count: words and characters seen less often in training become UNK; sentencepiece's pieces never do.
        test_permille: see `assign_parts`.
        valid_permille: see `assign_parts`.
        overwrite: replace an existing `dest` that an earlier run wrote.
        phrase_pairs: maximum number of phrase pairs that are added to the training set, see `add_phrase_part`; 0 for
            none.
        phrase_max_source: see `PhraseLimits`.
        phrase_max_target: see `PhraseLimits`.
        phrase_min_frequency: see `PhraseLimits`.
        phrase_min_count: see `PhraseLimits`.
        phrase_tag: see `PhraseOptions`.
        phrase_seed: see `PhraseOptions`.

    Raises:
        DataError: the options contradict each other or are out of range.
    """

    dest: Path
    tsv: Path | None = None
    parallel: tuple[Path, Path] | None = None
    valid_tsv: Path | None = None
    test_tsv: Path | None = None
    source_lang: str = "zh"
    target_lang: str = "en"
    segmentation: str = "jieba"
    target_segmentation: str = "words"
    sentencepiece_type: str = "unigram"
    sentencepiece_vocab_size: int = 8000
    sentencepiece_target_vocab_size: int = 4000
    subword_samples: int = 0
    subword_sampling: float = 0.1
    subword_seed: int = 1
    keep_case: bool = False
    min_count: int = 2
    test_permille: int = 40
    valid_permille: int = 40
    overwrite: bool = False
    phrase_pairs: int = 0
    phrase_max_source: int = 4
    phrase_max_target: int = 6
    phrase_min_frequency: float = 0.08
    phrase_min_count: int = 1
    phrase_tag: str = "<phrase>"
    phrase_seed: int = 1

    def __post_init__(self) -> None:
        if (self.tsv is None) == (self.parallel is None):
            raise DataError("give either --tsv or --parallel")
        if (self.valid_tsv is None) != (self.test_tsv is None):
            raise DataError("--valid-tsv and --test-tsv go together: give both to use your own split, or neither")
        if self.min_count < 1:
            raise DataError(f"--min-count {self.min_count}: must be at least 1")
        for option, choice, choices in (
            ("--target-segmentation", self.target_segmentation, TARGET_SEGMENTATIONS),
            ("--sentencepiece-type", self.sentencepiece_type, MODEL_TYPES),
        ):
            if choice not in choices:
                raise DataError(f"{option} {choice}: choose one of {', '.join(choices)}")
        for option, size in (
            ("--sentencepiece-vocab-size", self.sentencepiece_vocab_size),
            ("--sentencepiece-target-vocab-size", self.sentencepiece_target_vocab_size),
        ):
            if size < 1:
                raise DataError(f"{option} {size}: must be at least 1")
        if min(self.test_permille, self.valid_permille) < 0 or self.test_permille + self.valid_permille > 1000:
            raise DataError(
                f"--test-permille {self.test_permille} --valid-permille {self.valid_permille}: "
                "neither may be negative, and their sum may not exceed 1000"
            )
        if self.subword_samples and "sentencepiece" not in self.segmentation + self.target_segmentation:
            raise DataError("--subword-samples: nothing to sample; choose sentencepiece for at least one side")
        _ = self.phrases, self.sampling  # checks their options

    @property
    def phrases(self) -> PhraseOptions | None:
        """The options of the phrase pairs; None if there are none."""
        if self.phrase_pairs == 0:
            return None
        limits = PhraseLimits(
            self.phrase_max_source, self.phrase_max_target, self.phrase_min_frequency, self.phrase_min_count
        )
        return PhraseOptions(self.phrase_pairs, limits, self.phrase_tag, self.phrase_seed)

    @property
    def sampling(self) -> SamplingOptions | None:
        """The options of the copies with sampled subwords; None if there are none."""
        if self.subword_samples == 0:
            return None
        return SamplingOptions(self.subword_samples, self.subword_sampling, self.subword_seed)

    @property
    def inputs(self) -> dict[str, Path]:
        """The input files by name: "tsv", or "zh" and "en"; "valid_tsv" and "test_tsv"."""
        train = {"tsv": self.tsv} if self.parallel is None else dict(zip(("zh", "en"), self.parallel, strict=True))
        given = {**train, "valid_tsv": self.valid_tsv, "test_tsv": self.test_tsv}
        return {name: path for name, path in given.items() if path is not None}

    def recorded(self) -> dict[str, Any]:
        """Return the options that affect the data, without paths: the manifest lists the input files separately."""
        left_out = {"dest", "overwrite", "tsv", "parallel", "valid_tsv", "test_tsv"}
        if self.valid_tsv is not None:
            left_out |= {"valid_permille", "test_permille"}
        if "sentencepiece" not in self.segmentation:
            left_out.add("sentencepiece_vocab_size")
        if self.target_segmentation != "sentencepiece":
            left_out.add("sentencepiece_target_vocab_size")
        if {"sentencepiece_vocab_size", "sentencepiece_target_vocab_size"} <= left_out:
            left_out.add("sentencepiece_type")
        if self.sampling is None:
            left_out |= {name for name in asdict(self) if name.startswith("subword_")}
        if self.phrases is None:
            left_out |= {name for name in asdict(self) if name.startswith("phrase_")}
        plain = {name: value for name, value in asdict(self).items() if name not in left_out}
        return plain | {"split": "given" if self.valid_tsv else "by rule"}
