"""A recipe that is ended from outside ends the programs that its threads run."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eval import program
from recipes import training
from tests.programs import ROOT

# In place of fairseq's programs: one that tells that it runs, and does not end.
RECIPE = """
import sys
import time
from pathlib import Path
from eval import program
from recipes import training
from recipes.char_lm import runs
from recipes.command_line import run

ENDLESS = "import sys, time; open(sys.argv[1], 'w').close(); time.sleep(600)"
folder = Path(sys.argv[2])
for command in program.COMMANDS.values():
    command[1:] = ["-c", ENDLESS]
training.command_line = lambda data, options: [str(folder / (options["name"] + ".started"))]

def translate(name):
    for line in program.run_generate([str(folder / (name + ".started"))]):
        pass

def late(name):
    (folder / f"{name}.started").touch()
    while not program._interrupted.is_set():
        time.sleep(0.05)
    translate(name)

def closed(name):
    code = "import os, sys, time; open(sys.argv[1], 'w').close(); os.close(1); time.sleep(600)"
    program.COMMANDS["fairseq-validate"][1:] = ["-c", code]
    for line in program.run_program("fairseq-validate", [str(folder / (name + ".started"))]):
        pass

def measure(name):
    options = dict.fromkeys(runs.TASK, 1)
    runs.bits_per_character(folder / "model.pt", folder / (name + ".started"), options, threads=1)

def train(name):
    training.train(None, {"name": name}, folder / name / "log", quiet=True)

work = {"translate": translate, "train": train, "late": late, "closed": closed, "measure": measure}[sys.argv[1]]
sys.exit(run(lambda: list(training.run_in_parallel(work, ["first", "second"], jobs=2))))
"""


@pytest.mark.parametrize("work", ["translate", "closed", "train", "measure", "late"])
def test_sigterm_ends_all_programs(work: str, tmp_path: Path) -> None:
    started = [tmp_path / name for name in ("first.started", "second.started")]
    process = subprocess.Popen(
        [sys.executable, "-c", RECIPE, work, str(tmp_path)], cwd=ROOT, stderr=subprocess.PIPE, text=True
    )
    end = time.monotonic() + 240
    while not all(path.exists() for path in started):
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.05)
    process.terminate()
    # A program that kept running would keep the recipe waiting.
    _, printed = process.communicate(timeout=240)
    assert printed.splitlines()[-1] == "error: interrupted; run the same command again to resume"
    assert "Traceback" not in printed
    assert process.returncode == 130


def test_after_an_interrupt_programs_can_run_again() -> None:
    results = training.run_in_parallel(str, [1, 2], jobs=1)
    assert next(results) == "1"
    results.close()  # type: ignore[attr-defined]
    process = subprocess.Popen([sys.executable, "-c", "pass"])
    with program.terminated_with(process):
        assert process.wait(timeout=60) == 0


def test_the_cpu_time_of_a_program_is_told_however_it_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import time\nwhile time.process_time() < 0.3: pass\nprint('line', flush=True)\ntime.sleep(600)"
    monkeypatch.setitem(program.COMMANDS, "fairseq-train", [sys.executable, "-c", code])
    seconds: list[float] = []
    with (
        pytest.raises(KeyboardInterrupt),
        program.started("fairseq-train", [], threads=1, on_end=seconds.append) as process,
    ):
        assert process.stdout is not None and next(process.stdout) == "line\n"
        raise KeyboardInterrupt
    assert process.returncode == -signal.SIGTERM
    assert 0.3 <= seconds[0] < 5
