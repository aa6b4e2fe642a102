"""A log of experiments: what was tried on Tatoeba and whether it helped; one training per experiment.

    python -m recipes.tatoeba.experiments --tsv cmn-eng.tsv --only lexical-muon phrases

Every experiment has a folder below `--work`; a training that was stopped continues when the same command is given
again, and a finished one is not repeated. Its result, with its own command and minutes, is written to `--results`.
Choices are made on the validation set: no experiment reads the test set.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from data_prep.command_line import Parser, positive
from eval.provenance import recorded_command

from ..command_line import run
from ..training import run_in_parallel
from .catalogue import EXPERIMENTS
from .execution import execute, result_path
from .synthetic import Folders, ready_data

_WIDTH = max(map(len, EXPERIMENTS))


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(prog="python -m recipes.tatoeba.experiments", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tsv", type=Path, help="pairs in Tatoeba's format (default: download the current file)")
    parser.add_argument("--work", type=Path, default=Path("runs/tatoeba"), help="folder for data and trainings")
    parser.add_argument(
        "--results", type=Path, default=Path("recipes/tatoeba/results/experiments"), help="folder for the result files"
    )
    parser.add_argument("--only", nargs="+", choices=list(EXPERIMENTS), metavar="NAME", help="default: all")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    parser.add_argument("--jobs", type=positive, default=2, help="trainings at the same time, one thread each")
    return parser


def run_experiments(options: argparse.Namespace, arguments: list[str]) -> None:
    """Run the requested experiments.

    Raises:
        DataError: bad input, or a program failed.
    """
    if options.list:
        for name, experiment in EXPERIMENTS.items():
            print(f"{name:{_WIDTH}} {experiment.question}")
        return
    names = options.only or list(EXPERIMENTS)
    command = recorded_command("recipes.tatoeba.experiments", arguments)
    folders = Folders(options.tsv, options.work, options.results, options.jobs)
    # A finished experiment needs no data, and no models that translate a part of them.
    unfinished = [name for name in names if not result_path(name, options.results).exists()]
    variants = dict.fromkeys(EXPERIMENTS[name].data for name in unfinished)
    data = {variant: ready_data(variant, folders, command) for variant in variants}

    def work(name: str) -> None:
        variant = EXPERIMENTS[name].data
        folder = data.get(variant, options.work / "data" / variant)
        result = execute(name, folder, options.work, options.results, command)
        bleu = f", BLEU {result['valid']['bleu']:5.2f}" if result["valid"] else ""
        perplexities = f"train perplexity {result['train_ppl']:6.2f}, valid {result['valid_ppl']:6.2f}"
        print(f"{name:{_WIDTH}} {perplexities}{bleu}", flush=True)

    for _ in run_in_parallel(work, names, options.jobs):
        pass


def main(arguments: list[str] | None = None) -> int:
    """Run the experiments; return the exit status, see `data_prep.command_line.run`."""
    given = sys.argv[1:] if arguments is None else arguments
    options = build_parser().parse_args(given)
    return run(lambda: run_experiments(options, given))


if __name__ == "__main__":
    sys.exit(main())
