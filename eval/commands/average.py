"""``python -m eval average``."""

from __future__ import annotations

import argparse
from pathlib import Path

from data_prep.errors import DataError

from ..average import average, best_checkpoints, last_checkpoints
from ..outputs import add_output
from .shared import add_user_dir, user_dir

HELP = "average the parameters of checkpoints into one checkpoint"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "Average the parameters of checkpoints of one architecture into a checkpoint that fairseq-generate loads."
    )
    parser.add_argument(
        "paths", type=Path, nargs="+", metavar="CKPT", help="checkpoints; with --last or --best one folder of them"
    )
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument(
        "--last",
        type=int,
        metavar="N",
        help="the last N checkpoints in the folder: those saved by --save-interval-updates or, if there are none, the "
        "epoch checkpoints",
    )
    choice.add_argument(
        "--best",
        type=int,
        metavar="N",
        help="the N checkpoints in the folder that are best in validation, by --best-checkpoint-metric of the training",
    )
    parser.add_argument(
        "--ema",
        action="store_true",
        help="average the moving averages that fairseq-train --store-ema kept in these checkpoints, instead of the "
        "parameters",
    )
    add_output(parser, "--output", "checkpoint to write", required=True)
    parser.add_argument("--overwrite", action="store_true", help="replace an existing file")
    add_user_dir(parser)


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: a checkpoint is unusable; see `eval.average.average`.
    """
    paths = args.paths
    for name in ("last", "best"):
        if getattr(args, name) is not None and len(paths) != 1:
            raise DataError(f"--{name} {getattr(args, name)}: expected one folder, got {len(paths)} paths")
    if args.last is not None:
        paths = last_checkpoints(paths[0], args.last)
    elif args.best is not None:
        paths = best_checkpoints(paths[0], args.best, user_dir(args))
    else:
        for path in paths:
            if path.is_dir():
                raise DataError(f"{path}: is a folder: give --last N or --best N, or name a checkpoint")
    record = average(paths, args.output, ema=args.ema, user_dir=user_dir(args), overwrite=args.overwrite)
    for checkpoint in record["checkpoints"]:
        print(f"{checkpoint['path']}: {checkpoint['updates']} updates")
    print(f"written: {args.output}, the average of {len(paths)}")
