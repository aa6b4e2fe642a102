"""What the paper leaves open, tried on real text: short trainings that differ in one option each.

python -m recipes.tatoeba.ablate DATA/bin --output recipes/tatoeba/results/ablation.json
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from eval.files import write_json
from eval.provenance import Stopwatch, provenance
from recipes.training import TrainingError, train

BASE: dict[str, str | float | bool] = {
    "task": "reencoder_translation",
    "arch": "reencoder",
    "hidden_size": 96,
    "dropout": 0.15,
    "embed_dim": 0,
    "upper_columns": "word",
    "upper_rows": "word",
    "depth_reads": "input",
    "softmax_reads": "hidden-memory",
    "output_form": "tanh_om",
    "forget_bias": 1.0,
    "init_scale": 1.7,
    "embed_std": 1.0,
    "optimizer": "adam",
    "adam_betas": "(0.9,0.98)",
    "lr": 0.002,
    "lr_scheduler": "inverse_sqrt",
    "warmup_updates": 100,
    "clip_norm": 1.0,
    "criterion": "label_smoothed_cross_entropy",
    "label_smoothing": 0.1,
    "max_cells": 4500,
    "batch_size": 512,
    "max_epoch": 1,
    "num_workers": 0,
    "log_interval": 100,
    "no_save": True,
}

TOGETHER: dict[str, str | float | bool] = {
    "depth_reads": "output",
    "upper_rows": "continue",
    "forget_bias": 2.0,
    "embed_dim": 96,
}
"""What helped alone, in one model."""

VARIANTS: dict[str, dict[str, str | float | bool]] = {
    "base": {},
    "seed 2": {"seed": 2},
    "learning rate 0.004": {"lr": 0.004},
    "learning rate 0.001": {"lr": 0.001},
    "softmax reads hidden": {"softmax_reads": "hidden"},
    "depth reads output": {"depth_reads": "output"},
    "upper rows continue": {"upper_rows": "continue"},
    "upper rows start from zeros": {"upper_rows": "zero"},
    "words enter the first plane only": {"upper_rows": "zero", "upper_columns": "zero"},
    "output o * tanh(m)": {"output_form": "o_tanhm"},
    "forget bias 0": {"forget_bias": 0.0},
    "forget bias 2": {"forget_bias": 2.0},
    "projected word vectors": {"embed_dim": 96},
    "initial weights 1.0": {"init_scale": 1.0},
    "initial word vectors 0.3": {"embed_std": 0.3},
    "shared softmax": {"share_decoder_input_output_embed": True},
    "small batches": {"max_cells": 2200},
    "together": TOGETHER,
    "together, learning rate 0.004": {**TOGETHER, "lr": 0.004},
    "together, learning rate 0.008": {**TOGETHER, "lr": 0.008},
    "together, words start the upper rows": {**TOGETHER, "lr": 0.004, "upper_rows": "word"},
    "together, forget bias 3": {**TOGETHER, "lr": 0.004, "forget_bias": 3.0},
}


def main(arguments: list[str] | None = None) -> int:
    """Run the ablation; see the module's text."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("data", type=Path, help="folder of binarised data")
    parser.add_argument(
        "--output", type=Path, required=True, help="JSON file of results; finished variants in it are kept"
    )
    parser.add_argument("--logs", type=Path, default=Path("runs/ablation"), help="folder for the logs")
    parser.add_argument("--only", nargs="*", choices=list(VARIANTS), help="variants to run (default: all)")
    parser.add_argument("--jobs", type=int, default=2, help="trainings at the same time, one thread each")
    options = parser.parse_args(arguments)
    stopwatch = Stopwatch()

    def run(name: str) -> dict[str, Any]:
        own = Stopwatch()
        log = options.logs / (name.replace(" ", "-").replace("*", "x") + ".log")
        log.unlink(missing_ok=True)
        curve = train(options.data, {**BASE, **VARIANTS[name]}, log, threads=1, quiet=True)
        point = curve[-1]
        print(f"{name:36} valid perplexity {point.valid_ppl:8.2f}  {own.seconds():6.0f} s", flush=True)
        return {
            "variant": name,
            "changed": VARIANTS[name],
            "updates": point.updates,
            "train_ppl": point.train_ppl,
            "valid_ppl": point.valid_ppl,
            "wall_seconds": round(own.seconds(), 1),
        }

    results: list[dict[str, Any]] = []
    if options.output.exists():
        results = json.loads(options.output.read_text(encoding="utf-8"))["results"]
    done = {result["variant"] for result in results}
    names = [name for name in options.only or VARIANTS if name not in done]
    try:
        with ThreadPoolExecutor(options.jobs) as pool:
            for result in pool.map(run, names):
                command = ["python", "-m", "recipes.tatoeba.ablate", *(arguments or sys.argv[1:])]
                results.append({**result, "provenance": provenance(command, stopwatch)})
                document = {"base": BASE, "results": results}
                write_json(options.output, document)
    except TrainingError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
