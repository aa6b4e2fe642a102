"""Where results come from, in the words of the documents: commands, commits, machines, times."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from eval.provenance import combined_commit, describe_commit, describe_processor


def origin(provenance: dict[str, Any]) -> str:
    """Return the command of a result, its commit, when it started, how long it took and where."""
    return (
        f"Command: `{_shown(provenance['command'])}`; {describe_commit(provenance['commit'])}; "
        f"started {provenance['started']}; {in_minutes(provenance['wall_seconds'])} on {machine(provenance)}."
    )


def in_minutes(seconds: float) -> str:
    """Return a time in whole minutes, as text."""
    minutes = f"{seconds / 60:.0f}"
    return f"{minutes} minute{'' if minutes == '1' else 's'}"


def _shown(command: Sequence[str]) -> str:
    """Return a command as text; of files outside of the checkout, only the name."""
    return shlex.join(PurePath(part).name if part.startswith("../") else part for part in command)


def machine(provenance: dict[str, Any]) -> str:
    """Return the machine of a result."""
    hardware = provenance["hardware"]
    cores = f"{hardware['cores']} core{'' if hardware['cores'] == 1 else 's'}"
    return f"{cores} ({describe_processor(hardware)}), torch {provenance['versions']['torch']}"


def origin_of_system(result: dict[str, Any]) -> str:
    """Return where the evaluation of a system comes from, with the commit of it and of its members' trainings."""
    provenance = result["provenance"]
    commit = combined_commit(provenance["commit"], (member["provenance"]["commit"] for member in result["members"]))
    return origin({**provenance, "commit": commit})


def origins_of_rows(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Return the command of each row; rows of one command and commit share a line."""
    found: dict[str, list[str]] = {}
    for row in rows:
        provenance = row["provenance"]
        text = f"`{_shown(provenance['command'])}`; {describe_commit(provenance['commit'])}"
        found.setdefault(f"{text}; {machine(provenance)}.", []).append(row["variant"])
    return [f"* {'; '.join(f'*{name}*' for name in names)}: {text}" for text, names in found.items()]


def origins_of_run(run: dict[str, Any]) -> str:
    """Return all commands that started or resumed a run, and their commits."""
    found: dict[str, None] = {}
    for start in run["starts"]:
        # Older files record here only the state at the start of each start; `provenance` has that at the end.
        at_end = [run["provenance"]["commit"]] if start is run["starts"][-1] else []
        commit = combined_commit(start["commit"], at_end)
        found[f"`{_shown(start['command'])}` ({describe_commit(commit)}, {start['started'][:10]})"] = None
    return f"{', then '.join(found)}; {machine(run['provenance'])}."
