"""Chinese to English on Tatoeba, from the file of pairs to BLEU, in one command.

    python -m recipes.tatoeba --tsv cmn-eng.tsv

Everything goes to `--work`: the prepared data, checkpoints, logs. A run that was stopped goes on where it was when the
same command is given again. The small files of the result (scores, curve, settings, a few examples) go to `--results`.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from pathlib import Path
from typing import Any

from eval.bleu import Scores
from eval.curves import plot, write_csv
from eval.errors import EvaluationError
from eval.files import read_lines, relative, write_json
from eval.generate import GenerationSettings, generate
from eval.provenance import Stopwatch, provenance
from eval.references import read_references
from recipes.options import training_options
from recipes.training import TrainingError, train


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m recipes.tatoeba",
        description="Chinese to English on Tatoeba: prepare, train, translate, score.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--tsv", type=Path, help="pairs as Tatoeba ships them; without it today's file is downloaded")
    parser.add_argument("--work", type=Path, default=Path("runs/tatoeba"), help="folder for data, checkpoints and logs")
    parser.add_argument(
        "--results", type=Path, default=Path("runs/tatoeba/results"), help="folder for the result files"
    )
    parser.add_argument("--arch", default="reencoder_small", help="architecture or preset")
    parser.add_argument("--updates", type=int, default=10000, help="parameter updates")
    parser.add_argument("--max-cells", type=int, default=3000, help="cells a batch")
    parser.add_argument("--lr", type=float, default=0.006, help="highest learning rate")
    parser.add_argument("--seed", type=int, default=1, help="seed of everything random")
    parser.add_argument("--beam", type=int, default=20, help="hypotheses kept at each step")
    parser.add_argument("--threads", type=int, help="CPU threads (default: torch's choice)")
    return parser


def prepare_data(tsv: Path | None, work: Path) -> Path:
    """Prepare the data below `work` unless that was done; return the prepared folder.

    Raises:
        data_prep.errors.DataError: bad input; nothing is written then.
    """
    from data_prep.prepare import Options, prepare, summary

    data = work / "data"
    if (data / "manifest.json").exists():
        print(f"{data}: prepared already", file=sys.stderr)
        return data
    if tsv is None:
        from data_prep.download import TATOEBA_URL, download_tatoeba

        tsv = work / "cmn-eng.tsv"
        if not tsv.exists():
            digest = download_tatoeba(tsv, None, TATOEBA_URL, False)
            print(f"downloaded {tsv}, SHA-256 {digest}", file=sys.stderr)
    print(summary(prepare(Options(dest=data, tsv=tsv))))
    return data


def run(options: argparse.Namespace) -> dict[str, Scores]:
    """Prepare, train, translate and score; return the scores of valid and test.

    Raises:
        data_prep.errors.DataError, TrainingError, EvaluationError: what went wrong, in one line.
    """
    stopwatch = Stopwatch()
    data = prepare_data(options.tsv, options.work)
    checkpoints = options.work / "checkpoints"
    log = options.work / "train.log"
    settings = training_options(
        options.arch,
        options.updates,
        options.max_cells,
        options.lr,
        options.seed,
        save_dir=relative(checkpoints),
        save_interval_updates=1000,
        keep_interval_updates=1,
        no_epoch_checkpoints=True,
    )
    curve = train(data / "bin", settings, log, options.threads)
    options.results.mkdir(parents=True, exist_ok=True)
    write_csv(options.results / "curve.csv", curve)
    plot(options.results / "curve.png", curve, f"Tatoeba zh-en, {options.arch}")
    scores = {}
    for split in ("valid", "test"):
        scores[split] = generate(
            GenerationSettings(
                data=data,
                checkpoints=(checkpoints / "checkpoint_best.pt",),
                output=options.work / "translations",
                split=split,
                beam=options.beam,
                batch_size=64,
                overwrite=True,
            )
        )
        print(f"{split}: {scores[split].summary()}")
        shutil.copy(options.work / "translations" / f"scores.{split}.json", options.results)
    write_json(options.results / "examples.json", examples(data, options.work / "translations", options.seed))
    summary: dict[str, Any] = {
        "scores": {split: value.to_json() for split, value in scores.items()},
        "training": settings,
        "provenance": provenance(["python", "-m", "recipes.tatoeba", *_without_paths(options)], stopwatch),
    }
    write_json(options.results / "result.json", summary)
    return scores


def examples(data: Path, translations: Path, seed: int, count: int = 8) -> list[dict[str, Any]]:
    """A few sentences of the test set with their translations, references and, as the licence asks, attributions."""
    sources = read_lines(data / "raw" / "test.zh")
    references = read_references([data / "raw" / "test.en"])
    hypotheses = read_lines(translations / "hypotheses.test.txt")
    attributions: dict[int, list[str]] = {}
    for line in read_lines(data / "raw" / "test.attribution"):
        number, _, text = line.split("\t", 2)
        attributions.setdefault(int(number) - 1, []).append(text)
    return [
        {
            "source": sources[n],
            "translation": hypotheses[n],
            "references": references[n],
            "attributions": attributions.get(n, []),
        }
        for n in sorted(random.Random(seed).sample(range(len(sources)), min(count, len(sources))))
    ]


def _without_paths(options: argparse.Namespace) -> list[str]:
    given = ["--tsv", "cmn-eng.tsv"] if options.tsv else []
    for name in ("arch", "updates", "max_cells", "lr", "seed", "beam", "threads"):
        value = getattr(options, name)
        if value is not None:
            given += ["--" + name.replace("_", "-"), str(value)]
    return given


def main(arguments: list[str] | None = None) -> int:
    """Run the recipe; return the exit status: 0, or 2 after an error that is told in one line."""
    from data_prep.errors import DataError

    options = build_parser().parse_args(arguments)
    try:
        run(options)
    except (DataError, EvaluationError, TrainingError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
