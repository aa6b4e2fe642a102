"""What the paper leaves open, tried on real text: short trainings that differ in one option each.

python -m recipes.tatoeba.ablate DATA/bin --output recipes/tatoeba/results/ablation.json
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from data_prep.command_line import Parser, positive
from data_prep.errors import DataError
from data_prep.files import read_json, write_json
from eval.curves import read_log
from eval.prepared import check_binarised
from eval.provenance import Stopwatch, provenance, recorded_command, relative

from ..command_line import run
from ..options import Value
from ..training import run_in_parallel, train

BASE: dict[str, Value] = {
    "task": "reencoder_translation",
    "arch": "reencoder",
    "hidden_size": 96,
    "dropout": 0.15,
    "embed_dim": 0,
    "upper_source": "word",
    "upper_target": "word",
    "depth_priority": 0,
    "softmax_reads": "hidden-memory",
    "readout": "end",
    "output_form": "tanh_om",
    "forget_bias": 1.0,
    "init_scale": 1.7,
    "embed_std": 1.0,
    "embed_scale": 1.0,
    "optimizer": "adam",
    "adam_betas": "(0.9,0.98)",
    "lr": 0.002,
    "lr_scheduler": "inverse_sqrt",
    "warmup_updates": 100,
    "clip_norm": 1.0,
    "criterion": "label_smoothed_cross_entropy",
    "label_smoothing": 0.1,
    "max_blocks": 4500,
    "batch_size": 512,
    "max_epoch": 1,
    "num_workers": 0,
    "log_interval": 100,
    "no_save": True,
}
"""Options of the base, with which every variant is compared."""

TOGETHER: dict[str, Value] = {
    "depth_priority": 1,
    "upper_target": "continue",
    "forget_bias": 2.0,
    "embed_dim": 96,
}
"""The changes that each improved the base, in one model."""

VARIANTS: dict[str, dict[str, Value]] = {
    "base": {},
    "seed 2": {"seed": 2},
    "learning rate 0.004": {"lr": 0.004},
    "learning rate 0.001": {"lr": 0.001},
    "softmax reads hidden": {"softmax_reads": "hidden"},
    "depth reads output": {"depth_priority": 1},
    "upper rows continue": {"upper_target": "continue"},
    "upper rows start from zeros": {"upper_target": "zero"},
    "words enter the first plane only": {"upper_target": "zero", "upper_source": "zero"},
    "output o * tanh(m)": {"output_form": "o_tanhm"},
    "forget bias 0": {"forget_bias": 0.0},
    "forget bias 2": {"forget_bias": 2.0},
    "projected word vectors": {"embed_dim": 96},
    "initial weights 1.0": {"init_scale": 1.0},
    "initial word vectors 0.3": {"embed_std": 0.3},
    "shared softmax": {"share_decoder_input_output_embed": True},
    "small batches": {"max_blocks": 2200},
    "together": TOGETHER,
    "together, learning rate 0.004": {**TOGETHER, "lr": 0.004},
    "together, learning rate 0.008": {**TOGETHER, "lr": 0.008},
    "together, words start the upper rows": {**TOGETHER, "lr": 0.004, "upper_target": "word"},
    "together, forget bias 3": {**TOGETHER, "lr": 0.004, "forget_bias": 3.0},
}
"""Changes of each variant. Its name identifies it in a file of results."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(prog="python -m recipes.tatoeba.ablate", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, help="folder of binarised data")
    parser.add_argument(
        "--output", type=Path, required=True, help="JSON file of results; variants that it contains are not repeated"
    )
    parser.add_argument("--logs", type=Path, default=Path("runs/ablation"), help="folder for the logs")
    parser.add_argument("--only", nargs="*", choices=list(VARIANTS), help="variants to train (default: all)")
    parser.add_argument("--jobs", type=positive, default=2, help="trainings at the same time, one thread each")
    return parser


def train_variant(name: str, data: Path, logs: Path, command: list[str]) -> dict[str, Any]:
    """Train a variant.

    Args:
        name: name of the variant.
        data: folder of binarised data.
        logs: folder for the log.
        command: the command, to be recorded.

    Returns:
        The result: changes, updates, perplexities, wall time, provenance of this training.

    Raises:
        TrainingError: fairseq-train failed.
    """
    stopwatch = Stopwatch()
    # Each variant has its own folder, because `train` locks it, and so that it resumes from no other training.
    folder = logs / name.replace(" ", "-").replace("*", "x")
    log = folder / "train.log"
    log.unlink(missing_ok=True)
    options: dict[str, Value] = {**BASE, **VARIANTS[name], "save_dir": relative(folder / "checkpoints")}
    train(data, options, log, threads=1, quiet=True)
    point = read_log(log)[-1]
    print(f"{name:36} validation perplexity {point.valid_ppl:8.2f}  {stopwatch.seconds():6.0f} s", flush=True)
    return {
        "variant": name,
        "changed": VARIANTS[name],
        "updates": point.updates,
        "train_ppl": point.train_ppl,
        "valid_ppl": point.valid_ppl,
        "wall_seconds": round(stopwatch.seconds(), 1),
        "provenance": provenance(command, stopwatch),
    }


def read_results(path: Path) -> list[dict[str, Any]]:
    """Return the results in a file, none if it does not exist.

    Raises:
        DataError: the file contains something else, or results of another base.
    """
    if not path.exists():
        return []
    document = read_json(path)
    if not isinstance(document, dict) or not {"base", "results"} <= document.keys():
        raise DataError(f"--output {path}: exists already and is not a file of results; choose another name")
    # Older files do not record these options; there was only one choice.
    earlier = {"readout": "end", "embed_scale": 1.0}
    if {**earlier, **document["base"]} != BASE:
        raise DataError(f"--output {path}: holds results with another base; choose another name")
    results: list[dict[str, Any]] = document["results"]
    return results


def ablate(options: argparse.Namespace, arguments: list[str]) -> None:
    """Train the variants that the file of results does not contain, and add them to it.

    Args:
        options: options of the command line.
        arguments: the same as given, to be recorded.

    Raises:
        DataError: an option is wrong, or a training failed.
    """
    check_binarised(options.data)
    command = recorded_command("recipes.tatoeba.ablate", arguments)
    results = read_results(options.output)
    done = {result["variant"] for result in results}
    names = [name for name in options.only or VARIANTS if name not in done]

    def work(name: str) -> dict[str, Any]:
        return train_variant(name, options.data, options.logs, command)

    for result in run_in_parallel(work, names, options.jobs):
        results.append(result)
        write_json(options.output, {"base": BASE, "results": results})


def main(arguments: list[str] | None = None) -> int:
    """Run the ablation.

    Args:
        arguments: arguments without the program name; None for those of the process.

    Returns:
        The exit status; see `data_prep.command_line.run`.
    """
    given = sys.argv[1:] if arguments is None else arguments
    options = build_parser().parse_args(given)
    return run(lambda: ablate(options, given))


if __name__ == "__main__":
    sys.exit(main())
