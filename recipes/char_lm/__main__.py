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
from pathlib import Path
from typing import Any

from data_prep.characters import Options, format_counts, prepare_characters
from data_prep.command_line import Parser
from data_prep.compressed import decompress
from data_prep.errors import DataError
from data_prep.files import read_bytes, read_json, sha256_of, write_json
from eval.provenance import Stopwatch, provenance, recorded_command, relative
from reencoder.float32_products import MATMUL_PRECISIONS
from reencoder.text.manifest import MANIFEST, read_manifest

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
from ..runs import RESULT, combined_provenance
from ..training import run_in_parallel
from .compressors import compressors, measure
from .curves import draw
from .runs import Run
from .scales import MODELS, SCALES, Scale
from .text import check, download, write_phrasebook_text

PAPER = (
    {"text": "tied 2-LSTM, 6 layers of 1000 units", "bpc": 1.47},
    {"text": "Stacked LSTM", "bpc": 1.67},
    {"text": "multiplicative RNN", "bpc": 1.60},
    {"text": "gated-feedback RNN", "bpc": 1.58},
)
"""What the paper reports for the last 5 million characters of enwik8, as we read it; never a measurement of ours."""

CHANGES = (
    Change("limit", int, "bytes of the text that are used; 0: all", least=0),
    Change("valid", int, "bytes of the validation set", least=1),
    Change("test", int, "bytes of the test set", least=1),
    Change("hidden_size", int, "units of the tied 2-LSTM", least=1),
    Change("layers", int, "layers of the tied 2-LSTM", least=1),
    Change("stacked_layers", int, "layers of the Stacked LSTM", least=1),
    Change("epochs", int, "passes over the training text", least=1),
    HOURS,
    Change("batch_size", int, "streams that are read side by side", least=1),
    Change("sequence_length", int, "characters per sequence", least=1),
    Change("truncate_every", int, "characters through which gradients flow back", least=1),
    Change("adam_lr", float, "maximum learning rate with Adam", above=0),
    Change("muon_lr", float, "maximum learning rate with Muon", above=0),
    Change("warmup_updates", int, "updates during which the learning rate rises", least=0),
    Change("forget_bias", float, "initial bias of the forget gates"),
    Change("dropout", float, "dropout of hidden vectors", least=0),
    Change("weight_decay", float, "weight decay, with Muon that of its matrices", least=0),
    Change("validations", int, "validations per epoch, each with a checkpoint", least=1),
)
"""Values of a scale that the command line overrides."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="python -m recipes.char_lm",
        description="Character language model: train the models and plot bits per character. A run that was stopped "
        "continues when the same command is given again; a finished one is not repeated.",
    )
    add_run_options(parser, "char_lm", SCALES)
    parser.add_argument(
        "--text",
        type=Path,
        metavar="FILE",
        help="enwik8, or at least its first 4,150,000 bytes, by which it is known (default: download it; smoke: text "
        "from the phrasebook)",
    )
    parser.add_argument("--other-text", action="store_true", help="accept any text: do not check size and checksum")
    parser.add_argument("--models", nargs="+", choices=list(MODELS), default=list(MODELS), help="default: all")
    parser.add_argument(
        "--optimizers", nargs="+", choices=OPTIMIZERS, default=list(OPTIMIZERS), help="default: all, one run each"
    )
    changes = add_changes(parser, CHANGES)
    changes.add_argument("--schedule", choices=("linear", "constant"), help="how the learning rate changes")
    changes.add_argument(
        "--matmul-precision", choices=MATMUL_PRECISIONS, help="of the matrix products, see the task's option"
    )
    return parser


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
        content = decompress(read_bytes(text), text)[: scale.limit or None]
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
    stopwatch = Stopwatch()
    scale = with_changes(SCALES[options.scale], options, CHANGES, "schedule", "matmul_precision")
    dest, folder = folders(options, "char_lm")
    command = recorded_command("recipes.char_lm", arguments)
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
        one = Run(model, label, optimizer, settings, counts["train"], scale.updates_per_epoch(counts["train"]))
        print(f"{one.name}: {one.label}", flush=True)
        result = one.execute(dest / "data", dest / one.name, command, options.threads, options.quiet)
        bits = result["bpc"]
        print(f"{one.name}: {bits['valid']:.4f} bits per character in validation, {bits['test']:.4f} in the test")
        with drawing:
            collect(dest, folder, options.scale, manifest, yardsticks, command, stopwatch)
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
    stopwatch: Stopwatch,
) -> None:
    """Write the curves of all finished runs as JSON, CSV and PNG.

    Args:
        dest: folder of the runs.
        folder: folder of the files to write.
        scale: name of the scale.
        manifest: manifest of the text.
        yardsticks: bits per byte of the test set with general compressors.
        command: command of the recipe, to be recorded.
        stopwatch: created when the command began.

    Raises:
        DataError: a result cannot be read, or a file cannot be written.
    """
    order = [f"{model}-{optimizer}" for model in MODELS for optimizer in OPTIMIZERS]
    results = [read_json(path) for path in dest.glob(f"*/{RESULT}")]
    runs = {f"{result['model']}-{result['optimizer']}": result for result in results}
    runs = {name: runs[name] for name in sorted(runs, key=order.index)}
    write_curves(folder / "curves.csv", {name: result["points"] for name, result in runs.items()})
    marks = {f"{found['name']} (test set)": found["after"] for found in yardsticks}
    draw(folder / "curves.png", list(runs.values()), marks, f"Next character, {scale} scale")
    document = {
        "task": "grid_char_lm",
        "scale": scale,
        "paper": [{**figure, "source": "paper, as we read it"} for figure in PAPER],
        "text": {
            # the name alone: a path may contain a user's home
            "inputs": {"text": {**manifest["inputs"]["text"], "path": Path(manifest["inputs"]["text"]["path"]).name}},
            **{name: manifest[name] for name in ("options", "counts")},
        },
        "compressors": yardsticks,
        "runs": runs,
        "provenance": combined_provenance(provenance(command, stopwatch), list(runs.values())),
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
    return run(lambda: run_recipe(options, given))


if __name__ == "__main__":
    sys.exit(main())
