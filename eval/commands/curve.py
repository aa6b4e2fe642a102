"""``python -m eval curve``."""

from __future__ import annotations

import argparse
from pathlib import Path

from data_prep.errors import DataError

from ..curves import plot, read_log, write_curve
from ..outputs import add_output

HELP = "plot a training curve from a log of fairseq-train"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "Turn a log of fairseq-train --log-format json into a table and a plot of perplexity and validation BLEU."
    )
    parser.add_argument("log", type=Path, metavar="LOG", help="log of fairseq-train --log-format json")
    add_output(parser, "--csv", "write the points as CSV")
    add_output(parser, "--png", "write the plot as PNG")
    parser.add_argument("--title", default="", help="title of the plot (default: none)")
    parser.add_argument(
        "--valid-subset", default="valid", metavar="NAME", help="name of the validation set (default: %(default)s)"
    )


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: there is nothing to write, or the log is malformed.
    """
    if args.csv is None and args.png is None:
        raise DataError("curve: nothing to write; give --csv FILE, --png FILE or both")
    points = read_log(args.log, args.valid_subset)
    if args.png is not None:
        plot(args.png, points, args.title)
    if args.csv is not None:
        write_curve(args.csv, points)
    written = ", ".join(str(path) for path in (args.csv, args.png) if path is not None)
    print(f"{len(points)} points up to update {points[-1].updates}: {written}")
