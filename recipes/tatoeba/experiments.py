"""A log of experiments: what was tried on Tatoeba and whether it helped; one training per experiment.

    python -m recipes.tatoeba.experiments --tsv cmn-eng.tsv --only lexical-muon phrases

Every experiment has a folder below `--work`; a training that was stopped continues when the same command is given
again, and a finished one is not repeated. Its result, with its own command and minutes, is written to `--results`.
Choices are made on the validation set: no experiment reads the test set.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data_prep.command_line import Parser
from data_prep.errors import DataError
from data_prep.files import read_json, write_json
from data_prep.manifest import copy_text_files
from eval.bleu import Scores
from eval.curves import read_log
from eval.generate import generate
from eval.generation_settings import GenerationSettings
from eval.provenance import Stopwatch, provenance, relative

from ..command_line import run
from ..options import Value, translation_options
from ..training import cpu_seconds, run_in_parallel, train
from .data import prepare_data

BEAM, UNKPEN = 5, 1000.0
"""Settings of the search by which experiments are compared."""


@dataclass(frozen=True)
class Experiment:
    """One training.

    Attributes:
        question: what is tried.
        options: changes to the options of training, see `recipes.options.translation_options`.
        data: variant of the data, see `recipes.tatoeba.data`.
        updates: number of parameter updates.
        max_blocks: maximum number of blocks per batch.
        lr: maximum learning rate.
        seed: seed of everything random.
        reverse: translate English into Chinese. Such a model reranks and translates back; it has no BLEU.
    """

    question: str
    options: Mapping[str, Value] = field(default_factory=dict)
    data: str = "words"
    updates: int = 2000
    max_blocks: int = 3000
    lr: float = 0.006
    seed: int = 1
    reverse: bool = False

    def training(self) -> dict[str, Value]:
        """Return the options of fairseq-train, without folders."""
        base = translation_options("reencoder_small", self.updates, self.max_blocks, self.lr, self.seed)
        direction: dict[str, Value] = {"source_lang": "en", "target_lang": "zh"} if self.reverse else {}
        return {**base, "warmup_updates": self.updates // 10, **direction, **self.options}


_END: dict[str, Value] = {"readout": "end", "output_dropout": 0.0}
_ATTENTION: dict[str, Value] = {"readout": "attention", "output_dropout": 0.0}
_LEXICAL: dict[str, Value] = {"readout": "lexical-attention", "output_dropout": 0.0}
_ADAM: dict[str, Value] = {"optimizer": "adam"}
_MUON: dict[str, Value] = {"optimizer": "muon"}
_DROPOUT: dict[str, Value] = {"dropout": 0.25, "output_dropout": 0.2}
# The vector of a rare word gets few gradients. Adam divides each by the root of an average of squares: if the average
# forgets slowly, it is small, and each of the few steps is large.
_RARE_WORDS: dict[str, Value] = {"adam_betas": "(0.9,0.999)"}
_LONG: dict[str, Value] = {**_LEXICAL, **_MUON, "upsample_primary": 2}
_RARE_LONG: dict[str, Value] = {**_LEXICAL, **_MUON, **_DROPOUT, **_RARE_WORDS, "word_dropout": 0.02}

# The systems to compare with: fairseq's own, with the same data, search and seeds. Batches are limited by tokens, which
# is what they cost; there are as many words per update as with our limit, so as many epochs, and at least our minutes.
_BASELINE: dict[str, Value] = {
    "max_blocks": False,
    "max_tokens": 600,
    "share_decoder_input_output_embed": True,
    "upsample_primary": 2,
}
_TRANSFORMER: dict[str, Value] = {
    **_BASELINE,
    "arch": "transformer",
    **{
        f"{side}_{name}": value
        for side in ("encoder", "decoder")
        for name, value in (("layers", 3), ("embed_dim", 256), ("ffn_embed_dim", 512), ("attention_heads", 4))
    },
    "dropout": 0.3,
}
_LSTM: dict[str, Value] = {
    **_BASELINE,
    "arch": "lstm",
    "encoder_embed_dim": 256,
    "encoder_hidden_size": 256,
    "encoder_bidirectional": True,
    "decoder_embed_dim": 256,
    "decoder_hidden_size": 256,
    "decoder_out_embed_dim": 256,
    "dropout": 0.3,
}

EXPERIMENTS: dict[str, Experiment] = {
    "end-adam": Experiment("the paper's readout, the end of a row", {**_END, **_ADAM}),
    "end-muon": Experiment("Muon", {**_END, **_MUON}),
    "max-muon": Experiment("maximum over the row", {"readout": "max", "output_dropout": 0.0, **_MUON}),
    "attention-muon": Experiment("weighted sum over the row", {**_ATTENTION, **_MUON}),
    "lexical-adam": Experiment("lexical readout, Adam", {**_LEXICAL, **_ADAM}),
    "lexical-muon": Experiment("lexical readout, Muon", {**_LEXICAL, **_MUON}),
    "lexical-muon-seed-2": Experiment("how large the noise is", {**_LEXICAL, **_MUON}, seed=2),
    "lexical-muon-dropout": Experiment("dropout before the softmax", {**_LEXICAL, **_MUON, **_DROPOUT}),
    "phrases": Experiment("phrase pairs, sentences twice", {**_LONG, **_DROPOUT}, "phrases"),
    "bpe": Experiment("subwords on both sides", {**_LEXICAL, **_MUON, **_DROPOUT}, "bpe"),
    "words-all": Experiment("words that occur once are known", {**_LEXICAL, **_MUON}, "words-all"),
    "pieces": Experiment("large vocabularies of pieces of words", {**_LEXICAL, **_MUON}, "pieces"),
    "pieces-sampled": Experiment("pieces drawn at random", {**_LEXICAL, **_MUON}, "pieces-sampled"),
    "characters": Experiment("Chinese characters", {**_LEXICAL, **_MUON, **_DROPOUT}, "characters"),
    "phrases-long": Experiment("phrase pairs, longer", {**_LONG, **_DROPOUT}, "phrases", 4000),
    "phrases-long-seed-2": Experiment("the same, a second member", {**_LONG, **_DROPOUT}, "phrases", 4000, seed=2),
    "phrases-long-strong": Experiment(
        "phrase pairs, longer, more dropout",
        {**_LONG, "dropout": 0.3, "output_dropout": 0.3, "embed_dropout": 0.1, "word_dropout": 0.03},
        "phrases",
        4000,
        seed=3,
    ),
    "rare-words": Experiment("slower average of squared gradients", {**_LEXICAL, **_MUON, **_RARE_WORDS}),
    "words-all-phrases": Experiment(
        "words that occur once are known, and occur in phrase pairs",
        {**_RARE_LONG, "upsample_primary": 2},
        "words-all-phrases",
        5000,
    ),
    "pieces-phrases": Experiment(
        "pieces of words, and phrase pairs",
        {**_RARE_LONG, "upsample_primary": 2},
        "pieces-phrases",
        5000,
        seed=2,
    ),
    "pieces-phrases-seed-3": Experiment(
        "the same, a second member",
        {**_RARE_LONG, "upsample_primary": 2},
        "pieces-phrases",
        5000,
        seed=3,
    ),
    "pieces-phrases-large": Experiment(
        "the same, larger and longer, with more dropout",
        {
            **_RARE_LONG,
            "upsample_primary": 2,
            "hidden_size": 224,
            "embed_dim": 224,
            "dropout": 0.3,
            "output_dropout": 0.25,
            "word_dropout": 0.03,
        },
        "pieces-phrases",
        8000,
        seed=4,
    ),
    "pieces-sampled-phrases": Experiment(
        "pieces drawn at random, and phrase pairs",
        _RARE_LONG,
        "pieces-sampled-phrases",
        5000,
        seed=2,
    ),
    "reverse": Experiment(
        "English to Chinese, to rerank and to translate back",
        {**_RARE_LONG, "upsample_primary": 2},
        "pieces-phrases",
        5000,
        seed=5,
        reverse=True,
    ),
    "pieces-phrases-seed-6": Experiment(
        "the same, a third member",
        {**_RARE_LONG, "upsample_primary": 2},
        "pieces-phrases",
        5000,
        seed=6,
    ),
    "pieces-phrases-wide": Experiment(
        "the same, larger, with the same dropout",
        {**_RARE_LONG, "upsample_primary": 2, "hidden_size": 224, "embed_dim": 224},
        "pieces-phrases",
        6000,
        seed=2,
    ),
    "transformer": Experiment("Transformer, 3 + 3 layers of 256", _TRANSFORMER, "pieces-phrases", 5000, lr=0.001),
    "transformer-muon": Experiment(
        "Transformer with Muon", {**_TRANSFORMER, **_MUON, **_RARE_WORDS}, "pieces-phrases", 5000, lr=0.003
    ),
    "lstm": Experiment("LSTM with attention", _LSTM, "pieces-phrases", 5000, lr=0.002),
    "lstm-long": Experiment("LSTM with attention, as many minutes as ours", _LSTM, "pieces-phrases", 11000, lr=0.002),
}
"""Experiments by name, in the order of the table."""

BEST = "pieces-phrases"
"""The experiment with the best validation BLEU of a single model."""


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = Parser(prog="python -m recipes.tatoeba.experiments", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--tsv", type=Path, help="pairs in Tatoeba's format (default: download the current file)")
    parser.add_argument("--work", type=Path, default=Path("runs/tatoeba"), help="folder for data and trainings")
    parser.add_argument(
        "--results", type=Path, default=Path("recipes/tatoeba/results/experiments"), help="folder for the result files"
    )
    parser.add_argument("--only", nargs="+", choices=list(EXPERIMENTS), metavar="NAME", help="default: all")
    parser.add_argument("--list", action="store_true", help="print the names and end")
    parser.add_argument("--jobs", type=int, default=2, help="trainings at the same time, one thread each")
    return parser


def training_folder(name: str, work: Path) -> Path:
    """Return the folder of an experiment's training: `train.log` and, in `checkpoints`, the best one and the last."""
    return work / "experiments" / name


