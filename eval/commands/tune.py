"""``python -m eval tune``."""

from __future__ import annotations

import argparse
from pathlib import Path

from ..generation_settings import GenerationSettings
from ..search_settings import SEARCH_FILE, search_file
from ..tune import Grid, tune
from .shared import add_model, model_settings

HELP = "tune beam, length penalty, unknown-word penalty and minimum length on the validation set"

_OWN_TASK = "reencoder_translation"
_RATIOS = (0.5, 0.0, 0.7)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "Search the settings with the highest BLEU on the validation set, one after the other: unknown-word penalty, "
        "minimum length, beam, and for each of these the length penalty, which costs no further run. Settings whose "
        "BLEU differs by less than --tolerance count as equal: then the first value, or the nearest to it, is chosen. "
        f"Writes {SEARCH_FILE} beside the (first) checkpoint, where python -m eval generate finds it. "
        "Options after -- are passed on to fairseq-generate."
    )
    parser.usage = "%(prog)s DIR --path CKPT[:CKPT...] [options] [-- fairseq-generate options]"
    add_model(parser)
    parser.add_argument("--overwrite", action="store_true", help=f"replace an earlier {SEARCH_FILE}")
    defaults = Grid()
    for option, kind, text in (
        ("--beams", int, "beam sizes"),
        ("--unkpens", float, "unknown-word penalties"),
        ("--lenpens", float, "length penalties"),
    ):
        values = getattr(defaults, option.removeprefix("--"))
        shown = "1 and 0 to 2 in steps of 0.1" if option == "--lenpens" else " ".join(f"{value:g}" for value in values)
        parser.add_argument(
            option, type=kind, nargs="+", default=values, metavar="N", help=f"{text} to try (default: {shown})"
        )
    parser.add_argument(
        "--tolerance",
        type=float,
        default=defaults.tolerance,
        metavar="BLEU",
        help=f"differences up to this count as chance; 0: take the maximum (default: {defaults.tolerance:g})",
    )
    parser.add_argument(
        "--min-len-ratios",
        type=float,
        nargs="+",
        metavar="R",
        help="minimum lengths to try, as ratios of the source's "
        f"(default: {' '.join(f'{ratio:g}' for ratio in _RATIOS)} with --task {_OWN_TASK}, none with other tasks)",
    )


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: see `eval.tune.tune`.
    """
    if args.min_len_ratios is None:
        args.min_len_ratios = _RATIOS if args.task == _OWN_TASK else (None,)
    grid = Grid(
        beams=tuple(args.beams),
        lenpens=tuple(args.lenpens),
        unkpens=tuple(args.unkpens),
        min_len_ratios=tuple(args.min_len_ratios),
        tolerance=args.tolerance,
    )
    settings = GenerationSettings(**model_settings(args), output=Path(), split="valid", overwrite=args.overwrite)
    document = tune(settings, grid)
    best = max(entry["bleu"] for entry in document["tried"])
    print(f"{len(document['tried'])} settings tried with {document['runs']} runs; chosen on the validation set:")
    for name, value in document["settings"].items():
        print(f"  {name.replace('_', '-'):14} {'as the task has it' if value is None else f'{value:g}'}")
    signature = document["scores"]["bleu_signature"]
    print(f"BLEU {document['scores']['bleu']:.2f} (highest of all settings: {best:.2f}), {signature}")
    print(f"written: {search_file(settings.checkpoints[0])}")
