"""Handwritten digits (MNIST) with a 3-LSTM over patches of the image, in one command.

    python -m recipes.mnist --scale cpu

All files are written to `--dest`. A training that was stopped continues when the same command is given again. Choices
are made on the images held out for validation; `--test` adds the test set to the result, once.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from pathlib import Path
from typing import Any

from data_prep.command_line import Parser
from data_prep.files import sha256_of, write_json
from eval import images
from eval.average import average
from eval.provenance import recorded_command

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
from ..curves import read_points, training_seconds, write_curves
from ..runs import CHECKPOINTS, LOG, RESULT, execute
from . import curve
from .data import check, checksums, download
from .scales import SCALES, Scale

PAPER = {"error_rate": 0.32, "text": "3-LSTM: 0.32% of the test set wrong", "source": "paper, version 1, as we read it"}
"""What the paper reports; never a measurement of this project."""

CHANGES = (
    Change("patch", int, "side of the patches, in pixels", least=1),
    Change("hidden_size", int, "units of the grid", least=1),
    Change("layers", int, "layers of the grid, each from another corner", least=1),
    Change("readout_layers", int, "fully connected layers", least=0),
    Change("readout_size", int, "units of each of them", least=1),
    Change("dropout", float, "dropout within the grid", least=0),
    Change("readout_dropout", float, "dropout of the fully connected layers", least=0),
    Change("epochs", int, "passes over the training images", least=1),
    HOURS,
    Change("average", int, "last epochs whose parameters are averaged into a second model; 1: none", least=1),
    Change("batch_size", int, "images per update", least=1),
    Change("lr", float, "maximum learning rate; it falls linearly to zero", above=0),
    Change("warmup_updates", int, "updates during which the learning rate rises", least=0),
    Change("weight_decay", float, "weight decay", least=0),
    Change("shift", int, "maximum shift of the training images, in pixels", least=0),
    Change("valid_images", int, "training images held out for validation; 0: none", least=0),
)
"""Values of a scale that the command line overrides."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="python -m recipes.mnist",
        description="MNIST: train a 3-LSTM over patches of the image, and show its errors. A training that was stopped "
        "continues when the same command is given again; a finished one is not repeated.",
    )
    add_run_options(parser, "mnist", SCALES, jobs=False, threads=None)
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the four files (default: download them)")
    parser.add_argument(
        "--other-data", action="store_true", help="accept other images of the same format: do not check the checksums"
    )
    parser.add_argument("--test", action="store_true", help="also predict the test set, and add it to the result")
    changes = add_changes(parser, CHANGES)
    changes.add_argument(
        "--untied", action=argparse.BooleanOptionalAction, default=None, help="each layer has weights of its own"
    )
    changes.add_argument(
        "--readout", choices=("all", "pool", "corner"), help="what the fully connected layers read; see the model"
    )
    changes.add_argument("--optimizer", choices=OPTIMIZERS, help="adam, or the plugin's muon")
    return parser


def scale_of(options: argparse.Namespace) -> Scale:
    """Return the scale with the changes given on the command line.

    Raises:
        DataError: the value of an option is out of range.
    """
    return with_changes(SCALES[options.scale], options, CHANGES, "untied", "readout", "optimizer")