def train_experiment(name: str, data: Path, work: Path) -> Path:
    """Train, or resume.

    Args:
        name: name of the experiment.
        data: folder of prepared data.
        work: folder of the trainings.

    Returns:
        The folder of the training.

    Raises:
        DataError: the folder contains a training with other options, or fairseq-train failed.
    """
    experiment, folder = EXPERIMENTS[name], training_folder(name, work)
    options = experiment.training()
    kept = folder / "options.json"
    settings = {"options": options, "data": experiment.data}
    if kept.exists() and read_json(kept) != settings:
        raise DataError(f"{folder}: holds a training with other options; remove it, or give another --work")
    write_json(kept, settings)
    saving: dict[str, Value] = {
        "save_dir": relative(folder / "checkpoints"),
        "save_interval_updates": 500,
        "keep_interval_updates": 1,
        "no_epoch_checkpoints": True,
    }
    copy_text_files(data, folder / "checkpoints")
    train(data / "bin", {**options, **saving}, folder / "train.log", threads=1, quiet=True)
    return folder


def execute(name: str, data: Path, work: Path, results: Path, command: list[str]) -> dict[str, Any]:
    """Train and validate, or read the result if it is finished.

    Args:
        name: name of the experiment.
        data: folder of prepared data.
        work: folder of the trainings.
        results: folder of the result files.
        command: the command, for the record.

    Returns:
        The result: question, options, curve, best and last perplexities, BLEU on the validation set, provenance.

    Raises:
        DataError: there is a training or a result with other options, or a program failed.
    """
    experiment, result_path = EXPERIMENTS[name], results / f"{name}.json"
    options = experiment.training()
    if result_path.exists():
        finished: dict[str, Any] = read_json(result_path)
        if finished["options"] != options:
            raise DataError(f"{result_path}: is the result of other options; remove it, or give another --results")
        return finished
    stopwatch = Stopwatch()
    folder = train_experiment(name, data, work)
    curve = read_log(folder / "train.log")
    scores = None if experiment.reverse else _validate(data, folder)
    validated = [point for point in curve if point.valid_ppl is not None]
    best = min(validated, key=lambda point: point.valid_ppl or 0.0)
    result = {
        "name": name,
        "question": experiment.question,
        "data": experiment.data,
        "options": options,
        "parameters": parameters(folder / "train.log"),
        "cpu_seconds": cpu_seconds(folder / "train.log"),
        "updates": curve[-1].updates,
        "train_ppl": [point.train_ppl for point in curve if point.train_ppl is not None][-1],
        "valid_ppl": best.valid_ppl,
        "best_update": best.updates,
        "valid": None if scores is None else scores.to_json(),
        "curve": [[point.updates, point.train_ppl, point.valid_ppl] for point in curve],
        "provenance": provenance(command, stopwatch),
    }
    write_json(result_path, result)
    return result


