"""Command line: `python -m data_prep {prepare,segment,phrasebook,download}`."""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from data_prep.errors import DataError
from data_prep.text import SEGMENTATIONS


class Parser(argparse.ArgumentParser):
    """Reports a wrong option as every other error is reported: in one line, exit status 2."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message} (see {self.prog} --help)\n")


def build_parser() -> argparse.ArgumentParser:
    parser = Parser(prog="python -m data_prep", description="Prepare Chinese-English data for fairseq.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_prepare(commands.add_parser("prepare", help="turn a file of sentence pairs into binarised fairseq data"))
    _add_segment(commands.add_parser("segment", help="segment raw Chinese from standard input as in training"))
    _add_phrasebook(commands.add_parser("phrasebook", help="write the pairs of the embedded phrasebook"))
    _add_download(commands.add_parser("download", help="fetch a public file of sentence pairs"))
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; return the exit status: 0, 2 for bad input or options, 130 when interrupted."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    args = build_parser().parse_args(arguments)
    args.command = arguments
    try:
        args.run(args)
    except DataError as error:
        return _report(str(error))
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): no fault, but Python would complain when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _report(f"{error.filename or 'input or output'}: {error.strerror or error}")
    except KeyboardInterrupt:
        _report("interrupted")
        return 130
    return 0


def _report(message: str) -> int:
    print("error: " + " ".join(message.split()), file=sys.stderr)
    return 2


def _add_prepare(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Normalise, split without leaks, tokenise and binarise sentence pairs. Writes DEST/bin (for fairseq-train), "
        "DEST/text (tokenised), DEST/raw (valid and test as they came, with all references) and DEST/manifest.json."
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--tsv", type=Path, metavar="FILE", help="lines of English, tab, Chinese[, tab, attribution]")
    source.add_argument("--parallel", type=Path, nargs=2, metavar=("ZH", "EN"), help="two files, line by line")
    parser.add_argument("--dest", type=Path, required=True, metavar="DIR", help="directory to write")
    parser.add_argument("--overwrite", action="store_true", help="replace a DIR that an earlier run wrote")
    parser.add_argument("--source-lang", choices=["zh"], default="zh", help="fixed for now (%(default)s)")
    parser.add_argument("--target-lang", choices=["en"], default="en", help="fixed for now (%(default)s)")
    split = parser.add_argument_group("split")
    split.add_argument("--test-permille", type=int, default=40, metavar="N", help="share of test (%(default)s)")
    split.add_argument("--valid-permille", type=int, default=40, metavar="N", help="share of valid (%(default)s)")
    split.add_argument(
        "--valid-tsv", type=Path, metavar="FILE", help="valid set of your own (all of --tsv is training)"
    )
    split.add_argument("--test-tsv", type=Path, metavar="FILE", help="test set of your own, together with --valid-tsv")
    text = parser.add_argument_group("text")
    text.add_argument("--segmentation", choices=SEGMENTATIONS, default="jieba", help="of Chinese (%(default)s)")
    text.add_argument("--sentencepiece-vocab-size", type=int, default=8000, metavar="N", help="pieces (%(default)s)")
    text.add_argument("--keep-case", action="store_true", help="do not lower-case English")
    text.add_argument("--min-count", type=int, default=2, metavar="N", help="rarer words are UNK (%(default)s)")
    parser.set_defaults(run=_run_prepare)


def _run_prepare(args: argparse.Namespace) -> None:
    from data_prep.prepare import Options, prepare, summary

    given = {name: value for name, value in vars(args).items() if name not in {"command", "run"}}
    if args.parallel is not None:
        given["parallel"] = tuple(args.parallel)
    print(summary(prepare(Options(**given), args.command)))


def _add_segment(parser: argparse.ArgumentParser) -> None:
    parser.description = "A filter: one line of raw Chinese in, the same line segmented out, flushed at once."
    settings = parser.add_mutually_exclusive_group()
    settings.add_argument("--manifest", type=Path, metavar="FILE", help="manifest.json of the training data")
    settings.add_argument("--segmentation", choices=SEGMENTATIONS, default="jieba", help="(%(default)s)")
    parser.add_argument("--sentencepiece-model", type=Path, metavar="FILE", help="for --segmentation sentencepiece")
    parser.set_defaults(run=_run_segment)


def _run_segment(args: argparse.Namespace) -> None:
    from data_prep.segment import segment_stream

    segment_stream(sys.stdin.buffer, sys.stdout.buffer, args.manifest, args.segmentation, args.sentencepiece_model)


def _add_phrasebook(parser: argparse.ArgumentParser) -> None:
    parser.description = "Write sentence pairs made of the embedded phrasebook, for a trial without any download."
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="TSV file to write")
    parser.add_argument("--pairs", type=int, default=24000, metavar="N", help="number of pairs (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of the random choices (%(default)s)")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing FILE")
    parser.set_defaults(run=_run_phrasebook)


def _run_phrasebook(args: argparse.Namespace) -> None:
    from data_prep.files import new_file
    from data_prep.phrasebook import write_phrasebook

    if args.pairs < 1:
        raise DataError(f"--pairs {args.pairs}: must be at least 1")
    with new_file(args.output, args.overwrite) as path:
        try:
            write_phrasebook(path, args.pairs, args.seed)
        except ValueError as error:
            raise DataError(f"--pairs {args.pairs}: {error}") from error
    print(f"wrote {args.output}")


def _add_download(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Fetch today's Tatoeba pairs from manythings.org. The public file changes over time, so scores on it compare "
        "only where its SHA-256, printed here, is the same. Licence: CC-BY 2.0 FR; keep the attribution column."
    )
    parser.add_argument("dataset", choices=["tatoeba"])
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="TSV file to write")
    parser.add_argument("--sha256", metavar="HEX", help="refuse a file that has another checksum")
    parser.add_argument("--url", help="fetch the zip archive from elsewhere (a mirror, a file:// URL)")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing FILE")
    parser.set_defaults(run=_run_download)


def _run_download(args: argparse.Namespace) -> None:
    from data_prep.download import TATOEBA_URL, download_tatoeba

    digest = download_tatoeba(args.output, args.sha256, args.url or TATOEBA_URL, args.overwrite)
    print(f"{digest}  {args.output}")


if __name__ == "__main__":
    sys.exit(main())
