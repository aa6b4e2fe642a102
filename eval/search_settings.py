"""Which settings of the search apply, and where each of them comes from; the plugin knows the settings themselves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reencoder.search_settings import SEARCH_FILE, SEARCH_NAMES, SearchSettings, search_file, tuned_settings

from .provenance import describe_file

__all__ = [
    "SEARCH_FILE",
    "SEARCH_NAMES",
    "ChosenSearch",
    "SearchSettings",
    "choose_search",
    "search_file",
    "tuned_settings",
]


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
        file = None if self.file is None else describe_file(self.file)
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
