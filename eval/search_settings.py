"""How fairseq-generate searches, and the tuned settings that lie beside a checkpoint.

`python -m eval tune` writes ``search.json`` into the folder of the (first) checkpoint. Generation uses it where no
option says otherwise, if the checkpoint is the one that it was tuned for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from math import isfinite
from pathlib import Path
from typing import Any

from data_prep.errors import DataError
from data_prep.files import read_json, sha256_of

from .provenance import relative

SEARCH_FILE = "search.json"
"""Name of the file of tuned settings, in the folder of the checkpoint."""


@dataclass(frozen=True)
class SearchSettings:
    """The settings of the search.

    Attributes:
        beam: number of hypotheses kept at each step.
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
        if self.beam < 1:
            raise DataError(f"--beam {self.beam}: must be at least 1")
        for option, value in (("--lenpen", self.lenpen), ("--unkpen", self.unkpen)):
            if not isfinite(value):
                raise DataError(f"{option} {value}: must be a finite number")
        if self.min_len_ratio is not None and not (isfinite(self.min_len_ratio) and self.min_len_ratio >= 0):
            raise DataError(f"--min-len-ratio {self.min_len_ratio}: must not be negative")

    def arguments(self) -> list[str]:
        """Return the settings as arguments of fairseq-generate."""
        arguments = ["--beam", str(self.beam), "--lenpen", str(self.lenpen), "--unkpen", str(self.unkpen)]
        if self.min_len_ratio is not None:
            arguments += ["--min-len-ratio", str(self.min_len_ratio)]
        return arguments


SEARCH_NAMES = tuple(field.name for field in fields(SearchSettings))
"""Names of the settings of the search."""


@dataclass(frozen=True)
class ChosenSearch:
    """Settings of the search, and where each comes from.

    Attributes:
        settings: the settings.
        origins: for each name in `SEARCH_NAMES` ``option``, ``search.json`` or ``default``.
        file: the file of tuned settings that at least one setting comes from, or None.
    """

    settings: SearchSettings
    origins: Mapping[str, str]
    file: Path | None = None

    def to_json(self) -> dict[str, Any]:
        """Return where the settings come from as a JSON object."""
        file = None if self.file is None else {"path": relative(self.file), "sha256": sha256_of(self.file)}
        return {"origins": dict(self.origins), "tuned": file}


def choose_search(
    given: Mapping[str, Any], tuned: Mapping[str, Any] | None = None, file: Path | None = None
) -> ChosenSearch:
    """Combine what options say with tuned settings and defaults, in this order of precedence.

    Args:
        given: settings by name; those that are missing or None are not given.
        tuned: tuned settings by name. Default: none
        file: where `tuned` was read. Default: none

    Raises:
        DataError: a setting is wrong.
    """
    values, origins = {}, {}
    for name in SEARCH_NAMES:
        if given.get(name) is not None:
            values[name], origins[name] = given[name], "option"
        elif tuned is not None and tuned.get(name) is not None:
            values[name], origins[name] = tuned[name], SEARCH_FILE
        else:
            origins[name] = "default"
    return ChosenSearch(SearchSettings(**values), origins, file if SEARCH_FILE in origins.values() else None)


def search_file(checkpoint: Path) -> Path:
    """Return the path of the tuned settings of a checkpoint."""
    return checkpoint.parent / SEARCH_FILE


def read_search_file(path: Path) -> tuple[dict[str, Any], str]:
    """Read a file that `python -m eval tune` wrote.

    Returns:
        The tuned settings by name, and the SHA-256 of the first checkpoint that they were tuned for.

    Raises:
        DataError: the file cannot be read or was not written by `python -m eval tune`.
    """
    document = read_json(path)
    try:
        tuned, checksum = document["settings"], document["checkpoints"][0]["sha256"]
        SearchSettings(**tuned)
    except (KeyError, IndexError, TypeError) as error:
        raise DataError(f"{path}: not written by python -m eval tune; remove it or tune again") from error
    return tuned, checksum
