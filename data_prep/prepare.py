"""Preparation of a file of sentence pairs as binarised fairseq data: read, split, tokenise, write."""

from __future__ import annotations

import shlex
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .binarise import SideCounts, binarise
from .errors import DataError
from .files import check_directory, new_directory, write_lines
from .manifest import (
    SENTENCEPIECE_MODEL,
    checksums,
    describe_file,
    foreign_file,
    package_versions,
    write_manifest,
)
from .pairs import Corpus, Pair, read_parallel, read_tsv
from .progress import progress
from .split import PARTS, Example, count_leaks, make_examples, pair_keys, split_pairs
from .text import ChineseSegmenter, EnglishTokenizer, train_sentencepiece


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
        sentencepiece_vocab_size: number of pieces of a sentencepiece model.
        keep_case: do not lower-case English.
        min_count: words seen less often in training become UNK.
        test_permille: see `assign_parts`.
        valid_permille: see `assign_parts`.
        overwrite: replace an existing `dest` that an earlier run wrote.

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
    sentencepiece_vocab_size: int = 8000
    keep_case: bool = False
    min_count: int = 2
    test_permille: int = 40
    valid_permille: int = 40
    overwrite: bool = False

    def __post_init__(self) -> None:
        if (self.tsv is None) == (self.parallel is None):
            raise DataError("give either --tsv or --parallel")
        if (self.valid_tsv is None) != (self.test_tsv is None):
            raise DataError("--valid-tsv and --test-tsv go together: give both to use your own split, or neither")
        if self.min_count < 1:
            raise DataError(f"--min-count {self.min_count}: must be at least 1")
        if self.sentencepiece_vocab_size < 1:
            raise DataError(f"--sentencepiece-vocab-size {self.sentencepiece_vocab_size}: must be at least 1")
        if min(self.test_permille, self.valid_permille) < 0 or self.test_permille + self.valid_permille > 1000:
            raise DataError(
                f"--test-permille {self.test_permille} --valid-permille {self.valid_permille}: "
                "neither may be negative, and their sum may not exceed 1000"
            )

    @property
    def inputs(self) -> dict[str, Path]:
        """The input files by name: "tsv", or "zh" and "en"; "valid_tsv" and "test_tsv"."""
        train = {"tsv": self.tsv} if self.parallel is None else dict(zip(("zh", "en"), self.parallel, strict=True))
        given = {**train, "valid_tsv": self.valid_tsv, "test_tsv": self.test_tsv}
        return {name: path for name, path in given.items() if path is not None}


@dataclass
class Split:
    """The input split into parts.

    Attributes:
        parts: the examples of each part.
        dropped: number of dropped lines or pairs by reason.
        warnings: messages for the user.
    """

    parts: dict[str, list[Example]]
    dropped: dict[str, int]
    warnings: list[str]


def prepare(options: Options, command: Sequence[str] = ()) -> dict[str, Any]:
    """Prepare data in `options.dest`.

    Args:
        options: the options.
        command: arguments of the command line, recorded in the manifest.

    Returns:
        The manifest, which was written to the destination.

    Raises:
        DataError: bad input or options; the destination is left unchanged.
    """
    started = time.time()
    inputs = list(options.inputs.values())
    check_directory(options.dest, options.overwrite, foreign_file, inputs)
    split = read_split(options)
    with new_directory(options.dest, options.overwrite, foreign_file, inputs) as directory:
        parts = [part for part in PARTS if split.parts[part]]
        write_text(directory / "text", split.parts, parts, *_tokenizers(options, split.parts["train"], directory))
        write_raw(directory / "raw", split.parts, parts)
        print("binarising with fairseq-preprocess ...", file=sys.stderr)
        counts = binarise(directory, parts, options.source_lang, options.target_lang, options.min_count)
        manifest = {
            "options": _recorded_options(options),
            "versions": package_versions(),
            "inputs": {name: describe_file(path) for name, path in options.inputs.items()},
            "counts": {part: _counts(split.parts[part], counts[part]) for part in parts},
            "dropped": split.dropped,
            "warnings": split.warnings,
            "files": checksums(directory),
            "command": shlex.join(["python", "-m", "data_prep", *command]) if command else None,
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
            "seconds": round(time.time() - started, 1),
        }
        write_manifest(directory, manifest)
    return manifest


def read_split(options: Options) -> Split:
    """Read the input and split it by `assign_parts`, or as the user's own validation and test sets say.

    `assign_parts` needs a key on both sides. A pair with a side without letters and digits has none, so it is dropped
    and counted. With the user's own split every pair is kept.

    Raises:
        DataError: a file cannot be read or is malformed, or there are no pairs for training, `valid_tsv` or `test_tsv`.
    """
    corpus = _read_training_input(options)
    dropped = Counter({"blank line at the end of the file": corpus.blank_last_lines})
    warnings = []
    if options.valid_tsv is not None and options.test_tsv is not None:
        valid, test = read_tsv(options.valid_tsv), read_tsv(options.test_tsv)
        dropped["blank line at the end of the file"] += valid.blank_last_lines + test.blank_last_lines
        for option, given in (("--valid-tsv", valid), ("--test-tsv", test)):
            if not given.pairs:
                raise DataError(f"{option}: the file contains no pairs")
        parts = make_examples(corpus.pairs, valid.pairs, test.pairs)
        leaks = count_leaks(corpus.pairs, valid.pairs + test.pairs)
        if leaks:
            warnings.append(f"{leaks} training pairs share a sentence with the valid or test set that you gave")
    else:
        parts = split_pairs(list(_with_keys(corpus.pairs, dropped)), options.test_permille, options.valid_permille)
        for part, permille in (("valid", options.valid_permille), ("test", options.test_permille)):
            if permille and not parts[part]:
                warnings.append(f"no pair fell into {part}: so few pairs are better split by hand (--valid-tsv)")
    if not parts["train"]:
        raise DataError(f"no training pairs in {' and '.join(map(str, options.inputs.values()))}: nothing to train on")
    return Split(parts, {reason: count for reason, count in dropped.items() if count}, warnings)


