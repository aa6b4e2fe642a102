"""Preparation of a file of sentence pairs as binarised fairseq data: read, split, tokenise, write."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from reencoder.text.manifest import TRUECASE
from reencoder.text.truecase import count_capitals

from .binarise import SideCounts, binarise
from .corpora import Split, read_split
from .dropped import BLANK_AT_END, DROPPED
from .errors import DataError
from .files import check_directory, new_directory, sha256_of, write_json, write_lines
from .manifest import checksums, describe_file, foreign_file, package_versions, write_manifest
from .options import Options
from .phrase_part import add_phrase_part
from .progress import progress
from .sampled_part import add_sampled_part
from .split import PARTS, Example
from .subwords import model_name, train_sentencepiece, vocabulary
from .synthetic_part import add_synthetic_part
from .text import ChineseSegmenter, EnglishTokenizer, simplified_nfkc
from .word_alignment import check_aligner


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
    if options.phrases is not None:
        check_aligner("--phrase-pairs")
    inputs = list(options.inputs.values())
    check_directory(options.dest, options.overwrite, foreign_file, inputs)
    split = read_split(options)
    with new_directory(options.dest, options.overwrite, foreign_file, inputs) as directory:
        parts = [part for part in PARTS if split.parts[part]]
        train = split.parts["train"]
        models = _train_subwords(options, train, directory)
        segment = ChineseSegmenter(options.segmentation, directory / model_name("zh"))
        tokenize = EnglishTokenizer(options.keep_case, directory / model_name("en") if "en" in models else None)
        if not options.keep_case:
            words = EnglishTokenizer(keep_case=True).words
            write_json(directory / TRUECASE, count_capitals(words(example.english) for example in train))
        write_text(directory / "text", split.parts, parts, segment, tokenize)
        write_raw(directory / "raw", split.parts, parts)
        split.record.write(directory)
        print("binarising with fairseq-preprocess ...", file=sys.stderr)
        languages = (options.source_lang, options.target_lang)
        vocabularies = {language: vocabulary(directory / model_name(language)) for language in models}
        counts = binarise(directory, parts, *languages, options.min_count, vocabularies)
        optional: dict[str, Any] = {"sentencepiece": models} if models else {}
        optional |= _add_further_parts(options, directory, split, segment, tokenize)
        manifest = {
            "options": options.recorded(),
            "versions": package_versions(options.phrases is not None, repair=options.mojibake != "keep"),
            "inputs": {name: describe_file(path) for name, path in options.inputs.items()},
            "counts": {part: _counts(split.parts[part], counts[part]) for part in parts},
            **optional,
            "dropped": split.record.counts(),
            "repaired": split.record.repairs(),
            "warnings": split.warnings,
            "files": checksums(directory),
            "command": shlex.join(["python", "-m", "data_prep", *command]) if command else None,
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
            "seconds": round(time.time() - started, 1),
        }
        write_manifest(directory, manifest)
    return manifest


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
    if "sampled" in manifest:
        sampled = manifest["sampled"]
        lines.append(f"pairs with sampled subwords: {sampled['pairs']} in the part {sampled['part']}")
    if "synthetic" in manifest:
        synthetic = manifest["synthetic"]
        lines.append(f"synthetic pairs: {synthetic['pairs']} in the part {synthetic['part']}")
    if "phrases" in manifest:
        phrases = manifest["phrases"]
        shares = ", ".join(f"{share} % of the {name}" for name, share in phrases["share_percent"].items())
        lines.append(f"phrase pairs: {phrases['pairs']} in the part {phrases['part']} ({shares})".replace("_", " "))
    dropped = manifest["dropped"] or {"nothing": 0}
    lines += [f"dropped: {reason}" + (f": {count}" if count else "") for reason, count in dropped.items()]
    lines += [f"repaired: {reason}: {count}" for reason, count in manifest["repaired"].items()]
    if manifest["dropped"].keys() - {BLANK_AT_END}:
        lines.append(f"dropped lines are in {DROPPED}")
    lines += [f"warning: {warning}" for warning in manifest["warnings"]]
    return "\n".join(lines)


def _train_subwords(options: Options, train: list[Example], directory: Path) -> dict[str, dict[str, Any]]:
    """Train the sentencepiece models that the options ask for; return what the manifest records, by language."""
    models: dict[str, dict[str, Any]] = {}
    if "sentencepiece" in options.segmentation:
        models["zh"] = train_sentencepiece(
            _chinese_text(options, progress(train, "training sentencepiece: Chinese")),
            options.sentencepiece_vocab_size,
            directory / model_name("zh"),
            "zh",
            options.sentencepiece_type,
            words=options.segmentation != "sentencepiece",
        )
    if options.target_segmentation == "sentencepiece":
        models["en"] = train_sentencepiece(
            _english_text(options, progress(train, "training sentencepiece: English")),
            options.sentencepiece_target_vocab_size,
            directory / model_name("en"),
            "en",
            options.sentencepiece_type,
            words=True,
            option="--sentencepiece-target-vocab-size",
        )
    return {
        language: {"path": model_name(language), "sha256": sha256_of(directory / model_name(language)), **settings}
        for language, settings in models.items()
    }


def _chinese_text(options: Options, train: Iterable[Example]) -> Iterator[str]:
    """Yield the text of which the Chinese pieces are parts: sentences or words."""
    segment = ChineseSegmenter()
    for example in train:
        if options.segmentation == "sentencepiece":
            yield simplified_nfkc(example.chinese)
        else:
            yield from segment.words(example.chinese)


def _english_text(options: Options, train: Iterable[Example]) -> Iterator[str]:
    """Yield the words of which the English pieces are parts."""
    tokenize = EnglishTokenizer(options.keep_case)
    for example in train:
        yield from tokenize.words(example.english)


def _add_further_parts(
    options: Options, directory: Path, split: Split, segment: ChineseSegmenter, tokenize: EnglishTokenizer
) -> dict[str, Any]:
    """Add the parts "train1", "train2", ... of the training set; return what the manifest records of them."""
    languages, train = (options.source_lang, options.target_lang), split.parts["train"]
    parts: dict[str, Any] = {}
    if options.sampling is not None:
        name = f"train{len(parts) + 1}"
        parts["sampled"] = add_sampled_part(directory, name, train, segment, tokenize, languages, options.sampling)
    if split.synthetic:
        name = f"train{len(parts) + 1}"
        parts["synthetic"] = add_synthetic_part(directory, name, split.synthetic, segment, tokenize, languages)
    if options.phrases is not None:
        words = (
            [segment.words(example.chinese) for example in progress(train, "words to align: Chinese")],
            [tokenize.words(example.english) for example in progress(train, "words to align: English")],
        )
        print("aligning words with eflomal, extracting phrase pairs ...", file=sys.stderr)
        name, encoders = f"train{len(parts) + 1}", (segment.encode, tokenize.encode)
        parts["phrases"] = add_phrase_part(directory, name, words, encoders, languages, options.phrases)
    return parts


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
