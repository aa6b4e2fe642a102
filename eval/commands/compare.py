"""``python -m eval compare``."""

from __future__ import annotations

import argparse
from dataclasses import asdict
from pathlib import Path

from data_prep.errors import DataError
from data_prep.files import read_lines, write_json

from ..compare import compare
from ..provenance import commit, versions
from ..references import read_references
from .shared import add_keep_case, add_references, describe_files, reference_paths

HELP = "compare translations by several systems, with tests of significance"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.description = (
        "BLEU, chrF2 and TER of several systems, each compared with the first by paired bootstrap and approximate "
        "randomisation, and BLEU by length of the source."
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
        "--lengths",
        type=int,
        nargs="+",
        default=[5, 8, 12, 16],
        metavar="N",
        help="highest length of each range but the last, in characters of the source (default: 5 8 12 16)",
    )
    parser.add_argument("--samples", type=int, default=1000, help="bootstrap samples (default: %(default)s)")
    parser.add_argument(
        "--trials", type=int, default=10000, help="trials of approximate randomisation (default: %(default)s)"
    )
    add_keep_case(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write everything as JSON")


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


def run(args: argparse.Namespace) -> None:
    """Run the command.

    Raises:
        DataError: an input is missing or malformed.
    """
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
    source_path = args.sources
    if source_path is None and args.data is not None:
        source_path = args.data / "raw" / f"{args.split}.zh"
    comparison = compare(
        systems,
        references,
        None if source_path is None else read_lines(source_path),
        limits=args.lengths,
        keep_case=args.keep_case,
        samples=args.samples,
        trials=args.trials,
    )
    if args.json is not None:
        at = commit()
        read = [*paths, *([] if source_path is None else [source_path])]
        document = {
            **comparison.to_json(),
            "settings": {"keep_case": args.keep_case, "samples": args.samples, "trials": args.trials},
            "systems": dict(zip(files, describe_files(list(files.values())), strict=True)),
            "files": describe_files(read),
            "commit": None if at is None else asdict(at),
            "versions": versions(),
        }
        write_json(args.json, document)
    print(comparison.to_text())
