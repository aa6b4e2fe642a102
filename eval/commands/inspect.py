"""``python -m eval inspect``."""

from __future__ import annotations

import argparse
from pathlib import Path

from data_prep.errors import DataError

from ..checkpoints import resolve_checkpoint
from ..inspection import inspect, report
from .shared import add_split, add_user_dir, user_dir

HELP = "show samples of parity, addition or memorization with a model's errors"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = "Let a model predict samples that it was not trained on; show some, with every error marked."
    parser.add_argument(
        "checkpoint", type=Path, metavar="CKPT", help="checkpoint of grid_parity, grid_addition or grid_memorization"
    )
    add_split(parser, "to predict")
    parser.add_argument("--count", type=int, default=5, metavar="N", help="samples to show (default: %(default)s)")
    parser.add_argument("--errors", action="store_true", help="show only samples with errors")
    add_user_dir(parser)


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: an option is wrong; see `eval.inspection.inspect`.
    """
    if args.count < 0:
        raise DataError(f"--count {args.count}: must not be negative")
    samples = inspect(resolve_checkpoint(args.checkpoint), args.split, user_dir(args))
    print("\n".join(report(samples, args.count, args.errors)))
