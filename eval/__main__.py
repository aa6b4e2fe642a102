"""Command line: ``python -m eval score | generate | curve | inspect``."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from eval.bleu import score
from eval.curves import plot, read_log, write_csv
from eval.errors import EvaluationError
from eval.files import file_sha256, read_lines, relative, write_json
from eval.generate import SPLITS, GenerationSettings, generate
from eval.inspection import inspect, report
from eval.provenance import commit, versions
from eval.references import read_references, reference_files


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> Any:
        print(f"error: {message} (see {self.prog} --help)", file=sys.stderr)
        raise SystemExit(2)


def _defaults() -> dict[str, Any]:
    return {field.name: field.default for field in fields(GenerationSettings)}


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m eval", description="Generate, score, and draw training curves.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    scoring = commands.add_parser(
        "score",
        help="score a file of detokenised hypotheses",
        description="BLEU and chrF2 of detokenised hypotheses against raw references, with sacreBLEU's signatures.",
    )
    scoring.add_argument("hypotheses", type=Path, metavar="HYPOTHESES", help="one detokenised hypothesis a line")
    where = scoring.add_mutually_exclusive_group(required=True)
    where.add_argument(
        "--references",
        type=Path,
        nargs="+",
        metavar="FILE",
        help="reference files, one line for each source, an empty line where there is no reference; "
        "or one prefix P of the files P.0, P.1, ...",
    )
    where.add_argument("--data", type=Path, metavar="DIR", help="folder made by python -m data_prep prepare")
    scoring.add_argument("--split", choices=SPLITS, default="test", help="with --data (default: %(default)s)")
    scoring.add_argument("--keep-case", action="store_true", help="score as written (default: both sides lower-cased)")
    scoring.add_argument("--json", type=Path, metavar="FILE", help="also write the scores as JSON")

    defaults = _defaults()
    generation = commands.add_parser(
        "generate",
        help="translate a split with fairseq-generate, then score it",
        description="Translate a split of prepared data with fairseq-generate, detokenise, score, and record how it "
        "was done. Options after -- go to fairseq-generate as they are.",
        usage="%(prog)s DIR --path CKPT[:CKPT...] --output DIR [options] [-- fairseq-generate options]",
    )
    generation.add_argument("data", type=Path, metavar="DIR", help="folder made by python -m data_prep prepare")
    generation.add_argument(
        "--path",
        required=True,
        metavar="CKPT[:CKPT...]",
        help=f"checkpoint, or several joined by '{os.pathsep}' for an ensemble",
    )
    generation.add_argument("--output", type=Path, required=True, metavar="DIR", help="folder of results")
    generation.add_argument("--overwrite", action="store_true", help="replace earlier results of the same split")
    generation.add_argument("--split", choices=SPLITS, default=defaults["split"], help="(default: %(default)s)")
    generation.add_argument("--task", default=defaults["task"], help="fairseq task (default: %(default)s)")
    plugin = generation.add_mutually_exclusive_group()
    plugin.add_argument("--user-dir", type=Path, metavar="DIR", help="fairseq plugin (default: this project's)")
    plugin.add_argument("--no-user-dir", action="store_true", help="load no plugin")
    generation.add_argument("--beam", type=int, default=defaults["beam"], help="beam size (default: %(default)s)")
    generation.add_argument(
        "--lenpen", type=float, default=defaults["lenpen"], help="length penalty, an exponent (default: %(default)s)"
    )
    generation.add_argument(
        "--min-len-ratio", type=float, metavar="R", help="discard candidates shorter than R times the source"
    )
    generation.add_argument("--batch-size", type=int, metavar="N", help="sentences in a batch")
    generation.add_argument("--max-cells", type=int, metavar="N", help="grid cells in a batch")
    generation.add_argument(
        "--keep-case", action="store_true", help="score as written (default: both sides lower-cased)"
    )
    generation.add_argument(
        "--keep-unknown", action="store_true", help="leave <unk> in the text (default: drop and count)"
    )

    curve = commands.add_parser(
        "curve",
        help="training curve from a fairseq-train log",
        description="Turn a log of fairseq-train --log-format json into a table and a plot of perplexity and BLEU.",
    )
    curve.add_argument("log", type=Path, metavar="LOG")
    curve.add_argument("--csv", type=Path, metavar="FILE", help="write the points as CSV")
    curve.add_argument("--png", type=Path, metavar="FILE", help="write the plot as PNG")
    curve.add_argument("--title", default="", help="title of the plot")
    curve.add_argument("--valid-subset", default="valid", metavar="NAME", help="validation set (default: %(default)s)")

    looking = commands.add_parser(
        "inspect",
        help="show samples of parity, addition or memorization with a model's errors",
        description="Let a model predict samples that it was not trained on; show some, with every error marked.",
    )
    looking.add_argument("checkpoint", type=Path, metavar="CKPT", help="of grid_parity, -addition or -memorization")
    looking.add_argument("--split", choices=SPLITS, default="test", help="(default: %(default)s)")
    looking.add_argument("--count", type=int, default=5, metavar="N", help="samples to show (default: %(default)s)")
    looking.add_argument("--errors", action="store_true", help="show only samples with errors")
    return parser


def _score(args: argparse.Namespace) -> None:
    paths = [args.data / "raw" / f"{args.split}.en"] if args.data is not None else args.references
    if len(paths) == 1 and not paths[0].exists():
        paths = reference_files(paths[0])
    hypotheses = read_lines(args.hypotheses)
    references = read_references(paths)
    if len(hypotheses) != len(references):
        raise EvaluationError(
            f"{args.hypotheses}: {len(hypotheses)} hypotheses for {len(references)} sources in {paths[0]}; "
            "there must be exactly one line for each source"
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
                "files": [{"path": relative(path), "sha256": file_sha256(path)} for path in files],
                "commit": None if at is None else asdict(at),
                "versions": versions(),
            },
        )
    print(scores.summary())


def _generate(args: argparse.Namespace, extra: Sequence[str]) -> None:
    own = {"checkpoints", "user_dir", "extra"}
    options = {field.name: getattr(args, field.name) for field in fields(GenerationSettings) if field.name not in own}
    if args.no_user_dir:
        options["user_dir"] = None
    elif args.user_dir is not None:
        options["user_dir"] = args.user_dir
    checkpoints = tuple(Path(part) for part in args.path.split(os.pathsep) if part)
    settings = GenerationSettings(checkpoints=checkpoints, extra=tuple(extra), **options)
    print(generate(settings).summary())
    print(f"written: {settings.scores_path}, {settings.hypotheses_path}, {settings.log_path}")


def _curve(args: argparse.Namespace) -> None:
    if args.csv is None and args.png is None:
        raise EvaluationError("curve: nothing to write; give --csv FILE, --png FILE or both")
    points = read_log(args.log, args.valid_subset)
    if args.png is not None:
        plot(args.png, points, args.title)
    if args.csv is not None:
        write_csv(args.csv, points)
    written = ", ".join(str(path) for path in (args.csv, args.png) if path is not None)
    print(f"{len(points)} points up to update {points[-1].updates}: {written}")


def _inspect(args: argparse.Namespace) -> None:
    if args.count < 0:
        raise EvaluationError(f"--count {args.count}: must not be negative")
    print("\n".join(report(inspect(args.checkpoint, args.split), args.count, args.errors)))


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status (0, or 2 after bad input)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    extra: list[str] = []
    if arguments[:1] == ["generate"] and "--" in arguments:
        at = arguments.index("--")
        arguments, extra = arguments[:at], arguments[at + 1 :]
    args = _parser().parse_args(arguments)
    try:
        match args.command:
            case "score":
                _score(args)
            case "generate":
                _generate(args, extra)
            case "curve":
                _curve(args)
            case "inspect":
                _inspect(args)
    except EvaluationError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("error: interrupted", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