def _validate(data: Path, folder: Path) -> Scores:
    """Translate the validation set with the best checkpoint of a training."""
    return generate(
        GenerationSettings(
            data=data,
            checkpoints=(folder / "checkpoints" / "checkpoint_best.pt",),
            output=folder / "translations",
            split="valid",
            beam=BEAM,
            unkpen=UNKPEN,
            untuned=True,
            max_blocks=20_000,
            batch_size=64,
            overwrite=True,
        )
    )


def parameters(log: Path) -> int | None:
    """Return the number of the model's parameters that the log of fairseq-train tells; None if it does not."""
    found = re.search(r"num\. shared model params: ([\d,]+)", log.read_text(encoding="utf-8"))
    return None if found is None else int(found[1].replace(",", ""))


def run_experiments(options: argparse.Namespace, arguments: list[str]) -> None:
    """Run the requested experiments.

    Raises:
        DataError: bad input, or a program failed.
    """
    if options.list:
        for name, experiment in EXPERIMENTS.items():
            print(f"{name:22} {experiment.question}")
        return
    names = options.only or list(EXPERIMENTS)
    variants = dict.fromkeys(EXPERIMENTS[name].data for name in names)
    data = {variant: prepare_data(options.tsv, options.work, variant) for variant in variants}
    command = ["python", "-m", "recipes.tatoeba.experiments", *without_paths(arguments, options)]

    def work(name: str) -> None:
        result = execute(name, data[EXPERIMENTS[name].data], options.work, options.results, command)
        bleu = f", BLEU {result['valid']['bleu']:5.2f}" if result["valid"] else ""
        perplexities = f"train perplexity {result['train_ppl']:6.2f}, valid {result['valid_ppl']:6.2f}"
        print(f"{name:22} {perplexities}{bleu}", flush=True)

    for _ in run_in_parallel(work, names, options.jobs):
        pass


def without_paths(arguments: list[str], options: argparse.Namespace) -> list[str]:
    """Return the arguments to be recorded: folders can contain a user's home."""
    paths = {str(path): path.name for path in (options.tsv, options.work, options.results) if path is not None}
    return [paths.get(argument, argument) for argument in arguments]


def main(arguments: list[str] | None = None) -> int:
    """Run the experiments; return the exit status, see `data_prep.command_line.run`."""
    given = sys.argv[1:] if arguments is None else arguments
    options = build_parser().parse_args(given)
    return run(lambda: run_experiments(options, given))


if __name__ == "__main__":
    sys.exit(main())
