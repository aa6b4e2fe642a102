"""The next character of Wikipedia: the tied 2-LSTM against a Stacked LSTM with as many parameters.

    python -m recipes.char_lm --scale cpu --text enwik8

Each model is trained with each optimizer on the same text. All files are written to `--dest`. A run that was stopped
continues when the same command is given again. Choices are made on the validation set; the test set is read once, when
a run is finished.
"""

from __future__ import annotations

import argparse
import sys
import threading
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from data_prep.characters import Options, format_counts, prepare_characters
from data_prep.command_line import Parser
from data_prep.errors import DataError
from data_prep.files import read_bytes, read_json, sha256_of, write_json
from data_prep.manifest import MANIFEST, read_manifest
from eval.provenance import Stopwatch, provenance, relative

from .. import command_line
from ..training import run_in_parallel
from .compressors import compressors, measure
from .curves import draw, write_curves
from .runs import Run, execute
from .scales import MODELS, OPTIMIZERS, SCALES, Scale
from .text import check, download, write_phrasebook_text

PAPER = (
    {"text": "tied 2-LSTM, 6 layers of 1000 units", "bpc": 1.47},
    {"text": "Stacked LSTM", "bpc": 1.67},
    {"text": "multiplicative RNN", "bpc": 1.60},
    {"text": "gated-feedback RNN", "bpc": 1.58},
)
"""What the paper reports for the last 5 million characters of enwik8, as we read it; never a measurement of ours."""

