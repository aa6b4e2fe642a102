"""``python -m eval report``."""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from data_prep.errors import DataError
from data_prep.files import read_lines

from ..compare import CompareOptions
from ..curves import read_log
from ..libraries import quiet_libraries
from ..outputs import add_output
from ..provenance import Stopwatch, describe_commit, describe_file, versions
from ..report import ReportInputs, check_template_engine, origin_lines, read_alignments, write_report
from ..split import read_split
from ..training_words import training_counts
from .compare import named_files
from .shared import add_keep_case, add_split, data_folder

HELP = "write one HTML file: scores, curves, tables, examples with alignments"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "Write a page about translations that opens without a network: scores with confidence intervals, training "
        "curves, tests of significance (with two systems or more), BLEU by length, F1 by frequency of the words, and "
        "examples with their differences marked and their alignments."
    )
    parser.add_argument(
        "systems",
        nargs="+",
        metavar="[NAME=]FILE",
        help="detokenised hypotheses, one per line; the first file is what the others are compared with",
    )
    parser.add_argument(
        "--data", type=data_folder, required=True, metavar="DIR", help="folder written by python -m data_prep prepare"
    )
    add_split(parser, "that was translated")
    add_output(parser, "--output", "HTML file to write", required=True)
    parser.add_argument("--title", default="Translation report", help="heading (default: %(default)s)")
    parser.add_argument(
        "--logs",
        nargs="+",
        default=[],
        metavar="[NAME=]LOG",
        help="logs of fairseq-train --log-format json, for the curves",
    )
    parser.add_argument(
        "--alignments",
        type=Path,
        metavar="FILE",
        help="alignments that python -m eval align --json wrote, to be shown with the examples",
    )
    parser.add_argument(
        "--examples",
        type=int,
        default=ReportInputs.examples,
        metavar="N",
        help="sentences to show beside the largest wins and losses, from the worst to the best (default: %(default)s)",
    )
    defaults = CompareOptions()
    parser.add_argument(
        "--samples", type=int, default=defaults.samples, metavar="N", help="bootstrap samples (default: %(default)s)"
    )
    parser.add_argument(
        "--trials",
        type=int,
        default=defaults.trials,
        metavar="N",
        help="trials of approximate randomisation (default: %(default)s)",
    )
    add_keep_case(parser)


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: an input is missing or malformed.
    """
    quiet_libraries()
    check_template_engine()
    stopwatch = Stopwatch()
    files, logs = named_files(args.systems), named_files(args.logs)
    split = read_split(args.data, args.split)
    systems = {name: read_lines(path) for name, path in files.items()}
    for name, hypotheses in systems.items():
        if len(hypotheses) != len(split.sources):
            raise DataError(
                f"{files[name]}: {len(hypotheses)} hypotheses for the {len(split.sources)} sources of {args.data}, "
                f"{args.split} set; expected exactly one line per source"
            )
    read = [*files.values(), *logs.values(), *([] if args.alignments is None else [args.alignments])]
    inputs = ReportInputs(
        title=args.title,
        systems=systems,
        references=split.references,
        sources=split.sources,
        counts=None,
        curves={name: read_log(path) for name, path in logs.items()},
        alignments={} if args.alignments is None else read_alignments(args.alignments),
        options=CompareOptions(keep_case=args.keep_case, samples=args.samples, trials=args.trials),
        examples=args.examples,
        origin=origin_lines(
            {
                "commit": describe_commit(stopwatch.commit_record()),
                "versions": versions(),
                "files": [describe_file(path) for path in read],
            }
        ),
    )
    # Counting takes longest, so it comes after all checks of the inputs.
    inputs = replace(inputs, counts=training_counts(None, args.data, args.keep_case))
    write_report(args.output, inputs)
    print(f"written: {args.output} ({args.output.stat().st_size / 1000:.0f} kB)")
