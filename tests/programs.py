"""Running the real command-line programs in tests."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
USER_DIR = ROOT / "reencoder"


def fairseq(program: str, *arguments: object, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run `fairseq-PROGRAM` with the plugin; the outcome is the caller's to judge."""
    command = [sys.executable, "-m", f"fairseq_cli.{program}", *map(str, arguments)]
    if program != "preprocess":
        command += ["--user-dir", str(USER_DIR)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, input=stdin, capture_output=True, text=True, env=environment, timeout=280)


def succeed(program: str, *arguments: object, stdin: str | None = None) -> str:
    """Run `fairseq-PROGRAM`, demand success, return its standard output."""
    done = fairseq(program, *arguments, stdin=stdin)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return done.stdout


def hypotheses(output: str) -> dict[int, list[tuple[float, list[str]]]]:
    """Score and words of every hypothesis in an output of fairseq-generate or -interactive, by sentence."""
    found: dict[int, list[tuple[float, list[str]]]] = {}
    for line in output.splitlines():
        if line.startswith("H-"):
            name, score, text = line.split("\t")
            found.setdefault(int(name[2:]), []).append((float(score), text.split()))
    return found
