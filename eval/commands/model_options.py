"""Options of the commands that load a model into their own process."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

from data_prep.errors import DataError

from ..checkpoints import split_checkpoints
from ..translation import load_model
from .shared import add_device, add_search, given_search

if TYPE_CHECKING:
    from reencoder.hub import Reencoder


def add_checkpoints(parser: argparse.ArgumentParser, search: bool = True) -> None:
    """Add the options that say which model is loaded and, if there is a search, how it searches; see `load`."""
    parser.add_argument(
        "checkpoint",
        metavar="CKPT[:CKPT...]",
        help=f"checkpoint or folder of checkpoints, or several separated by '{os.pathsep}' for an ensemble",
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="folder of the prepared data (default: found by the checkpoint)"
    )
    if search:
        add_search(parser)
        parser.add_argument(
            "--no-split",
            action="store_true",
            help="translate a text of several sentences as a whole, unless it is too long (default: one by one)",
        )
    parser.add_argument("--batch-size", type=int, default=64, metavar="N", help="sentences per batch (%(default)s)")
    parser.add_argument("--max-blocks", type=int, metavar="N", help="blocks per batch (default: the training's)")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: torch's choice)")
    add_device(parser)


def load(args: argparse.Namespace) -> Reencoder:
    """Return the model that the options of `add_checkpoints` name.

    Raises:
        DataError: an option or the checkpoint is wrong.
    """
    for option in ("batch_size", "max_blocks", "threads"):
        value = getattr(args, option)
        if value is not None and value < 1:
            raise DataError(f"--{option.replace('_', '-')} {value}: must be at least 1")
    searches = hasattr(args, "untuned")
    return load_model(
        split_checkpoints(args.checkpoint),
        data=args.data,
        device=args.device,
        threads=args.threads,
        batch_size=args.batch_size,
        max_blocks=args.max_blocks,
        tuned=searches and not args.untuned,
        split_sentences=not getattr(args, "no_split", False),
        **(given_search(args) if searches else {}),
    )
