"""Chinese to English on Tatoeba, from the file of pairs to BLEU, in one command.

    python -m recipes.tatoeba --tsv cmn-eng.tsv

Prepared data, checkpoints and logs are written to `--work`. A run that was stopped continues when the same command is
given again. The small files of the result (scores, curve, settings, a few examples) are written to `--results`.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
from pathlib import Path
from typing import Any

from data_prep.command_line import Parser
from data_prep.files import read_lines, write_json
from eval.bleu import Scores
from eval.curves import plot, read_log, write_curve
from eval.generate import GenerationSettings, generate
from eval.provenance import Stopwatch, provenance, relative
from eval.references import read_references

from ..command_line import run
from ..options import translation_options
from ..training import train


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="python -m recipes.tatoeba",
        description="Chinese to English on Tatoeba: prepare, train, translate, score.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--tsv", type=Path, help="pairs in Tatoeba's format; None: download the current file")
    parser.add_argument("--work", type=Path, default=Path("runs/tatoeba"), help="folder for data, checkpoints and logs")
    parser.add_argument(
        "--results", type=Path, default=Path("runs/tatoeba/results"), help="folder for the result files"
    )
    parser.add_argument("--arch", default="reencoder_small", help="architecture or preset")
    parser.add_argument("--updates", type=int, default=10000, help="parameter updates")
    parser.add_argument("--max-blocks", type=int, default=3000, help="maximum blocks per batch")
    parser.add_argument("--lr", type=float, default=0.006, help="maximum learning rate")
    parser.add_argument("--seed", type=int, default=1, help="seed of everything random")
    parser.add_argument("--beam", type=int, default=20, help="hypotheses kept at each step")
    parser.add_argument("--threads", type=int, help="CPU threads; None: torch's choice")
    return parser


def prepare_data(tsv: Path | None, work: Path) -> Path:
    """Prepare the data below `work` unless that is done already.

    Args:
        tsv: file of pairs; None to download the current one.
        work: folder of the run.

    Returns:
        The folder of prepared data.

    Raises:
        DataError: bad input, or the download failed; no prepared data is written then.
    """
    from data_prep.prepare import Options, format_counts, prepare

    data = work / "data"
    if (data / "manifest.json").exists():
        print(f"{data}: prepared already", file=sys.stderr)
        return data
    if tsv is None:
        from data_prep.download import download_tatoeba

        tsv = work / "cmn-eng.tsv"
        if not tsv.exists():
            print(f"downloaded {tsv}, SHA-256 {download_tatoeba(tsv)}", file=sys.stderr)
    print(format_counts(prepare(Options(dest=data, tsv=tsv))))
    return data


def run_recipe(options: argparse.Namespace) -> dict[str, Scores]:
    """Prepare, train, translate and score.

    Args:
        options: options of the command line.

    Returns:
        The scores of the validation and the test set.

    Raises:
        DataError: an option is wrong, or a program failed.
    """
    stopwatch = Stopwatch()
    data = prepare_data(options.tsv, options.work)
    checkpoints = options.work / "checkpoints"
    log = options.work / "train.log"
    settings = translation_options(
        options.arch,
        options.updates,
        options.max_blocks,
        options.lr,
        options.seed,
        save_dir=relative(checkpoints),
        save_interval_updates=1000,
        keep_interval_updates=1,
        no_epoch_checkpoints=True,
    )
    train(data / "bin", settings, log, options.threads)
    curve = read_log(log)
    write_curve(options.results / "curve.csv", curve)
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
        print(f"{split}: {scores[split].to_text()}")
        shutil.copy(options.work / "translations" / f"scores.{split}.json", options.results)
    write_json(options.results / "examples.json", examples(data, options.work / "translations", options.seed))
    result: dict[str, Any] = {
        "scores": {split: value.to_json() for split, value in scores.items()},
        "training": settings,
        "provenance": provenance(["python", "-m", "recipes.tatoeba", *_without_paths(options)], stopwatch),
    }
    write_json(options.results / "result.json", result)
    return scores


def examples(data: Path, translations: Path, seed: int, count: int = 8) -> list[dict[str, Any]]:
    """Return sentences of the test set with translations, references and, as the licence requires, attributions.

    Args:
        data: folder of prepared data.
        translations: folder of translations.
        seed: seed of the choice of sentences.
        count: number of sentences. Default: 8
    """
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
    """Return the options to be recorded: without folders, which can contain a user's home."""
    given = ["--tsv", "cmn-eng.tsv"] if options.tsv else []
    for name in ("arch", "updates", "max_blocks", "lr", "seed", "beam", "threads"):
        value = getattr(options, name)
        if value is not None:
            given += ["--" + name.replace("_", "-"), str(value)]
    return given


def main(arguments: list[str] | None = None) -> int:
    """Run the recipe.

    Args:
        arguments: arguments without the program name; None for those of the process.

    Returns:
        The exit status; see `data_prep.command_line.run`.
    """
    options = build_parser().parse_args(arguments)
    return run(lambda: run_recipe(options))


if __name__ == "__main__":
    sys.exit(main())