CHANGES: tuple[tuple[str, type, float, str], ...] = (
    ("limit", int, 0, "bytes of the text that are used; 0: all"),
    ("valid", int, 1, "bytes of the validation set"),
    ("test", int, 1, "bytes of the test set"),
    ("hidden_size", int, 1, "units of the tied 2-LSTM"),
    ("layers", int, 1, "layers of the tied 2-LSTM"),
    ("stacked_layers", int, 1, "layers of the Stacked LSTM"),
    ("epochs", int, 1, "passes over the training text"),
    ("batch_size", int, 1, "streams that are read side by side"),
    ("sequence_length", int, 1, "characters per sequence"),
    ("truncate_every", int, 1, "characters through which gradients flow back"),
    ("adam_lr", float, 0, "maximum learning rate with Adam"),
    ("muon_lr", float, 0, "maximum learning rate with Muon"),
    ("warmup_updates", int, 0, "updates during which the learning rate rises"),
    ("forget_bias", float, float("-inf"), "initial bias of the forget gates"),
    ("dropout", float, 0, "dropout of hidden vectors"),
    ("validations", int, 1, "validations per epoch, each with a checkpoint"),
)
"""Values of a scale that the command line overrides: name, type, least value, help."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="python -m recipes.char_lm",
        description="Character language model: train the models and plot bits per character. A run that was stopped "
        "continues when the same command is given again; a finished one is not repeated.",
    )
    parser.add_argument("--scale", choices=list(SCALES), default="cpu", help="how large the runs are (default: cpu)")
    parser.add_argument(
        "--text",
        type=Path,
        metavar="FILE",
        help="enwik8, or a file that begins like it (default: download it; smoke: text from the phrasebook)",
    )
    parser.add_argument("--other-text", action="store_true", help="accept any text: do not check size and checksum")
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS), help="default: all")
    parser.add_argument(
        "--optimizers", nargs="+", choices=OPTIMIZERS, default=list(OPTIMIZERS), help="default: all, one run each"
    )
    parser.add_argument("--dest", type=Path, help="folder of the runs (default: runs/char_lm-SCALE)")
    parser.add_argument("--results", type=Path, help="folder of the result files (default: DEST/results)")
    parser.add_argument("--seed", type=int, default=1, help="seed of everything random (default: %(default)s)")
    parser.add_argument("--jobs", type=int, default=2, help="models to train at the same time (default: %(default)s)")
    parser.add_argument("--threads", type=int, default=1, help="CPU threads per model (default: %(default)s)")
    parser.add_argument("--quiet", action="store_true", help="show no progress")
    changes = parser.add_argument_group("values that override the scale's")
    for name, kind, _least, text in CHANGES:
        changes.add_argument(f"--{name.replace('_', '-')}", type=kind, metavar="N", help=text)
    changes.add_argument("--schedule", choices=("linear", "constant"), help="how the learning rate changes")
    return parser


def scale_of(options: argparse.Namespace) -> Scale:
    """Return the scale with the changes given on the command line.

    Raises:
        DataError: the value of an option is out of range.
    """
    given = {value.name: getattr(options, value.name) for value in fields(Scale)}
    for name, _kind, least, _text in CHANGES:
        if given[name] is not None and given[name] < least:
            raise DataError(f"--{name.replace('_', '-')} {given[name]}: must be at least {least:g}")
    if options.jobs < 1:
        raise DataError(f"--jobs {options.jobs}: must be at least 1")
    return replace(SCALES[options.scale], **{name: value for name, value in given.items() if value is not None})


def find_text(options: argparse.Namespace, scale: Scale, dest: Path) -> Path:
    """Return the file of the text: given, downloaded, or written from the phrasebook; checked.

    Raises:
        DataError: it is missing, cannot be downloaded, or is another text.
    """
    if options.text is not None:
        text: Path = options.text
        if not options.other_text:
            check(text, scale.limit)
        return text
    if options.scale == "smoke":
        text = dest / "phrasebook.txt"
        if not text.exists():
            write_phrasebook_text(text, scale.limit or SCALES["smoke"].limit)
        return text
    text = dest / "enwik8"
    download(text)
    return text


def prepare_data(text: Path, scale: Scale, data: Path) -> dict[str, Any]:
    """Prepare the text, unless that is done already.

    Args:
        text: the file.
        scale: says which part of it is used.
        data: folder to write.

    Returns:
        The manifest.

    Raises:
        DataError: the text is too short, or the folder contains another text or split.
    """
    wanted = {"level": "byte", "valid": scale.valid, "test": scale.test, "limit": scale.limit}
    if not (data / MANIFEST).exists():
        options = Options(text=text, dest=data, **wanted)  # type: ignore[arg-type]
        command = [relative(text), "--dest", relative(data)]
        command += [part for name, value in wanted.items() for part in (f"--{name}", str(value))]
        print(format_counts(prepare_characters(options, ["characters", *command]), "byte"), flush=True)
    manifest = read_manifest(data / MANIFEST)
    if manifest["options"] != wanted or manifest["inputs"]["text"]["sha256"] != sha256_of(text):
        raise DataError(f"{data}: holds another text or split than {text}; use another --dest")
    return manifest


def compare_compressors(text: Path, scale: Scale, dest: Path) -> list[dict[str, Any]]:
    """Compress the test set with general compressors, unless that is done already.

    Raises:
        DataError: a compressor failed.
    """
    path = dest / "compressors.json"
    if not path.exists():
        content = read_bytes(text)[: scale.limit or None]
        before, test = content[: -scale.test], content[-scale.test :]
        write_json(path, [measure(before, test, compressor) for compressor in compressors()])
    found: list[dict[str, Any]] = read_json(path)
    return found


def run_recipe(options: argparse.Namespace, arguments: list[str]) -> list[dict[str, Any]]:
    """Run the requested models, and plot all finished runs in the folder after each.

    Args:
        options: options of the command line.
        arguments: the same as given, to be recorded.

    Returns:
        The results of the requested runs.

    Raises:
        DataError: an option is wrong, or a program failed.
    """
    scale = scale_of(options)
    dest: Path = options.dest or Path("runs") / f"char_lm-{options.scale}"
    # The recorded command contains relative paths, which do not name a user's home.
    given = {str(path): relative(path) for path in (options.text, options.dest, options.results) if path is not None}
    command = ["python", "-m", "recipes.char_lm", *(given.get(argument, argument) for argument in arguments)]
    text = find_text(options, scale, dest)
    manifest = prepare_data(text, scale, dest / "data")
    yardsticks = compare_compressors(text, scale, dest)
    for found in yardsticks:
        print(f"{found['name']}: {found['after']:.4f} bits per byte of the test set, alone {found['alone']:.4f}")
    counts, drawing = manifest["counts"], threading.Lock()

    def run_one(pair: tuple[str, str]) -> dict[str, Any]:
        model, optimizer = pair
        settings = scale.options(model, optimizer, counts["alphabet"], counts["train"], options.seed)
        label = f"{MODELS[model]}, {settings['layers']} layers of {settings['hidden_size']}, {optimizer.capitalize()}"
        run = Run(model, label, optimizer, settings, counts["train"], scale.updates_per_epoch(counts["train"]))
        print(f"{run.name}: {run.label}", flush=True)
        digest = sha256_of(dest / "data" / MANIFEST)
        result = execute(run, dest / "data", digest, dest / run.name, command, options.threads, options.quiet)
        bits = result["bpc"]
        print(f"{run.name}: {bits['valid']:.4f} bits per character in validation, {bits['test']:.4f} in the test")
        with drawing:
            collect(dest, options.results or dest / "results", options.scale, manifest, yardsticks, command)
        return result

    pairs = [(model, optimizer) for optimizer in options.optimizers for model in options.models]
    return list(run_in_parallel(run_one, pairs, options.jobs))


def collect(
    dest: Path,
    folder: Path,
    scale: str,
    manifest: dict[str, Any],
    yardsticks: list[dict[str, Any]],
    command: list[str],
) -> None:
    """Write the curves of all finished runs as JSON, CSV and PNG.

    Args:
        dest: folder of the runs.
        folder: folder of the files to write.
        scale: name of the scale.
        manifest: manifest of the text.
        yardsticks: what general compressors make of the test set.
        command: command of the recipe, to be recorded.

    Raises:
        DataError: a result cannot be read, or a file cannot be written.
    """
    order = [f"{model}-{optimizer}" for model in MODELS for optimizer in OPTIMIZERS]
    results = [read_json(path) for path in dest.glob("*/result.json")]
    runs = {f"{result['model']}-{result['optimizer']}": result for result in results}
    runs = {name: runs[name] for name in sorted(runs, key=order.index)}
    write_curves(folder / "curves.csv", {name: result["points"] for name, result in runs.items()})
    marks = {f"{found['name']} (test set)": found["after"] for found in yardsticks}
    draw(folder / "curves.png", list(runs.values()), marks, f"Next character, {scale} scale")
    document = {
        "task": "grid_char_lm",
        "scale": scale,
        "paper": [{**figure, "source": "paper, as we read it"} for figure in PAPER],
        "text": {name: manifest[name] for name in ("inputs", "options", "counts")},
        "compressors": yardsticks,
        "runs": runs,
        "provenance": provenance(command, Stopwatch()),
    }
    write_json(folder / "curves.json", document)


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
