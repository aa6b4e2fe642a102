"""Lines of JSON to translate: objects with a "text" and an optional "id", which passes through as it is written."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from data_prep.errors import DataError


class _Number(str):
    """A number as it is written: a Python float would lose digits, or overflow to infinity, which JSON lacks."""


def parse_line(line: str) -> tuple[str, str | None]:
    """Return the text of a line, and its id as JSON, or None if it has none. A blank line is an empty text.

    Raises:
        DataError: the line is not JSON, which also excludes NaN and Infinity, or not such an object.
    """
    if not line.strip():
        return "", None
    try:
        document = json.loads(line, parse_int=_Number, parse_float=_Number, parse_constant=_refuse_constant)
        identifier = _to_json(document["id"]) if isinstance(document, dict) and "id" in document else None
    except (ValueError, RecursionError) as error:
        raise DataError(f"not JSON: {error}") from error
    text = document.get("text") if isinstance(document, dict) else None
    if not isinstance(text, str) or isinstance(text, _Number):
        raise DataError('expected a JSON object with a string "text" (and an optional "id")')
    return text, identifier


def _to_json(value: Any) -> str:
    if isinstance(value, _Number):
        return value
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_to_json(name)}: {_to_json(part)}" for name, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_to_json, value)) + "]"
    return json.dumps(value, ensure_ascii=False)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not valid JSON; write null or a string")
