"""Command line: ``python -m eval COMMAND``; each command is a module of `eval.commands`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from data_prep.command_line import Parser, run, split_extra

from .commands import (
    aer,
    align,
    average,
    compare,
    curve,
    digits,
    generate,
    inspect,
    likelihood,
    mbr,
    report,
    rerank,
    sample,
    score,
    serve,
    translate,
    tune,
)
from .outputs import check_outputs
from .provenance import recorded_command

COMMANDS = {
    "translate": translate,
    "serve": serve,
    "generate": generate,
    "tune": tune,
    "mbr": mbr,
    "rerank": rerank,
    "average": average,
    "score": score,
    "likelihood": likelihood,
    "compare": compare,
    "align": align,
    "aer": aer,
    "report": report,
    "curve": curve,
    "inspect": inspect,
    "digits": digits,
    "sample": sample,
}

_PASS_ON = ("generate", "tune")
"""Commands that pass what follows ``--`` on to fairseq-generate."""


def build_parser() -> Parser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="python -m eval",
        description="Translate, score, compare, align, inspect, report, and plot training curves.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=module.HELP)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        argv: arguments without the program name; None for those of the process.

    Returns:
        The exit status; see `data_prep.command_line.run`.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    recorded = recorded_command("eval", arguments)
    extra: list[str] = []
    if arguments and arguments[0] in _PASS_ON:
        arguments, extra = split_extra(arguments)
    args = build_parser().parse_args(arguments)
    args.extra = extra
    command: Callable[..., None] = args.run

    def work() -> None:
        check_outputs(args)
        args.recorded = recorded
        command(args)

    return run(work)


if __name__ == "__main__":
    sys.exit(main())
