"""Run the real fairseq-train and keep its log."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from tqdm import tqdm

from eval.curves import CurvePoint, read_log

USER_DIR = Path(__file__).resolve().parent.parent / "reencoder"
"""The plugin, as `--user-dir` wants it."""

Value = str | float | bool
"""Value of an option; True gives a flag, False leaves it out."""

Options = Mapping[str, Value]


_running: set[subprocess.Popen[str]] = set()


class TrainingError(RuntimeError):
    """fairseq-train failed, or cannot start; the message says why."""


def stop_all() -> None:
    """End the trainings that other threads of this program have started."""
    for process in list(_running):
        process.terminate()


@contextmanager
def _locked(folder: Path) -> Iterator[tuple[int, ...]]:
    """Hold the folder of a training, in this process and those that inherit the descriptor given.

    A program that was killed may leave its training behind: the lock lasts until that has ended, too.

    Raises:
        TrainingError: another training holds it.
    """
    try:
        import fcntl
    except ImportError:  # Windows
        yield ()
        return
    descriptor = os.open(folder / "lock", os.O_CREAT | os.O_RDWR)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise TrainingError(
                f"{folder}: a training that was started earlier still writes into it; wait for its end, or end it"
            ) from None
        yield (descriptor,)
    finally:
        os.close(descriptor)


def command_line(data: Path | None, options: Options) -> list[str]:
    """The arguments of fairseq-train, without the program.

    Args:
        data: folder of binarised data; None for a task that needs none.
        options: names with underscores or hyphens; True for a flag, False for one left out.
    """
    arguments = [] if data is None else [os.path.relpath(data)]
    arguments += ["--user-dir", os.path.relpath(USER_DIR)]
    for name, value in options.items():
        if value is not False:
            arguments.append("--" + name.replace("_", "-"))
            if value is not True:
                arguments.append(str(value))
    return arguments


def train(
    data: Path | None, options: Options, log: Path, threads: int | None = None, quiet: bool = False
) -> list[CurvePoint]:
    """Train a model with fairseq-train.

    Args:
        data: folder of binarised data; None for a task that needs none.
        options: options of fairseq-train, see `command_line`; JSON logging is added.
        log: file that takes the program's output; it is appended to, so that a resumed run keeps its curve. Its folder
            is locked while the training runs.
        threads: CPU threads; None for torch's own choice.
        quiet: show no progress.

    Returns:
        the curve of the whole log.

    Raises:
        TrainingError: fairseq-train failed, or an earlier one is still running in this folder.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    arguments = command_line(data, {**options, "log_format": "json"})
    environment = dict(os.environ, PYTHONUNBUFFERED="1")
    if threads is not None:
        environment["OMP_NUM_THREADS"] = str(threads)
    command = [sys.executable, "-m", "fairseq_cli.train", *arguments]
    tail: deque[str] = deque(maxlen=31)
    with (
        _locked(log.parent) as inherited,
        log.open("a", encoding="utf-8") as stream,
        subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            env=environment,
            pass_fds=inherited,
        ) as process,
        tqdm(desc="fairseq-train", unit=" log lines", disable=quiet or None, leave=False) as progress,
    ):
        assert process.stdout is not None
        _running.add(process)
        try:
            for line in process.stdout:
                stream.write(line)
                stream.flush()
                tail.append(line)
                progress.update()
                _, found, entry = line.partition("| train_inner | ")
                if found:
                    progress.set_postfix_str(_digest(entry))
        except BaseException:
            process.terminate()
            raise
        finally:
            _running.discard(process)
    if process.returncode != 0:
        raise TrainingError(f"fairseq-train ended with status {process.returncode}; see {log}\n{''.join(tail)}")
    return read_log(log)


def _digest(entry: str) -> str:
    with suppress(ValueError):
        values = json.loads(entry)
        quality = f"accuracy {values['accuracy']}" if "accuracy" in values else f"perplexity {values.get('ppl')}"
        return f"epoch {values.get('epoch')}, update {values.get('num_updates')}, {quality}"
    return ""
