"""``python -m eval score``."""

from __future__ import annotations

import argparse

from data_prep.errors import DataError
from data_prep.files import read_lines, recorded_reading, write_json

from ..bleu import score
from ..outputs import add_output
from ..provenance import Stopwatch, provenance, relative
from ..references import read_references
from .shared import add_keep_case, add_references, input_file, reference_paths

HELP = "score a file of detokenised hypotheses"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "BLEU, chrF2 and TER of detokenised hypotheses against raw references, with bootstrap confidence intervals and "
        "sacreBLEU's signatures."
    )
    parser.add_argument(
        "hypotheses", type=input_file, metavar="HYPOTHESES", help="one detokenised hypothesis per line; - for stdin"
    )
    add_references(parser)
    add_keep_case(parser)
    parser.add_argument(
        "--samples",
        type=int,
        default=1000,
        metavar="N",
        help="bootstrap samples for the confidence intervals; 0 for none (default: %(default)s)",
    )
    add_output(parser, "--json", "also write the scores as JSON")


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: an input is missing or malformed.
    """
    stopwatch = Stopwatch()
    paths = reference_paths(args)
    with recorded_reading() as read:
        hypotheses = read_lines(args.hypotheses)
        references = read_references(paths)
    if len(hypotheses) != len(references):
        raise DataError(
            f"{args.hypotheses}: {len(hypotheses)} hypotheses for {len(references)} sources in {paths[0]}; "
            "expected exactly one line per source"
        )
    scores = score(hypotheses, references, keep_case=args.keep_case, samples=args.samples)
    if args.json is not None:
        write_json(
            args.json,
            {
                "scores": scores.to_json(),
                "settings": {"keep_case": args.keep_case, "samples": args.samples},
                "files": [
                    {"path": relative(path), "sha256": read[path]["sha256"]} for path in (args.hypotheses, *paths)
                ],
                **provenance(args.recorded, stopwatch),
            },
        )
    print(scores.to_text())
