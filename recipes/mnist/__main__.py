"""Handwritten digits (MNIST) with a 3-LSTM over patches of the image, in one command.

    python -m recipes.mnist --scale cpu

All files are written to `--dest`. A training that was stopped continues when the same command is given again. Choices
are made on the images held out for validation; `--test` adds the test set to the result, once.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from data_prep.command_line import Parser
from data_prep.errors import DataError
from data_prep.files import read_json, read_lines, sha256_of, write_json
from eval import images
from eval.provenance import Stopwatch, provenance, relative

from .. import command_line
from ..algorithmic.runs import check_same_settings, parameter_count, recorded_start
from ..options import Value
from ..training import train
from . import curve
from .data import check, checksums, download
from .scales import SCALES, Scale

PAPER = {"error_rate": 0.32, "text": "3-LSTM: 0.32% of the test set wrong", "source": "paper, version 1, as we read it"}
"""What the paper reports; never a measurement of this project."""

CHANGES: tuple[tuple[str, type, float, str], ...] = (
    ("patch", int, 1, "side of the patches, in pixels"),
    ("hidden_size", int, 1, "units of the grid"),
    ("layers", int, 1, "layers of the grid, each from another corner"),
    ("readout_layers", int, 0, "fully connected layers"),
    ("readout_size", int, 1, "units of each of them"),
    ("dropout", float, 0, "dropout within the grid"),
    ("readout_dropout", float, 0, "dropout of the fully connected layers"),
    ("epochs", int, 1, "passes over the training images"),
    ("batch_size", int, 1, "images per update"),
    ("lr", float, 0, "maximum learning rate; it falls linearly to zero"),
    ("warmup_updates", int, 0, "updates during which the learning rate rises"),
    ("weight_decay", float, 0, "weight decay"),
    ("shift", int, 0, "maximum shift of the training images, in pixels"),
    ("valid_images", int, 0, "training images held out for validation; 0: none"),
)
"""Values of a scale that the command line overrides: name, type, least value, help."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="python -m recipes.mnist",
        description="MNIST: train a 3-LSTM over patches of the image, and show its errors. A training that was stopped "
        "continues when the same command is given again; a finished one is not repeated.",
    )
    parser.add_argument("--scale", choices=list(SCALES), default="cpu", help="how large it is (default: %(default)s)")
    parser.add_argument("--data", type=Path, metavar="DIR", help="folder of the four files (default: download them)")
    parser.add_argument(
        "--other-data", action="store_true", help="accept other images of the same format: do not check the checksums"
    )
    parser.add_argument("--dest", type=Path, help="folder of the run (default: runs/mnist-SCALE)")
    parser.add_argument("--results", type=Path, help="folder of the result files (default: DEST/results)")
    parser.add_argument("--test", action="store_true", help="also predict the test set, and add it to the result")
    parser.add_argument("--seed", type=int, default=1, help="seed of everything random (default: %(default)s)")
    parser.add_argument("--threads", type=int, help="CPU threads (default: torch's choice)")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    changes = parser.add_argument_group("values that override the scale's")
    for name, kind, _least, text in CHANGES:
        changes.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar="N", help=text)
    changes.add_argument(
        "--untied", action=argparse.BooleanOptionalAction, default=None, help="each layer has weights of its own"
    )
    changes.add_argument(
        "--readout", choices=("all", "pool", "corner"), help="what the fully connected layers read; see the model"
    )
    changes.add_argument("--optimizer", choices=("adam", "muon"), help="adam, or the plugin's muon")
    return parser


