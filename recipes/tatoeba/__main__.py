"""Chinese to English on Tatoeba, from the file of pairs to BLEU, in one command.

    python -m recipes.tatoeba --tsv cmn-eng.tsv

Trains the Reencoder that won the experiments (`recipes.tatoeba.experiments`), tunes the search on the validation set,
and translates the test set once. Members with the same tokens form an ensemble. With several ensembles, or `--mbr`, the
output is chosen from their n-best lists by minimum Bayes risk; with `--rerank`, further models rescore one ensemble's
list.

Prepared data, checkpoints and logs are written to `--work`; a run that was stopped continues when the same command is
given again. The small files of the result (scores, translations, curve, settings) are written to `--results`.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from data_prep.command_line import Parser, positive
from data_prep.errors import DataError
from data_prep.files import read_json, read_lines, write_json
from eval.bleu import Scores
from eval.curves import plot, read_log, write_curve
from eval.generate import generate
from eval.generation_settings import GenerationSettings
from eval.mbr import RiskSettings, minimum_risk
from eval.provenance import Stopwatch, combined_commit, mark_dirty, provenance, recorded_command
from eval.references import read_references
from eval.rerank import RerankSettings, rerank
from eval.search_settings import search_file
from eval.tune import Grid, tune

from ..command_line import run
from ..training import run_in_parallel
from .catalogue import BEST, EXPERIMENTS, group_by_tokens
from .execution import best_checkpoint, execute, training_folder
from .synthetic import Folders, ready_data

SPLITS = ("valid", "test")

COMBINED, CHOSEN = 10, 20
"""Translations per source to choose from: of each of several ensembles, or of one."""

EXAMPLES = 8
"""Number of sentences of the test set to show."""


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
        help="experiments to train; those with the same tokens form an ensemble (`python -m "
        "recipes.tatoeba.experiments --list` prints the names)",
    )
    parser.add_argument(
        "--rerank",
        nargs="+",
        choices=list(EXPERIMENTS),
        metavar="NAME",
        default=[],
        help="experiments whose models rescore the n-best list of the ensemble, with weights tuned on the validation "
        "set; such as `reverse`, which translates from English to Chinese",
    )
    parser.add_argument(
        "--mbr",
        action="store_true",
        help="choose from the n-best list by minimum Bayes risk, even with one model or ensemble",
    )
    parser.add_argument("--jobs", type=positive, default=2, help="trainings at the same time, one thread each")
    return parser


@dataclass(frozen=True)
class Ensemble:
    """Models whose probabilities can be averaged, because their tokens are the same.

    Attributes:
        members: names of the experiments.
        settings: how to translate with them.
    """

    members: tuple[str, ...]
    settings: GenerationSettings

    @property
    def variant(self) -> str:
        """The variant of the first member's data."""
        return self.settings.data.name


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
    work, results = options.work, options.results
    command = recorded_command("recipes.tatoeba", arguments)
    ensembles = _prepare(options, command)
    reranking = list(dict.fromkeys(options.rerank))
    scorers = [best_checkpoint(name, work) for name in reranking]

    def train(name: str) -> dict[str, Any]:
        return execute(name, work / "data" / EXPERIMENTS[name].data, work, results / "members", command)

    names = list(dict.fromkeys([*options.members, *reranking]))
    members = list(run_in_parallel(train, names, options.jobs))
    search = _tune(ensembles)
    mbr = options.mbr or len(ensembles) > 1
    scores, parts, translations = _translate(ensembles, scorers, mbr, work / "translations", command)
    copies = _copy_files(ensembles, translations, results)
    write_json(results / "examples.json", examples(ensembles[0].settings.data, translations, seed=1))
    curve = read_log(training_folder(options.members[0], work) / "train.log")
    write_curve(results / "curve.csv", curve)
    plot(results / "curve.png", curve, f"Tatoeba zh-en, {options.members[0]}")
    origin = provenance(command, stopwatch)
    commits = [*(member["provenance"]["commit"] for member in members), *(read_json(copy)["commit"] for copy in copies)]
    origin["commit"] = combined_commit(origin["commit"], commits)
    if origin["commit"] is not None and origin["commit"]["dirty"]:
        mark_dirty(copies)
    result: dict[str, Any] = {
        "members": [{name: value for name, value in member.items() if name != "curve"} for member in members],
        "rerank": reranking,
        "mbr": mbr,
        "scores": {split: value.to_json() for split, value in scores.items()},
        "parts": {name: {split: value.to_json() for split, value in part.items()} for name, part in parts.items()},
        "search": search,
        "provenance": origin,
    }
    write_json(results / "result.json", result)
    return scores


def _copy_files(ensembles: Sequence[Ensemble], translations: Path, results: Path) -> list[Path]:
    """Copy scores, translations and tuned settings to the results.

    With the translations, other systems can be compared with this one without training it again.

    Returns:
        The copies that have a ``commit``.
    """
    recorded = [results / f"scores.{split}.json" for split in SPLITS]
    for copy in [*recorded, *(results / f"hypotheses.{split}.txt" for split in SPLITS)]:
        shutil.copy(translations / copy.name, copy)
    for ensemble in ensembles:
        recorded.append(results / f"search.{ensemble.variant}.json")
        shutil.copy(search_file(ensemble.settings.checkpoints[0]), recorded[-1])
    return recorded


