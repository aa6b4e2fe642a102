"""The options of `python -m data_prep prepare`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from .cleaning import CleaningOptions
from .errors import DataError
from .layout import Layout, find_layout
from .pairs import EMPTY, MALFORMED, Columns
from .phrases import PhraseLimits, PhraseOptions
from .sampled_part import SamplingOptions
from .subwords import MODEL_TYPES
from .text import TARGET_SEGMENTATIONS


@dataclass(frozen=True)
class Options:
    """The options of `prepare`; at least one of `tsv`, `parallel` and `directory` is given.

    Attributes:
        dest: directory to write.
        tsv: file of pairs, or several, see `read_tsv`.
        tsv_columns: columns of Chinese, English and perhaps attribution in `tsv`, `valid_tsv` and `test_tsv`, counted
            from 1; empty for Tatoeba's format.
        parallel: Chinese and English file, or several such pairs, see `read_parallel`.
        directory: directory in the layout of BTEC or IWSLT, see `find_layout`; its training set is read last.
        valid_name: name of the validation set of `directory`; None for the usual names.
        test_name: name of the test set of `directory`; None for the usual names.
        valid_tsv: the user's own validation set; requires a test set. All other input is then used for training.
        test_tsv: the user's own test set; requires a validation set.
        valid: as `valid_tsv`, but as source and files of references, see `read_held_out`.
        test: as `test_tsv`, but as source and files of references, see `read_held_out`.
        drop_leaks: with the user's own validation and test set, drop training pairs that share a sentence with them.
        drop_malformed: drop lines that cannot be read as a pair, instead of refusing the input.
        drop_empty: drop blank lines and pairs with an empty side, instead of refusing the input.
        control_characters: see `CleaningOptions`, as for the next six.
        mojibake: see `CleaningOptions`.
        max_chinese: see `CleaningOptions`.
        max_english: see `CleaningOptions`.
        max_ratio: see `CleaningOptions`.
        min_script: see `CleaningOptions`.
        duplicates: see `CleaningOptions`.
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
        synthetic_tsv: files of pairs that a model has translated, as a further part of the training set, see
            `add_synthetic_part`.
        keep_case: do not lower-case English.
        min_count: words and characters seen less often in training become UNK; sentencepiece's pieces never do.
        test_permille: see `assign_parts`.
        valid_permille: see `assign_parts`.
        overwrite: replace an existing `dest` that an earlier run wrote.
        workers: number of processes; the data do not depend on it.
        phrase_pairs: maximum number of phrase pairs that are added to the training set, see `add_phrase_part`; 0 for
            none.
        phrase_max_source: see `PhraseLimits`.
        phrase_max_target: see `PhraseLimits`.
        phrase_min_frequency: see `PhraseLimits`.
        phrase_min_count: see `PhraseLimits`.
        phrase_tag: see `PhraseOptions`.
        word_alignments: align the words of the training set, see `add_alignments`.
        alignment_seed: random seed of the word alignment of `phrase_pairs` and `word_alignments`.

    Raises:
        DataError: the options contradict each other or are out of range.
    """

    dest: Path
    tsv: Path | Sequence[Path] | None = None
    tsv_columns: Sequence[int] = ()
    parallel: tuple[Path, Path] | Sequence[tuple[Path, Path]] | None = None
    directory: Path | None = None
    valid_name: str | None = None
    test_name: str | None = None
    valid_tsv: Path | None = None
    test_tsv: Path | None = None
    valid: Sequence[Path] = ()
    test: Sequence[Path] = ()
    drop_leaks: bool = False
    drop_malformed: bool = False
    drop_empty: bool = False
    control_characters: str = "keep"
    mojibake: str = "keep"
    max_chinese: int = 0
    max_english: int = 0
    max_ratio: float = 0.0
    min_script: float = 0.0
    duplicates: str | None = None
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
    synthetic_tsv: Sequence[Path] = ()
    keep_case: bool = False
    min_count: int = 2
    test_permille: int = 40
    valid_permille: int = 40
    overwrite: bool = False
    workers: int = 1
    phrase_pairs: int = 0
    phrase_max_source: int = 4
    phrase_max_target: int = 6
    phrase_min_frequency: float = 0.08
    phrase_min_count: int = 1
    phrase_tag: str = "<phrase>"
    word_alignments: bool = False
    alignment_seed: int = 1

    def __post_init__(self) -> None:
        if not self.corpora:
            raise DataError("give at least one of --tsv, --parallel and --directory")
        for part, tsv, files in (("valid", self.valid_tsv, self.valid), ("test", self.test_tsv, self.test)):
            if sum(map(bool, (tsv, files, self.directory))) > 1:
                raise DataError(f"give only one of --{part}, --{part}-tsv and --directory, which contains a {part} set")
        if len(self.held_out) == 1:
            raise DataError(
                "--valid-tsv and --test-tsv go together (or --valid and --test): give both to use your own split, "
                "or neither"
            )
        if self.drop_leaks and not self.held_out:
            raise DataError(
                "--drop-leaks: only with your own validation and test set; those that are split off have no leaks"
            )
        if self.directory is None and (self.valid_name or self.test_name):
            raise DataError("--valid-name, --test-name: only with --directory")
        if self.tsv_columns:
            if not 2 <= len(set(self.tsv_columns)) == len(self.tsv_columns) <= 3 or min(self.tsv_columns) < 1:
                given = " ".join(map(str, self.tsv_columns))
                raise DataError(
                    f"--tsv-columns {given}: expected two or three different columns, counted from 1: Chinese, "
                    "English and perhaps attribution"
                )
            if not any((self.tsv, self.valid_tsv, self.test_tsv)):
                raise DataError("--tsv-columns: only with --tsv, --valid-tsv and --test-tsv")
        if self.workers < 1:
            raise DataError(f"--workers {self.workers}: must be at least 1")
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
        _ = self.phrases, self.sampling, self.cleaning  # checks their options

    @cached_property
    def corpora(self) -> list[tuple[Path, ...]]:
        """The files of each corpus: a file of pairs, or a Chinese and an English file."""
        files: list[tuple[Path, ...]] = []
        if self.tsv is not None:
            files += [(path,) for path in ([self.tsv] if isinstance(self.tsv, Path) else self.tsv)]
        if self.parallel is not None:
            files += [(entry, self.parallel[1]) for entry in self.parallel[:1] if isinstance(entry, Path)]  # type: ignore[misc]
            files += [tuple(entry) for entry in self.parallel if not isinstance(entry, Path)]
        return files + ([] if self.layout is None else [self.layout.train])

    @cached_property
    def held_out(self) -> dict[str, tuple[str, tuple[Path, ...]]]:
        """The option and the files of the user's own validation and test set, by part; none without them."""
        found: dict[str, tuple[str, tuple[Path, ...]]] = {}
        for part, tsv, files in (("valid", self.valid_tsv, self.valid), ("test", self.test_tsv, self.test)):
            if self.layout is not None:
                found[part] = "--directory", getattr(self.layout, part)
            elif tsv is not None:
                found[part] = f"--{part}-tsv", (tsv,)
            elif files:
                found[part] = f"--{part}", tuple(files)
        return found

    @cached_property
    def layout(self) -> Layout | None:
        """The files of `directory`; None if it is not given."""
        return None if self.directory is None else find_layout(self.directory, self.valid_name, self.test_name)

    @property
    def cleaning(self) -> CleaningOptions:
        """The rules of cleaning."""
        return CleaningOptions(**{field.name: getattr(self, field.name) for field in fields(CleaningOptions)})

    @property
    def tolerated(self) -> frozenset[str]:
        """The options that tolerate faults of the input, see `Record`."""
        given = {MALFORMED: self.drop_malformed, EMPTY: self.drop_empty}
        return frozenset(option for option, wanted in given.items() if wanted)

    @property
    def phrases(self) -> PhraseOptions | None:
        """The options of the phrase pairs; None if there are none."""
        if self.phrase_pairs == 0:
            return None
        limits = PhraseLimits(
            self.phrase_max_source, self.phrase_max_target, self.phrase_min_frequency, self.phrase_min_count
        )
        return PhraseOptions(self.phrase_pairs, limits, self.phrase_tag, self.alignment_seed)

    @property
    def needs_aligner(self) -> bool:
        """Whether words are aligned."""
        return self.word_alignments or self.phrase_pairs > 0

    @property
    def sampling(self) -> SamplingOptions | None:
        """The options of the copies with sampled subwords; None if there are none."""
        if self.subword_samples == 0:
            return None
        return SamplingOptions(self.subword_samples, self.subword_sampling, self.subword_seed)

    @property
    def columns(self) -> Columns | None:
        """`tsv_columns`; None for Tatoeba's format."""
        return Columns(*self.tsv_columns) if self.tsv_columns else None

    @property
    def inputs(self) -> dict[str, Path]:
        """The input files by name: "tsv", or "zh" and "en", with a number for further ones; synthetic; held out."""
        given: dict[str, Path] = {}
        seen = {1: 0, 2: 0}
        for files in self.corpora:
            seen[len(files)] += 1
            number = "" if seen[len(files)] == 1 else f".{seen[len(files)]}"
            names = ("tsv",) if len(files) == 1 else ("zh", "en")
            given |= {name + number: path for name, path in zip(names, files, strict=True)}
        for index, path in enumerate(self.synthetic_tsv):
            given[f"synthetic_tsv.{index + 1}" if index else "synthetic_tsv"] = path
        for part, (_, files) in self.held_out.items():
            if len(files) == 1:
                given[f"{part}_tsv"] = files[0]
            else:
                given[f"{part}.zh"] = files[0]
                given |= {f"{part}.en.{number}": path for number, path in enumerate(files[1:])}
        return given

    def recorded(self) -> dict[str, Any]:
        """Return the options that affect the data, without paths: the manifest lists the input files separately."""
        left_out = {"dest", "overwrite", "workers", "tsv", "parallel", "directory", "valid_name", "test_name"}
        left_out |= {"valid_tsv", "test_tsv", "valid", "test", "synthetic_tsv"}
        if self.held_out:
            left_out |= {"valid_permille", "test_permille"}
        if not self.tsv_columns:
            left_out.add("tsv_columns")
        cleaning = {field.name: field.default for field in fields(CleaningOptions)}
        cleaning |= {"drop_malformed": False, "drop_empty": False, "drop_leaks": False}
        left_out |= {name for name, default in cleaning.items() if getattr(self, name) == default}
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
        if not self.word_alignments:
            left_out.add("word_alignments")
        if not self.needs_aligner:
            left_out.add("alignment_seed")
        plain = {name: value for name, value in asdict(self).items() if name not in left_out}
        return plain | {"split": "given" if self.held_out else "by rule"}
