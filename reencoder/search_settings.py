"""The settings of the search for a translation: their defaults, and those that were tuned for a checkpoint.

`python -m eval tune` writes ``search.json`` into the folder of the (first) checkpoint. The hub and the commands that
translate use it by default, if the checkpoints are those that it was tuned for: settings of an ensemble do not apply to
its members.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, fields
from math import isfinite
from numbers import Integral, Real
from pathlib import Path
from typing import Any

from .text.errors import DataError

logger = logging.getLogger(__name__)

SEARCH_FILE = "search.json"
"""Name of the file of tuned settings, in the folder of the checkpoint."""

MAX_LENPEN = 10
"""Largest exponent of the length: with a much larger one scores would not fit into single precision."""


@dataclass(frozen=True)
class SearchSettings:
    """The settings of the search. Their defaults hold for everything that translates.

    Attributes:
        beam: number of hypotheses kept at each step. Default: the paper's (4.4)
        lenpen: exponent of the length by which scores are divided (fairseq's ``--lenpen``).
        unkpen: what every unknown word costs (fairseq's ``--unkpen``), as a natural logarithm.
        min_len_ratio: minimum length of a translation, as a ratio of its source's; None for the task's default.

    Raises:
        DataError: names the setting that is wrong.
    """

    beam: int = 20
    lenpen: float = 1.0
    unkpen: float = 0.0
    min_len_ratio: float | None = None

    def __post_init__(self) -> None:
        # Numbers of numpy will do, but cannot be saved as JSON.
        beam: Any = self.beam
        if isinstance(beam, bool) or not isinstance(beam, Integral):
            raise DataError(f"--beam {beam}: must be a whole number")
        object.__setattr__(self, "beam", int(beam))
        if self.beam < 1:
            raise DataError(f"--beam {self.beam}: must be at least 1")
        for name in ("lenpen", "unkpen", "min_len_ratio"):
            value = getattr(self, name)
            if value is None and name == "min_len_ratio":
                continue
            if isinstance(value, bool) or not isinstance(value, Real) or not isfinite(value):
                raise DataError(f"--{name.replace('_', '-')} {value}: must be a finite number")
            object.__setattr__(self, name, float(value))
        if abs(self.lenpen) > MAX_LENPEN:
            raise DataError(f"--lenpen {self.lenpen}: must be between -{MAX_LENPEN} and {MAX_LENPEN}")
        if self.min_len_ratio is not None and self.min_len_ratio < 0:
            raise DataError(f"--min-len-ratio {self.min_len_ratio}: must not be negative")

    def arguments(self) -> list[str]:
        """Return the settings as arguments of fairseq-generate."""
        arguments = ["--beam", str(self.beam), "--lenpen", str(self.lenpen), "--unkpen", str(self.unkpen)]
        if self.min_len_ratio is not None:
            arguments += ["--min-len-ratio", str(self.min_len_ratio)]
        return arguments


SEARCH_NAMES = tuple(field.name for field in fields(SearchSettings))
"""Names of the settings of the search."""


def search_file(checkpoint: Path) -> Path:
    """Return the path of the tuned settings of a checkpoint."""
    return checkpoint.parent / SEARCH_FILE


def tuned_settings(checkpoints: Sequence[Path], checksums: Sequence[str] | None = None) -> dict[str, Any]:
    """Return the settings that were tuned for a checkpoint or an ensemble, by name; none if there are none.

    If the file beside the first checkpoint belongs to others, a warning says that it is not used.

    Args:
        checkpoints: the checkpoints, in the order in which they were given when the search was tuned.
        checksums: their SHA-256. Default: computed, if there is a file

    Raises:
        DataError: the file is damaged.
    """
    path = search_file(checkpoints[0])
    if not path.exists():
        return {}
    tuned, tuned_for = read_search_file(path)
    if len(tuned_for) != len(checkpoints):
        models = f"an ensemble of {len(tuned_for)} models" if len(tuned_for) > 1 else "one model"
        logger.warning(f"{path} was tuned for {models}, not for {len(checkpoints)}: not used")
        return {}
    if checksums is None:
        checksums = [_sha256(checkpoint) for checkpoint in checkpoints]
    if tuned_for != list(checksums):
        named = ":".join(map(str, checkpoints))
        logger.warning(f"{path} was tuned for another checkpoint than {named}: not used")
        return {}
    return {name: value for name, value in tuned.items() if value is not None}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_search_file(path: Path) -> tuple[dict[str, Any], list[str]]:
    """Read a file that `python -m eval tune` wrote.

    Returns:
        The tuned settings by name, and the SHA-256 of each checkpoint that they were tuned for.

    Raises:
        DataError: the file cannot be read or was not written by `python -m eval tune`.
    """
    advice = "remove it or tune again"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        tuned, checksums = document["settings"], [entry["sha256"] for entry in document["checkpoints"]]
        if not checksums:
            raise LookupError("no checkpoint")
        SearchSettings(**tuned)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise DataError(f"{path}: not JSON: {error}; {advice}") from error
    except (LookupError, TypeError) as error:
        raise DataError(f"{path}: not written by python -m eval tune; {advice}") from error
    except DataError as error:
        raise DataError(f"{path}: {error}; {advice}") from error
    return dict(tuned), checksums
