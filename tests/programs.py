"""Running the real command-line programs in tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.forked_programs import ROOT, Outcome, run_forked

USER_DIR = ROOT / "reencoder"


def fairseq(program: str, *arguments: object, stdin: str = "") -> Outcome:
    """Run `fairseq-PROGRAM` with the plugin; the outcome is the caller's to judge."""
    words = ["python", "-m", f"fairseq_cli.{program}", *map(str, arguments)]
    if program != "preprocess":
        words += ["--user-dir", str(USER_DIR)]
    return run_forked(words, ROOT, stdin)


def succeed(program: str, *arguments: object, stdin: str = "") -> str:
    """Run `fairseq-PROGRAM`, demand success, return its standard output."""
    done = fairseq(program, *arguments, stdin=stdin)
    assert done.status == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def succeed_in_two_processes(program: str, *arguments: object, folder: Path) -> None:
    """Run `fairseq-PROGRAM` in two processes that work together, as on two machines, and demand success of both.

    Args:
        program: name of the program.
        arguments: its arguments, without those on distributed training.
        folder: takes the logs `0.log` and `1.log`.
    """
    (folder / "meet").unlink(missing_ok=True)
    options = ["--distributed-world-size", 2, "--distributed-backend", "gloo", "--distributed-no-spawn"]
    options += ["--distributed-init-method", f"file://{folder / 'meet'}", "--user-dir", USER_DIR]
    command = [sys.executable, "-m", f"fairseq_cli.{program}", *map(str, [*arguments, *options])]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    outputs = [folder / f"{rank}.log" for rank in range(2)]
    processes = []
    for rank, output in enumerate(outputs):
        ranked = [*command, "--distributed-rank", str(rank)]
        with output.open("w") as log:
            processes.append(subprocess.Popen(ranked, cwd=ROOT, env=environment, stdout=log, stderr=subprocess.STDOUT))
    try:
        for process, output in zip(processes, outputs, strict=True):
            assert process.wait(timeout=200) == 0, output.read_text()[-4000:]
    finally:
        for process in processes:
            process.kill()


def error_of_printed(numbers: int) -> float:
    """The largest error of a sum of numbers that are printed with four decimals, half a unit of the last for each.

    It includes what float32 may change, ten times the measured 7e-7.
    """
    return 5e-5 * numbers + 7e-6


def hypotheses(output: str) -> dict[int, list[tuple[float, list[str]]]]:
    """Score and words of every hypothesis in an output of fairseq-generate or -interactive, by sentence."""
    found: dict[int, list[tuple[float, list[str]]]] = {}
    for line in output.splitlines():
        if line.startswith("H-"):
            name, score, text = line.split("\t")
            found.setdefault(int(name[2:]), []).append((float(score), text.split()))
    return found