def run_recipe(options: argparse.Namespace, arguments: list[str]) -> dict[str, Any]:
    """Train, and write the result files: `result.json`, the curve, and the errors as pictures.

    Args:
        options: options of the command line.
        arguments: the same as given, to be recorded.

    Returns:
        The result.

    Raises:
        DataError: an option or a file is wrong, or a program failed.
    """
    scale = scale_of(options)
    dest, results = folders(options, "mnist")
    command = recorded_command("recipes.mnist", arguments)
    data: Path = options.data or dest / "data"
    if options.data is None:
        download(data)
    found = checksums(data) if options.other_data else check(data)
    count = len(images.read_split(data, "train", scale.valid_images).labels)
    settings = {"options": scale.options(count, options.seed), "data": found}

    def outcome(lines: list[str]) -> dict[str, Any]:
        points = read_points(lines, curve.METRICS, str(dest / LOG))
        return {
            "images": count,
            "seconds": training_seconds(points),
            "points": points,
            "models": _models(dest / CHECKPOINTS, scale.average),
            "chosen": None,
            "evaluations": {},
        }

    result = execute(dest, settings, command, outcome, data=data, threads=options.threads, quiet=options.quiet)
    if result["chosen"] is None:
        _choose(result, data, dest, validate=scale.valid_images > 0)
        write_json(dest / RESULT, result)
    if options.test and "test" not in result["evaluations"]:
        checkpoint = dest / CHECKPOINTS / result["models"][result["chosen"]]["file"]
        evaluation, shown = images.evaluate([checkpoint], "test", data)
        images.draw(dest / "errors.test.png", evaluation, shown)
        result["evaluations"]["test"] = evaluation.to_json()
        write_json(dest / RESULT, result)
    _collect(result, dest, results, options.scale)
    return result


def _collect(result: dict[str, Any], dest: Path, results: Path, scale: str) -> None:
    """Write the result files, and print the errors.

    Args:
        result: the result.
        dest: folder of the run.
        results: folder of the files to write.
        scale: name of the scale.
    """
    results.mkdir(parents=True, exist_ok=True)
    for split in result["evaluations"]:
        shutil.copy(dest / f"errors.{split}.png", results)
    write_curves(results / "curve.csv", {"mnist": result["points"]})
    curve.draw(results / "curve.png", result["points"], f"MNIST, {scale} scale")
    write_json(results / "result.json", {**result, "scale": scale, "paper": PAPER})
    for split, evaluation in result["evaluations"].items():
        print(f"{split}: {evaluation['errors']} of {evaluation['images']} wrong, {evaluation['error_rate']:.2f}%")
    print(f"written: {results}")


def _models(checkpoints: Path, epochs: int) -> dict[str, dict[str, Any]]:
    """Average the checkpoints of the last epochs, and return the models to choose from.

    Args:
        checkpoints: folder of checkpoints.
        epochs: number of epochs, see `Scale.average`.

    Returns:
        `last`, and `average` if there are several epochs: name and SHA-256 of each file; what was averaged.
    """
    last = checkpoints / "checkpoint_last.pt"
    found: dict[str, dict[str, Any]] = {"last": {"file": last.name, "sha256": sha256_of(last)}}
    paths = sorted(checkpoints.glob("checkpoint[0-9]*.pt"), key=lambda path: int(path.stem.removeprefix("checkpoint")))
    if epochs > 1 and len(paths) > 1:
        output = checkpoints / "checkpoint_average.pt"
        record = average(paths[-epochs:], output, overwrite=True)
        found["average"] = {"file": output.name, "sha256": sha256_of(output), **record}
    return found


def _choose(result: dict[str, Any], data: Path, dest: Path, validate: bool) -> None:
    """Add to a result which model has fewest errors on the images held out, and its evaluation; draw its errors.

    Args:
        result: the result.
        data: folder of the images.
        dest: folder of the run.
        validate: False: no image is held out, and the average is chosen if there is one.
    """
    models = result["models"]
    result["chosen"] = "average" if "average" in models else "last"
    if not validate:
        return
    found = {name: images.evaluate([dest / CHECKPOINTS / models[name]["file"]], "valid", data) for name in models}
    for name, (evaluation, _) in found.items():
        models[name]["valid_error_rate"] = round(evaluation.error_rate, 4)
    # of equally good ones the average
    result["chosen"] = min(models, key=lambda name: (len(found[name][0].errors), name))
    evaluation, shown = found[result["chosen"]]
    images.draw(dest / "errors.valid.png", evaluation, shown)
    result["evaluations"]["valid"] = evaluation.to_json()


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
