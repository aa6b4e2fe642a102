"""The CPU time that the log of a training tells, of all its starts."""

from __future__ import annotations

import io
import os
import sys
import time
from pathlib import Path

import pytest

from eval.program import COMMANDS
from recipes.cpu_time import CpuMeter, CpuTime, read_cpu_time
from recipes.training import train

START = "2026-01-01 10:00:00 | INFO | fairseq_cli.train | training on 1 devices (GPUs/TPUs)\n"
ENTRY = "2026-01-01 10:01:40 | INFO | train |  {}\n"


def test_the_log_tells_the_cpu_time_of_all_starts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import time\nwhile time.process_time() < 0.3: pass\nprint('started', flush=True)"
    monkeypatch.setitem(COMMANDS, "fairseq-train", [sys.executable, "-c", code])
    log = tmp_path / "train.log"
    for starts in (1, 2):
        train(None, {}, log)
        found = read_cpu_time(log)
        assert found is not None and found.measured and 0.3 * starts <= found.seconds < 5
    log.write_text(log.read_text().replace("CPU", "other"))
    assert read_cpu_time(log) is None


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (f"{START}{ENTRY}{START}{ENTRY}CPU seconds: 30.0\n{START}{ENTRY}no time\n", CpuTime(100 + 30 + 100, False)),
        (f"{START}CPU seconds so far: 20.0\n{ENTRY}CPU seconds so far: 40.5\n{ENTRY}", CpuTime(40.5, True)),
        (f"{START}CPU seconds so far: 20.0\n{START}{ENTRY}CPU seconds: 30.0\n", CpuTime(20 + 30, True)),
        (f"{START}CPU seconds so far: 20.0\n{START}{ENTRY}", CpuTime(20 + 100, False)),
        (f"{START}{ENTRY}", None),
    ],
)
def test_of_a_start_that_was_killed_what_is_known_counts(log: str, expected: CpuTime | None, tmp_path: Path) -> None:
    (tmp_path / "train.log").write_text(log)
    assert read_cpu_time(tmp_path / "train.log") == expected


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the CPU time of a running process")
def test_a_running_program_is_measured() -> None:
    log = io.StringIO()
    meter = CpuMeter(os.getpid(), log, interval=0.0)
    before = time.process_time()
    meter.update()
    written = float(log.getvalue().removeprefix("CPU seconds so far: "))
    # The system counts user and system time in ticks of 0.01 s, each rounded down; the line rounds their sum to 0.1 s.
    assert before - 0.02 - 0.05 <= written <= time.process_time() + 0.05
    silent = CpuMeter(os.getpid(), log)
    silent.update()
    assert log.getvalue().count("\n") == 1, "not before its time"
