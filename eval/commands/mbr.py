"""``python -m eval mbr``."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import get_args

from ..mbr import RiskSettings, Weights, minimum_risk
from ..outputs import add_output
from .shared import add_keep_case, add_keep_unknown, add_split, data_folder

HELP = "choose among n-best lists or samples by minimum Bayes risk"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "Of all candidates for a source choose the one with the highest expected chrF2 against the others, and score "
        "the result. Candidates come from python -m eval generate with --nbest N, or with "
        "--beam N --nbest N -- --sampling for samples."
    )
    parser.add_argument(
        "candidates", type=Path, nargs="+", metavar="OUTPUT", help="outputs of fairseq-generate (generate-<split>.txt)"
    )
    parser.add_argument(
        "--data",
        type=data_folder,
        nargs="+",
        required=True,
        metavar="DIR",
        help="folder written by python -m data_prep prepare; or one for each output, if models have different tokens",
    )
    add_split(parser, "that was translated")
    add_output(parser, "--output", "folder of results", required=True, folder=True)
    parser.add_argument("--overwrite", action="store_true", help="replace earlier results of the same split")
    parser.add_argument(
        "--weights",
        choices=get_args(Weights),
        default=RiskSettings.weights,
        help="how much each candidate counts: by its probability under the model, for n-best lists, or all alike, for "
        "samples (default: %(default)s)",
    )
    add_keep_case(parser)
    add_keep_unknown(parser)


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: see `eval.mbr.minimum_risk`.
    """
    settings = RiskSettings(
        data=tuple(args.data),
        candidates=tuple(args.candidates),
        output=args.output,
        split=args.split,
        weights=args.weights,
        keep_case=args.keep_case,
        keep_unknown=args.keep_unknown,
        overwrite=args.overwrite,
    )
    print(minimum_risk(settings, args.recorded).to_text())
    print(
        f"written: {settings.output / f'scores.{args.split}.json'}, {settings.output / f'hypotheses.{args.split}.txt'}"
    )
