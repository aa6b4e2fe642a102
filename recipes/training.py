"""Run the real fairseq-train and keep its log."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TypeVar

from tqdm import tqdm

from data_prep.errors import DataError
from eval.program import USER_DIR, allow_programs, failure_reason, started, terminate_programs
from eval.provenance import relative

from .cpu_time import CpuMeter, write_cpu_time
from .options import Options

T = TypeVar("T")
R = TypeVar("R")


class TrainingError(DataError):
    """fairseq-train failed or cannot start; the message says why."""


def run_in_parallel(work: Callable[[T], R], items: Sequence[T], jobs: int) -> Iterator[R]:
    """Yield `work(item)` for each item in order, computing up to `jobs` of them at the same time.

    After an error, no further item is started. After an interrupt, the running programs of fairseq are terminated.
    """
    try:
        with ThreadPoolExecutor(jobs) as pool:
            try:
                yield from pool.map(work, items)
            except BaseException as error:
                pool.shutdown(wait=False, cancel_futures=True)
                if not isinstance(error, Exception):
                    terminate_programs()
                raise
    finally:
        allow_programs()


@contextmanager
def locked(folder: Path) -> Iterator[tuple[int, ...]]:
    """Lock the folder of a training, for this process and for those that inherit the descriptor.

    A recipe that is killed may leave its training running; the lock is held until that ends, too.

    Yields:
        The descriptors that the training must inherit.

    Raises:
        TrainingError: another training has locked the folder.
    """
    descriptor = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise TrainingError(
                f"{folder}: a training that was started earlier still writes into it; wait until it ends, or end it"
            ) from None
        yield (descriptor,)
    finally:
        os.close(descriptor)


def command_line(data: Path | None, options: Options) -> list[str]:
    """Return the arguments of fairseq-train, without the program.

    Args:
        data: folder of binarised data; None for a task without data.
        options: options of fairseq-train.
    """
    arguments = [] if data is None else [relative(data)]
    arguments += ["--user-dir", relative(USER_DIR)]
    for name, value in options.items():
        if value is not False:
            arguments.append("--" + name.replace("_", "-"))
            if value is not True:
                arguments.append(str(value))
    return arguments


def train(data: Path | None, options: Options, log: Path, threads: int | None = None, quiet: bool = False) -> None:
    """Train a model with fairseq-train.

    Args:
        data: folder of binarised data; None for a task without data.
        options: options of fairseq-train; JSON logging is added.
        log: file to which the output is appended, so that a resumed training keeps its curve. Its folder is locked
            while the training runs.
        threads: number of CPU threads. Default: torch's choice
        quiet: show no progress. Default: False

    Raises:
        TrainingError: fairseq-train failed, or an earlier training is still running in this folder.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    arguments = command_line(data, {**options, "log_format": "json"})
    tail: deque[str] = deque(maxlen=100)
    with (
        locked(log.parent) as inherited,
        log.open("a", encoding="utf-8") as stream,
        started(
            "fairseq-train",
            arguments,
            threads,
            on_end=partial(write_cpu_time, stream),
            stderr=subprocess.STDOUT,
            pass_fds=inherited,
        ) as process,
        tqdm(desc="fairseq-train", unit=" log lines", disable=quiet or None, leave=False) as progress,
    ):
        assert process.stdout is not None
        meter = CpuMeter(process.pid, stream)
        for line in process.stdout:
            stream.write(line)
            meter.update()
            stream.flush()
            tail.append(line)
            progress.update()
            _, found, entry = line.partition("| train_inner | ")
            if found:
                progress.set_postfix_str(_digest(entry))
    if process.returncode != 0:
        reason = failure_reason("".join(tail))
        raise TrainingError(f"fairseq-train failed with status {process.returncode}: {reason}; see {log}")


def _digest(entry: str) -> str:
    with suppress(ValueError):
        values = json.loads(entry)
        quality = f"accuracy {values['accuracy']}" if "accuracy" in values else f"perplexity {values.get('ppl')}"
        return f"epoch {values.get('epoch')}, update {values.get('num_updates')}, {quality}"
    return ""
