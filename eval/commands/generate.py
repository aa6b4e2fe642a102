"""``python -m eval generate``."""

from __future__ import annotations

import argparse

from ..generate import generate
from ..generation_settings import GenerationSettings
from ..outputs import add_output
from ..search_settings import SEARCH_FILE, SEARCH_NAMES
from .shared import add_model, add_search, add_split, model_settings

HELP = "translate a split with fairseq-generate, then score it"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "Translate a split of prepared data with fairseq-generate, detokenise, score, and record how it was done. "
        f"Settings of the search that are not given are those of {SEARCH_FILE} beside the first checkpoint, if "
        "python -m eval tune wrote it for this checkpoint. Options after -- are passed on to fairseq-generate."
    )
    parser.usage = "%(prog)s DIR --path CKPT[:CKPT...] --output DIR [options] [-- fairseq-generate options]"
    add_model(parser)
    add_output(parser, "--output", "folder of results", required=True, folder=True)
    parser.add_argument("--overwrite", action="store_true", help="replace earlier results of the same split")
    add_split(parser, "to translate")
    add_search(parser)
    parser.add_argument(
        "--nbest",
        type=int,
        default=GenerationSettings.nbest,
        metavar="N",
        help="hypotheses per source in the output of fairseq-generate; the first is scored (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: see `eval.generate.generate`.
    """
    names = ("output", "split", "overwrite", "untuned", "nbest", *SEARCH_NAMES)
    settings = GenerationSettings(**model_settings(args), **{name: getattr(args, name) for name in names})
    print(generate(settings).to_text())
    print(f"written: {settings.scores_path}, {settings.hypotheses_path}, {settings.log_path}")
