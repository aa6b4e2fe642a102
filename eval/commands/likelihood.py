"""``python -m eval likelihood``."""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack

from data_prep.errors import DataError
from data_prep.files import read_lines

from ..likelihood import score_stream
from ..lines import groups_of, shown
from ..outputs import add_output, text_output
from .model_options import add_checkpoints, load
from .shared import input_file

HELP = "log-probabilities of given translations of raw Chinese, for example to filter a corpus"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "Write the log-probability to base 2 of each raw English line given its raw Chinese line, one number for each "
        "pair. Pairs whose source is blank or too long get an empty line and are reported (exit status 2). The "
        "perplexity per token of all pairs follows on standard error."
    )
    add_checkpoints(parser, search=False)
    parser.add_argument(
        "--source", type=input_file, required=True, metavar="FILE", help="raw Chinese, UTF-8; - for stdin"
    )
    parser.add_argument(
        "--target", type=input_file, required=True, metavar="FILE", help="raw English, line by line; - for stdin"
    )
    add_output(parser, "--output", "file to write (default: standard output)")
    parser.add_argument("--normalize", action="store_true", help="divide by the number of target tokens")
    parser.add_argument(
        "--json", action="store_true", help="write JSON lines: id, score, and tokens with the score of each"
    )
    parser.add_argument(
        "--buffer-size",
        type=int,
        default=1000,
        metavar="N",
        help="maximum number of pairs that are scored together, sorted by length (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: an option, a file or the checkpoint is wrong, or a pair has no score.
    """
    if args.buffer_size < 1:
        raise DataError(f"--buffer-size {args.buffer_size}: must be at least 1")
    if args.source == args.target:
        raise DataError(f"--source and --target: both are {args.source}")
    sources, targets = read_lines(args.source), read_lines(args.target)
    if len(sources) != len(targets):
        raise DataError(f"{args.source} has {len(sources)} lines, {args.target} {len(targets)}: expected equal numbers")
    from tqdm import tqdm

    with ExitStack() as stack:
        output = stack.enter_context(text_output(args.output))
        model = load(args)
        # The output itself shows the progress on a screen; in a log the bar would be mixed with it.
        hidden = args.output is None and (sys.stdout.isatty() or not sys.stderr.isatty())
        with tqdm(desc="score", unit=" pairs", total=len(sources), disable=hidden) as progress:
            groups = groups_of(zip(sources, targets, strict=True), args.buffer_size)
            total = score_stream(model, groups, output, args.json, args.normalize, progress.update)
    print(f"{total.pairs} pairs, {total.tokens} tokens: perplexity per token {total.perplexity:.3f}", file=sys.stderr)
    if total.refused:
        raise DataError(
            f"{len(total.refused)} pairs were not scored and have no score in the output, lines {shown(total.refused)}"
        )
