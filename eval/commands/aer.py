"""``python -m eval aer``."""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path

from data_prep.files import write_json
from reencoder.text.manifest import MANIFEST

from ..alignment import load_aligner
from ..alignment_error import compare_aligners, phrasebook_gold
from ..checkpoints import resolve_checkpoint
from ..libraries import quiet_libraries
from ..outputs import add_output
from ..provenance import Stopwatch, describe_file, provenance
from ..tables import Table
from .shared import add_device, add_split, add_user_dir, data_folder, user_dir

HELP = "alignment error rate of a model on the phrasebook"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "Align the first references of a split of the phrasebook by the model's readout and by gradients, and compare "
        "the links with those that the grammar knows; beside them a diagonal and, where it is installed, eflomal."
    )
    parser.add_argument("checkpoint", type=Path, metavar="CKPT", help="checkpoint of a translation model")
    parser.add_argument(
        "--data",
        type=data_folder,
        required=True,
        metavar="DIR",
        help="folder written by python -m data_prep prepare from the phrasebook",
    )
    add_split(parser, "to align")
    parser.add_argument(
        "--pairs", type=int, default=24000, metavar="N", help="pairs of the phrasebook (default: %(default)s)"
    )
    parser.add_argument("--seed", type=int, default=1, help="random seed of the phrasebook (default: %(default)s)")
    add_output(parser, "--json", "also write the figures as JSON")
    add_device(parser)
    add_user_dir(parser)


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: an input is missing, or the data are not those of the phrasebook.
    """
    quiet_libraries()
    stopwatch = Stopwatch()
    gold = phrasebook_gold(args.data, args.split, args.pairs, args.seed)
    checkpoint = resolve_checkpoint(args.checkpoint)
    aligner = load_aligner(checkpoint, args.data, user_dir(args), args.device)
    with_eflomal = find_spec("eflomal") is not None
    if not with_eflomal:
        print("note: eflomal is not installed (pip install '.[align]'): left out", file=sys.stderr)
    found = compare_aligners(aligner, args.data, args.split, gold, with_eflomal)
    if args.json is not None:
        document = {
            "aligners": {name: rate.to_json() for name, rate in found.items()},
            "settings": {"split": args.split, "pairs": args.pairs, "seed": args.seed},
            "sentences": len(gold),
            "sure_links": sum(len(true.sure) for true in gold),
            "possible_links": sum(len(true.possible) for true in gold),
            "files": [describe_file(path) for path in (checkpoint, args.data / MANIFEST)],
            **provenance(args.recorded, stopwatch),
        }
        write_json(args.json, document)
    rows = [
        (name, f"{rate.error_rate:.3f}", f"{rate.precision:.3f}", f"{rate.recall:.3f}", str(rate.links))
        for name, rate in found.items()
    ]
    note = f"{len(gold)} sentences, {sum(len(true.sure) for true in gold)} sure links"
    table = Table(
        "Alignment error rate (lower is better)",
        ("aligner", "error rate", "precision", "recall", "links"),
        rows,
        [note],
    )
    print(table.to_text())
