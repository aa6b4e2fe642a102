"""Run the real fairseq-train and keep its log."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from tqdm import tqdm

from eval.curves import CurvePoint, read_log

USER_DIR = Path(__file__).resolve().parent.parent / "reencoder"
"""The plugin, as `--user-dir` wants it."""

Value = str | float | bool
"""Value of an option; True gives a flag, False leaves it out."""

Options = Mapping[str, Value]


class TrainingError(RuntimeError):
    """fairseq-train failed; the message holds the end of its log."""


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
        log: file that takes the program's output; it is appended to, so that a resumed run keeps its curve.
        threads: CPU threads; None for torch's own choice.
        quiet: show no progress.

    Returns:
        the curve of the whole log.

    Raises:
        TrainingError: fairseq-train failed.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    arguments = command_line(data, {**options, "log_format": "json"})
    environment = dict(os.environ, PYTHONUNBUFFERED="1")
    if threads is not None:
        environment["OMP_NUM_THREADS"] = str(threads)
    command = [sys.executable, "-m", "fairseq_cli.train", *arguments]
    tail: list[str] = []
    with (
        log.open("a", encoding="utf-8") as stream,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, encoding="utf-8", env=environment
        ) as process,
        tqdm(desc="fairseq-train", unit=" log lines", disable=quiet or None, leave=False) as progress,
    ):
        assert process.stdout is not None
        for line in process.stdout:
            stream.write(line)
            stream.flush()
            tail = [*tail[-30:], line]
            progress.update()
            _, found, entry = line.partition("| train_inner | ")
            if found:
                progress.set_postfix_str(_digest(entry))
    if process.returncode != 0:
        raise TrainingError(f"fairseq-train ended with status {process.returncode}; see {log}\n{''.join(tail)}")
    return read_log(log)


def _digest(entry: str) -> str:
    import json

    try:
        values = json.loads(entry)
    except ValueError:
        return ""
    quality = f"accuracy {values['accuracy']}" if "accuracy" in values else f"perplexity {values.get('ppl')}"
    return f"epoch {values.get('epoch')}, update {values.get('num_updates')}, {quality}"
