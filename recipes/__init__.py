"""Recipes: one command each, from data to a result file.

Recipes are command lines of the checkout and are not installed; see `eval`. Where Python would find another `eval` than
the one beside this package, or another `data_prep`, importing `recipes` fails here.
"""

from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_found = find_spec("eval")
_origin = None if _found is None else _found.origin
if _origin is None or Path(_origin).resolve() != _ROOT / "eval" / "__init__.py":
    raise ImportError(f"eval: expected the package in {_ROOT}, found {_origin}; start the command in {_ROOT}")
import_module("eval")  # which checks `data_prep` in the same way
