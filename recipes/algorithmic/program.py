"""The command line of a recipe of an algorithmic task."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from eval.errors import EvaluationError
from eval.files import read_lines, relative, write_json
from eval.provenance import Stopwatch, provenance
from recipes.algorithmic.curves import write_csv
from recipes.algorithmic.picture import PaperFigure, draw
from recipes.algorithmic.runs import Run, execute, training_options
from recipes.training import TrainingError, Value, stop_all


@dataclass(frozen=True)
class Scale:
    """How large a recipe's runs are; every value but the sizes is an option of the command line too.

    Attributes:
        sizes: sizes of the problem, one run each.
        hidden_size: units, the same for all models.
        layers: layers, the same for all models that `own_layers` does not name.
        samples: most samples of a run.
        hours: most hours of a run; 0: no limit.
        samples_per_epoch: samples between two validations.
        valid_samples: samples held out for validation.
        batch_size: samples an update.
        optimizer: "adam", as in the paper, or "muon".
        lr: learning rate.
        lr_shrink: factor of the learning rate after `lr_patience` + 1 validations that are no better than the best; 1:
            it stays.
        lr_patience: see `lr_shrink`.
        own_layers: pairs of a model and its layers.
        forget_bias: initial bias of the forget gates of every LSTM.
        init_scale: of the weights of Grid LSTMs, see their option of that name.
        input_scale: see the option of that name of the models that have it; 0 for torch's default.
    """

    sizes: tuple[int, ...]
    hidden_size: int
    layers: int
    samples: int
    hours: float = 0.0
    samples_per_epoch: int = 15000
    valid_samples: int = 100
    batch_size: int = 15
    optimizer: str = "adam"
    lr: float = 0.001
    lr_shrink: float = 1.0
    lr_patience: int = 1
    own_layers: tuple[tuple[str, int], ...] = ()
    forget_bias: float = 1.0
    init_scale: float = 1.7
    input_scale: float = 0.0

    def layers_of(self, model: str) -> int:
        """Layers of a model."""
        return dict(self.own_layers).get(model, self.layers)


@dataclass(frozen=True)
class Model:
    """A model of a recipe.

    Attributes:
        label: in words, for pictures.
        options: what makes it, as options of fairseq-train; size and layers are added.
        starts: which of the scale's initial values it has an option for.
    """

    label: str
    options: Mapping[str, Value]
    starts: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recipe:
    """One of the paper's algorithmic tasks.

    Attributes:
        name: of the package below `recipes`.
        title: of the picture.
        task: of fairseq.
        size_option: option of the task that says how large the problem is.
        unit: what it counts.
        models: by name, in the order of the runs.
        scales: by name.
        metric: validation metric that the picture shows.
        paper: the paper's figures.
        growing: a model's sizes are tried in order only until one is not solved.
    """

    name: str
    title: str
    task: str
    size_option: str
    unit: str
    models: Mapping[str, Model]
    scales: Mapping[str, Scale]
    metric: str
    paper: tuple[PaperFigure, ...]
    growing: bool = False

    def run(self, model: str, size: int, scale: Scale, seed: int) -> Run:
        """The run of a model on a size of the problem."""
        shrinking: dict[str, Value] = {}
        if scale.lr_shrink < 1:
            shrinking = {
                "lr_scheduler": "reduce_lr_on_plateau",
                "lr_shrink": scale.lr_shrink,
                "lr_patience": scale.lr_patience,
            }
        options = training_options(
            self.task,
            seed,
            scale.batch_size,
            scale.samples,
            scale.samples_per_epoch,
            scale.hours,
            scale.lr,
            hidden_size=scale.hidden_size,
            layers=scale.layers_of(model),
            valid_samples=scale.valid_samples,
            optimizer=scale.optimizer,
            **{self.size_option: size},
            **{name: getattr(scale, name) for name in self.models[model].starts},
            **self.models[model].options,
            **shrinking,
        )
        label = f"{self.models[model].label}, {scale.layers_of(model)} layers of {scale.hidden_size}"
        return Run(model, label, size, options)


def build_parser(recipe: Recipe) -> argparse.ArgumentParser:
    """The command line of a recipe."""
    parser = argparse.ArgumentParser(
        prog=f"python -m recipes.{recipe.name}",
        description=f"{recipe.title}: train the models, draw accuracy against samples. A run that was stopped goes on "
        "where it was when the same command is given again; one that is finished is not repeated.",
    )
    parser.add_argument("--scale", choices=list(recipe.scales), default="cpu", help="how large (default: %(default)s)")
    parser.add_argument(
        "--models", nargs="+", choices=list(recipe.models), default=list(recipe.models), help="default: all"
    )
    parser.add_argument(
        f"--{recipe.size_option}", dest="sizes", type=int, nargs="+", metavar="N", help="default: the scale's"
    )
    parser.add_argument("--dest", type=Path, help=f"folder of the runs (default: runs/{recipe.name}-SCALE)")
    parser.add_argument("--results", type=Path, help="folder of curves.json, .csv, .png (default: DEST/results)")
    parser.add_argument("--seed", type=int, default=1, help="of parameters and samples (default: %(default)s)")
    parser.add_argument(
        "--jobs",
        type=int,
        default=2,
        help="models trained at the same time, one a core (default: %(default)s)",
    )
    parser.add_argument("--threads", type=int, default=1, help="CPU threads of each (default: %(default)s)")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    if recipe.growing:
        parser.add_argument(
            "--all-sizes", action="store_true", help="do not end with the first size that a model fails to learn"
        )
    changes = parser.add_argument_group("instead of the scale's")
    for name, kind, text in (
        ("hidden_size", int, "units of every model"),
        ("layers", int, "layers of every model"),
        ("samples", int, "most samples of a run"),
        ("hours", float, "most hours of a run; 0: no limit"),
        ("samples_per_epoch", int, "samples between two validations"),
        ("valid_samples", int, "samples held out for validation"),
        ("batch_size", int, "samples an update"),
        ("lr", float, "learning rate"),
        ("lr_shrink", float, "factor of the learning rate when validation stands still; 1: it stays"),
        ("lr_patience", int, "validations that may stand still before"),
        ("forget_bias", float, "initial bias of the forget gates of every LSTM"),
        ("init_scale", float, "of the initial weights of Grid LSTMs"),
        ("input_scale", float, "of the initial weights that read bits; 0: torch's default"),
    ):
        changes.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar="N", help=text)
    changes.add_argument("--optimizer", choices=("adam", "muon"), help="the paper's, or the plugin's muon")
    return parser


def scale_of(recipe: Recipe, options: argparse.Namespace) -> Scale:
    """The scale that was asked for, with the changes on the command line.

    Raises:
        EvaluationError: an option's value is out of its range.
    """
    names = [field.name for field in fields(Scale) if field.name not in ("own_layers",)]
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    if "sizes" in given:
        given["sizes"] = tuple(given["sizes"])
    for size in given.get("sizes", ()):
        if size < 1:
            raise EvaluationError(f"--{recipe.size_option} {size}: must be above 0")
    for name, value in given.items():
        if name not in ("sizes", "forget_bias", "optimizer") and (
            value < 0 or (value == 0 and name not in ("hours", "input_scale", "lr_patience"))
        ):
            raise EvaluationError(f"--{name.replace('_', '-')} {value}: must be above 0")
    if options.jobs < 1:
        raise EvaluationError(f"--jobs {options.jobs}: must be above 0")
    if "layers" in given:
        given["own_layers"] = ()
    return replace(recipe.scales[options.scale], **given)


def run_recipe(recipe: Recipe, options: argparse.Namespace, arguments: list[str]) -> list[dict[str, Any]]:
    """Run what was asked for, then draw all finished runs of the folder; return the results asked for.

    Raises:
        EvaluationError, TrainingError: what went wrong.
    """
    scale = scale_of(recipe, options)
    dest = options.dest or Path("runs") / f"{recipe.name}-{options.scale}"
    # paths as seen from here: the record names no user's home
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
                collect(recipe, dest, options.results or dest / "results", options.scale, command)
            if recipe.growing and not result["solved"] and not options.all_sizes:
                break
        return results

    with ThreadPoolExecutor(options.jobs) as pool:
        try:
            return [result for results in pool.map(run_model, options.models) for result in results]
        except BaseException as error:
            pool.shutdown(wait=False, cancel_futures=True)
            if not isinstance(error, Exception):  # interrupted: what else runs shall not outlive this program
                stop_all()
            raise


def describe(result: Mapping[str, Any], metric: str) -> str:
    """One line that says what came of a run."""
    best = result["best"]
    quality = f"{metric.replace('_', ' ')} {best[metric]:.4f}, sequences {best['valid_sequence_accuracy']:.4f}"
    if result["solved"]:
        return f"solved after {result['samples_to_solve']:,} samples ({quality})"
    return f"not solved in {result['samples']:,} samples; at best {quality} after {best['samples']:,}"


def collect(recipe: Recipe, dest: Path, folder: Path, scale: str, command: list[str]) -> None:
    """Write the curves of all finished runs below `dest` as JSON, CSV and a picture into `folder`.

    Raises:
        EvaluationError: a result cannot be read, or a file cannot be written.
    """
    order = {name: number for number, name in enumerate(recipe.models)}
    results = [json.loads("\n".join(read_lines(path))) for path in dest.glob("*/result.json")]
    results.sort(key=lambda result: (result["size"], order[result["model"]]))
    names = [f"{result['model']}-{result['size']}" for result in results]
    write_csv(folder / "curves.csv", dict(zip(names, (result["points"] for result in results), strict=True)))
    draw(folder / "curves.png", results, recipe.metric, recipe.unit, f"{recipe.title}, {scale} scale", recipe.paper)
    document = {
        "task": recipe.task,
        "scale": scale,
        "paper": [figure.to_json() for figure in recipe.paper],
        "runs": dict(zip(names, results, strict=True)),
        "provenance": provenance(command, Stopwatch()),
    }
    write_json(folder / "curves.json", document)


def main(recipe: Recipe, arguments: list[str] | None = None) -> int:
    """Run a recipe; return the exit status: 0, 2 after an error that is told in one line, 130 when interrupted."""
    given = sys.argv[1:] if arguments is None else arguments
    options = build_parser(recipe).parse_args(given)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # the trainings are to end, too
    try:
        run_recipe(recipe, options, given)
    except (EvaluationError, TrainingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("interrupted; the same command goes on where this left off", file=sys.stderr)
        return 130
    return 0
