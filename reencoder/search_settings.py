"""The settings of the search for a translation: their defaults, and those that were tuned for a checkpoint.

`python -m eval tune` writes ``search.json`` into the folder of the (first) checkpoint. The hub and the commands that
translate use it where nothing else is said, if the checkpoint is the one that it was tuned for.
"""

from __future__ import annotations

import hashlib
import json
import sys
from dataclasses import dataclass, fields
from math import isfinite
from pathlib import Path
from typing import Any

from .text.errors import DataError

SEARCH_FILE = "search.json"
"""Name of the file of tuned settings, in the folder of the checkpoint."""


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
        if not isinstance(self.beam, int) or isinstance(self.beam, bool):
            raise DataError(f"--beam {self.beam}: must be a whole number")
        if self.beam < 1:
            raise DataError(f"--beam {self.beam}: must be at least 1")
        for option, value in (
            ("--lenpen", self.lenpen),
            ("--unkpen", self.unkpen),
            ("--min-len-ratio", self.min_len_ratio),
        ):
            if value is None and option == "--min-len-ratio":
                continue
            if not isinstance(value, int | float) or not isfinite(value):
                raise DataError(f"{option} {value}: must be a finite number")
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


def tuned_settings(checkpoint: Path, checksum: str | None = None) -> dict[str, Any]:
    """Return the settings that were tuned for a checkpoint, by name; none if there are none.

    If the file beside the checkpoint belongs to another checkpoint, a note on standard error says that it is not used.

    Args:
        checkpoint: the (first) checkpoint.
        checksum: its SHA-256. Default: computed, if there is a file

    Raises:
        DataError: the file is damaged.
    """
    path = search_file(checkpoint)
    if not path.exists():
        return {}
    tuned, tuned_for = read_search_file(path)
    if checksum is None:
        with checkpoint.open("rb") as file:
            checksum = hashlib.file_digest(file, "sha256").hexdigest()
    if tuned_for != checksum:
        print(f"note: {path} was tuned for another checkpoint than {checkpoint}: not used", file=sys.stderr)
        return {}
    return {name: value for name, value in tuned.items() if value is not None}


def read_search_file(path: Path) -> tuple[dict[str, Any], str]:
    """Read a file that `python -m eval tune` wrote.

    Returns:
        The tuned settings by name, and the SHA-256 of the first checkpoint that they were tuned for.

    Raises:
        DataError: the file cannot be read or was not written by `python -m eval tune`.
    """
    advice = "remove it or tune again"
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        tuned, checksum = document["settings"], document["checkpoints"][0]["sha256"]
        SearchSettings(**tuned)
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise DataError(f"{path}: not JSON: {error}; {advice}") from error
    except (LookupError, TypeError) as error:
        raise DataError(f"{path}: not written by python -m eval tune; {advice}") from error
    except DataError as error:
        raise DataError(f"{path}: {error}; {advice}") from error
    return dict(tuned), checksum
