"""``python -m eval translate``."""

from __future__ import annotations

import argparse
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING

from data_prep.errors import DataError
from data_prep.files import new_file

from ..translation import (
    OutputSettings,
    Sentence,
    check_refused,
    count_lines,
    load_model,
    read_sentences,
    translate_stream,
)

if TYPE_CHECKING:
    from ..translation import Reencoder

HELP = "translate raw Chinese: a file, sentences, or what is typed in"

_ERRORS = "backslashreplace"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "Translate raw Chinese into readable English, one line for each line. Without --text and --input it reads "
        "standard input. Blank lines stay blank; lines that are too long for the model are split at sentence ends, and "
        "reported where that is impossible (exit status 2)."
    )
    add_checkpoints(parser)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--text", nargs="+", default=[], metavar="SENTENCE", help="sentences to translate")
    source.add_argument("--input", type=Path, metavar="FILE", help="file to translate, UTF-8")
    parser.add_argument("--output", type=Path, metavar="FILE", help="file to write (default: standard output)")
    parser.add_argument("--json", action="store_true", help="write JSON lines: id, source, translations with scores")
    parser.add_argument(
        "--json-input", action="store_true", help='read JSON lines: objects with "text" and perhaps "id"'
    )
    parser.add_argument("--nbest", type=int, default=1, metavar="N", help="translations of each line, with --json")
    parser.add_argument(
        "--buffer-size",
        type=int,
        metavar="N",
        help="lines that are read before they are translated together (default: 1 on a terminal, else "
        f"{OutputSettings.buffer})",
    )


def add_checkpoints(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which model is loaded; see `load`."""
    parser.add_argument(
        "checkpoint",
        metavar="CKPT[:CKPT...]",
        help=f"checkpoint or folder of checkpoints, or several separated by '{os.pathsep}' for an ensemble",
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="folder of the prepared data (default: found by the checkpoint)"
    )
    parser.add_argument("--beam", type=int, metavar="N", help="beam size (default: tuned, or 5)")
    parser.add_argument("--lenpen", type=float, metavar="X", help="length penalty (default: tuned, or 1)")
    parser.add_argument("--batch-size", type=int, default=64, metavar="N", help="sentences per batch (%(default)s)")
    parser.add_argument("--max-blocks", type=int, metavar="N", help="blocks per batch (default: the training's)")
    parser.add_argument("--threads", type=int, metavar="N", help="CPU threads (default: torch's choice)")
    parser.add_argument("--device", help="where to compute, such as cpu or cuda (default: a GPU if there is one)")


def load(args: argparse.Namespace) -> Reencoder:
    """Return the model that the options of `add_checkpoints` name.

    Raises:
        DataError: an option or the checkpoint is wrong.
    """
    for option in ("beam", "batch_size", "max_blocks", "threads"):
        value = getattr(args, option)
        if value is not None and value < 1:
            raise DataError(f"--{option.replace('_', '-')} {value}: must be at least 1")
    search = {name: getattr(args, name) for name in ("beam", "lenpen") if getattr(args, name) is not None}
    return load_model(
        [part for part in args.checkpoint.split(os.pathsep) if part],
        data=args.data,
        device=args.device,
        threads=args.threads,
        batch_size=args.batch_size,
        max_blocks=args.max_blocks,
        **search,
    )


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: an option, the input or the checkpoint is wrong, or a line was too long.
    """
    if args.input is not None and not args.input.is_file():
        raise DataError(f"--input {args.input}: no such file")
    typed = not args.text and args.input is None and sys.stdin.isatty()
    if args.text and args.json_input:
        raise DataError("--json-input: cannot be combined with --text")
    buffer = args.buffer_size
    if buffer is None:
        buffer = 1 if typed else OutputSettings.buffer
    settings = OutputSettings(args.nbest, args.json_input, args.json, buffer)
    from tqdm import tqdm

    model = load(args)
    if typed:
        print("Type a Chinese sentence and press return (end: Ctrl-D).", file=sys.stderr)
    with ExitStack() as stack:
        output: IO[str] = sys.stdout
        if args.output is not None:
            path = stack.enter_context(new_file(args.output, option="--output"))
            # JSON input may have lone surrogates, which are written as \\udcXX and so read back from JSON
            output = stack.enter_context(path.open("w", encoding="utf-8", errors=_ERRORS, newline="\n"))
        elif hasattr(output, "reconfigure"):
            output.reconfigure(encoding="utf-8", errors=_ERRORS)
        if args.text:
            lines = [Sentence(text, number, number) for number, text in enumerate(args.text, 1)]
            refused = translate_stream(model, lines, output, settings)
        else:
            file = sys.stdin.buffer if args.input is None else stack.enter_context(args.input.open("rb"))
            read = read_sentences(file, settings.json_input)
            total = None if args.input is None else count_lines(args.input)
            with tqdm(desc="translate", unit=" lines", total=total, disable=typed) as progress:
                refused = translate_stream(model, read, output, settings, progress.update)
    check_refused(refused)
