"""Samples of an algorithmic task next to a model's predictions, errors marked; through the real fairseq-generate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import Any

from data_prep.errors import DataError

from .checkpoints import load_plugin, task_config
from .hypotheses import parse_output
from .libraries import quiet_libraries
from .program import USER_DIR, generate_arguments, run_generate

DELIMITER = "-"
"""The symbol at positions where the tasks have nothing to say."""


@dataclass(frozen=True)
class Sample:
    """A sample and its prediction, as symbols.

    Attributes:
        source: what the model reads.
        target: what it should predict.
        prediction: what it predicts, as many symbols as `target` has.
    """

    source: tuple[str, ...]
    target: tuple[str, ...]
    prediction: tuple[str, ...]

    @property
    def errors(self) -> list[int]:
        """Positions at which the prediction is wrong."""
        return [n for n, pair in enumerate(zip(self.target, self.prediction, strict=True)) if pair[0] != pair[1]]

    def results(self) -> list[tuple[str, str]]:
        """Return the pairs of target and predicted symbol at positions where the target is not a delimiter."""
        return [pair for pair in zip(self.target, self.prediction, strict=True) if pair[0] != DELIMITER]

    def to_lines(self) -> list[str]:
        """Return lines of text: input, target, prediction, and a mark below each error."""
        width = max(map(len, (*self.source, *self.target, *self.prediction)))
        marks = ["^" if n in self.errors else "" for n in range(len(self.target))]
        rows = {"input": self.source, "target": self.target, "prediction": self.prediction}
        if self.errors:
            rows["errors"] = tuple(marks)
        return [
            f"  {name:10}  {' '.join(f'{symbol:>{width}}' for symbol in row)}".rstrip() for name, row in rows.items()
        ]


def parse_samples(lines: Iterable[str]) -> list[Sample]:
    """Read the sources, targets and predictions in fairseq-generate's output.

    Returns:
        The samples in their order in the split.

    Raises:
        DataError: there is no sample, a sample lacks one of its lines, or the lengths of a prediction and its target
            differ.
    """
    found: dict[int, dict[str, tuple[str, ...]]] = {}
    for line in parse_output(lines, "STH"):
        found.setdefault(line.identifier, {})[line.kind] = tuple(line.tokens.split())
    samples = []
    for number, parts in sorted(found.items()):
        if parts.keys() != {"S", "T", "H"}:
            raise DataError(f"output of fairseq-generate: sample {number} lacks a line of S-, T- and H-")
        if len(parts["T"]) != len(parts["H"]):
            raise DataError(
                f"output of fairseq-generate: sample {number} has {len(parts['H'])} predictions for "
                f"{len(parts['T'])} symbols; is it a sample of an algorithmic task?"
            )
        samples.append(Sample(parts["S"], parts["T"], parts["H"]))
    if not samples:
        raise DataError("output of fairseq-generate: no sample")
    return samples


def task_options(checkpoint: Path, user_dir: Path | None = USER_DIR) -> list[str]:
    """Return the options of the task that a checkpoint was trained on, as arguments of fairseq-generate.

    Args:
        checkpoint: a checkpoint of an algorithmic task.
        user_dir: the fairseq plugin that has the task. Default: this project's

    Raises:
        DataError: the checkpoint is missing, is truncated, or belongs to another kind of task.
    """
    config = task_config(checkpoint)
    name = str(config.get("_name"))
    if "valid_seed" not in config:
        raise DataError(f"{checkpoint}: was trained on {name}, whose samples are not drawn; use eval generate")
    defaults = _task_defaults(name, user_dir)
    options = ["--task", name]
    for key, value in config.items():
        option = "--" + key.replace("_", "-")
        if key.startswith("_") or value is None:
            continue
        if not isinstance(value, bool):
            options += [option, str(value)]
        elif value is not defaults.get(key, False):
            options.append(option)  # a flag of fairseq inverts its default, which may be True
    return options


def _task_defaults(name: str, user_dir: Path | None) -> dict[str, Any]:
    """Return the default values of a task's options.

    Raises:
        DataError: the plugin has no such task.
    """
    quiet_libraries()  # a recipe draws in this process
    from fairseq.tasks import TASK_DATACLASS_REGISTRY

    load_plugin(user_dir)
    if name not in TASK_DATACLASS_REGISTRY:
        raise DataError(f"--task {name}: no such task in the plugin {user_dir}; name its plugin with --user-dir")
    return {
        field.name: field.default for field in fields(TASK_DATACLASS_REGISTRY[name]) if field.default is not MISSING
    }


def inspect(checkpoint: Path, split: str = "test", user_dir: Path | None = USER_DIR) -> list[Sample]:
    """Let a model predict a split that it was not trained on.

    Args:
        checkpoint: a checkpoint of an algorithmic task.
        split: `test` or `valid`. Default: "test"
        user_dir: the fairseq plugin that has the task; None for none. Default: this project's

    Returns:
        All samples of the split.

    Raises:
        DataError: the checkpoint is not of an algorithmic task, or fairseq-generate failed.
    """
    options = [*task_options(checkpoint, user_dir), "--batch-size", "100", "--num-workers", "0"]
    with closing(run_generate(generate_arguments(None, [checkpoint], split, options, user_dir))) as lines:
        return parse_samples(lines)


def accuracy_by_position(samples: Iterable[Sample]) -> list[float]:
    """Return the fraction of right symbols at each position of the result.

    Args:
        samples: the samples. At some positions none of their targets has a symbol other than a delimiter: these are
            left out. At the others, the targets that have one count.
    """
    right: dict[int, list[bool]] = defaultdict(list)
    for sample in samples:
        for position, (target, predicted) in enumerate(zip(sample.target, sample.prediction, strict=True)):
            if target != DELIMITER:
                right[position].append(target == predicted)
    return [sum(found) / len(found) for _, found in sorted(right.items())]


def report(samples: Sequence[Sample], count: int, errors_only: bool = False) -> list[str]:
    """Return lines of text that show some samples and count the errors of all.

    Args:
        samples: all samples.
        count: maximum number of samples to show.
        errors_only: show only samples with errors. Default: False
    """
    shown = [(n, sample) for n, sample in enumerate(samples) if sample.errors or not errors_only][:count]
    lines = []
    for number, sample in shown:
        right = len(sample.target) - len(sample.errors)
        lines += [f"sample {number}: {right} of {len(sample.target)} symbols right", *sample.to_lines(), ""]
    symbols = sum(len(sample.target) for sample in samples)
    wrong = sum(len(sample.errors) for sample in samples)
    without_error = sum(not sample.errors for sample in samples)
    lines.append(
        f"{symbols - wrong} of {symbols} symbols right ({(symbols - wrong) / symbols:.2%}), "
        f"{without_error} of {len(samples)} samples without an error"
    )
    results = [pair for sample in samples for pair in sample.results()]
    if len(results) < symbols:
        right = sum(target == predicted for target, predicted in results)
        fraction = f" ({right / len(results):.2%})" if results else ""
        lines.append(f"without delimiters: {right} of {len(results)} right{fraction}")
        positions = accuracy_by_position(samples)
        if len(positions) > 1:
            lines.append(f"right by position, %: {' '.join(f'{100 * share:.1f}' for share in positions)}")
    return lines
