"""One training of an algorithmic task, and its outcome."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from eval.inspection import accuracy_by_position, inspect

from ..curves import Point, read_points, training_seconds
from ..options import Value
from ..runs import CHECKPOINTS, LOG, execute
from .chance import Chance, lower_bound

METRICS = ("loss", "accuracy", "sequence_accuracy", "digit_accuracy", "recall_accuracy")

_FEWER = re.compile(r"the valid set has (\d+) of them instead")


@dataclass(frozen=True)
class Run:
    """A training of one model on one size of the problem.

    Attributes:
        model: name of the model in the recipe.
        label: name of the model in plots.
        size: size of the problem: digits, bits or symbols.
        options: options of fairseq-train, with underscores; folders and logging are added.
        metric: validation metric that is compared with chance.
        chance: what a model that has learned nothing reaches.
    """

    model: str
    label: str
    size: int
    options: dict[str, Value]
    metric: str
    chance: Chance

    @property
    def name(self) -> str:
        """Name of the run and of its folder; the first seed is not part of it."""
        seed = self.options["seed"]
        return f"{self.model}-{self.size}" if seed == 1 else f"{self.model}-{self.size}-seed-{seed}"

    def execute(self, folder: Path, command: list[str], threads: int | None, quiet: bool = False) -> dict[str, Any]:
        """Train, resume the training, or read the result if it is finished; see `recipes.runs.execute`.

        Args:
            folder: folder of this run.
            command: command of the recipe, to be recorded.
            threads: number of CPU threads; None for torch's choice.
            quiet: show no progress. Default: False

        Returns:
            The result; it contains the values of `outcome`, `chance` (see `against_chance`), `test` (see `fresh_set`)
            and the points of the curve.

        Raises:
            DataError: the folder contains a run with other settings, or a program failed.
        """

        def result(lines: list[str]) -> dict[str, Any]:
            points = read_points(lines, METRICS, str(folder / LOG), "samples")
            valid_samples = valid_set_size(lines, int(self.options["valid_samples"]))
            return {
                **outcome(points, float(self.options.get("stop_at_accuracy", 1.0))),
                "chance": against_chance(points, self.metric, self.chance, valid_samples),
                "test": fresh_set(folder / CHECKPOINTS / "checkpoint_best.pt"),
                "points": points,
            }

        settings = {"model": self.model, "label": self.label, "size": self.size, "options": self.options}
        return execute(folder, settings, command, result, threads=threads, quiet=quiet)


def valid_set_size(lines: Iterable[str], requested: int) -> int:
    """Return the number of samples of the validation set: as requested, unless the task warned that there are fewer."""
    return next((int(found.group(1)) for found in map(_FEWER.search, lines) if found), requested)


def outcome(points: Sequence[Point], threshold: float) -> dict[str, Any]:
    """Return the outcome of a training.

    Args:
        points: points of the curve.
        threshold: accuracy on the validation set at which training stops; 0: it never stops.

    Returns:
        `solved`; `samples_to_solve`, None if not solved; `samples` and `seconds` in total; `validations`, their number;
        `last`, the point of the last validation; and `best`, that of the highest validation accuracy. The latter is
        higher than the accuracy on another set would be, and the more so the more validations there were. Of several
        with the same accuracy it is the last, which fairseq-train keeps as checkpoint_best.pt.
    """
    reached = samples_to_reach(points, "valid_accuracy", threshold) if threshold > 0 else None
    validated = [point for point in points if "valid_accuracy" in point] or list(points[-1:])
    best = max(reversed(validated), key=lambda point: point.get("valid_accuracy", -1.0))
    return {
        "solved": reached is not None,
        "samples_to_solve": reached,
        "samples": points[-1]["samples"],
        "seconds": training_seconds(points),
        "validations": len(validated),
        "last": _validation(validated[-1]),
        "best": _validation(best),
    }


def _validation(point: Point) -> Point:
    return {name: value for name, value in point.items() if name in ("samples", "updates") or name.startswith("valid_")}


def against_chance(points: Sequence[Point], metric: str, chance: Chance, samples: int) -> dict[str, Any]:
    """Return where the accuracies of a model that has learned nothing would lie.

    Args:
        points: points of the curve.
        metric: the validation metric.
        chance: what a model that has learned nothing reaches on average.
        samples: size of the validation set.

    Returns:
        The values of `chance`, and its intervals `last`, for a single validation, and `best`, for all of the curve.
    """
    validations = sum(metric in point for point in points)
    return {
        **asdict(chance),
        "last": chance.interval(samples),
        "best": chance.interval(samples, max(1, validations)),
    }


def fresh_set(checkpoint: Path) -> dict[str, Any]:
    """Test a model on samples that influenced neither its parameters nor the choice of its checkpoint.

    Args:
        checkpoint: the model, whose samples for the test were held out of its training.

    Returns:
        `checkpoint`, its file name; `samples` of the set; how many are `right` as a whole; `at_least`, the lower bound
        of the probability of a right sample; `accuracy` over the symbols other than delimiters, also `by_position`.

    Raises:
        DataError: fairseq-generate failed.
    """
    samples = inspect(checkpoint, "test")
    right = sum(not sample.errors for sample in samples)
    results = [pair for sample in samples for pair in sample.results()]
    return {
        "checkpoint": checkpoint.name,
        "samples": len(samples),
        "right": right,
        "at_least": lower_bound(right, len(samples)),
        "accuracy": sum(target == predicted for target, predicted in results) / len(results),
        "by_position": accuracy_by_position(samples),
    }


def samples_to_reach(points: Sequence[Point], metric: str, value: float) -> int | None:
    """Return the number of samples seen when `metric` first reached `value`, or None if it never did."""
    return next((int(point["samples"]) for point in points if point.get(metric, -1.0) >= value), None)