def write_text(
    directory: Path,
    parts: dict[str, list[Example]],
    names: list[str],
    segment: ChineseSegmenter,
    tokenize: EnglishTokenizer,
) -> None:
    """Write the tokenised sentences: PART.zh and PART.en, one line per example, with its first reference as English.

    Raises:
        DataError: a sentence has no tokens.
    """
    directory.mkdir()
    for part in names:
        examples = parts[part]
        chinese = [segment(example.chinese) for example in progress(examples, f"{part}: Chinese")]
        english = [tokenize(example.english) for example in progress(examples, f"{part}: English")]
        for example, source, target in zip(examples, chinese, english, strict=True):
            if not source or not target:
                side = "English" if source else "Chinese"
                raise DataError(
                    f"{example.pairs[0].origin}: the {side} side has no tokens; remove the pair or complete it"
                )
        write_lines(directory / f"{part}.zh", chinese)
        write_lines(directory / f"{part}.en", english)


def write_raw(directory: Path, parts: dict[str, list[Example]], names: list[str]) -> None:
    """Write the unmodified sentences of valid and test, and the attributions of all parts.

    PART.zh has one line per source. PART.en.K has reference K of each source, or an empty line if there is none.
    PART.attribution has one line per pair with an attribution, with three columns separated by tabs: number of the line
    in PART.zh (counted from 1), number of the reference (counted from 0), attribution.
    """
    directory.mkdir()
    for part in names:
        examples = parts[part]
        if part != "train":
            write_lines(directory / f"{part}.zh", (example.chinese for example in examples))
            for k in range(max(len(example.pairs) for example in examples)):
                lines = (example.pairs[k].english if k < len(example.pairs) else "" for example in examples)
                write_lines(directory / f"{part}.en.{k}", lines)
        attributions = [
            f"{line}\t{k}\t{pair.attribution}"
            for line, example in enumerate(examples, 1)
            for k, pair in enumerate(example.pairs)
            if pair.attribution is not None
        ]
        if attributions:
            write_lines(directory / f"{part}.attribution", attributions)


def format_counts(manifest: dict[str, Any]) -> str:
    """Return the counts of a manifest as a table for the terminal, followed by what was dropped and the warnings."""
    header = ["part", "pairs", "sources", "zh tokens", "zh types", "zh UNK %", "en tokens", "en types", "en UNK %"]
    rows = [header]
    for part, counts in manifest["counts"].items():
        sides = [counts["zh"], counts["en"]]
        figures = [
            str(figure)
            for side in sides
            for figure in (side["tokens"], side["types"], f"{side['unknown_percent']:.2f}")
        ]
        rows.append([part, str(counts["pairs"]), str(counts["sources"]), *figures])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(text.rjust(width) for text, width in zip(row, widths, strict=True)) for row in rows]
    dropped = manifest["dropped"] or {"nothing": 0}
    lines += [f"dropped: {reason}" + (f": {count}" if count else "") for reason, count in dropped.items()]
    lines += [f"warning: {warning}" for warning in manifest["warnings"]]
    return "\n".join(lines)


def _read_training_input(options: Options) -> Corpus:
    if options.parallel is not None:
        return read_parallel(*options.parallel)
    assert options.tsv is not None
    return read_tsv(options.tsv)


def _with_keys(pairs: list[Pair], dropped: Counter[str]) -> Iterator[Pair]:
    """Yield the pairs with a key on both sides; count the others in `dropped`."""
    for pair in pairs:
        chinese, english = pair_keys(pair)
        if chinese and english:
            yield pair
        else:
            dropped[f"no letter or digit on the {'English' if chinese else 'Chinese'} side"] += 1


def _tokenizers(options: Options, train: list[Example], directory: Path) -> tuple[ChineseSegmenter, EnglishTokenizer]:
    model = directory / SENTENCEPIECE_MODEL
    if options.segmentation == "sentencepiece":
        lines = progress([example.chinese for example in train], "training sentencepiece")
        train_sentencepiece(lines, options.sentencepiece_vocab_size, model)
    return ChineseSegmenter(options.segmentation, model), EnglishTokenizer(options.keep_case)


def _counts(examples: list[Example], sides: dict[str, SideCounts]) -> dict[str, Any]:
    pairs = [pair for example in examples for pair in example.pairs]
    return {
        "pairs": len(pairs),
        "sources": len({pair.chinese for pair in pairs}),
        "lines": len(examples),
        "references_per_source_at_most": max(len(example.pairs) for example in examples),
        "repeated_pairs": len(pairs) - len({(pair.chinese, pair.english) for pair in pairs}),
    } | {
        language: asdict(side) | {"unknown_percent": round(100 * side.unknown / side.tokens, 3)}
        for language, side in sides.items()
    }


def _recorded_options(options: Options) -> dict[str, Any]:
    """Return the options that affect the data, without paths: the manifest lists the input files separately."""
    left_out = {"dest", "overwrite", "tsv", "parallel", "valid_tsv", "test_tsv"}
    if options.valid_tsv is not None:
        left_out |= {"valid_permille", "test_permille"}
    if options.segmentation != "sentencepiece":
        left_out.add("sentencepiece_vocab_size")
    plain = {name: value for name, value in asdict(options).items() if name not in left_out}
    return plain | {"split": "given" if options.valid_tsv else "by rule"}
