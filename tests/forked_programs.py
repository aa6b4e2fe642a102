"""Python programs in processes that are forked from one that has imported the libraries: real, and quickly started."""

from __future__ import annotations

import logging
import multiprocessing
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
IMPORTED = (
    *("reencoder.plugin", "reencoder.hub", "fairseq_cli.train", "fairseq_cli.generate", "fairseq_cli.interactive"),
    *("fairseq_cli.preprocess", "data_prep.prepare", "eval.translation", "eval.report", "sacrebleu", "matplotlib"),
)


class Outcome(NamedTuple):
    """How a program ended."""

    status: int
    stdout: str
    stderr: str


def _context() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(IMPORTED))  # imported once, when the first program is started
    return context


class _Fork:
    """What `subprocess.Popen` is to our programs when they start one of fairseq's: a fork that need not import it."""

    def __init__(self, command: list[str], stdout: int, stderr: IO[str], cwd: Path | None = None, **_: Any) -> None:
        ours, theirs = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.dup2(theirs, 1)
            os.dup2(stderr.fileno(), 2)
            os.chdir(cwd or ".")
            sys.argv = command[2:]
            try:
                runpy.run_module(command[2], run_name="__main__", alter_sys=True)
                status = 0
            except SystemExit as end:
                status = end.code if isinstance(end.code, int) else int(end.code is not None)
            except BaseException:
                traceback.print_exc()
                status = 1
            for stream in (sys.stdout, sys.stderr):
                stream.flush()
            os._exit(status)
        os.close(theirs)
        self.stdout = os.fdopen(ours, "rb")
        self.returncode: int | None = None

    def wait(self) -> int:
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode

    def kill(self) -> None:
        if self.returncode is None:
            os.kill(self.pid, signal.SIGKILL)

    def __enter__(self) -> _Fork:
        return self

    def __exit__(self, *_: object) -> None:
        self.stdout.close()
        self.wait()


def run_fork(command: list[str], cwd: Path, **_: Any) -> subprocess.CompletedProcess[str]:
    """`subprocess.run` for `data_prep`: fairseq's program is a fork of this process."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors, _Fork(command, subprocess.PIPE, errors, cwd) as fork:
        output = fork.stdout.read().decode()
        status = fork.wait()
        errors.seek(0)
        return subprocess.CompletedProcess(command, status, output, errors.read())


def _enter(words: Sequence[str], folder: Path, files: Sequence[Path]) -> None:
    """Be the program: in the child process."""
    import torch

    import data_prep.binarise
    import eval.program
    import reencoder

    data_prep.binarise.subprocess = SimpleNamespace(run=run_fork)  # type: ignore[assignment]
    eval.program.subprocess = SimpleNamespace(Popen=_Fork, PIPE=subprocess.PIPE)  # type: ignore[assignment]
    multiprocessing.set_start_method("fork", force=True)  # as in a program that was started alone
    sys.path.insert(0, str(ROOT))
    os.chdir(folder)
    torch.set_num_threads(1)
    os.environ["OMP_NUM_THREADS"] = "1"
    # `--user-dir reencoder` is a link in the folder to the plugin, which is imported already.
    reencoder.__path__.append(str(folder / "reencoder"))
    for number, path in enumerate(files):
        descriptor = os.open(path, os.O_RDWR)
        os.dup2(descriptor, number)
        os.close(descriptor)
    sys.stdin = open(0, encoding="utf-8", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(encoding="utf-8", line_buffering=True)  # type: ignore[union-attr]
    logging.getLogger().handlers.clear()  # fairseq's programs set up the logging, unless an import has done so
    kind, text, *arguments = words[1:]
    sys.argv = [text, *arguments]
    if kind == "-m":
        runpy.run_module(text, run_name="__main__", alter_sys=True)
    else:
        exec(compile(text, "<document>", "exec"), {"__name__": "__main__"})


def run_forked(
    words: Sequence[str],
    folder: Path,
    stdin: str = "",
    meanwhile: Callable[[ForkServerProcess, Path], None] | None = None,
    timeout: float = 280,
) -> Outcome:
    """Run a program and wait for its end.

    Args:
        words: ``python -m MODULE ARGUMENTS...`` or ``python -c CODE``.
        folder: its current directory.
        stdin: what it reads.
        meanwhile: called with the process and the file of its standard output while it runs.
        timeout: seconds until it is ended.
    """
    with tempfile.TemporaryDirectory() as temporary:
        files = [Path(temporary) / name for name in ("stdin", "stdout", "stderr")]
        for path, text in zip(files, (stdin, "", ""), strict=True):
            path.write_text(text, encoding="utf-8")
        process = _context().Process(target=_enter, args=(list(words), folder, files))
        process.start()
        try:
            if meanwhile is not None:
                meanwhile(process, files[1])
            process.join(timeout)
        finally:
            if process.is_alive():
                process.kill()
                process.join()
        assert process.exitcode is not None
        return Outcome(process.exitcode, *(path.read_text(encoding="utf-8") for path in files[1:]))


def wait_for(process: ForkServerProcess, path: Path, text: str, seconds: float = 240) -> str:
    """Wait until a program has written a text into a file; return the first line with it.

    Raises:
        AssertionError: it ended before, or the time is over.
    """
    end = time.monotonic() + seconds
    while process.is_alive() and time.monotonic() < end:
        for line in path.read_text(encoding="utf-8").splitlines():
            if text in line:
                return line
        time.sleep(0.05)
    raise AssertionError(f"{text!r} does not appear")
