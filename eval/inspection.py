"""Samples of an algorithmic task beside what a model predicts, errors marked; through the real fairseq-generate."""

import argparse
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.errors import EvaluationError
from eval.files import relative
from eval.provenance import ROOT

DELIMITER = "-"
"""What stands where the tasks have nothing to say."""

_LINE = re.compile(r"^([STH])-(\d+)\t(.*)$")


@dataclass(frozen=True)
class Sample:
    """A sample and its prediction, as symbols.

    Attributes:
        source: what the model reads.
        target: what it is to predict.
        prediction: what it predicts, as many symbols as `target` has.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    prediction: tuple[str, ...]

    @property
    def errors(self) -> list[int]:
        """Positions at which the prediction is wrong."""
        return [n for n, pair in enumerate(zip(self.target, self.prediction, strict=True)) if pair[0] != pair[1]]

    def show(self) -> list[str]:
        """Lines for people: input, target, prediction, and a mark below each error."""
        wide = max(map(len, (*self.source, *self.target, *self.prediction)))
        marks = ["^" if n in self.errors else "" for n in range(len(self.target))]
        rows = {"input": self.source, "target": self.target, "prediction": self.prediction}
        if self.errors:
            rows["errors"] = tuple(marks)
        return [
            f"  {name:10}  {' '.join(f'{symbol:>{wide}}' for symbol in row)}".rstrip() for name, row in rows.items()
        ]


def parse_samples(lines: Iterable[str]) -> list[Sample]:
    """Read the lines ``S-``, ``T-`` and ``H-`` of fairseq-generate's output, in the order of the samples.

    Raises:
        EvaluationError: there is no sample, a sample lacks one of its lines, or a prediction has another length than
            its target.
    """
    found: dict[int, dict[str, tuple[str, ...]]] = {}
    for line in lines:
        match = _LINE.match(line)
        if match is not None:
            kind, number, text = match.groups()
            found.setdefault(int(number), {})[kind] = tuple(text.split("\t")[-1].split())
    samples = []
    for number, parts in sorted(found.items()):
        if parts.keys() != {"S", "T", "H"}:
            raise EvaluationError(f"output of fairseq-generate: sample {number} lacks a line of S-, T- and H-")
        if len(parts["T"]) != len(parts["H"]):
            raise EvaluationError(
                f"output of fairseq-generate: sample {number} has {len(parts['H'])} predictions for "
                f"{len(parts['T'])} symbols; is it one of an algorithmic task?"
            )
        samples.append(Sample(parts["S"], parts["T"], parts["H"]))
    if not samples:
        raise EvaluationError("output of fairseq-generate: no sample")
    return samples


def task_options(checkpoint: Path) -> list[str]:
    """The options of the task that a checkpoint was trained on, as fairseq-generate takes them.

    Raises:
        EvaluationError: there is no such checkpoint, it is cut short, or it is one of another kind of task.
    """
    if not checkpoint.is_file():
        raise EvaluationError(f"{checkpoint}: no such checkpoint")
    if not zipfile.is_zipfile(checkpoint):
        raise EvaluationError(f"{checkpoint}: not a whole checkpoint; it may have been cut short: copy it again")
    import torch

    with torch.serialization.safe_globals([argparse.Namespace]):
        try:
            config: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)["cfg"]["task"]
        except Exception as error:  # whatever is wrong with the file, torch's own message says it at length
            raise EvaluationError(f"{checkpoint}: cannot be read as a checkpoint of an algorithmic task") from error
    if "valid_seed" not in config:
        raise EvaluationError(
            f"{checkpoint}: was trained on {config.get('_name')}, whose samples are not drawn; use eval generate"
        )
    options = ["--task", str(config["_name"])]
    for name, value in config.items():
        if not name.startswith("_") and not isinstance(value, bool) and value is not None:
            options += ["--" + name.replace("_", "-"), str(value)]
    return options


def inspect(checkpoint: Path, split: str = "test", user_dir: Path = ROOT / "reencoder") -> list[Sample]:
    """Let a model predict a split that it was not trained on.

    Args:
        checkpoint: of an algorithmic task.
        split: `test` or `valid`.
        user_dir: fairseq plugin to load.

    Returns:
        all samples of the split.

    Raises:
        EvaluationError: the checkpoint is no such one, or fairseq-generate failed.
    """
    arguments = ["--user-dir", relative(user_dir), "--path", relative(checkpoint), "--gen-subset", split]
    arguments += [*task_options(checkpoint), "--batch-size", "100", "--num-workers", "0", "--no-progress-bar"]
    command = [sys.executable, "-m", "fairseq_cli.generate", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", errors="replace")
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["it said nothing"])[-1]
        raise EvaluationError(f"fairseq-generate failed with status {done.returncode}: {reason}")
    return parse_samples(done.stdout.splitlines())


def report(samples: Sequence[Sample], count: int, errors_only: bool = False) -> list[str]:
    """Lines that show some samples and count the errors of all.

    Args:
        samples: all there are.
        count: how many to show.
        errors_only: show only samples with errors.
    """
    shown = [(n, sample) for n, sample in enumerate(samples) if sample.errors or not errors_only][:count]
    lines = []
    for number, sample in shown:
        right = len(sample.target) - len(sample.errors)
        lines += [f"sample {number}: {right} of {len(sample.target)} symbols right", *sample.show(), ""]
    symbols = sum(len(sample.target) for sample in samples)
    wrong = sum(len(sample.errors) for sample in samples)
    whole = sum(not sample.errors for sample in samples)
    lines.append(
        f"{symbols - wrong} of {symbols} symbols right ({(symbols - wrong) / symbols:.2%}), "
        f"{whole} of {len(samples)} samples without an error"
    )
    results = [pair for sample in samples for pair in zip(sample.target, sample.prediction, strict=True)]
    results = [pair for pair in results if pair[0] != DELIMITER]
    if len(results) < symbols:
        right = sum(target == predicted for target, predicted in results)
        share = f" ({right / len(results):.2%})" if results else ""
        lines.append(f"without delimiters: {right} of {len(results)} right{share}")
    return lines
