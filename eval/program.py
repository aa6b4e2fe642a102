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
from collections.abc import Generator, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from typing import IO, Any

from data_prep.errors import DataError

from .provenance import ROOT

USER_DIR = ROOT / "reencoder"
"""This project's plugin, for `--user-dir` of fairseq's programs."""

COMMAND = [sys.executable, "-m", "fairseq_cli.generate"]
"""The program and its first arguments."""

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


def run_generate(
    arguments: Sequence[str], log: IO[str] | None = None, threads: int | None = None
) -> Generator[str, None, None]:
    """Run fairseq-generate and yield the lines of its standard output. Close the generator to end the program early.

    Args:
        arguments: arguments of fairseq-generate.
        log: file that receives the output, standard error last. Default: none
        threads: number of CPU threads. Default: torch's choice

    Raises:
        DataError: the program exits with a status other than 0.
    """
    limited = {} if threads is None else {"OMP_NUM_THREADS": str(threads)}
    with ExitStack() as stack:
        # Not into the pipe of the standard output: a warning could interrupt the line of a hypothesis.
        errors = stack.enter_context(tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace"))
        process = stack.enter_context(
            subprocess.Popen(
                [*COMMAND, *arguments],
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environment(PYTHONUTF8="1", **limited),
            )
        )
        stack.enter_context(terminated_with(process))
        assert process.stdout is not None
        for line in io.TextIOWrapper(process.stdout, encoding="utf-8", errors="replace", newline="\n"):
            if log is not None:
                log.write(line)
            yield line
        status = process.wait()
        errors.seek(0)
        messages = errors.read()
        if log is not None:
            log.write(messages)
    if status != 0:
        raise DataError(f"fairseq-generate failed with status {status}: {failure_reason(messages)}")


def recorded_command(arguments: Sequence[str]) -> list[str]:
    """Return the command of `run_generate` as a result file records it: without the path of the interpreter."""
    return ["python", *COMMAND[1:], *arguments]


def failure_reason(messages: str) -> str:
    """Return the line of a failed program's messages that says what went wrong: the last exception, or the last line.

    Of an exception whose message has several lines it is the first.
    """
    lines = [_COLOUR.sub("", line).rstrip() for line in messages.split("\n") if line.strip()]
    exceptions = [line for line in lines if _EXCEPTION.match(line)]
    return (exceptions or lines or ["it printed no message"])[-1].strip()
