"""A program that is ended from outside leaves nothing that looks whole."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from data_prep.command_line import run
from tests.programs import ROOT

# As `python -m data_prep`, but several processes start for the few lines of a test.
PROGRAM = (
    "import sys; from data_prep import workers; from data_prep.__main__ import main\n"
    "workers.FEWEST_LINES = 2\n"
    "sys.exit(main(sys.argv[1:]))"
)
# In place of fairseq-preprocess: tells that it runs, and does not end.
ENDLESS = "import os, pathlib, time; pathlib.Path(os.environ['RUNS']).write_text(str(os.getpid())); time.sleep(600)"

# What all programs do that write a file: it tells that it is half written, and ends when it has read a line.
WRITER = """
import sys
from pathlib import Path
from data_prep.command_line import run
from data_prep.files import new_file

def work():
    with new_file(Path(sys.argv[1])) as path:
        path.write_text("whole")
        print("half", flush=True)
        sys.stdin.readline()

sys.exit(run(work))
"""


@pytest.fixture
def preparation(tmp_path: Path) -> subprocess.Popen[str]:
    """A preparation with two processes in the folder "out", which has tokenised and waits for fairseq-preprocess."""
    package = tmp_path / "fake" / "fairseq_cli"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "preprocess.py").write_text(ENDLESS)
    tsv = tmp_path / "pairs.tsv"
    tsv.write_text("".join(f"I have {n} cats.\t我有{n}只猫。\n" for n in range(100)), encoding="utf-8")
    command = [sys.executable, "-c", PROGRAM, "prepare", "--tsv", str(tsv), "--dest", str(tmp_path / "out" / "data")]
    paths = os.pathsep.join([str(package.parent), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": paths, "RUNS": str(tmp_path / "runs")}
    process = subprocess.Popen([*command, "--workers", "2"], env=environment, stderr=subprocess.PIPE, text=True)
    while not (tmp_path / "runs").exists() or not (tmp_path / "runs").read_text():
        assert process.poll() is None
        time.sleep(0.05)
    return process


def writer(path: Path, ignored: signal.Signals | None = None) -> subprocess.Popen[str]:
    """A program that has half written a file; whatever runs the tests, it ignores that signal alone."""
    handlers = "".join(
        f"signal.signal({int(number)}, signal.{'SIG_IGN' if number == ignored else 'SIG_DFL'}); "
        for number in (signal.SIGTERM, signal.SIGHUP)
    )
    process = subprocess.Popen(
        [sys.executable, "-c", f"import signal; {handlers}\n{WRITER}", str(path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None and process.stdout.readline() == "half\n"
    return process


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def test_after_sigterm_nothing_is_left(preparation: subprocess.Popen[str], tmp_path: Path) -> None:
    (partial,) = (tmp_path / "out").iterdir()
    assert (partial / "text" / "train.zh").exists()
    preparation.terminate()
    # All processes hold the pipe: it ends with the last one.
    _, printed = preparation.communicate(timeout=240)
    assert printed.splitlines()[-1] == "error: interrupted" and "Traceback" not in printed
    assert preparation.returncode == 130
    assert not list((tmp_path / "out").iterdir())
    assert not is_running(int((tmp_path / "runs").read_text()))


def test_after_sigkill_nothing_looks_whole(preparation: subprocess.Popen[str], tmp_path: Path) -> None:
    preparation.kill()
    os.kill(int((tmp_path / "runs").read_text()), signal.SIGKILL)  # nobody else can end it
    preparation.communicate(timeout=240)
    (partial,) = (tmp_path / "out").iterdir()
    assert partial.name.startswith(".data.") and partial.name.endswith(".partial")
    assert not (partial / "manifest.json").exists()


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_leaves_no_half_written_file(name: str, tmp_path: Path) -> None:
    process = writer(tmp_path / "file")
    process.send_signal(getattr(signal, name))
    _, printed = process.communicate(timeout=240)
    assert printed == "error: interrupted\n" and process.returncode == 130
    assert not list(tmp_path.iterdir())


def test_a_signal_that_is_ignored_interrupts_nothing(tmp_path: Path) -> None:
    process = writer(tmp_path / "file", signal.SIGHUP)
    process.send_signal(signal.SIGHUP)
    _, printed = process.communicate("go on\n", timeout=240)
    assert process.returncode == 0 and "error" not in printed
    assert (tmp_path / "file").read_text() == "whole"


def test_after_the_work_signals_do_what_they_did_before() -> None:
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGHUP)
    during: list[object] = []
    assert run(lambda: during.append(signal.getsignal(signal.SIGTERM))) == 0
    assert during != [before[0]] and before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGHUP))
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(run, lambda: None).result() == 0  # only the main thread can set handlers