def _prepare(options: argparse.Namespace, command: list[str]) -> list[Ensemble]:
    """Prepare the data of all members, and group these.

    Raises:
        DataError: `--rerank` does not fit the members or `--mbr`, or a program failed.
    """
    if options.rerank and options.mbr:
        raise DataError("--mbr, --rerank: each chooses from the n-best list; give one of them")
    names = [*options.members, *options.rerank]
    if options.rerank and len(group_by_tokens(names)) > 1:
        found = ", ".join(sorted({EXPERIMENTS[name].data for name in names}))
        raise DataError(f"--rerank: all models must have the same tokens, but their data are {found}")
    reverse = [name for name in options.members if EXPERIMENTS[name].reverse]
    if reverse:
        raise DataError(f"--members {reverse[0]}: translates English into Chinese; use it with --rerank")
    folders = Folders(options.tsv, options.work, options.results / "members", options.jobs)
    groups = group_by_tokens(options.members)
    variants = dict.fromkeys(EXPERIMENTS[name].data for name in names)
    data = {variant: ready_data(variant, folders, command) for variant in variants}
    nbest = COMBINED if len(groups) > 1 else CHOSEN if options.rerank or options.mbr else 1
    ensembles = []
    for group in groups:
        settings = GenerationSettings(
            data=data[EXPERIMENTS[group[0]].data],
            checkpoints=tuple(best_checkpoint(name, options.work) for name in group),
            output=options.work / "translations" / _folder_name(group),
            nbest=nbest,
            batch_size=64,
            max_blocks=20_000,
            overwrite=True,
        )
        ensembles.append(Ensemble(tuple(group), settings))
    return ensembles


def _folder_name(members: Sequence[str]) -> str:
    """Return a name for the translations of an ensemble, short enough for any file system."""
    name = "+".join(members)
    return name if len(name) <= 200 else f"{name[:180]}-{hashlib.sha256(name.encode()).hexdigest()[:16]}"


def _tune(ensembles: Sequence[Ensemble]) -> dict[str, Any]:
    """Tune the search of each ensemble on the validation set; return the settings by variant of the data."""
    # The n-best lists need a beam of their size.
    nbest = ensembles[0].settings.nbest
    grid = Grid() if nbest == 1 else replace(Grid(), beams=(nbest,))
    return {ensemble.variant: tune(replace(ensemble.settings, nbest=1), grid)["settings"] for ensemble in ensembles}


def _translate(
    ensembles: Sequence[Ensemble], scorers: Sequence[Path], mbr: bool, folder: Path, command: list[str]
) -> tuple[dict[str, Scores], dict[str, dict[str, Scores]], Path]:
    """Translate both splits, and print the scores.

    Args:
        ensembles: the ensembles.
        scorers: checkpoints of the models that rerank.
        mbr: choose by minimum Bayes risk from the n-best lists.
        folder: for the translations that are chosen from n-best lists.
        command: the command, for the record.

    Returns:
        The scores by split; those of each ensemble, if translations were chosen from n-best lists; and the folder of
        the translations, which is then one below `folder`, otherwise that of the only ensemble.
    """
    parts: dict[str, dict[str, Scores]] = {"+".join(ensemble.members): {} for ensemble in ensembles}
    scores = {}
    for split in SPLITS:
        outputs = [replace(ensemble.settings, split=split) for ensemble in ensembles]
        for name, output in zip(parts, outputs, strict=True):
            scores[split] = parts[name][split] = generate(output)
            print(f"{name}, {split}: {scores[split].to_text()}")
        if mbr:
            settings = RiskSettings(
                data=tuple(output.data for output in outputs),
                candidates=tuple(output.log_path for output in outputs),
                output=folder / "mbr",
                split=split,
                overwrite=True,
            )
            scores[split] = minimum_risk(settings, command)
            print(f"minimum Bayes risk, {split}: {scores[split].to_text()}")
    if mbr:
        return scores, parts, folder / "mbr"
    first = ensembles[0].settings
    if not scorers:
        return scores, {}, first.output
    reranked = RerankSettings(first.data, first.output, tuple(scorers), folder / "rerank", overwrite=True)
    scores = rerank(reranked, command)
    for split, value in scores.items():
        print(f"reranked, {split}: {value.to_text()}")
    return scores, parts, folder / "rerank"


def examples(data: Path, translations: Path, seed: int) -> list[dict[str, Any]]:
    """Return sentences of the test set with translations, references and, as the licence requires, attributions.

    Args:
        data: folder of prepared data.
        translations: folder of translations.
        seed: seed of the choice of sentences.
    """
    sources = read_lines(data / "raw" / "test.zh")
    references = read_references([data / "raw" / "test.en"])
    hypotheses = read_lines(translations / "hypotheses.test.txt")
    attributions: dict[int, list[str]] = {}
    attributed = data / "raw" / "test.attribution"  # absent if the file of pairs has no attributions
    for line in read_lines(attributed) if attributed.exists() else []:
        number, _, text = line.split("\t", 2)
        attributions.setdefault(int(number) - 1, []).append(text)
    return [
        {
            "source": sources[n],
            "translation": hypotheses[n],
            "references": references[n],
            "attributions": attributions.get(n, []),
        }
        for n in sorted(random.Random(seed).sample(range(len(sources)), min(EXAMPLES, len(sources))))
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