def scale_of(options: argparse.Namespace) -> Scale:
    """Return the scale with the changes given on the command line.

    Raises:
        DataError: the value of an option is out of range.
    """
    given = {value.name: getattr(options, value.name) for value in fields(Scale)}
    for name, _kind, least, _text in CHANGES:
        if given[name] is not None and given[name] < least:
            raise DataError(f"--{name.replace('_', '-')} {given[name]}: must be at least {least}")
    return replace(SCALES[options.scale], **{name: value for name, value in given.items() if value is not None})


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
    dest: Path = options.dest or Path("runs") / f"mnist-{options.scale}"
    results: Path = options.results or dest / "results"
    # The recorded command contains relative paths, which do not name a user's home.
    paths = {str(path): relative(path) for path in (options.data, options.dest, options.results) if path is not None}
    command = ["python", "-m", "recipes.mnist", *(paths.get(argument, argument) for argument in arguments)]
    data: Path = options.data or dest / "data"
    if options.data is None:
        download(data)
    found = checksums(data) if options.other_data else check(data)
    count = len(images.read_split(data, "train", scale.valid_images).labels)
    result = _train(scale.options(count, options.seed), data, found, dest, command, options)
    checkpoint = dest / "checkpoints" / "checkpoint_last.pt"
    splits = ["valid"] * (scale.valid_images > 0) + ["test"] * options.test
    for split in splits:
        if result["evaluations"].get(split) is None:
            evaluation, shown = images.evaluate([checkpoint], split, data)
            images.draw(dest / f"errors.{split}.png", evaluation, shown)
            result["evaluations"][split] = evaluation.to_json()
            write_json(dest / "result.json", result)
    results.mkdir(parents=True, exist_ok=True)
    for split in result["evaluations"]:
        shutil.copy(dest / f"errors.{split}.png", results)
    curve.write_points(results / "curve.csv", result["points"])
    curve.draw(results / "curve.png", result["points"], f"MNIST, {options.scale} scale")
    write_json(results / "result.json", {**result, "scale": options.scale, "paper": PAPER})
    for split, evaluation in result["evaluations"].items():
        print(f"{split}: {evaluation['errors']} of {evaluation['images']} wrong, {evaluation['error_rate']:.2f}%")
    print(f"written: {results}")
    return result


def _train(
    settings: dict[str, Value],
    data: Path,
    found: dict[str, str],
    dest: Path,
    command: list[str],
    options: argparse.Namespace,
) -> dict[str, Any]:
    """Train, resume the training, or read the result if it is finished.

    Raises:
        DataError: the folder contains a training with other settings or of other data, or fairseq-train failed.
    """
    settings_path, result_path, log = (dest / name for name in ("settings.json", "result.json", "train.log"))
    starts: list[dict[str, Any]] = []
    if settings_path.exists():
        before = read_json(settings_path)
        check_same_settings({**before["options"], **before["data"]}, {**settings, **found}, dest)
        starts = before["starts"]
    if result_path.exists():
        result: dict[str, Any] = read_json(result_path)
        return result
    stopwatch = Stopwatch()
    checkpoints = dest / "checkpoints"
    with recorded_start(settings_path, {"options": settings, "data": found, "starts": starts}, command, stopwatch):
        train(data, {**settings, "save_dir": relative(checkpoints)}, log, options.threads, options.quiet)
    lines = read_lines(log)
    points = curve.read_points(lines, str(log))
    result = {
        "options": settings,
        "data": found,
        "parameters": parameter_count(lines),
        "seconds": max((point["seconds"] for point in points if "seconds" in point), default=None),
        "points": points,
        "checkpoint_sha256": sha256_of(checkpoints / "checkpoint_last.pt"),
        "evaluations": {},
        "starts": starts,
        "provenance": provenance(command, stopwatch),
    }
    write_json(result_path, result)
    return result


def main(arguments: list[str] | None = None) -> int:
    """Run the recipe.

    Args:
        arguments: arguments without the program name; None for those of the process.

    Returns:
        The exit status; see `data_prep.command_line.run`.
    """
    given = sys.argv[1:] if arguments is None else arguments
    options = build_parser().parse_args(given)
    return command_line.run(lambda: run_recipe(options, given))


if __name__ == "__main__":
    sys.exit(main())
