"""A demonstration in a few minutes: train a small Reencoder on the embedded phrasebook, translate, and score.

python -m recipes.demo
"""

from __future__ import annotations

import argparse
import random
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from data_prep.command_line import Parser, positive
from data_prep.errors import DataError
from data_prep.files import read_lines, write_json
from data_prep.manifest import copy_text_files
from eval.bleu import Scores
from eval.curves import read_log
from eval.generate import GenerationSettings, generate
from eval.provenance import Stopwatch, mark_dirty, provenance, recorded_command, relative
from eval.references import read_references

from .command_line import run
from .options import translation_options
from .training import train

SHOWN = 12
"""Number of translations to show."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(
        prog="python -m recipes.demo",
        description="Train a small Reencoder on the embedded phrasebook, translate sentences that it has not seen, and "
        "score the translations.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--work", type=Path, default=Path("runs/demo"), help="folder for all files")
    parser.add_argument("--pairs", type=int, default=24000, help="sentence pairs of the phrasebook")
    parser.add_argument("--updates", type=positive, default=600, help="parameter updates")
    parser.add_argument("--beam", type=positive, default=5, help="hypotheses kept at each step")
    parser.add_argument("--seed", type=int, default=1, help="seed of everything random")
    return parser


def run_demo(options: argparse.Namespace, arguments: list[str]) -> dict[str, Scores]:
    """Run the demo.

    Args:
        options: options of the command line.
        arguments: the same as given, to be recorded.

    Returns:
        The scores of the trained and of the untrained model on the test set.

    Raises:
        DataError: an option is wrong, or a program failed.
    """
    stopwatch = Stopwatch()
    work: Path = options.work
    work.mkdir(parents=True, exist_ok=True)
    print("1. A phrasebook of Chinese-English pairs, split so that no sentence of the test set occurs in training")
    data = _prepare(options)
    scores = {}
    for number, name in ((2, "untrained"), (3, "trained")):
        print(f"\n{number}. The {name} model")
        scores[name] = _train_and_score(name, data, options)
    show(data, work / "results-trained" / "hypotheses.test.txt", options.seed)
    result = {
        "scores": {name: value.to_json() for name, value in scores.items()},
        "settings": {name: value for name, value in vars(options).items() if name != "work"},
        "provenance": provenance(recorded_command("recipes.demo", arguments), stopwatch),
    }
    write_json(work / "result.json", result)
    if result["provenance"]["commit"] is not None and result["provenance"]["commit"]["dirty"]:
        mark_dirty(work / f"results-{name}" / "scores.test.json" for name in scores)
    _report(scores, work)
    return scores


def _prepare(options: argparse.Namespace) -> Path:
    """Write the phrasebook and prepare it; return the folder of prepared data.

    Raises:
        DataError: the number of pairs is out of range, or too small for held-out sets.
    """
    from data_prep.options import Options
    from data_prep.phrasebook import write_phrasebook
    from data_prep.prepare import format_counts, prepare

    tsv, data = options.work / "phrasebook.tsv", options.work / "data"
    write_phrasebook(tsv, options.pairs, options.seed)
    print(format_counts(prepare(Options(dest=data, tsv=[tsv], test_permille=20, valid_permille=20, overwrite=True))))
    for part in ("valid", "test"):
        if not (data / "raw" / f"{part}.zh").exists():
            raise DataError(f"--pairs {options.pairs}: too few; none is held out for the {part} set")
    return Path(data)


def _train_and_score(name: str, data: Path, options: argparse.Namespace) -> Scores:
    """Train a model from the start, translate the test set and print the scores.

    Args:
        name: "trained", or "untrained": with one update that is too small to change anything, because fairseq-train
            writes no checkpoint without an update.
        data: folder of prepared data.
        options: options of the command line.

    Raises:
        DataError: a program failed.
    """
    trained = name == "trained"
    checkpoints, log = options.work / name, options.work / f"train-{name}.log"
    for old in (log, *checkpoints.glob("*.pt")):
        old.unlink(missing_ok=True)
    settings = translation_options(
        "reencoder_tiny",
        options.updates if trained else 1,
        max_blocks=4000,
        learning_rate=0.01 if trained else 1e-12,
        seed=options.seed,
        optimizer="muon",
        adam_betas="(0.9,0.999)",
        weight_decay=0.1,
        save_dir=relative(checkpoints),
        no_epoch_checkpoints=True,
        disable_validation=not trained,
    )
    copy_text_files(data, checkpoints, overwrite=True)
    train(data / "bin", settings, log)
    if trained:
        last = read_log(log)[-1]
        print(f"perplexity on the validation set: {last.valid_ppl} after {last.updates} updates")
    scores = generate(
        GenerationSettings(
            data=data,
            checkpoints=(checkpoints / "checkpoint_last.pt",),
            output=options.work / f"results-{name}",
            beam=options.beam,
            batch_size=64,
            # An untrained model rarely predicts the end of a sentence.
            extra=("--max-len-a", "1", "--max-len-b", "10"),
            overwrite=True,
        )
    )
    print(scores.to_text())
    return scores


def _report(scores: Mapping[str, Scores], work: Path) -> None:
    """Print the BLEU of both models, where the files are, and how to translate with the trained model."""
    best = work / "trained" / "checkpoint_last.pt"
    print(f"\nBLEU on the test set: {scores['trained'].bleu:.2f} trained, {scores['untrained'].bleu:.2f} untrained")
    print(f"All files are in {work}; the scores and their settings are in {work / 'result.json'}")
    print("\nTo translate sentences that you type in:\n")
    print(f"    {shlex.join([relative(Path(sys.executable)), '-m', 'eval', 'translate', relative(best)])}")


def show(data: Path, hypotheses: Path, seed: int) -> None:
    """Print some sentences of the test set with their translations and references.

    Args:
        data: folder of prepared data.
        hypotheses: file of detokenised translations of the test set.
        seed: seed of the choice of sentences.
    """
    sources = read_lines(data / "raw" / "test.zh")
    references = read_references([data / "raw" / "test.en"])
    translations = read_lines(hypotheses)
    print(f"\nSentences not seen in training ({SHOWN} of {len(sources)}):")
    for line in sorted(random.Random(seed).sample(range(len(sources)), min(SHOWN, len(sources)))):
        print(f"\n  Chinese      {sources[line]}")
        print(f"  translation  {translations[line]}")
        print(f"  reference    {' | '.join(reference for reference in references[line] if reference)}")


def main(arguments: list[str] | None = None) -> int:
    """Run the demo.

    Args:
        arguments: arguments without the program name; None for those of the process.

    Returns:
        The exit status; see `data_prep.command_line.run`.
    """
    given = sys.argv[1:] if arguments is None else arguments
    options = build_parser().parse_args(given)
    return run(lambda: run_demo(options, given))


if __name__ == "__main__":
    sys.exit(main())
