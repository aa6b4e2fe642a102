"""Preparation of a file of sentence pairs as binarised fairseq data: read, split, tokenise, write."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from reencoder.text.manifest import TRUECASE
from reencoder.text.pieces import model_name
from reencoder.text.segmentation import ChineseSegmenter, EnglishTokenizer
from reencoder.text.truecase import usual_capitals

from .binarise import binarise, write_dictionary
from .check import SideCounts
from .corpora import SplitInput, read_and_split
from .directories import check_directory, new_directory
from .dropped import BLANK_AT_END, DROPPED
from .encoding import Encoding, cased_forms, chinese_words
from .errors import DataError
from .files import iterate_lines, recorded_reading, write_json, write_lines
from .like import write_earlier
from .manifest import checksums, foreign_file, package_versions, write_manifest
from .options import Options
from .phrase_part import add_phrase_part
from .sampled_part import add_sampled_part
from .split import PARTS, Example
from .subwords import vocabulary
from .synthetic_part import add_synthetic_part
from .tokenise import encodings as encodings_of
from .tokenise import train_subwords, write_normalised, write_text
from .training_alignments import add_alignments
from .word_alignment import check_aligner
from .workers import Workers


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
    if options.known is not None and options.phrase_pairs:
        options.known.check_tag(options.phrase_tag)
    if options.needs_aligner:
        check_aligner("--word-alignments" if options.word_alignments else "--phrase-pairs")
    inputs = list(options.inputs.values())
    if options.known is not None and options.known.folder.resolve().is_relative_to(options.dest.resolve()):
        raise DataError(f"--dest {options.dest}: contains the data of --like; choose another destination")
    check_directory(options.dest, options.overwrite, foreign_file, inputs)
    with Workers(options.workers) as workers:
        workers.start_for(sum(path.stat().st_size for path in inputs if path.is_file()))
        with recorded_reading() as read:
            split = read_and_split(options, workers)
        with new_directory(options.dest, options.overwrite, foreign_file, inputs) as directory:
            written = _write_data(options, directory, split, workers)
            manifest = {
                "options": options.recorded(),
                "versions": package_versions(options.needs_aligner, repair=options.mojibake != "keep"),
                "inputs": {name: {"path": str(path), **read[path]} for name, path in options.inputs.items()},
                **({} if options.known is None else {"like": options.known.record}),
                **written,
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


def _write_data(options: Options, directory: Path, split: SplitInput, workers: Workers) -> dict[str, Any]:
    """Tokenise, write and binarise all parts.

    Returns:
        What the manifest records of them.
    """
    parts = {part: split.parts[part] for part in PARTS if split.parts[part]}
    encodings = encodings_of(options)
    normalised = directory / "normalised"
    write_normalised(normalised, parts, encodings, workers)
    known = options.known
    if known is not None:
        known.copy_files(directory)
    elif not options.keep_case:
        texts = iterate_lines(normalised / "train.en")
        forms = workers.map(cased_forms, texts, len(parts["train"]), "train: English capitals")
        write_json(directory / TRUECASE, usual_capitals(form for line in forms for form in line.split()))
    models = train_subwords(options, normalised, encodings, directory) if known is None else known.models
    for language in models:
        encodings[language] = replace(encodings[language], model=directory / model_name(language))
    write_text(directory / "text", parts, normalised, encodings, workers)
    write_raw(directory / "raw", parts)
    write_earlier(directory / "raw", split.earlier)
    if known is not None:
        split.warnings.extend(known.warnings_of_training(directory / "text", parts))
    split.record.write(directory)
    print("binarising with fairseq-preprocess ...", file=sys.stderr)
    dictionaries = _dictionaries_of_models(directory, normalised, models) if known is None else known.dictionaries
    counts = binarise(directory, list(parts), options.min_count, dictionaries, options.workers)
    further = _add_further_parts(options, directory, split, encodings, workers)
    shutil.rmtree(normalised)
    return {
        "counts": {part: _counts(parts[part], counts[part]) for part in parts},
        **({"sentencepiece": models} if models else {}),
        **further,
    }


def _dictionaries_of_models(directory: Path, temporary: Path, models: Iterable[str]) -> dict[str, Path]:
    """Write the dictionaries of the pieces of subword models, and return them by language.

    Args:
        directory: contains the models and the text.
        temporary: where to write them; fairseq-preprocess copies them.
        models: the languages that have a model.
    """
    dictionaries = {language: temporary / f"dict.{language}.txt" for language in models}
    for language, path in dictionaries.items():
        pieces = vocabulary(directory / model_name(language))
        write_dictionary(path, pieces, directory / "text" / f"train.{language}")
    return dictionaries


def write_raw(directory: Path, parts: Mapping[str, Sequence[Example]]) -> None:
    """Write the unmodified sentences of valid and test, and the attributions of all parts.

    PART.zh has one line per source. PART.en.K has reference K of each source, or an empty line if there is none.
    PART.attribution has one line per pair with an attribution, with three columns separated by tabs: number of the line
    in PART.zh (counted from 1), number of the reference (counted from 0), attribution.
    """
    directory.mkdir()
    for part, examples in parts.items():
        if part != "train":
            write_lines(directory / f"{part}.zh", (example.chinese for example in examples))
            for k in range(max(len(example.pairs) for example in examples)):
                lines = (example.pairs[k].english if k < len(example.pairs) else "" for example in examples)
                write_lines(directory / f"{part}.en.{k}", lines)
        if any(pair.attribution is not None for example in examples for pair in example.pairs):
            attributions = (
                f"{line}\t{k}\t{pair.attribution}"
                for line, example in enumerate(examples, 1)
                for k, pair in enumerate(example.pairs)
                if pair.attribution is not None
            )
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
    if "alignments" in manifest:
        links = ", ".join(f"{count} in {part}" for part, count in manifest["alignments"]["links"].items())
        lines.append(f"links of aligned words: {links}")
    dropped = manifest["dropped"] or {"nothing": 0}
    lines += [f"dropped: {reason}" + (f": {count}" if count else "") for reason, count in dropped.items()]
    lines += [f"repaired: {reason}: {count}" for reason, count in manifest["repaired"].items()]
    if manifest["dropped"].keys() - {BLANK_AT_END}:
        lines.append(f"dropped lines are in {DROPPED}")
    lines += [f"warning: {warning}" for warning in manifest["warnings"]]
    return "\n".join(lines)


def _add_further_parts(
    options: Options, directory: Path, split: SplitInput, encodings: dict[str, Encoding], workers: Workers
) -> dict[str, Any]:
    """Add the parts "train1", "train2", ... of the training set, and the word alignments of all parts.

    Returns:
        What the manifest records of them.
    """
    train = split.parts["train"]
    parts: dict[str, Any] = {}
    if options.subword_samples:
        name = f"train{len(parts) + 1}"
        parts["sampled"] = add_sampled_part(directory, name, len(train), encodings, options, workers)
    if split.synthetic:
        name = f"train{len(parts) + 1}"
        parts["synthetic"] = add_synthetic_part(directory, name, split.synthetic, encodings, workers)
    if options.phrase_pairs:
        segment = ChineseSegmenter(options.segmentation, encodings["zh"].model)
        tokenize = EnglishTokenizer(options.keep_case, encodings["en"].model)
        words = _write_words(directory / "normalised", train, segment, tokenize, workers)
        print("aligning words with eflomal, extracting phrase pairs ...", file=sys.stderr)
        name, encoders = f"train{len(parts) + 1}", (segment.encode, tokenize.encode)
        parts["phrases"] = add_phrase_part(
            directory, name, words, encoders, options, options.alignment_seed, options.workers
        )
    if options.word_alignments:
        print("aligning the words of the training set with eflomal ...", file=sys.stderr)
        names = ["train", *(part["part"] for part in parts.values())]
        tagged = [parts["phrases"]["part"]] if "phrases" in parts else []
        parts["alignments"] = add_alignments(directory, names, tagged, options.alignment_seed, options.workers)
    return parts


def _write_words(
    normalised: Path, train: Sequence[Example], segment: ChineseSegmenter, tokenize: EnglishTokenizer, workers: Workers
) -> tuple[Path, Path]:
    """Write the words of the training sentences, unless they are there; return the Chinese and the English file."""
    chinese, english = normalised / "train.zh", normalised / "words.en"
    if not segment.segmentation.startswith("jieba"):
        chinese = normalised / "words.zh"
        texts = (example.chinese for example in train)
        write_lines(chinese, workers.map(chinese_words, texts, len(train), "words to align: Chinese"))
    write_lines(english, map(tokenize.cased, iterate_lines(normalised / "train.en")))
    return chinese, english


def _counts(examples: list[Example], sides: dict[str, SideCounts]) -> dict[str, Any]:
    pairs = sum(len(example.pairs) for example in examples)
    return {
        "pairs": pairs,
        "sources": len({example.chinese for example in examples}),
        "lines": len(examples),
        "references_per_source_at_most": max(len(example.pairs) for example in examples),
        "repeated_pairs": pairs - len({(pair.chinese, pair.english) for example in examples for pair in example.pairs}),
    } | {
        language: asdict(side) | {"unknown_percent": round(100 * side.unknown / side.tokens, 3)}
        for language, side in sides.items()
    }
