"""Where a result comes from: commit, versions, hardware, command, wall time. For every JSON file of results."""

import os
import platform
import subprocess
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
"""The checkout (or the folder that the packages are installed in)."""

PACKAGES = ("torch", "ve-fairseq", "numpy", "sacrebleu", "sacremoses", "sentencepiece", "jieba", "OpenCC")
"""Distributions whose version can change a result."""

CODE = ("*.py", "*.toml", "*.yaml", "*.sh", "*.tsv", "constraints.txt")
"""The files whose change makes a checkout dirty, as git pathspecs."""


@dataclass(frozen=True)
class Commit:
    """The commit that a checkout is at.

    Attributes:
        revision: its full hash.
        dirty: whether files that a program reads (`CODE`) differ from it or are new; results and documents do not
            count.
    """

    revision: str
    dirty: bool


def _git(root: Path, *arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return done.stdout.strip()


def commit(root: Path = ROOT) -> Commit | None:
    """The commit of the checkout at ``root``; None where there is no git, no repository or no commit yet."""
    top = _git(root, "rev-parse", "--show-toplevel")
    # Installed packages may lie inside somebody else's repository, whose commit would tell nothing.
    if top is None or Path(top).resolve() != root.resolve():
        return None
    revision = _git(root, "rev-parse", "HEAD")
    status = _git(root, "status", "--porcelain", "--untracked-files=all", "--", *CODE)
    if revision is None or status is None:
        return None
    return Commit(revision, dirty=bool(status))


def versions() -> dict[str, str | None]:
    """Versions of Python and of the packages in `PACKAGES`; None for one that is not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    except OSError:
        pass  # not Linux
    return platform.processor() or platform.machine()


def _available_cores() -> int | None:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def hardware() -> dict[str, Any]:
    """Processor, cores that this process may use, PyTorch's threads, and the accelerator's name (or None).

    Imports torch (seconds), since only it knows how many threads it takes by default.
    """
    import torch

    return {
        "machine": platform.machine(),
        "system": platform.system(),
        "cpu": _processor(),
        "cores": _available_cores(),
        "threads": torch.get_num_threads(),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


class Stopwatch:
    """Remembers when it was made, and the commit at that time: the one whose code the work runs."""

    def __init__(self) -> None:
        self.started = datetime.now(UTC)
        self.commit = commit()
        self._started = time.monotonic()

    def seconds(self) -> float:
        """Seconds since the stopwatch was made."""
        return time.monotonic() - self._started


def provenance(command: Sequence[str], stopwatch: Stopwatch) -> dict[str, Any]:
    """Everything that a result's JSON file says about its origin.

    Args:
        command: what was run, one argument each, paths relative where possible.
        stopwatch: made when the work began; its time until now is the wall time, in seconds.

    Returns:
        A JSON object with the keys ``commit`` (``revision`` and ``dirty``, or null), ``command``, ``started`` (UTC),
        ``wall_seconds``, ``versions`` and ``hardware``.
    """
    wall_seconds = round(stopwatch.seconds(), 1)
    return {
        "commit": None if stopwatch.commit is None else asdict(stopwatch.commit),
        "command": list(command),
        "started": stopwatch.started.isoformat(timespec="seconds"),
        "wall_seconds": wall_seconds,
        "versions": versions(),
        "hardware": hardware(),
    }
