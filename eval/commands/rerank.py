"""``python -m eval rerank``."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..outputs import add_output
from ..rerank import RerankSettings, rerank
from .shared import add_device, add_keep_case, add_keep_unknown, add_split, data_folder

HELP = "choose in n-best lists by the scores of further models, with weights tuned on the validation set"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "Choose in the n-best lists of python -m eval generate --nbest N, which must have translated the validation "
        "set and the other split into one folder, by a weighted sum of the score of the search, those of further "
        "models, the length, and the number of unknown words. The weights are tuned on the validation set."
    )
    parser.add_argument("candidates", type=Path, metavar="OUTPUT", help="folder with the generate-<split>.txt of both")
    parser.add_argument(
        "--data", type=data_folder, required=True, metavar="DIR", help="folder written by python -m data_prep prepare"
    )
    parser.add_argument(
        "--scorers",
        type=Path,
        nargs="*",
        default=[],
        metavar="CKPT",
        help="checkpoints of models trained on these data, in the same or (fairseq-train --source-lang en "
        "--target-lang zh) in the reverse direction (default: none)",
    )
    add_split(parser, "to rerank beside the validation set")
    add_output(parser, "--output", "folder of results", required=True, folder=True)
    parser.add_argument("--overwrite", action="store_true", help="replace earlier results of the same splits")
    add_keep_case(parser)
    add_keep_unknown(parser)
    add_device(parser)


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: see `eval.rerank.rerank`.
    """
    settings = RerankSettings(
        data=args.data,
        candidates=args.candidates,
        scorers=tuple(args.scorers),
        output=args.output,
        split=args.split,
        keep_case=args.keep_case,
        keep_unknown=args.keep_unknown,
        overwrite=args.overwrite,
        device=args.device,
    )
    for split, scores in rerank(settings, args.recorded).items():
        print(f"{split}:\n{scores.to_text()}")
    print(f"written: {settings.output}")
