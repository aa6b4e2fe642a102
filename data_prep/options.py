"""The options of `python -m data_prep prepare`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from . import LANGUAGES
from .cleaning import CleaningOptions
from .errors import DataError
from .layout import Layout, find_layout
from .like import KnownText, check_options, known_text
from .pairs import EMPTY, MALFORMED, Columns
from .phrases import PhraseOptions
from .sampled_part import SamplingOptions
from .split import PERMILLE
from .tokenise import TextOptions


@dataclass(frozen=True)
class Options(PhraseOptions, SamplingOptions, TextOptions, CleaningOptions):
    """The options of `prepare`, also those of its steps; at least one of `tsv`, `parallel` and `directory` is given.

    Attributes:
        dest: directory to write.
        tsv: files of pairs, see `read_tsv`.
        tsv_columns: columns of Chinese, English and perhaps attribution in `tsv`, `valid_tsv` and `test_tsv`, counted
            from 1; empty for Tatoeba's format.
        parallel: pairs of a Chinese and an English file, see `read_parallel`.
        directory: directory in the layout of BTEC or IWSLT, see `find_layout`; its training set is read last.
        valid_name: name of the validation set of `directory`; None for the usual names.
        test_name: name of the test set of `directory`; None for the usual names.
        valid_tsv: the user's own validation set; requires a test set. All other input is then used for training.
        test_tsv: the user's own test set; requires a validation set.
        valid: as `valid_tsv`, but as source and files of references, see `read_held_out`.
        test: as `test_tsv`, but as source and files of references, see `read_held_out`.
        synthetic_tsv: files of pairs that a model has translated, as a further part of the training set, see
            `add_synthetic_part`.
        test_permille: see `assign_parts`.
        valid_permille: see `assign_parts`.
        like: prepared data whose subwords, dictionaries and capitals are used; their `TextOptions` have to be given,
            see `with_text_options`.
        overwrite: replace an existing `dest` that an earlier run wrote.
        workers: number of processes; the data do not depend on it.
        word_alignments: align the words of the training set, see `add_alignments`.
        alignment_seed: random seed of the word alignment of `phrase_pairs` and `word_alignments`.

    Raises:
        DataError: the options contradict each other or are out of range.
    """

    dest: Path
    tsv: Sequence[Path] = ()
    tsv_columns: Sequence[int] = ()
    parallel: Sequence[tuple[Path, Path]] = ()
    directory: Path | None = None
    valid_name: str | None = None
    test_name: str | None = None
    valid_tsv: Path | None = None
    test_tsv: Path | None = None
    valid: Sequence[Path] = ()
    test: Sequence[Path] = ()
    synthetic_tsv: Sequence[Path] = ()
    test_permille: int = PERMILLE
    valid_permille: int = PERMILLE
    like: Path | None = None
    overwrite: bool = False
    workers: int = 1
    word_alignments: bool = False
    alignment_seed: int = 1

    def __post_init__(self) -> None:
        if self.known is not None and self.like is not None:
            check_options(self.like, self.known.options, {name: getattr(self, name) for name in _names(TextOptions)})
        for group in (CleaningOptions, TextOptions, SamplingOptions, PhraseOptions):
            group.__post_init__(self)
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
        if self.drop_leaks and not self.held_out and self.like is None:
            raise DataError(
                "--drop-leaks: only with your own validation and test set, or with --like; sets that are split off "
                "have no leaks"
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
        if min(self.test_permille, self.valid_permille) < 0 or self.test_permille + self.valid_permille > 1000:
            raise DataError(
                f"--test-permille {self.test_permille} --valid-permille {self.valid_permille}: "
                "neither may be negative, and their sum may not exceed 1000"
            )
        self._check_unused()
        if self.subword_samples and "sentencepiece" not in self.segmentation + self.target_segmentation:
            raise DataError("--subword-samples: nothing to sample; choose sentencepiece for at least one side")

    def _check_unused(self) -> None:
        """Check that no option was changed that has no effect.

        Raises:
            DataError: names one.
        """
        pieces = "sentencepiece" in self.segmentation, self.target_segmentation == "sentencepiece"
        uses = {
            "sentencepiece_vocab_size": (pieces[0], "--segmentation sentencepiece or jieba-sentencepiece"),
            "sentencepiece_target_vocab_size": (pieces[1], "--target-segmentation sentencepiece"),
            "sentencepiece_type": (any(pieces), "--segmentation or --target-segmentation with sentencepiece"),
            **dict.fromkeys(_names(SamplingOptions), (self.subword_samples > 0, "--subword-samples")),
            **dict.fromkeys(_names(PhraseOptions), (self.phrase_pairs > 0, "--phrase-pairs")),
        }
        defaults = {field.name: field.default for field in fields(self)}
        for name, (used, wanted) in uses.items():
            if not used and getattr(self, name) != defaults[name]:
                raise DataError(f"--{name.replace('_', '-')}: only with {wanted}")

    @cached_property
    def corpora(self) -> list[tuple[Path, ...]]:
        """The files of each corpus: a file of pairs, or a Chinese and an English file."""
        directory = [] if self.layout is None else [self.layout.train]
        return [*((path,) for path in self.tsv), *map(tuple, self.parallel), *directory]

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
    def known(self) -> KnownText | None:
        """How the text of `like` becomes token ids; None if it is not given."""
        return None if self.like is None else known_text(self.like)

    @cached_property
    def layout(self) -> Layout | None:
        """The files of `directory`; None if it is not given."""
        return None if self.directory is None else find_layout(self.directory, self.valid_name, self.test_name)

    @property
    def tolerated(self) -> frozenset[str]:
        """The options that tolerate faults of the input, see `Record`."""
        given = {MALFORMED: self.drop_malformed, EMPTY: self.drop_empty}
        return frozenset(option for option, wanted in given.items() if wanted)

    @property
    def needs_aligner(self) -> bool:
        """Whether words are aligned."""
        return self.word_alignments or self.phrase_pairs > 0

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
        given = asdict(self)
        names = {field.name for field in fields(CleaningOptions) if given[field.name] != field.default}
        names |= _names(TextOptions)
        pieces = ["sentencepiece" in self.segmentation, "sentencepiece" in self.target_segmentation]
        if not pieces[0]:
            names.remove("sentencepiece_vocab_size")
        if not pieces[1]:
            names.remove("sentencepiece_target_vocab_size")
        if not any(pieces):
            names.remove("sentencepiece_type")
        if self.subword_samples:
            names |= _names(SamplingOptions)
        if self.phrase_pairs:
            names |= _names(PhraseOptions)
        if self.needs_aligner:
            names.add("alignment_seed")
        if self.word_alignments:
            names.add("word_alignments")
        if self.tsv_columns:
            names.add("tsv_columns")
        if not self.held_out:
            names |= {"test_permille", "valid_permille"}
        languages = dict(zip(("source_lang", "target_lang"), LANGUAGES, strict=True))
        plain = {name: value for name, value in given.items() if name in names}
        return languages | plain | {"split": "given" if self.held_out else "by rule"}


def _names(group: type) -> set[str]:
    return {field.name for field in fields(group)}
