"""From nothing to a translation in a few minutes: the embedded phrasebook, a small Reencoder, a dozen translations,
BLEU.

python -m recipes.demo
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from eval.bleu import Scores
from eval.errors import EvaluationError
from eval.files import read_lines, relative, write_json
from eval.generate import GenerationSettings, generate
from eval.provenance import Stopwatch, provenance
from eval.references import read_references
from recipes.options import training_options
from recipes.training import TrainingError, train

SHOWN = 12


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="python -m recipes.demo",
        description="Train a small Reencoder on the embedded phrasebook, translate what it never saw, and score it.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--work", type=Path, default=Path("runs/demo"), help="folder for everything that is made")
    parser.add_argument("--pairs", type=int, default=24000, help="sentence pairs of the phrasebook")
    parser.add_argument("--updates", type=int, default=800, help="parameter updates")
    parser.add_argument("--beam", type=int, default=5, help="hypotheses kept at each step")
    parser.add_argument("--seed", type=int, default=1, help="seed of everything random")
    return parser


def run(options: argparse.Namespace) -> dict[str, Scores]:
    """Run the demo; return the scores of the trained and of the untrained model on the test set.

    Raises:
        data_prep.errors.DataError, TrainingError, EvaluationError: what went wrong.
    """
    from data_prep.phrasebook import write_phrasebook
    from data_prep.prepare import Options, prepare, summary

    stopwatch = Stopwatch()
    work: Path = options.work
    work.mkdir(parents=True, exist_ok=True)
    print("1. A phrasebook of Chinese-English pairs, split so that no sentence of the test set occurs in training")
    tsv = work / "phrasebook.tsv"
    write_phrasebook(tsv, options.pairs, options.seed)
    data = work / "data"
    print(summary(prepare(Options(dest=data, tsv=tsv, test_permille=20, valid_permille=20, overwrite=True))))

    scores = {}
    for number, name, updates in ((2, "untrained", 1), (3, "trained", options.updates)):
        print(f"\n{number}. The {name} model")
        checkpoints = work / name
        for old in checkpoints.glob("*.pt"):
            old.unlink()
        log = work / f"train-{name}.log"
        log.unlink(missing_ok=True)
        settings = training_options(
            "reencoder_tiny",
            updates,
            max_cells=4000,
            # One update so small that it changes nothing makes a checkpoint of the model as it starts.
            learning_rate=0.005 if name == "trained" else 1e-12,
            seed=options.seed,
            save_dir=relative(checkpoints),
            no_epoch_checkpoints=True,
            disable_validation=name == "untrained",
        )
        curve = train(data / "bin", settings, log)
        if name == "trained":
            print(f"perplexity on the validation set: {curve[-1].valid_ppl} after {curve[-1].updates} updates")
        scores[name] = generate(
            GenerationSettings(
                data=data,
                checkpoints=(checkpoints / "checkpoint_last.pt",),
                output=work / f"results-{name}",
                beam=options.beam,
                batch_size=64,
                # What has learned nothing does not know when to stop either.
                extra=("--max-len-a", "1", "--max-len-b", "10"),
                overwrite=True,
            )
        )
        print(scores[name].summary())

    show(data, work / "results-trained" / "hypotheses.test.txt", options.seed)
    print(f"\nBLEU on the test set: {scores['trained'].bleu:.2f} trained, {scores['untrained'].bleu:.2f} untrained")
    print(f"Everything is in {work}; the scores with their settings in {work / 'result.json'}")
    summary_of_run = {
        "scores": {name: value.to_json() for name, value in scores.items()},
        "settings": {name: value for name, value in vars(options).items() if name != "work"},
        "provenance": provenance(["python", "-m", "recipes.demo"], stopwatch),
    }
    write_json(work / "result.json", summary_of_run)
    return scores


def show(data: Path, hypotheses: Path, seed: int) -> None:
    """Print a dozen sentences of the test set with their translations and references."""
    sources = read_lines(data / "raw" / "test.zh")
    references = read_references([data / "raw" / "test.en"])
    translations = read_lines(hypotheses)
    print(f"\nSentences that the training never saw ({SHOWN} of {len(sources)}):")
    for line in sorted(random.Random(seed).sample(range(len(sources)), min(SHOWN, len(sources)))):
        print(f"\n  Chinese      {sources[line]}")
        print(f"  translation  {translations[line]}")
        print(f"  reference    {' | '.join(reference for reference in references[line] if reference)}")


def main(arguments: list[str] | None = None) -> int:
    """Run the demo; return the exit status: 0, or 2 after an error that is told in one line."""
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
