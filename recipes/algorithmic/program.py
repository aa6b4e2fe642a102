"""The command line of a recipe of an algorithmic task."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from data_prep.command_line import Parser, positive
from data_prep.files import read_json, write_json
from eval.provenance import Stopwatch, provenance, recorded_command

from ..command_line import (
    HOURS,
    OPTIMIZERS,
    Change,
    add_changes,
    add_run_options,
    folders,
    run,
    with_changes,
)
from ..curves import write_curves
from ..runs import combined_provenance
from ..training import run_in_parallel
from .picture import draw
from .recipe import Recipe, Scale

CHANGES = (
    Change("hidden_size", int, "units of every model", least=1),
    Change("layers", int, "layers of every model", least=1),
    Change("samples", int, "maximum training samples per run", least=1),
    HOURS,
    Change("samples_per_epoch", int, "samples between two validations", least=1),
    Change("valid_samples", int, "samples held out for validation", least=1),
    Change("test_samples", int, "further samples held out for a test of the finished model", least=1),
    Change("batch_size", int, "samples per update", least=1),
    Change("lr", float, "learning rate", above=0),
    Change(
        "lr_shrink",
        float,
        "factor of the learning rate when validation does not improve; 1: constant learning rate",
        above=0,
    ),
    Change("lr_patience", int, "validations without improvement before the learning rate shrinks", least=0),
    Change("weight_decay", float, "weight decay, with Muon that of its matrices", least=0),
    Change("forget_bias", float, "initial bias of the forget gates of every LSTM"),
    Change("init_scale", float, "scale of the initial weights of Grid LSTMs", above=0),
    Change("input_scale", float, "scale of the initial weights of the input's projection; 0: torch's default", least=0),
)
"""Values of a scale that the command line overrides."""


def build_parser(recipe: Recipe) -> argparse.ArgumentParser:
    """Return the parser of the command line of a recipe."""
    parser = Parser(
        prog=f"python -m recipes.{recipe.name}",
        description=f"{recipe.title}: train the models and plot accuracy against samples. A run that was stopped "
        "continues when the same command is given again; a finished one is not repeated.",
    )
    add_run_options(parser, recipe.name, recipe.scales, seeds=True)
    parser.add_argument(
        "--models",
        nargs="+",
        choices=list(recipe.models),
        default=list(recipe.models),
        help="models to train (default: all)",
    )
    parser.add_argument(
        f"--{recipe.size_option}",
        dest="sizes",
        type=positive,
        nargs="+",
        metavar="N",
        help="sizes of the problem (default: the scale's)",
    )
    if recipe.growing:
        parser.add_argument(
            "--all-sizes", action="store_true", help="do not stop at the first size that a model fails to learn"
        )
    changes = add_changes(parser, CHANGES)
    changes.add_argument("--optimizer", choices=OPTIMIZERS, help="adam, as in the paper, or the plugin's muon")
    return parser


def scale_of(recipe: Recipe, options: argparse.Namespace) -> Scale:
    """Return the scale with the changes given on the command line.

    Raises:
        DataError: the value of an option is out of range.
    """
    scale = with_changes(recipe.scales[options.scale], options, CHANGES, "optimizer")
    if options.sizes:
        scale = replace(scale, sizes=tuple(options.sizes))
    return scale if options.layers is None else replace(scale, own_layers=())


def run_recipe(recipe: Recipe, options: argparse.Namespace, arguments: list[str]) -> list[dict[str, Any]]:
    """Run the requested models, and plot all finished runs in the folder after each.

    Args:
        recipe: the recipe.
        options: options of the command line.
        arguments: the same as given, to be recorded.

    Returns:
        The results of the requested runs.

    Raises:
        DataError: an option is wrong, or a training failed.
    """
    stopwatch = Stopwatch()
    scale = scale_of(recipe, options)
    dest, folder = folders(options, recipe.name)
    command = recorded_command(f"recipes.{recipe.name}", arguments)
    drawing = threading.Lock()

    def run_sizes(series: tuple[str, int]) -> list[dict[str, Any]]:
        model, seed = series
        results = []
        for size in scale.sizes:
            training = recipe.run(model, size, scale, seed)
            print(f"{training.name}: {training.label}, {size} {recipe.unit}", flush=True)
            result = training.execute(dest / training.name, command, options.threads, options.quiet)
            results.append(result)
            print(f"{training.name}: {describe(result, recipe.metric)}", flush=True)
            with drawing:
                collect(recipe, dest, folder, options.scale, command, stopwatch)
            if recipe.growing and not result["solved"] and not options.all_sizes:
                break
        return results

    every_series = [(model, seed) for seed in dict.fromkeys(options.seeds) for model in options.models]
    return [result for results in run_in_parallel(run_sizes, every_series, options.jobs) for result in results]


def describe(result: Mapping[str, Any], metric: str) -> str:
    """Return the result of a run in one line."""
    fresh = ""
    if "test" in result:  # older results have none
        fresh = f"; fresh set: {result['test']['right']} of {result['test']['samples']} samples right"
    if result["solved"]:
        return f"solved after {result['samples_to_solve']:,} samples{fresh}"
    best = result["best"][metric]
    last = f"last {result['last'][metric]:.4f}, " if "last" in result else ""
    chance = " (within chance)" if "chance" in result and best <= result["chance"]["best"][1] else ""
    quality = f"{metric.replace('_', ' ')}: {last}best {best:.4f}{chance}"
    return f"not solved in {result['samples']:,} samples; {quality}{fresh}"


def collect(recipe: Recipe, dest: Path, folder: Path, scale: str, command: list[str], stopwatch: Stopwatch) -> None:
    """Write the results of all finished runs as JSON, and their curves as CSV and PNG.

    Args:
        recipe: the recipe.
        dest: folder of the runs.
        folder: folder of the files to write.
        scale: name of the scale.
        command: command of the recipe, to be recorded.
        stopwatch: created when the command began.

    Raises:
        DataError: a result cannot be read, or a file cannot be written.
    """
    order = {name: number for number, name in enumerate(recipe.models)}
    found = [(path.parent.name, read_json(path)) for path in dest.glob("*/result.json")]
    found.sort(key=lambda run: (run[1]["size"], order[run[1]["model"]], run[1]["options"]["seed"]))
    names, results = [name for name, _ in found], [result for _, result in found]
    write_curves(folder / "curves.csv", dict(zip(names, (result["points"] for result in results), strict=True)))
    draw(folder / "curves.png", results, recipe.metric, recipe.unit, f"{recipe.title}, {scale} scale", recipe.paper)
    document = {
        "task": recipe.task,
        "scale": scale,
        "paper": [figure.to_json() for figure in recipe.paper],
        "runs": {name: _without_points(result) for name, result in found},
        "provenance": combined_provenance(provenance(command, stopwatch), results),
    }
    write_json(folder / "curves.json", document)


def _without_points(result: Mapping[str, Any]) -> dict[str, Any]:
    """Return a result without its curve, which the CSV file contains."""
    return {key: value for key, value in result.items() if key != "points"}


def main(recipe: Recipe, arguments: list[str] | None = None) -> int:
    """Run a recipe.

    Args:
        recipe: the recipe.
        arguments: arguments without the program name; None for those of the process.

    Returns:
        The exit status; see `data_prep.command_line.run`.
    """
    given = sys.argv[1:] if arguments is None else arguments
    options = build_parser(recipe).parse_args(given)
    return run(lambda: run_recipe(recipe, options, given))
