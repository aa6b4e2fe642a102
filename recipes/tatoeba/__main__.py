"""Chinese to English on Tatoeba, from the file of pairs to BLEU, in one command.

    python -m recipes.tatoeba --tsv cmn-eng.tsv

Trains the model that won the experiments (`recipes.tatoeba.experiments`), tunes the search on the validation set, and
translates the test set once. Several `--members` make an ensemble. Prepared data, checkpoints and logs are written to
`--work`; a run that was stopped continues when the same command is given again. The small files of the result (scores,
curve, settings, a few examples) are written to `--results`.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from data_prep.command_line import Parser
from data_prep.errors import DataError
from data_prep.files import read_json, read_lines, write_json
from eval.bleu import Scores
from eval.curves import plot, read_log, write_curve
from eval.generate import generate
from eval.generation_settings import GenerationSettings
from eval.provenance import Stopwatch, mark_dirty, provenance, worst
from eval.references import read_references
from eval.search_settings import search_file
from eval.tune import Grid, tune

from ..command_line import run
from ..training import run_in_parallel
from .data import prepare_data
from .experiments import EXPERIMENTS, execute, training_folder, without_paths

BEST = "phrases-long"
"""The experiment with the best validation BLEU of a single model."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="python -m recipes.tatoeba",
        description="Chinese to English on Tatoeba: prepare, train, tune the search, translate, score.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--tsv", type=Path, help="pairs in Tatoeba's format; None: download the current file")
    parser.add_argument("--work", type=Path, default=Path("runs/tatoeba"), help="folder for data, checkpoints and logs")
    parser.add_argument(
        "--results", type=Path, default=Path("runs/tatoeba/results"), help="folder for the result files"
    )
    parser.add_argument(
        "--members",
        nargs="+",
        choices=list(EXPERIMENTS),
        metavar="NAME",
        default=[BEST],
        help="experiments to train; several make an ensemble, and must share their data (`python -m "
        "recipes.tatoeba.experiments --list` prints the names)",
    )
    parser.add_argument("--jobs", type=int, default=2, help="trainings at the same time, one thread each")
    return parser


def run_recipe(options: argparse.Namespace, arguments: list[str]) -> dict[str, Scores]:
    """Prepare, train, tune the search, translate and score.

    Args:
        options: options of the command line.
        arguments: the same as given, for the record.

    Returns:
        The scores of the validation and the test set.

    Raises:
        DataError: an option is wrong, or a program failed.
    """
    stopwatch = Stopwatch()
    variants = {EXPERIMENTS[name].data for name in options.members}
    if len(variants) > 1:
        raise DataError(f"--members: expected experiments on the same data, got {', '.join(sorted(variants))}")
    data = prepare_data(options.tsv, options.work, variants.pop())
    command = ["python", "-m", "recipes.tatoeba", *without_paths(arguments, options)]
    work, kept = options.work, options.results / "members"
    members = list(
        run_in_parallel(lambda name: execute(name, data, work, kept, command), options.members, options.jobs)
    )
    folders = [training_folder(name, options.work) for name in options.members]
    log = folders[0] / "train.log"
    curve = read_log(log)
    write_curve(options.results / "curve.csv", curve)
    plot(options.results / "curve.png", curve, f"Tatoeba zh-en, {options.members[0]}")
    translations = options.work / "translations" / "+".join(options.members)
    settings = GenerationSettings(
        data=data,
        checkpoints=tuple(folder / "checkpoints" / "checkpoint_best.pt" for folder in folders),
        output=translations,
        batch_size=64,
        max_blocks=20_000,
        overwrite=True,
    )
    tuned = tune(settings, Grid())
    shutil.copy(search_file(settings.checkpoints[0]), options.results / "search.json")
    scores = {}
    for split in ("valid", "test"):
        scores[split] = generate(replace(settings, split=split))
        print(f"{split}: {scores[split].to_text()}")
        shutil.copy(translations / f"scores.{split}.json", options.results)
    write_json(options.results / "examples.json", examples(data, translations, seed=1))
    copies = [options.results / name for name in ("search.json", "scores.valid.json", "scores.test.json")]
    origin = provenance(command, stopwatch)
    parts = [*(member["provenance"]["commit"] for member in members), *(read_json(copy)["commit"] for copy in copies)]
    origin["commit"] = worst(origin["commit"], parts)
    if origin["commit"] is not None and origin["commit"]["dirty"]:
        mark_dirty(copies)
    result: dict[str, Any] = {
        "members": [{name: value for name, value in member.items() if name != "curve"} for member in members],
        "scores": {split: value.to_json() for split, value in scores.items()},
        "search": tuned["settings"],
        "provenance": origin,
    }
    write_json(options.results / "result.json", result)
    return scores


def examples(data: Path, translations: Path, seed: int, count: int = 8) -> list[dict[str, Any]]:
    """Return sentences of the test set with translations, references and, as the licence requires, attributions.

    Args:
        data: folder of prepared data.
        translations: folder of translations.
        seed: seed of the choice of sentences.
        count: number of sentences. Default: 8
    """
    sources = read_lines(data / "raw" / "test.zh")
    references = read_references([data / "raw" / "test.en"])
    hypotheses = read_lines(translations / "hypotheses.test.txt")
    attributions: dict[int, list[str]] = {}
    for line in read_lines(data / "raw" / "test.attribution"):
        number, _, text = line.split("\t", 2)
        attributions.setdefault(int(number) - 1, []).append(text)
    return [
        {
            "source": sources[n],
            "translation": hypotheses[n],
            "references": references[n],
            "attributions": attributions.get(n, []),
        }
        for n in sorted(random.Random(seed).sample(range(len(sources)), min(count, len(sources))))
    ]


def main(arguments: list[str] | None = None) -> int:
    """Run the recipe.

    Args:
        arguments: arguments without the program name; None for those of the process.

    Returns:
        The exit status; see `data_prep.command_line.run`.
    """
    given = sys.argv[1:] if arguments is None else arguments
    options = build_parser().parse_args(given)
    return run(lambda: run_recipe(options, given))


if __name__ == "__main__":
    sys.exit(main())
