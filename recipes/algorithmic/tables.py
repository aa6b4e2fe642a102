"""The section of docs/results.md on a recipe of an algorithmic task."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from data_prep.files import read_json, read_lines
from eval.provenance import ROOT
from eval.tables import markdown_table

from ..origins import origins_of_run
from ..runs import EARLIER, LIMITS
from .recipe import Recipe

COLUMNS = (
    *("model", "seed", "last (chance)", "best (chance)", "validations", "whole samples, last and best"),
    *("samples until solved", "fresh set, whole samples", "samples seen", "minutes"),
)
"""What the table of runs shows beside the size of the problem."""

SEED_COLUMNS = ("model", "seeds", "solved", "samples until solved", "best")
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
    every = _all_series(recipe, found["runs"].values())
    runs = [run for series in every for run in series.runs]
    # A folder outside of the checkout has no path relative to it.
    place = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder.name
    held_out = runs[0]["options"]["valid_samples"]
    tested = [run for run in runs if "test" in run]
    fresh = (
        "The fresh set, also held out, is used only after the training"
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
        *_over_seeds(recipe, every),
        *read_lines(folder / "notes.md"),
        "",
        *(
            f"* {run['label']}, {run['size']} {recipe.unit}: {_settings(run['options'])}. {origins_of_run(run)}"
            for run in runs
        ),
        "",
    ]


class Series(NamedTuple):
    """The runs of one model on one size of the problem that differ in their seeds only.

    Attributes:
        runs: the runs, by seed.
        failed: seeds with which the model was not tried on this size, as it did not solve a smaller one.
    """

    runs: list[dict[str, Any]]
    failed: list[int]


def _all_series(recipe: Recipe, runs: Iterable[dict[str, Any]]) -> list[Series]:
    """Return the runs of each model and size; the sizes in order, and of each the best model first."""
    alike: dict[str, dict[int, list[dict[str, Any]]]] = defaultdict(lambda: defaultdict(list))
    for run in sorted(runs, key=lambda run: run["options"]["seed"]):
        alike[_model_and_settings(recipe, run)][run["size"]].append(run)
    every = []
    for by_size in alike.values():
        failed: list[int] = []
        for _, of_size in sorted(by_size.items()):
            tried = [run["options"]["seed"] for run in of_size]
            every.append(Series(of_size, [seed for seed in failed if seed not in tried]))
            if recipe.growing:
                failed += [run["options"]["seed"] for run in of_size if not run["solved"]]
    return sorted(
        every, key=lambda one: (one.runs[0]["size"], -max(_best(recipe, run) for run in one.runs), one.runs[0]["label"])
    )


def _model_and_settings(recipe: Recipe, run: dict[str, Any]) -> str:
    """Return what the runs of a series have in common, as text."""
    options = {**EARLIER, **run["options"]}
    for name in ("seed", recipe.size_option, *LIMITS):
        options.pop(name, None)
    return json.dumps([run["label"], options], sort_keys=True)


def _best(recipe: Recipe, run: dict[str, Any]) -> float:
    return float(run["best"][recipe.metric])


def _over_seeds(recipe: Recipe, every: list[Series]) -> list[str]:
    """Return a table of the models that were trained with several seeds; nothing if there are none."""
    rows = []
    for runs, failed in every:
        seeds = sorted([*(run["options"]["seed"] for run in runs), *failed])
        if len(seeds) == 1:
            continue
        solved = [f"{samples:,}" for samples in sorted(run["samples_to_solve"] for run in runs if run["solved"])]
        best = [f"{accuracy:.2%}" for accuracy in sorted(_best(recipe, run) for run in runs)]
        row = [str(runs[0]["size"]), runs[0]["label"], ", ".join(map(str, seeds)), f"{len(solved)} of {len(seeds)}"]
        rows.append([*row, "; ".join(solved) or "-", ", ".join(best)])
    if not rows:
        return []
    smaller = " A seed that did not solve a smaller size counts as one that does not solve the larger."
    return [
        f"Over several seeds, in ascending order.{smaller if recipe.growing else ''}",
        "",
        *markdown_table((recipe.unit, *SEED_COLUMNS), rows),
        "",
    ]


def _row(recipe: Recipe, run: dict[str, Any]) -> list[str]:
    last, best, chance = run["last"], run["best"], run["chance"]
    test = run.get("test")  # files that were written before there was a fresh set lack it
    fresh = (
        "not tested" if test is None else f"{test['right']:,} of {test['samples']:,} (at least {test['at_least']:.1%})"
    )
    return [
        str(run["size"]),
        run["label"],
        str(run["options"]["seed"]),
        f"{last[recipe.metric]:.2%} ({chance['last'][1]:.1%})",
        f"{best[recipe.metric]:.2%} ({chance['best'][1]:.1%})",
        str(run["validations"]),
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
