"""Command line: `python -m data_prep {prepare,characters,segment,phrasebook,copy-text,download}`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from reencoder.text.segmentation import SEGMENTATIONS, TARGET_SEGMENTATIONS

from .command_line import Parser, non_negative, positive, run, share
from .input_arguments import add_cleaning, add_corpora, add_held_out
from .like import with_text_options
from .options import Options
from .subwords import MODEL_TYPES
from .tokenise import TextOptions

_USUAL = {field.name: field.default for field in fields(TextOptions)}
"""The text options that are used if they are not given."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(prog="python -m data_prep", description="Prepare data for fairseq.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_prepare(commands.add_parser("prepare", help="turn sentence pairs into binarised fairseq data"))
    _add_characters(commands.add_parser("characters", help="turn a file into text for character language models"))
    _add_segment(commands.add_parser("segment", help="segment raw Chinese on standard input as for training"))
    _add_phrasebook(commands.add_parser("phrasebook", help="write sentence pairs from the embedded phrasebook"))
    _add_copy_text(
        commands.add_parser("copy-text", help="copy what translation needs of prepared data to a checkpoint")
    )
    _add_download(commands.add_parser("download", help="download a public file of sentence pairs"))
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line.

    Args:
        argv: arguments without the program name; None for those of the process.

    Returns:
        The exit status; see `data_prep.command_line.run`.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    args = build_parser().parse_args(arguments)
    args.command = arguments
    return run(lambda: args.run(args))


def _add_prepare(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Normalise, split without leaks, tokenise and binarise sentence pairs. Writes DIR/bin (for fairseq-train), "
        "DIR/text (tokenised), DIR/raw (valid and test unchanged, with all references) and DIR/manifest.json."
    )
    add_corpora(parser)
    parser.add_argument("--dest", type=Path, required=True, metavar="DIR", help="output directory")
    parser.add_argument("--overwrite", action="store_true", help="replace DIR if an earlier run wrote it")
    parser.add_argument(
        "--workers",
        type=positive,
        metavar="N",
        help="number of processes; the data do not depend on it (default: %(default)s)",
    )
    split = parser.add_argument_group("split")
    size = "approximate size of the {} set in per mille of the input (default: %(default)s)"
    split.add_argument("--test-permille", type=int, metavar="N", help=size.format("test"))
    split.add_argument("--valid-permille", type=int, metavar="N", help=size.format("validation"))
    add_held_out(split)
    add_cleaning(parser)
    _add_text(parser.add_argument_group("text"))
    _add_phrases_and_alignments(parser)
    # Lists, because `action="extend"` cannot extend a tuple.
    defaults: dict[str, Any] = {field.name: [] if field.default == () else field.default for field in fields(Options)}
    del defaults["dest"]
    defaults |= dict.fromkeys(_USUAL)  # None: not given
    parser.set_defaults(run=_run_prepare, **defaults)


