"""The CPU time of a training, including starts that were killed, as its log records it."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

from eval.training_log import START

_WHOLE = "CPU seconds:"
_SO_FAR = "CPU seconds so far:"


@dataclass(frozen=True)
class CpuTime:
    """The CPU time of a training.

    Attributes:
        seconds: summed over all its starts.
        measured: all of it was measured; otherwise a part is the time from the first to the last line of a start.
    """

    seconds: float
    measured: bool


class CpuMeter:
    """Writes the CPU time of a running program into its log, where it survives if everything is killed at once.

    Args:
        process: number of the process. Only on Linux its CPU time is known before it ends.
        log: the log.
        interval: seconds between two lines.
    """

    def __init__(self, process: int, log: TextIO, interval: float = 30.0) -> None:
        self._stat, self._log, self._interval = Path(f"/proc/{process}/stat"), log, interval
        self._next = time.monotonic() + interval

    def update(self) -> None:
        """Write a line if it is time."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + self._interval
        with suppress(OSError):  # another system, or the process has ended
            # The name of the program, in brackets, may contain spaces; user and system time are fields 14 and 15.
            fields = self._stat.read_text().rpartition(")")[2].split()
            self._log.write(f"{_SO_FAR} {(int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK'):.1f}\n")


def write_cpu_time(log: TextIO, seconds: float) -> None:
    """Write the CPU time of a program that has ended into its log."""
    log.write(f"{_WHOLE} {seconds:.1f}\n")


def read_cpu_time(log: Path) -> CpuTime | None:
    """Return the CPU time of a training; None if its log has none.

    For a start that was killed this is the last time in the log or, without any, the time from its first to its last
    line.

    Args:
        log: a log that `recipes.training.train` has written.
    """
    starts: list[list[str]] = [[]]
    for line in log.read_text(encoding="utf-8").splitlines():
        if START in line:
            starts.append([])
        starts[-1].append(line)
    if not any(line.startswith((_WHOLE, _SO_FAR)) for lines in starts for line in lines):
        return None
    times = [_time_of_start(lines) for lines in starts]
    return CpuTime(sum(one.seconds for one in times), all(one.measured for one in times))


def _time_of_start(lines: list[str]) -> CpuTime:
    """Return the CPU time of one start, from its lines of the log.

    A later start that failed before its training began may have added its own time.
    """
    whole = [float(line.removeprefix(_WHOLE)) for line in lines if line.startswith(_WHOLE)]
    so_far = [float(line.removeprefix(_SO_FAR)) for line in lines if line.startswith(_SO_FAR)]
    if whole or so_far:
        return CpuTime(max([sum(whole), *so_far]), measured=True)
    moments = [moment for moment in map(_moment, lines) if moment is not None]
    if not moments or START not in lines[0]:
        return CpuTime(0.0, measured=True)
    return CpuTime((moments[-1] - moments[0]).total_seconds(), measured=False)


def _moment(line: str) -> datetime | None:
    """Return the time at which fairseq has written a line of its log."""
    with suppress(ValueError):
        return datetime.strptime(line[:19], "%Y-%m-%d %H:%M:%S")
    return None
