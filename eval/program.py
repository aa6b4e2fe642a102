"""Running fairseq's programs, with the plugin."""

from __future__ import annotations

import io
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

from data_prep.errors import DataError

from .provenance import ROOT, relative

USER_DIR = ROOT / "reencoder"
"""This project's plugin, for `--user-dir` of fairseq's programs."""

COMMANDS = {
    f"fairseq-{name}": [sys.executable, "-m", f"fairseq_cli.{name}"] for name in ("generate", "train", "validate")
}
"""Each of fairseq's programs and its first arguments."""

_running: set[subprocess.Popen[Any]] = set()
_interrupted = threading.Event()

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_EXCEPTION = re.compile(r"[\w.]*(Error|Exception|Exit|Interrupt)\b|[\w-]+(\.py)?: error:")


def environment(**more: str) -> dict[str, str]:
    """Return the environment for a program that must run this checkout's code, which is the code that is recorded.

    Without it a program that is started in another folder would import the copy that is installed, if there is one.

    Args:
        more: further variables.
    """
    paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONUNBUFFERED": "1", **more}


@contextmanager
def terminated_with(process: subprocess.Popen[Any]) -> Iterator[None]:
    """Terminate a program after an error or an interrupt in the block, or on `terminate_programs`.

    Args:
        process: a program that has just been started; the block reads its output.
    """
    _running.add(process)
    if _interrupted.is_set():
        _terminate(process)
    try:
        yield
    except BaseException:
        _terminate(process)
        raise
    finally:
        _running.discard(process)


def terminate_programs() -> None:
    """Terminate the programs of all threads, also those that start before `allow_programs`.

    For the main thread, the only one that an interrupt reaches.
    """
    _interrupted.set()
    for process in list(_running):
        _terminate(process)


def allow_programs() -> None:
    """Let programs run again after `terminate_programs`, when the threads have ended."""
    _interrupted.clear()


def _terminate(process: subprocess.Popen[Any]) -> None:
    """Terminate a program; unlike `Popen.terminate` leave it to who reads its output to learn that it has ended."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGTERM)


@contextmanager
def started(
    name: str,
    arguments: Sequence[str],
    threads: int | None = None,
    on_end: Callable[[float], None] | None = None,
    **options: Any,
) -> Iterator[subprocess.Popen[str]]:
    """Start one of fairseq's programs, terminate it as `terminated_with` says, and wait until it has ended.

    Args:
        name: one of `COMMANDS`.
        arguments: its arguments.
        threads: number of CPU threads. Default: torch's choice
        on_end: called with the CPU time of the program in seconds, however it ended. Default: not called
        options: further arguments of `subprocess.Popen`.

    Yields:
        The process, with its standard output in a pipe. Its `returncode` is known after the block.
    """
    limited = {} if threads is None else {"OMP_NUM_THREADS": str(threads)}
    with subprocess.Popen(
        [*COMMANDS[name], *arguments],
        stdout=subprocess.PIPE,
        env=environment(PYTHONUTF8="1", **limited),
        **options,
    ) as process:
        assert process.stdout is not None
        # Only "\n" ends a line: a hypothesis may contain other line separators.
        process.stdout = io.TextIOWrapper(process.stdout, encoding="utf-8", errors="replace", newline="\n")
        try:
            with terminated_with(process):
                yield process
                os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)  # it can still be terminated until it ends
        finally:
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            if on_end is not None:
                on_end(usage.ru_utime + usage.ru_stime)


def run_program(
    name: str, arguments: Sequence[str], threads: int | None = None, log: IO[str] | None = None
) -> Generator[str, None, None]:
    """Run one of fairseq's programs and yield the lines of its standard output.

    Close the generator to end the program early.

    Args:
        name: one of `COMMANDS`.
        arguments: its arguments.
        threads: number of CPU threads. Default: torch's choice
        log: file that receives the output, standard error last. Default: none

    Raises:
        DataError: the program exits with a status other than 0; the message says why.
    """
    # Not into the pipe of the standard output: a warning could interrupt the line of a hypothesis.
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as errors:
        with started(name, arguments, threads, stderr=errors) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if log is not None:
                    log.write(line)
                yield line
        errors.seek(0)
        messages = errors.read()
    if log is not None:
        log.write(messages)
    if process.returncode != 0:
        raise DataError(f"{name} failed with status {process.returncode}: {failure_reason(messages)}")


def run_generate(
    arguments: Sequence[str], log: IO[str] | None = None, threads: int | None = None
) -> Generator[str, None, None]:
    """Run fairseq-generate: see `run_program`."""
    return run_program("fairseq-generate", arguments, threads, log)


def generate_arguments(
    data: Path | None,
    checkpoints: Sequence[Path],
    split: str,
    options: Sequence[str],
    user_dir: Path | None = USER_DIR,
) -> list[str]:
    """Return arguments of fairseq-generate.

    Args:
        data: folder of its data; None for a task that needs none.
        checkpoints: one model, or the members of an ensemble.
        split: what to predict.
        options: further options, such as those of the task.
        user_dir: fairseq plugin to load; None for none. Default: this project's
    """
    arguments = [] if data is None else [relative(data)]
    arguments += ["--path", os.pathsep.join(map(relative, checkpoints)), "--gen-subset", split]
    if user_dir is not None:
        arguments += ["--user-dir", relative(user_dir)]
    return [*arguments, "--no-progress-bar", *options]


def failure_reason(messages: str) -> str:
    """Return the line of a failed program's messages that says what went wrong: the last exception, or the last line.

    Of an exception whose message has several lines it is the first, with the second if the first announces it. What
    fairseq says of a checkpoint that it cannot load tells less than the exception before it.
    """
    lines = [_COLOUR.sub("", line).rstrip() for line in messages.split("\n") if line.strip()]
    found = [number for number, line in enumerate(lines) if _EXCEPTION.match(line)]
    if not found:
        return (lines or ["it printed no message"])[-1].strip()
    if "Cannot load model parameters from checkpoint" in lines[found[-1]]:
        found = found[:-1] or found
    reason = lines[found[-1]].strip()
    return " ".join([reason, *map(str.strip, lines[found[-1] + 1 :][: reason.endswith(":")])])