def _add_text(text: argparse._ArgumentGroup) -> None:
    text.add_argument(
        "--like",
        type=Path,
        metavar="DATA",
        help="prepare the text for a model that was trained on this prepared data: with its segmentation, case, "
        "subword models and dictionaries",
    )
    text.add_argument(
        "--segmentation", choices=SEGMENTATIONS, help=f"segmentation of Chinese (default: {_USUAL['segmentation']})"
    )
    text.add_argument(
        "--target-segmentation",
        choices=TARGET_SEGMENTATIONS,
        help="segmentation of English: words, or sentencepiece's pieces of them "
        f"(default: {_USUAL['target_segmentation']})",
    )
    text.add_argument(
        "--sentencepiece-type",
        choices=MODEL_TYPES,
        help=f"type of the sentencepiece models of both languages (default: {_USUAL['sentencepiece_type']})",
    )
    text.add_argument(
        "--sentencepiece-vocab-size",
        type=positive,
        metavar="N",
        help="number of Chinese pieces, with --segmentation sentencepiece "
        f"(default: {_USUAL['sentencepiece_vocab_size']})",
    )
    text.add_argument(
        "--sentencepiece-target-vocab-size",
        type=positive,
        metavar="N",
        help="number of English pieces, with --target-segmentation sentencepiece "
        f"(default: {_USUAL['sentencepiece_target_vocab_size']})",
    )
    text.add_argument(
        "--subword-samples",
        type=non_negative,
        metavar="N",
        help="add N copies of the training set with sentencepiece's pieces drawn at random, as a further part of it "
        "(train1), which fairseq-train loads beside the sentences (default: none)",
    )
    text.add_argument(
        "--subword-sampling",
        type=float,
        metavar="P",
        help="with --subword-samples: probability of leaving out a merge (bpe), or power of the probabilities "
        "(unigram) (default: %(default)s)",
    )
    text.add_argument(
        "--subword-seed",
        type=int,
        metavar="N",
        help="with --subword-samples: random seed; sentencepiece 0.2.2 and 0.2.3 ignore it and draw other pieces in "
        "every run (default: %(default)s)",
    )
    text.add_argument("--keep-case", action="store_true", help="do not lower-case English")
    text.add_argument(
        "--min-count",
        type=positive,
        metavar="N",
        help="words and characters seen less often in training become UNK; sentencepiece's pieces never do "
        f"(default: {_USUAL['min_count']})",
    )


def _add_phrases_and_alignments(parser: argparse.ArgumentParser) -> None:
    phrases = parser.add_argument_group(
        "phrase pairs",
        "Phrase pairs of the training sentences as the last further part of the training set (train1, or the next free "
        "number), which fairseq-train loads beside the sentences (--upsample-primary N repeats the sentences). Needs "
        "the extra 'align'.",
    )
    phrases.add_argument(
        "--phrase-pairs", type=non_negative, metavar="N", help="maximum number of phrase pairs (default: none)"
    )
    for side in ("source", "target"):
        phrases.add_argument(
            f"--phrase-max-{side}",
            type=positive,
            metavar="N",
            help=f"maximum number of {side} words (default: %(default)s)",
        )
    phrases.add_argument(
        "--phrase-min-frequency",
        type=share,
        metavar="P",
        help="minimum relative frequency of a translation among those of its source phrase (default: %(default)s)",
    )
    phrases.add_argument(
        "--phrase-min-count",
        type=positive,
        metavar="N",
        help="minimum number of occurrences (default: %(default)s)",
    )
    phrases.add_argument(
        "--phrase-tag",
        metavar="WORD",
        help="first word of every source phrase: marks it as a phrase, not a sentence (default: %(default)s)",
    )
    alignments = parser.add_argument_group("word alignments", "They need the extra 'align'.")
    alignments.add_argument(
        "--word-alignments",
        action="store_true",
        help="align the words (or subwords) of the training set, to teach a model where to look: fairseq-train "
        "--load-alignments",
    )
    alignments.add_argument(
        "--alignment-seed",
        type=int,
        metavar="N",
        help="random seed of the word alignment, also for --phrase-pairs (default: %(default)s)",
    )


def _run_prepare(args: argparse.Namespace) -> None:
    from .prepare import format_counts, prepare

    given = {name: value for name, value in vars(args).items() if name not in {"command", "run"}}
    manifest = prepare(Options(**with_text_options(args.like, given)), args.command)
    print(format_counts(manifest))


def _add_characters(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Turn any file into text for --task grid_char_lm: its last part is the test set, the part before it the "
        "validation set. Writes DIR/alphabet.json, DIR/train.npy, valid.npy, test.npy and manifest.json."
    )
    parser.add_argument("text", type=Path, metavar="FILE", help="the file, such as enwik8, or .gz, .xz or .zst")
    parser.add_argument("--dest", type=Path, required=True, metavar="DIR", help="output directory")
    parser.add_argument("--overwrite", action="store_true", help="replace DIR if an earlier run wrote it")
    parser.add_argument(
        "--level", choices=("byte", "character"), default="byte", help="what a symbol is (default: %(default)s)"
    )
    for split, where in (("valid", "in front of the test set"), ("test", "at the end")):
        parser.add_argument(
            f"--{split}", type=positive, default=5_000_000, metavar="N", help=f"symbols {where} (default: %(default)s)"
        )
    parser.add_argument(
        "--limit", type=non_negative, default=0, metavar="N", help="use only the first N bytes (default: all)"
    )
    parser.set_defaults(run=_run_characters)


