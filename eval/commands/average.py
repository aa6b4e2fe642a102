"""``python -m eval average``."""

from __future__ import annotations

import argparse
from pathlib import Path

from data_prep.errors import DataError

from ..average import average, last_checkpoints
from .shared import add_user_dir, user_dir

HELP = "average the parameters of checkpoints into one checkpoint"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "Average the parameters of checkpoints of one architecture into a checkpoint that fairseq-generate loads."
    )
    parser.add_argument(
        "paths", type=Path, nargs="+", metavar="CKPT", help="checkpoints; with --last one folder of checkpoints"
    )
    parser.add_argument(
        "--last",
        type=int,
        metavar="N",
        help="the last N checkpoints in the folder that fairseq-train --save-interval-updates wrote",
    )
    parser.add_argument(
        "--ema",
        action="store_true",
        help="use the moving averages that fairseq-train --store-ema kept, instead of the parameters",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="checkpoint to write")
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")
    add_user_dir(parser)


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: a checkpoint is unusable; see `eval.average.average`.
    """
    paths = args.paths
    if args.last is not None:
        if len(paths) != 1:
            raise DataError(f"--last {args.last}: expected one folder, got {len(paths)} paths")
        paths = last_checkpoints(paths[0], args.last)
    record = average(paths, args.output, ema=args.ema, user_dir=user_dir(args), overwrite=args.overwrite)
    for checkpoint in record["checkpoints"]:
        print(f"{checkpoint['path']}: {checkpoint['updates']} updates")
    print(f"written: {args.output}, the average of {len(paths)}")
