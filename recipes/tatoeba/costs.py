"""What a training took, as the tables show it: minutes and parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

WALL = "\\*"
"""Marks minutes from start to end, of trainings whose CPU time is not known, in Markdown."""


def minutes(result: Mapping[str, Any]) -> float:
    """Return the CPU time of a training in minutes, or, where it was not measured, the time from start to end."""
    seconds: float = result.get("cpu_seconds") or result["provenance"]["wall_seconds"]
    return seconds / 60


def _mark(members: Sequence[Mapping[str, Any]]) -> str:
    # Older results do not record this: they have measured times, or none.
    measured = (member.get("cpu_time_measured", member.get("cpu_seconds")) for member in members)
    return "" if all(measured) else WALL


def minutes_with_teachers(members: Sequence[Mapping[str, Any]]) -> float:
    """Return the minutes that a system takes: of its members' trainings, their teachers', and the translations."""
    taken: dict[str, float] = {}
    for member in members:
        taken |= {name: seconds / 60 for name, seconds in member.get("data_seconds", {}).items()}
    return sum((taken | {member["name"]: minutes(member) for member in members}).values())


def describe_all_minutes(members: Sequence[Mapping[str, Any]]) -> str:
    """Return the minutes that a system takes, marked if they are not CPU time alone."""
    return f"{minutes_with_teachers(members):.0f}{_mark(members)}"


def describe_minutes(result: Mapping[str, Any]) -> str:
    """Return the minutes of a training and, after a plus sign, those of its teachers."""
    more = sum(result.get("data_seconds", {}).values()) / 60
    return f"{minutes(result):.0f}{_mark([result])}" + (f" + {more:.0f}" if more else "")


def millions(count: int | None) -> str:
    """Return a number of parameters in millions, or a dash if it is not known."""
    return "-" if count is None else f"{count / 1e6:.1f} M"
