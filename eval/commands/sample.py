"""``python -m eval sample``: text that a character language model writes."""

from __future__ import annotations

import argparse
import os
import sys
from dataclasses import replace
from pathlib import Path

from data_prep.errors import DataError
from data_prep.files import read_bytes

from ..checkpoints import resolve_checkpoint
from ..sampling import SampleSettings, load, write

HELP = "let a character language model write text"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    defaults = SampleSettings()
    parser.description = "Let a model of --task grid_char_lm write text, shown as it is drawn."
    parser.add_argument("checkpoint", type=Path, metavar="CKPT", help="checkpoint of grid_char_lm")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of text (default: that of the training)")
    prime = parser.add_mutually_exclusive_group()
    prime.add_argument("--prime", default="", metavar="TEXT", help="text that the model reads first (default: none)")
    prime.add_argument(
        "--prime-file",
        type=Path,
        metavar="FILE",
        help="a file with that text, UTF-8 unless the symbols of the model are bytes",
    )
    parser.add_argument(
        "--length",
        type=int,
        default=defaults.length,
        metavar="N",
        help="characters (or bytes) to write (default: %(default)s)",
    )
    parser.add_argument(
        "--temperature",
        type=float,
        default=defaults.temperature,
        metavar="T",
        help="divides the logits; below 1: likelier text, 0: always the likeliest (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=defaults.seed, metavar="N", help="random seed (default: %(default)s)"
    )


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: an option, the checkpoint or the data is wrong.
    """
    settings = SampleSettings(args.length, args.temperature, args.prime, args.seed)
    if args.prime_file is not None:
        settings = replace(settings, prime=read_bytes(args.prime_file), prime_option=f"--prime-file {args.prime_file}")
    if args.data is not None and not args.data.is_dir():
        raise DataError(f"--data {args.data}: no such directory")
    model, task = load(resolve_checkpoint(args.checkpoint), args.data)
    if task.alphabet.level == "byte" and args.prime_file is None:
        settings = replace(settings, prime=os.fsencode(args.prime))  # the bytes that were typed, which may not be UTF-8
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(encoding="utf-8")
    write(model, task, settings, sys.stdout)
