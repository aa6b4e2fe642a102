"""Chinese to English on Tatoeba, from the file of pairs to BLEU, in one command.

    python -m recipes.tatoeba --tsv cmn-eng.tsv

Trains the model that won the experiments (`recipes.tatoeba.experiments`), tunes the search on the validation set, and
translates the test set once. Several `--members` make an ensemble. Those on data with other tokens make another one; of
the n-best lists of all ensembles the translations of minimum Bayes risk are chosen then. Prepared data, checkpoints and
logs are written to `--work`; a run that was stopped continues when the same command is given again. The small files of
the result (scores, curve, settings, a few examples) are written to `--results`.
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
from data_prep.files import read_json, read_lines, write_json
from eval.bleu import Scores
from eval.curves import plot, read_log, write_curve
from eval.generate import generate
from eval.generation_settings import GenerationSettings
from eval.mbr import RiskSettings, minimum_risk
from eval.provenance import Stopwatch, mark_dirty, provenance, worst
from eval.references import read_references
from eval.search_settings import search_file
from eval.tune import Grid, tune

from ..command_line import run
from ..training import run_in_parallel
from .data import prepare_data
from .experiments import EXPERIMENTS, execute, training_folder, without_paths

BEST = "pieces-phrases"
"""The experiment with the best validation BLEU of a single model."""

NBEST = 10
"""Translations per source and ensemble, if there are several ensembles."""


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
        help="experiments to train; those that share their data make an ensemble (`python -m "
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
    groups: dict[str, list[str]] = {}
    for name in options.members:
        groups.setdefault(EXPERIMENTS[name].data, []).append(name)
    data = {variant: prepare_data(options.tsv, options.work, variant) for variant in groups}
    command = ["python", "-m", "recipes.tatoeba", *without_paths(arguments, options)]
    work, results, kept = options.work, options.results, options.results / "members"
    members = list(
        run_in_parallel(
            lambda name: execute(name, data[EXPERIMENTS[name].data], work, kept, command), options.members, options.jobs
        )
    )
    curve = read_log(training_folder(options.members[0], work) / "train.log")
    write_curve(results / "curve.csv", curve)
    plot(results / "curve.png", curve, f"Tatoeba zh-en, {options.members[0]}")
    search, outputs, copies = {}, [], []
    for variant, names in groups.items():
        settings = GenerationSettings(
            data=data[variant],
            checkpoints=tuple(training_folder(name, work) / "checkpoints" / "checkpoint_best.pt" for name in names),
            output=work / "translations" / "+".join(names),
            nbest=1 if len(groups) == 1 else NBEST,
            batch_size=64,
            max_blocks=20_000,
            overwrite=True,
        )
        # The n-best lists need a beam of their size.
        grid = Grid() if len(groups) == 1 else replace(Grid(), beams=(NBEST, 2 * NBEST))
        search[variant] = tune(replace(settings, nbest=1), grid)["settings"]
        outputs.append(settings)
        copies.append(results / f"search.{variant}.json")
        shutil.copy(search_file(settings.checkpoints[0]), copies[-1])
    scores, translations = {}, outputs[0].output
    for split in ("valid", "test"):
        for settings in outputs:
            scores[split] = generate(replace(settings, split=split))
            print(f"{'+'.join(groups[settings.data.name])}, {split}: {scores[split].to_text()}")
        if len(outputs) > 1:
            translations = work / "translations" / "mbr"
            scores[split] = _combine(outputs, translations, split, command)
            print(f"minimum Bayes risk, {split}: {scores[split].to_text()}")
        copies.append(results / f"scores.{split}.json")
        shutil.copy(translations / f"scores.{split}.json", copies[-1])
    write_json(results / "examples.json", examples(outputs[0].data, translations, seed=1))
    origin = provenance(command, stopwatch)
    parts = [*(member["provenance"]["commit"] for member in members), *(read_json(copy)["commit"] for copy in copies)]
    origin["commit"] = worst(origin["commit"], parts)
    if origin["commit"] is not None and origin["commit"]["dirty"]:
        mark_dirty(copies)
    result: dict[str, Any] = {
        "members": [{name: value for name, value in member.items() if name != "curve"} for member in members],
        "scores": {split: value.to_json() for split, value in scores.items()},
        "search": search,
        "provenance": origin,
    }
    write_json(results / "result.json", result)
    return scores


def _combine(outputs: list[GenerationSettings], folder: Path, split: str, command: list[str]) -> Scores:
    """Choose among the n-best lists of several ensembles by minimum Bayes risk."""
    settings = RiskSettings(
        data=tuple(output.data for output in outputs),
        candidates=tuple(replace(output, split=split).log_path for output in outputs),
        output=folder,
        split=split,
        overwrite=True,
    )
    return minimum_risk(settings, command)


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
