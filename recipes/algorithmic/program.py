"""The command line of a recipe of an algorithmic task."""

from __future__ import annotations

import argparse
import sys
import threading
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from data_prep.command_line import Parser
from data_prep.errors import DataError
from data_prep.files import read_json, write_json
from eval.provenance import Stopwatch, provenance, relative, worst

from .. import command_line
from ..training import run_in_parallel
from .curves import write_curves
from .picture import draw
from .recipe import Recipe, Scale
from .runs import execute


def build_parser(recipe: Recipe) -> argparse.ArgumentParser:
    """Return the parser of the command line of a recipe."""
    parser = Parser(
        prog=f"python -m recipes.{recipe.name}",
        description=f"{recipe.title}: train the models and plot accuracy against samples. A run that was stopped "
        "continues when the same command is given again; a finished one is not repeated.",
    )
    parser.add_argument(
        "--scale", choices=list(recipe.scales), default="cpu", help="how large the runs are (default: %(default)s)"
    )
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
        type=int,
        nargs="+",
        metavar="N",
        help="sizes of the problem (default: the scale's)",
    )
    parser.add_argument("--dest", type=Path, help=f"folder of the runs (default: runs/{recipe.name}-SCALE)")
    parser.add_argument(
        "--results", type=Path, help="folder of curves.json, curves.csv and curves.png (default: DEST/results)"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of parameters and samples (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="models to train at the same time (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads per model (default: %(default)s)")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    if recipe.growing:
        parser.add_argument(
            "--all-sizes", action="store_true", help="do not stop at the first size that a model fails to learn"
        )
    changes = parser.add_argument_group("values that override the scale's")
    for name, kind, text in (
        ("hidden_size", int, "units of every model"),
        ("layers", int, "layers of every model"),
        ("samples", int, "maximum training samples per run"),
        ("hours", float, "maximum training time per run, in hours; 0: no limit"),
        ("samples_per_epoch", int, "samples between two validations"),
        ("valid_samples", int, "samples held out for validation"),
        ("test_samples", int, "further samples held out for a test of the finished model"),
        ("batch_size", int, "samples per update"),
        ("lr", float, "learning rate"),
        ("lr_shrink", float, "factor of the learning rate when validation does not improve; 1: constant learning rate"),
        ("lr_patience", int, "validations without improvement before the learning rate shrinks"),
        ("forget_bias", float, "initial bias of the forget gates of every LSTM"),
        ("init_scale", float, "scale of the initial weights of Grid LSTMs"),
        ("input_scale", float, "scale of the initial weights of the input's projection; 0: torch's default"),
    ):
        changes.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar="N", help=text)
    changes.add_argument("--optimizer", choices=("adam", "muon"), help="adam, as in the paper, or the plugin's muon")
    return parser


def scale_of(recipe: Recipe, options: argparse.Namespace) -> Scale:
    """Return the scale with the changes given on the command line.

    Raises:
        DataError: the value of an option is out of range.
    """
    names = [field.name for field in fields(Scale) if field.name != "own_layers"]
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if "sizes" in given:
        given["sizes"] = tuple(given["sizes"])
    for size in given.get("sizes", ()):
        if size < 1:
            raise DataError(f"--{recipe.size_option} {size}: must be above 0")
    for name, value in given.items():
        if name not in ("sizes", "forget_bias", "optimizer") and (
            value < 0 or (value == 0 and name not in ("hours", "input_scale", "lr_patience"))
        ):
            raise DataError(f"--{name.replace('_', '-')} {value}: must be above 0")
    if options.jobs < 1:
        raise DataError(f"--jobs {options.jobs}: must be above 0")
    if "layers" in given:
        given["own_layers"] = ()
    return replace(recipe.scales[options.scale], **given)


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
    dest = options.dest or Path("runs") / f"{recipe.name}-{options.scale}"
    # The recorded command contains relative paths, which do not name a user's home.
    paths = {str(path): relative(path) for path in (options.dest, options.results) if path is not None}
    command = ["python", "-m", f"recipes.{recipe.name}", *(paths.get(argument, argument) for argument in arguments)]
    drawing = threading.Lock()

    def run_model(model: str) -> list[dict[str, Any]]:
        results = []
        for size in scale.sizes:
            run = recipe.run(model, size, scale, options.seed)
            print(f"{run.name}: {run.label}, {size} {recipe.unit}", flush=True)
            result = execute(run, dest / run.name, command, options.threads, options.quiet)
            results.append(result)
            print(f"{run.name}: {describe(result, recipe.metric)}", flush=True)
            with drawing:
                collect(recipe, dest, options.results or dest / "results", options.scale, command, stopwatch)
            if recipe.growing and not result["solved"] and not options.all_sizes:
                break
        return results

    return [result for results in run_in_parallel(run_model, options.models, options.jobs) for result in results]


def describe(result: Mapping[str, Any], metric: str) -> str:
    """Return the result of a run in one line."""
    fresh = ""
    if "test" in result:  # a run that was finished before there was a test has none
        fresh = f"; fresh set: {result['test']['right']} of {result['test']['samples']} samples right"
    if result["solved"]:
        return f"solved after {result['samples_to_solve']:,} samples{fresh}"
    best = result["best"][metric]
    last = f"last {result['last'][metric]:.4f}, " if "last" in result else ""
    chance = " (within chance)" if "chance" in result and best <= result["chance"]["best"][1] else ""
    quality = f"{metric.replace('_', ' ')}: {last}best {best:.4f}{chance}"
    return f"not solved in {result['samples']:,} samples; {quality}{fresh}"


def collect(recipe: Recipe, dest: Path, folder: Path, scale: str, command: list[str], stopwatch: Stopwatch) -> None:
    """Write the curves of all finished runs as JSON, CSV and PNG.

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
    results = [read_json(path) for path in dest.glob("*/result.json")]
    results.sort(key=lambda result: (result["size"], order[result["model"]]))
    names = [f"{result['model']}-{result['size']}" for result in results]
    write_curves(folder / "curves.csv", dict(zip(names, (result["points"] for result in results), strict=True)))
    draw(folder / "curves.png", results, recipe.metric, recipe.unit, f"{recipe.title}, {scale} scale", recipe.paper)
    document = {
        "task": recipe.task,
        "scale": scale,
        "paper": [figure.to_json() for figure in recipe.paper],
        "runs": dict(zip(names, results, strict=True)),
        "provenance": _whole(provenance(command, stopwatch), results),
    }
    write_json(folder / "curves.json", document)


def _whole(origin: dict[str, Any], results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the provenance of a file with the commit that is the worst of all starts of all its runs."""
    parts = [start["commit"] for result in results for start in result["starts"]]
    return {**origin, "commit": worst(origin["commit"], parts)}


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
    return command_line.run(lambda: run_recipe(recipe, options, given))
