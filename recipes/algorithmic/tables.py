"""The section of docs/results.md on a recipe of an algorithmic task."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from data_prep.files import read_json, read_lines
from eval.provenance import ROOT
from eval.tables import markdown_table

from ..origins import origins_of_run
from .recipe import Recipe
from .runs import against_chance

COLUMNS = (
    *("model", "seed", "last (chance)", "best (chance)", "validations", "whole samples, last and best"),
    *("samples until solved", "fresh set, whole samples", "samples seen", "minutes"),
)
"""What the table of runs shows beside the size of the problem."""

SEED_COLUMNS = ("model", "seeds", "solved", "samples until solved: least, median, most", "best: least, median, most")
"""What the table of models that were trained with several seeds shows beside the size of the problem."""


def section(recipe: Recipe, folder: Path | None = None) -> list[str]:
    """Return the section on a recipe, with a subsection per folder of further results.

    Args:
        recipe: the recipe.
        folder: folder of its results. Default: the committed ones
    """
    folder = folder or ROOT / "recipes" / recipe.name / "results"
    lines = [f"## {recipe.name.capitalize()}", "", *_runs(recipe, folder)]
    for further in sorted(path.parent for path in folder.glob("*/curves.json")):
        lines += [f"### {recipe.name.capitalize()}: {further.name.capitalize()}", "", *_runs(recipe, further)]
    return [*lines, f"The paper, as we read it: {'; '.join(figure.text for figure in recipe.paper)}.", ""]


def _runs(recipe: Recipe, folder: Path) -> list[str]:
    """Return the runs in a folder of results and the notes beside them."""
    found = read_json(folder / "curves.json")
    series = _series(recipe, found["runs"].values())
    runs = [run for of_model in series for run in of_model]
    # A folder outside of the checkout has no path relative to it.
    place = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder.name
    held_out = runs[0]["options"]["valid_samples"]
    tested = [run for run in runs if "test" in run]
    fresh = (
        "The fresh set, also held out, is used only once, after the training"
        if tested
        else "None of these runs was tested on a fresh set; the recipe got one later"
    )
    return [
        f"Scale `{found['scale']}`. {_words(recipe.metric)} is measured on {held_out} samples that are held "
        "out of training; training samples are drawn on the fly, with replacement. The best of many validations is "
        "higher than what the model reaches on another set. The number in brackets is the most that chance reaches, "
        "with 95% confidence: for the last, in one validation; for the best, in as many as there were. Solved means "
        f"that all held-out samples are right. {fresh}. The curves are in `{place}/` (`curves.csv`, `curves.png`).",
        "",
        *markdown_table((recipe.unit, *COLUMNS), (_row(recipe, run) for run in runs)),
        "",
        *_over_seeds(recipe, [of_model for of_model in series if len(of_model) > 1]),
        *read_lines(folder / "notes.md"),
        "",
        *(
            f"* {run['label']}, {run['size']} {recipe.unit}: {_settings(run['options'])}. {origins_of_run(run)}"
            for run in runs
        ),
        "",
    ]


def _series(recipe: Recipe, runs: Iterable[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    """Return the runs of each model and size by seed; the sizes in order, and of each the best model first."""
    series: dict[tuple[int, str], list[dict[str, Any]]] = defaultdict(list)
    for run in sorted(runs, key=lambda run: run["options"]["seed"]):
        series[run["size"], run["label"]].append(run)
    return sorted(
        series.values(), key=lambda of_model: (of_model[0]["size"], -max(_best(recipe, run) for run in of_model))
    )


def _best(recipe: Recipe, run: dict[str, Any]) -> float:
    return float(run["best"][recipe.metric])


def _over_seeds(recipe: Recipe, series: list[list[dict[str, Any]]]) -> list[str]:
    """Return a table of the models that were trained with several seeds; nothing if there are none."""
    if not series:
        return []
    rows = []
    for runs in series:
        solved = [run["samples_to_solve"] for run in runs if run["solved"]]
        # a run that is not solved would need more samples than any that is
        needed = sorted(solved) + [None] * (len(runs) - len(solved))
        rows.append(
            [
                str(runs[0]["size"]),
                runs[0]["label"],
                ", ".join(str(run["options"]["seed"]) for run in runs),
                f"{len(solved)} of {len(runs)}",
                _spread(["not solved" if samples is None else f"{samples:,}" for samples in needed]),
                _spread([f"{best:.2%}" for best in sorted(_best(recipe, run) for run in runs)]),
            ]
        )
    return ["Over several seeds:", "", *markdown_table((recipe.unit, *SEED_COLUMNS), rows), ""]


def _spread(ascending: list[str]) -> str:
    """Return the least, the median (of an even number the lower one) and the greatest of values in their order."""
    return f"{ascending[0]}, {ascending[(len(ascending) - 1) // 2]}, {ascending[-1]}"


def _row(recipe: Recipe, run: dict[str, Any]) -> list[str]:
    validated = [point for point in run["points"] if recipe.metric in point]
    last, best = validated[-1], run["best"]
    # Files that were written before chance and the fresh set were recorded lack both.
    chance = run.get("chance") or against_chance(
        validated, recipe.metric, recipe.chance(run["size"]), run["options"]["valid_samples"]
    )
    test = run.get("test")
    fresh = (
        "not tested" if test is None else f"{test['right']:,} of {test['samples']:,} (at least {test['at_least']:.1%})"
    )
    return [
        str(run["size"]),
        run["label"],
        str(run["options"]["seed"]),
        f"{last[recipe.metric]:.2%} ({chance['last'][1]:.1%})",
        f"{best[recipe.metric]:.2%} ({chance['best'][1]:.1%})",
        str(len(validated)),
        f"{last['valid_sequence_accuracy']:.2%}, {best['valid_sequence_accuracy']:.2%}",
        f"{run['samples_to_solve']:,}" if run["solved"] else "-",
        fresh,
        f"{run['samples']:,}",
        f"{(run['seconds'] or 0) / 60:.0f}",
    ]


def _words(metric: str) -> str:
    return metric.replace("valid_", "validation_").replace("_", " ").capitalize()


def _settings(options: dict[str, Any]) -> str:
    rate = f"learning rate {options['lr']}"
    if "lr_shrink" in options:
        rate += f", times {options['lr_shrink']} after {options['lr_patience'] + 1} validations without improvement"
    decay = f"weight decay {options['weight_decay']:g}, " if options.get("weight_decay") else ""
    return f"{options['optimizer'].capitalize()}, {rate}, {decay}batch {options['batch_size']}, seed {options['seed']}"