def _run_characters(args: argparse.Namespace) -> None:
    from .characters import Options, format_counts, prepare_characters

    given = {name: value for name, value in vars(args).items() if name not in {"command", "run"}}
    options = Options(**given)
    manifest = prepare_characters(options, args.command)
    print(format_counts(manifest, options.level))


def _add_segment(parser: argparse.ArgumentParser) -> None:
    parser.description = "A filter: reads raw Chinese line by line and writes each line segmented, flushed immediately."
    settings = parser.add_mutually_exclusive_group()
    settings.add_argument("--manifest", type=Path, metavar="FILE", help="use the settings of this manifest.json")
    settings.add_argument(
        "--segmentation", choices=SEGMENTATIONS, default="jieba", help="segmentation (default: %(default)s)"
    )
    parser.add_argument(
        "--sentencepiece-model",
        type=Path,
        metavar="FILE",
        help="model for --segmentation sentencepiece and jieba-sentencepiece",
    )
    parser.set_defaults(run=_run_segment)


def _run_segment(args: argparse.Namespace) -> None:
    from .segment import segment_stream

    segment_stream(sys.stdin.buffer, sys.stdout.buffer, args.manifest, args.segmentation, args.sentencepiece_model)


def _add_phrasebook(parser: argparse.ArgumentParser) -> None:
    parser.description = "Write sentence pairs from the embedded phrasebook, to try the project without a download."
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="TSV file to write")
    parser.add_argument(
        "--pairs", type=positive, default=24000, metavar="N", help="number of pairs (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="random seed (default: %(default)s)")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing FILE")
    parser.set_defaults(run=_run_phrasebook)


def _run_phrasebook(args: argparse.Namespace) -> None:
    from .files import new_file
    from .phrasebook import write_phrasebook

    with new_file(args.output, args.overwrite, "--output") as path:
        write_phrasebook(path, args.pairs, args.seed)
    print(f"wrote {args.output}")


def _add_copy_text(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Copy the manifest and the files that it lists for translation (dictionaries, capitals, subword models) into a "
        "folder of checkpoints, so that these translate raw text without the data."
    )
    parser.add_argument("data", type=Path, metavar="DATA", help="folder of the prepared data")
    parser.add_argument("dest", type=Path, metavar="CHECKPOINTS", help="folder of the checkpoints")
    parser.add_argument("--overwrite", action="store_true", help="replace the files of data prepared otherwise")
    parser.set_defaults(run=_run_copy_text)


def _run_copy_text(args: argparse.Namespace) -> None:
    from reencoder.text.manifest import prepared_folder

    from .manifest import copy_text_files

    copy_text_files(prepared_folder(args.data), args.dest, args.overwrite)
    print(f"copied to {args.dest}")


def _add_download(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Download the current Tatoeba pairs from manythings.org. The public file changes over time, so compare scores "
        "only between files of equal SHA-256, which this command prints. Licence: CC-BY 2.0 FR; keep the attribution "
        "column."
    )
    parser.add_argument("dataset", choices=["tatoeba"])
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="TSV file to write")
    parser.add_argument("--sha256", metavar="HEX", help="fail unless the file has this checksum")
    parser.add_argument("--url", help="zip archive to download instead (a mirror, a file:// URL)")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing FILE")
    parser.set_defaults(run=_run_download)


def _run_download(args: argparse.Namespace) -> None:
    from .download import TATOEBA_URL, download_tatoeba

    digest = download_tatoeba(args.output, args.sha256, args.url or TATOEBA_URL, args.overwrite)
    print(f"{digest}  {args.output}")


if __name__ == "__main__":
    sys.exit(main())
