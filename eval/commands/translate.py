"""``python -m eval translate``."""

from __future__ import annotations

import argparse
import io
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import IO

from data_prep.compressed import decompress, plain_name
from data_prep.errors import DataError
from data_prep.files import read_bytes

from ..lines import groups, groups_of
from ..outputs import add_output, text_output
from ..translation import (
    Sentence,
    StreamSettings,
    check_is_text,
    check_refused,
    count_lines,
    read_sentences,
    translate_stream,
)
from .model_options import add_checkpoints, load
from .shared import input_file

HELP = "translate raw Chinese: a file, sentences, or what is typed in"

_BEGINNING = 1 << 16
"""How many bytes of a file are looked at before the model is loaded."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "Translate raw Chinese into readable English, one line for each line. Without --text and --input it reads "
        "standard input, and answers as soon as no further line arrives. The sentences of a line are translated one by "
        "one. Blank lines stay blank; lines that are too long for the model are reported (exit status 2), as are lines "
        "that are not valid JSON objects (with --json-input)."
    )
    add_checkpoints(parser)
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--text", nargs="+", default=[], metavar="SENTENCE", help="sentences to translate")
    source.add_argument("--input", type=input_file, metavar="FILE", help="file, UTF-8; .gz, .xz, .zst are decompressed")
    add_output(parser, "--output", "file to write (default: standard output)")
    parser.add_argument("--json", action="store_true", help="write JSON lines: id, source, translations with scores")
    parser.add_argument(
        "--json-input", action="store_true", help='read JSON lines: objects with "text" and, optionally, "id"'
    )
    parser.add_argument(
        "--nbest",
        type=int,
        default=1,
        metavar="N",
        help="translations of each line, with --json; without --beam the beam grows to N",
    )
    parser.add_argument(
        "--buffer-size",
        type=int,
        default=StreamSettings.buffer,
        metavar="N",
        help="maximum number of lines that are translated together, sorted by length (default: %(default)s)",
    )


def _opened(path: Path) -> IO[bytes]:
    """Open a file, decompressed if its name says that it is compressed, after a check that it is text.

    Raises:
        DataError: it cannot be decompressed, or is not text.
    """
    file: IO[bytes]
    if plain_name(path) == path.name:
        file = path.open("rb", buffering=0)  # so that seeking moves the descriptor, from which the lines are read
    else:
        file = io.BytesIO(decompress(read_bytes(path), path))
    if path.is_file():  # a pipe is read only once
        check_is_text(file.read(_BEGINNING), path)
        file.seek(0)
    return file


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: an option, the input or the checkpoint is wrong, or a line was not translated.
    """
    if args.input is not None and (args.input.is_dir() or not args.input.exists()):  # a pipe is fine
        raise DataError(f"--input {args.input}: no such file")
    typed = not args.text and args.input is None and sys.stdin.isatty()
    if args.text and args.json_input:
        raise DataError("--json-input: cannot be combined with --text")
    if args.beam is not None and 1 <= args.beam < args.nbest:
        raise DataError(f"--nbest {args.nbest}: must not exceed the beam, {args.beam}")
    settings = StreamSettings(args.nbest, args.json_input, args.json, args.buffer_size)
    from tqdm import tqdm

    with ExitStack() as stack:
        file = None if args.input is None else stack.enter_context(_opened(args.input))
        # JSON input may have lone surrogates, which are written as \\udcXX and so read back from JSON
        output = stack.enter_context(text_output(args.output, errors="backslashreplace"))
        model = load(args)
        if typed:
            print("Type a Chinese sentence and press return (end: Ctrl-D).", file=sys.stderr)
        if args.text:
            sentences = [Sentence(text, str(number), number) for number, text in enumerate(args.text, 1)]
            refused = translate_stream(model, groups_of(sentences, settings.buffer), output, settings)
        else:
            read = read_sentences(
                groups(sys.stdin.buffer if file is None else file, settings.buffer), settings.json_input
            )
            plain = args.input is not None and args.input.is_file() and plain_name(args.input) == args.input.name
            total = count_lines(args.input) if plain else None
            # The output itself shows the progress on a screen; in a log the bar would be mixed with it.
            hidden = typed or (args.output is None and (sys.stdout.isatty() or not sys.stderr.isatty()))
            with tqdm(desc="translate", unit=" lines", total=total, disable=hidden) as progress:
                refused = translate_stream(model, read, output, settings, progress.update)
    check_refused(refused)
