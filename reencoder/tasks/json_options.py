"""Options that are JSON objects, as those of fairseq's BLEU in validation."""

from __future__ import annotations

import json
from typing import Any


def json_options(option: str, given: str | None) -> dict[str, Any]:
    """Return the entries of an option that is a JSON object.

    Args:
        option: its name.
        given: its value; None or empty for an object without entries.

    Raises:
        ValueError: the value is not a JSON object.
    """
    try:
        found = json.loads(given or "{}")
    except ValueError as error:
        raise ValueError(f"{option} {given!r}: not JSON ({error}); expected an object such as {{}}") from None
    if not isinstance(found, dict):
        raise ValueError(f"{option} {given!r}: expected a JSON object such as {{}}, got {type(found).__name__}")
    return found
