"""Evaluation: generation with fairseq, BLEU and chrF against several raw references, training curves, speed.

`data_prep`, `eval` and `recipes` are command lines of the checkout and are not installed: their names are so general
that other packages have them, too. Started in the checkout (`python -m eval`), Python finds ours first. Where it would
find another `data_prep` than the one beside this package, importing `eval` fails here.
"""

from importlib.util import find_spec
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
_found = find_spec("data_prep")
_origin = None if _found is None else _found.origin
if _origin is None or Path(_origin).resolve() != _ROOT / "data_prep" / "__init__.py":
    raise ImportError(f"data_prep: expected the package in {_ROOT}, found {_origin}; start the command in {_ROOT}")
