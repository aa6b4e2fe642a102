"""``python -m eval compare``."""

from __future__ import annotations

import argparse
from dataclasses import asdict, fields
from pathlib import Path

from data_prep.errors import DataError
from data_prep.files import read_lines, write_json, write_lines

from ..compare import CompareOptions, check_number, compare
from ..comparison_text import to_markdown, to_text
from ..outputs import add_output
from ..prepared import check_unchanged
from ..provenance import Stopwatch, describe_file, provenance
from ..references import read_references
from ..training_words import training_counts, training_file
from .shared import add_keep_case, add_references, reference_paths

HELP = "compare translations by several systems, with tests of significance"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "BLEU, chrF2 and TER of several systems, each compared with the first by paired bootstrap and approximate "
        "randomisation, against all references and against the first; BLEU by length of the source, F1 of words by "
        "their frequency in the training data, and the sentences with the largest differences."
    )
    parser.add_argument(
        "systems",
        nargs="+",
        metavar="[NAME=]FILE",
        help="detokenised hypotheses, one per line; the first file is what the others are compared with "
        "(default name: that of the file)",
    )
    add_references(parser)
    parser.add_argument(
        "--sources", type=Path, metavar="FILE", help="raw sources, for BLEU by length (default: those of --data)"
    )
    parser.add_argument(
        "--training",
        type=Path,
        metavar="FILE",
        help="English side of the training data as raw text, for F1 by frequency (default: that of --data)",
    )
    defaults = CompareOptions()
    parser.add_argument(
        "--lengths",
        type=int,
        nargs="+",
        metavar="N",
        help="highest length of each range but the last, in characters of the source "
        f"(default: {' '.join(map(str, defaults.lengths))})",
    )
    parser.add_argument(
        "--frequencies",
        type=int,
        nargs="+",
        metavar="N",
        help="highest number of occurrences of each range but the last "
        f"(default: {' '.join(map(str, defaults.frequencies))})",
    )
    parser.add_argument(
        "--sentences",
        type=int,
        default=defaults.sentences,
        metavar="N",
        help="largest wins and largest losses to show of each system (default: %(default)s)",
    )
    parser.add_argument(
        "--samples", type=int, default=defaults.samples, metavar="N", help="bootstrap samples (default: %(default)s)"
    )
    parser.add_argument(
        "--trials",
        type=int,
        default=defaults.trials,
        metavar="N",
        help="trials of approximate randomisation (default: %(default)s)",
    )
    add_keep_case(parser)
    add_output(parser, "--json", "also write everything as JSON")
    add_output(parser, "--markdown", "also write the tables and sentences as Markdown")


def named_files(systems: list[str]) -> dict[str, Path]:
    """Return the files by name.

    Args:
        systems: ``FILE`` or ``NAME=FILE``; what exists is a file whatever its name.

    Raises:
        DataError: a name occurs twice.
    """
    found: dict[str, Path] = {}
    for text in systems:
        name, equals, path = text.partition("=")
        if not equals or Path(text).exists():
            name, path = Path(text).name, text
        if not name or name in found:
            raise DataError(
                f"{text}: {'a second system named' if name else 'empty name'} {name}; give NAME=FILE".strip()
            )
        found[name] = Path(path)
    return found


def compare_options(args: argparse.Namespace) -> CompareOptions:
    """Return what the options say, before anything is read.

    Raises:
        DataError: a number is out of range, or ranges are given without the data that they need.
    """
    if args.lengths is not None and args.sources is None and args.data is None:
        raise DataError("--lengths: needs the sources; give --sources or --data")
    if args.frequencies is not None and training_file(args.training, args.data) is None:
        raise DataError("--frequencies: needs the training data; give --training, or --data with text/train.en")
    given = {field.name: getattr(args, field.name) for field in fields(CompareOptions)}
    return CompareOptions(**{name: value for name, value in given.items() if value is not None})


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: an input is missing or malformed.
    """
    stopwatch = Stopwatch()
    options = compare_options(args)
    files = named_files(args.systems)
    paths = reference_paths(args)
    references = read_references(paths)
    systems = {name: read_lines(path) for name, path in files.items()}
    for name, hypotheses in systems.items():
        if len(hypotheses) != len(references):
            raise DataError(
                f"{files[name]}: {len(hypotheses)} hypotheses for {len(references)} sources in {paths[0]}; "
                "expected exactly one line per source"
            )
    check_number(systems)
    source_path = args.sources
    if source_path is None and args.data is not None:
        source_path = args.data / "raw" / f"{args.split}.zh"
        check_unchanged(args.data, [source_path])
    comparison = compare(
        systems,
        references,
        None if source_path is None else read_lines(source_path),
        training_counts(args.training, args.data, args.keep_case),
        options,
    )
    if args.json is not None:
        read = [*paths, *(path for path in (source_path, training_file(args.training, args.data)) if path is not None)]
        document = {
            **comparison.to_json(),
            "settings": asdict(options),
            "systems": {name: describe_file(path) for name, path in files.items()},
            "files": [describe_file(path) for path in read],
            **provenance(args.recorded, stopwatch),
        }
        write_json(args.json, document)
    if args.markdown is not None:
        write_lines(args.markdown, [to_markdown(comparison)])
    print(to_text(comparison))
