"""Command line: ``python -m eval score | generate | curve | inspect``."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from data_prep.command_line import Parser, run
from data_prep.errors import DataError
from data_prep.files import read_lines, sha256_of, write_json

from .bleu import score
from .curves import plot, read_log, write_curve
from .generate import SPLITS, GenerationSettings, generate
from .inspection import inspect, report
from .provenance import commit, relative, versions
from .references import read_references, reference_files


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(prog="python -m eval", description="Generate, score, inspect, and plot training curves.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_score(commands.add_parser("score", help="score a file of detokenised hypotheses"))
    _add_generate(commands.add_parser("generate", help="translate a split with fairseq-generate, then score it"))
    _add_curve(commands.add_parser("curve", help="plot a training curve from a log of fairseq-train"))
    _add_inspect(
        commands.add_parser("inspect", help="show samples of parity, addition or memorization with a model's errors")
    )
    return parser


def _add_score(parser: argparse.ArgumentParser) -> None:
    parser.description = "BLEU and chrF2 of detokenised hypotheses against raw references, with sacreBLEU's signatures."
    parser.add_argument("hypotheses", type=Path, metavar="HYPOTHESES", help="one detokenised hypothesis per line")
    references = parser.add_mutually_exclusive_group(required=True)
    references.add_argument(
        "--references",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="reference files, one line per source, empty if a source has no such reference; "
        "or one prefix P of files P.0, P.1, ...",
    )
    references.add_argument("--data", type=Path, metavar="DIR", help="folder written by python -m data_prep prepare")
    parser.add_argument("--split", choices=SPLITS, default="test", help="split, with --data (default: %(default)s)")
    _add_keep_case(parser)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the scores as JSON")
    parser.set_defaults(run=_score)


def _add_generate(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Translate a split of prepared data with fairseq-generate, detokenise, score, and record how it was done. "
        "Options after -- are passed on to fairseq-generate."
    )
    parser.usage = "%(prog)s DIR --path CKPT[:CKPT...] --output DIR [options] [-- fairseq-generate options]"
    defaults = {field.name: field.default for field in fields(GenerationSettings)}
    parser.add_argument("data", type=Path, metavar="DIR", help="folder written by python -m data_prep prepare")
    parser.add_argument(
        "--path",
        required=True,
        metavar="CKPT[:CKPT...]",
        help=f"checkpoint, or several separated by '{os.pathsep}' for an ensemble",
    )
    parser.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder of results")
    parser.add_argument("--overwrite", action="store_true", help="replace earlier results of the same split")
    parser.add_argument(
        "--split", choices=SPLITS, default=defaults["split"], help="split to translate (default: %(default)s)"
    )
    parser.add_argument("--task", default=defaults["task"], help="fairseq task (default: %(default)s)")
    plugin = parser.add_mutually_exclusive_group()
    plugin.add_argument("--user-dir", type=Path, metavar="DIR", help="fairseq plugin (default: this project's)")
    plugin.add_argument("--no-user-dir", action="store_true", help="load no plugin")
    parser.add_argument("--beam", type=int, default=defaults["beam"], help="beam size (default: %(default)s)")
    parser.add_argument(
        "--lenpen",
        type=float,
        default=defaults["lenpen"],
        help="length penalty: exponent of the length by which scores are divided (default: %(default)s)",
    )
    parser.add_argument(
        "--min-len-ratio",
        type=float,
        metavar="R",
        help="minimum length of a translation, as a ratio of its source's (default: the task's)",
    )
    parser.add_argument("--batch-size", type=int, metavar="N", help="maximum sentences per batch (default: fairseq's)")
    parser.add_argument(
        "--max-blocks",
        type=int,
        metavar="N",
        help="maximum blocks per batch: sentences x longest source x longest target (default: the task's)",
    )
    _add_keep_case(parser)
    parser.add_argument(
        "--keep-unknown", action="store_true", help="keep <unk> in the text (default: drop and count it)"
    )
    parser.set_defaults(run=_generate)


def _add_keep_case(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--keep-case", action="store_true", help="score the text as written (default: lower-case both sides)"
    )


def _add_curve(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Turn a log of fairseq-train --log-format json into a table and a plot of perplexity and validation BLEU."
    )
    parser.add_argument("log", type=Path, metavar="LOG", help="log of fairseq-train --log-format json")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write the points as CSV")
    parser.add_argument("--png", type=Path, metavar="FILE", help="write the plot as PNG")
    parser.add_argument("--title", default="", help="title of the plot (default: none)")
    parser.add_argument(
        "--valid-subset", default="valid", metavar="NAME", help="name of the validation set (default: %(default)s)"
    )
    parser.set_defaults(run=_curve)


def _add_inspect(parser: argparse.ArgumentParser) -> None:
    parser.description = "Let a model predict samples that it was not trained on; show some, with every error marked."
    parser.add_argument(
        "checkpoint", type=Path, metavar="CKPT", help="checkpoint of grid_parity, grid_addition or grid_memorization"
    )
    parser.add_argument("--split", choices=SPLITS, default="test", help="split to predict (default: %(default)s)")
    parser.add_argument("--count", type=int, default=5, metavar="N", help="samples to show (default: %(default)s)")
    parser.add_argument("--errors", action="store_true", help="show only samples with errors")
    parser.set_defaults(run=_inspect)


def _score(args: argparse.Namespace) -> None:
    paths = [args.data / "raw" / f"{args.split}.en"] if args.data is not None else args.references
    if len(paths) == 1 and not paths[0].exists():
        paths = reference_files(paths[0])
    hypotheses = read_lines(args.hypotheses)
    references = read_references(paths)
    if len(hypotheses) != len(references):
        raise DataError(
            f"{args.hypotheses}: {len(hypotheses)} hypotheses for {len(references)} sources in {paths[0]}; "
            "expected exactly one line per source"
        )
    scores = score(hypotheses, references, keep_case=args.keep_case)
    if args.json is not None:
        at = commit()
        files = [args.hypotheses, *paths]
        write_json(
            args.json,
            {
                "scores": scores.to_json(),
                "settings": {"keep_case": args.keep_case},
                "files": [{"path": relative(path), "sha256": sha256_of(path)} for path in files],
                "commit": None if at is None else asdict(at),
                "versions": versions(),
            },
        )
    print(scores.to_text())


def _generate(args: argparse.Namespace) -> None:
    own = {"checkpoints", "user_dir", "extra"}
    options: dict[str, Any] = {
        field.name: getattr(args, field.name) for field in fields(GenerationSettings) if field.name not in own
    }
    if args.no_user_dir:
        options["user_dir"] = None
    elif args.user_dir is not None:
        options["user_dir"] = args.user_dir
    checkpoints = tuple(Path(part) for part in args.path.split(os.pathsep) if part)
    settings = GenerationSettings(checkpoints=checkpoints, extra=tuple(args.extra), **options)
    print(generate(settings).to_text())
    print(f"written: {settings.scores_path}, {settings.hypotheses_path}, {settings.log_path}")


def _curve(args: argparse.Namespace) -> None:
    if args.csv is None and args.png is None:
        raise DataError("curve: nothing to write; give --csv FILE, --png FILE or both")
    points = read_log(args.log, args.valid_subset)
    if args.png is not None:
        plot(args.png, points, args.title)
    if args.csv is not None:
        write_curve(args.csv, points)
    written = ", ".join(str(path) for path in (args.csv, args.png) if path is not None)
    print(f"{len(points)} points up to update {points[-1].updates}: {written}")


def _inspect(args: argparse.Namespace) -> None:
    if args.count < 0:
        raise DataError(f"--count {args.count}: must not be negative")
    print("\n".join(report(inspect(args.checkpoint, args.split), args.count, args.errors)))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: arguments without the program name; None for those of the process.

    Returns:
        The exit status; see `data_prep.command_line.run`.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    extra: list[str] = []
    if arguments[:1] == ["generate"] and "--" in arguments:
        at = arguments.index("--")
        arguments, extra = arguments[:at], arguments[at + 1 :]
    args = build_parser().parse_args(arguments)
    args.extra = extra
    command: Callable[[argparse.Namespace], None] = args.run
    return run(lambda: command(args))


if __name__ == "__main__":
    sys.exit(main())
