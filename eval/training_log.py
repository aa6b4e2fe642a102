"""The log of fairseq-train with ``--log-format json``: what it says at the end of an epoch and of a validation."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from data_prep.errors import DataError

# "2026-01-31 10:20:30 | INFO | valid | {...}"; with --log-file fairseq writes the JSON object alone.
_ENTRY = re.compile(r"^(?:.*?\| INFO \| [\w-]+ \| )?(\{.*\})\s*$")
START = "| INFO | fairseq_cli.train | training on "
"""Part of the line with which a training starts or resumes."""


@dataclass(frozen=True)
class Entry:
    """One entry of the log.

    Attributes:
        origin: name of the log and number of the line, for error messages.
        kind: "train", or the name of the validation set.
        values: the JSON object: ``epoch``, and the metrics as strings, their names prefixed with the kind.
        seconds: seconds of training until this entry, summed over all starts and measured by the clock of the log;
            None for a validation and in a log without times. (fairseq's own count starts again when training is
            resumed.)
    """

    origin: str
    kind: str
    values: dict[str, Any]
    seconds: float | None

    @property
    def epoch(self) -> int:
        """Number of the epoch, counted from 1.

        Raises:
            DataError: it is missing or not a whole number.
        """
        return self._whole("epoch")

    def number(self, metric: str) -> float | None:
        """Return a metric, or None if the entry does not contain it.

        Args:
            metric: name without the kind, such as "ppl".

        Raises:
            DataError: the value is not a number.
        """
        return self._number(f"{self.kind}_{metric}")

    def count(self, metric: str) -> int:
        """Return a metric that counts something, such as "num_updates".

        Raises:
            DataError: it is missing or not a whole number.
        """
        return self._whole(f"{self.kind}_{metric}")

    def _number(self, key: str) -> float | None:
        if key not in self.values:
            return None
        try:
            return float(self.values[key])
        except (TypeError, ValueError) as error:
            raise DataError(f"{self.origin}: {key} is {self.values[key]!r}, not a number") from error

    def _whole(self, key: str) -> int:
        value = self._number(key)
        if value is None or not value.is_integer():
            raise DataError(f"{self.origin}: {key} is {self.values.get(key)!r}, expected a whole number")
        return int(value)


def read_entries(lines: Iterable[str], valid_subset: str = "valid", name: str = "log") -> Iterator[Entry]:
    """Yield the entries of a log in their order; other lines are skipped.

    Args:
        lines: lines of the log.
        valid_subset: name of the validation set, as in fairseq-train's ``--valid-subset``. Default: "valid"
        name: name of the log, for error messages. Default: "log"
    """
    earlier_starts = this_start = 0.0  # seconds
    started: datetime | None = None
    for number, line in enumerate(lines, start=1):
        if START in line:
            earlier_starts, this_start, started = earlier_starts + this_start, 0.0, _time(line)
            continue
        match = _ENTRY.match(line)
        if match is None:
            continue
        try:
            values = json.loads(match.group(1))
        except ValueError:
            continue  # this only looks like an entry: fairseq prints its configuration in braces, too
        for kind in ("train", valid_subset):
            # `train_inner` entries, printed within an epoch, have no such prefix
            if f"{kind}_num_updates" not in values:
                continue
            seconds, now = None, _time(line)
            if kind == "train" and started is not None and now is not None:
                this_start = (now - started).total_seconds()
                seconds = earlier_starts + this_start
            yield Entry(f"{name}, line {number}", kind, values, seconds)


def read_points(
    lines: Iterable[str],
    values: Callable[[Entry], Mapping[str, Any]],
    valid_subset: str = "valid",
    name: str = "log",
    count: str = "updates",
) -> list[dict[str, Any]]:
    """Return the points of a curve in the order of training, each with what all entries of the same update say.

    The log may contain several starts. Where one continued from an earlier checkpoint, its entries replace those that
    they repeat. An update that leaves the count as it is makes no point: that which ends the training of a solved task.

    Args:
        lines: lines of the log.
        values: returns what an entry adds to its point; None is left out.
        valid_subset: see `read_entries`. Default: "valid"
        name: name of the log, for error messages. Default: "log"
        count: what counts the progress of the training, "updates" or a metric such as "samples". Default: "updates"

    Returns:
        For each point ``epoch``, ``updates``, the count by its name, and its values.

    Raises:
        DataError: a value is not a number, or an entry has no epoch or no count.
    """
    points: dict[int, dict[str, Any]] = {}
    for entry in read_entries(lines, valid_subset, name):
        updates = entry.count("num_updates")
        progress = updates if count == "updates" else entry.count(count)
        if points and progress < max(points):
            points = {earlier: point for earlier, point in points.items() if earlier < progress}
        point = points.setdefault(progress, {})
        if point.get("updates", updates) < updates:
            continue
        point |= {"epoch": entry.epoch, "updates": updates, count: progress}
        point |= {key: value for key, value in values(entry).items() if value is not None}
    return [points[progress] for progress in sorted(points)]


def _time(line: str) -> datetime | None:
    try:
        return datetime.fromisoformat(line[:19])
    except ValueError:
        return None
