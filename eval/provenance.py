"""Where a result comes from: commit, versions, hardware, command, wall time. Part of every JSON file of results."""

from __future__ import annotations

import os
import platform
import re
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from data_prep.files import read_json, sha256_of, write_json

ROOT = Path(__file__).resolve().parent.parent
"""The folder of the checkout."""

PACKAGES = ("torch", "ve-fairseq", "numpy", "sacrebleu", "sacremoses", "sentencepiece", "jieba", "OpenCC")
"""Distributions whose versions can change a result."""

CODE = ("*.py", "*.c", "*.toml", "*.yaml", "*.sh", "*.tsv", "constraints.txt")
"""Files that make a checkout dirty when they change, as git pathspecs."""


# At the start, after "=" in `--option=path` and `name=path`, and after ":" in `path:path`, but not in an address.
_ABSOLUTE_PATH = re.compile(r"(?:^|(?<==)|(?<=:)(?!//))/[^:]*")


@dataclass(frozen=True)
class Commit:
    """The commit of a checkout.

    Attributes:
        revision: the full hash.
        dirty: True if code (`CODE`) differs from the commit or is new; results and documents do not count.
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
    """Return the commit of the checkout at `root`; None without git, a repository or a commit."""
    top = _git(root, "rev-parse", "--show-toplevel")
    # An unpacked archive may be inside another repository, whose commit would be misleading.
    if top is None or Path(top).resolve() != root.resolve():
        return None
    revision = _git(root, "rev-parse", "HEAD")
    status = _git(root, "status", "--porcelain", "--untracked-files=all", "--", *CODE)
    if revision is None or status is None:
        return None
    return Commit(revision, dirty=bool(status))


def commit_at_end(start: Commit | None, root: Path = ROOT) -> Commit | None:
    """Return the commit of work that ends now: dirty if the code differed from it at the start or differs now.

    Args:
        start: the commit at which the work began.
        root: the folder of the checkout. Default: this one

    Returns:
        The commit at the start. It counts as dirty, too, if the code of another commit has been checked out since then:
        programs that were started later ran that code. None without a commit at the start.
    """
    if start is None or start.dirty:
        return start
    end = commit(root)
    if end is None:  # the repository is gone
        return replace(start, dirty=True)
    moved = end.revision != start.revision
    # `git diff --quiet` fails if there is a difference
    changed = moved and _git(root, "diff", "--quiet", start.revision, end.revision, "--", *CODE) is None
    return replace(start, dirty=end.dirty or changed)


def versions() -> dict[str, str | None]:
    """Return the versions of Python and of the packages in `PACKAGES`; None for one that is not installed."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def _processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> dict[str, str | None]:
    """Return the processor's name and, where Linux tells, its generation."""
    fields: dict[str, str] = {}
    try:
        for line in cpuinfo.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition(":")
            fields.setdefault(key.strip(), value.strip())  # of the first processor
    except OSError:
        pass  # not Linux
    known = "cpu family" in fields and "model" in fields
    return {
        "cpu": fields.get("model name") or platform.processor() or platform.machine(),
        "cpu_generation": f"family {fields['cpu family']} model {fields['model']}" if known else None,
    }


def describe_processor(hardware: Mapping[str, Any]) -> str:
    """Return the name and the generation of a processor from `hardware`, which earlier records lack.

    Virtual machines often have only the name of a product line, whose generations differ in speed.
    """
    generation = hardware.get("cpu_generation")
    return f"{hardware['cpu']}, {generation}" if generation else str(hardware["cpu"])


def _available_cores() -> int | None:
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count()


def hardware() -> dict[str, Any]:
    """Return the processor, the cores that this process may use, torch's threads and the accelerator's name or None.

    It imports torch, which takes seconds, because only torch knows its default number of threads.
    """
    import torch

    return {
        "machine": platform.machine(),
        "system": platform.system(),
        **_processor(),
        "cores": _available_cores(),
        "threads": torch.get_num_threads(),
        "accelerator": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


class Stopwatch:
    """Measures the time since it was created.

    Attributes:
        started: the time at which it was created.
        commit: the commit at that time, whose code the work runs; see `commit`.
    """

    def __init__(self) -> None:
        self.started = datetime.now(UTC)
        self.commit = commit()
        self._started = time.monotonic()

    def seconds(self) -> float:
        """Return the seconds since the stopwatch was created."""
        return time.monotonic() - self._started

    def commit_record(self) -> dict[str, Any] | None:
        """Return the commit for the JSON file of a result; see `commit_at_end`."""
        at_end = commit_at_end(self.commit)
        return None if at_end is None else asdict(at_end)


def provenance(command: Sequence[str], stopwatch: Stopwatch) -> dict[str, Any]:
    """Return what the JSON file of a result says about its origin.

    Args:
        command: the command and its arguments, without absolute paths; see `recorded_command`.
        stopwatch: created when the work began.

    Returns:
        A JSON object with the keys ``commit`` (``revision`` and ``dirty``, or null; see `commit_at_end`), ``command``,
        ``started`` (UTC), ``wall_seconds``, ``versions`` and ``hardware``.
    """
    wall_seconds = round(stopwatch.seconds(), 1)
    return {
        "commit": stopwatch.commit_record(),
        "command": list(command),
        "started": stopwatch.started.isoformat(timespec="seconds"),
        "wall_seconds": wall_seconds,
        "versions": versions(),
        "hardware": hardware(),
    }


def combined_commit(commit: dict[str, Any] | None, parts: Iterable[dict[str, Any] | None]) -> dict[str, Any] | None:
    """Return the commit of a result that consists of parts: dirty if one of them is.

    Args:
        commit: the ``commit`` in the provenance of the whole.
        parts: the ``commit`` of each part, which may be another revision; null counts as dirty.
    """
    if commit is None:
        return None
    return {**commit, "dirty": commit["dirty"] or any(part is None or part["dirty"] for part in parts)}


def mark_dirty(paths: Iterable[Path]) -> None:
    """Say in result files whose commit is clean that the run which wrote them was not.

    A run writes some of its files before its end, when its checkout is clean, and all of them must say the same.

    Args:
        paths: JSON files with the key ``commit``.

    Raises:
        DataError: a file cannot be read or written.
    """
    for path in paths:
        document = read_json(path)
        if document["commit"] is not None and not document["commit"]["dirty"]:
            write_json(path, {**document, "commit": {**document["commit"], "dirty": True}})


def describe_commit(commit: dict[str, Any] | None) -> str:
    """Return the ``commit`` of a result's provenance in words."""
    if commit is None:
        return "no commit"
    return f"commit {commit['revision'][:7]}{' with uncommitted changes' if commit['dirty'] else ''}"


def recorded_command(module: str, arguments: Sequence[str]) -> list[str]:
    """Return a command for the record, without absolute paths, which can contain a user's home.

    Paths below the current directory become relative to it; of others the name remains.

    Args:
        module: what `python -m` runs.
        arguments: its arguments as given.
    """
    return ["python", "-m", module, *(_ABSOLUTE_PATH.sub(_shortened, argument) for argument in arguments)]


def _shortened(found: re.Match[str]) -> str:
    path = os.path.relpath(found[0])
    return os.path.basename(path) if path.startswith(os.pardir) else path


def relative(path: Path) -> str:
    """Return `path` relative to the current directory, so that recorded paths do not contain a user's home."""
    return os.path.relpath(path)


def describe_file(path: Path) -> dict[str, Any]:
    """Return path and SHA-256 of a file, as results record them."""
    return {"path": relative(path), "sha256": sha256_of(path)}
