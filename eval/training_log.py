"""The log of fairseq-train with ``--log-format json``: what it says at the end of an epoch and of a validation."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from data_prep.errors import DataError

# "2026-01-31 10:20:30 | INFO | valid | {...}"; with --log-file fairseq writes the JSON object alone.
_ENTRY = re.compile(r"^(?:.*?\| INFO \| [\w-]+ \| )?(\{.*\})\s*$")
_START = "| INFO | fairseq_cli.train | training on "

T = TypeVar("T")


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
        if _START in line:
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


def drop_replaced(points: dict[int, T], key: int) -> dict[int, T]:
    """Drop the points that a training resumed from an earlier checkpoint replaces.

    Args:
        points: points of a curve by a count that only grows within one start, such as the number of updates.
        key: the count of the next entry.

    Returns:
        All points if none has a greater count, else those with a count below `key`.
    """
    if not points or key >= max(points):
        return points
    return {count: point for count, point in points.items() if count < key}


def _time(line: str) -> datetime | None:
    try:
        return datetime.fromisoformat(line[:19])
    except ValueError:
        return None
