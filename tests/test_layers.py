"""Which part of the project may import which other part.

Imports are read from the source, those inside functions included, so that no order of imports can hide one.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("data_prep", "eval", "recipes", "reencoder")

RULES: dict[str, tuple[str, ...]] = {
    "data_prep": ("reencoder.text",),
    "eval": ("data_prep", "reencoder"),
    "recipes": ("data_prep", "eval", "reencoder.text", "reencoder.float32_products"),
    # The plugin, and the only module that knows all of its parts.
    "reencoder": ("reencoder._after_import",),
    "reencoder.plugin": (
        "reencoder.compat", "reencoder.criterions", "reencoder.models", "reencoder.optim", "reencoder.tasks",
        "reencoder.safe_loading", "reencoder.tokenizer",
    ),
    "reencoder._after_import": (),
    "reencoder.safe_loading": (),
    "reencoder.compat": (),
    "reencoder.images": (),
    "reencoder.float32_products": (),
    "reencoder.training_process": ("reencoder.float32_products",),
    "reencoder.search": (),
    "reencoder.search_settings": ("reencoder.text",),
    # Raw text to tokens and back, which data preparation shares.
    "reencoder.text": (),
    "reencoder.tokenizer": ("reencoder.text",),
    "reencoder.hub": (
        "reencoder.plugin", "reencoder.scoring", "reencoder.search", "reencoder.search_settings", "reencoder.text",
    ),
    "reencoder.batching": (),
    "reencoder.scoring": ("reencoder.batching",),
    # The grid: the paper; how it is made fast, behind one door; the modules.
    "reencoder.grid": (
        "reencoder.grid.block", "reencoder.grid.dimension", "reencoder.grid.compute", "reencoder.grid.modules",
    ),
    "reencoder.grid.dimension": (),
    "reencoder.grid.block": ("reencoder.grid.dimension",),
    "reencoder.grid.checks": (),
    "reencoder.grid.compilation": (),
    "reencoder.grid.reference": ("reencoder.grid.block", "reencoder.grid.dimension"),
    "reencoder.grid.kernel": ("reencoder.grid.block", "reencoder.grid.compilation", "reencoder.grid.dimension"),
    "reencoder.grid.arguments": ("reencoder.grid.block", "reencoder.grid.checks", "reencoder.grid.dimension"),
    "reencoder.grid.compute": (
        "reencoder.grid.arguments", "reencoder.grid.block", "reencoder.grid.checks", "reencoder.grid.compilation",
        "reencoder.grid.dimension", "reencoder.grid.kernel",
    ),
    "reencoder.grid.modules": (
        "reencoder.grid.block", "reencoder.grid.checks", "reencoder.grid.compilation", "reencoder.grid.dimension",
        "reencoder.grid.compute",
    ),
    # What fairseq sees. Models know no task, criterions neither; tasks know no model.
    "reencoder.optim": ("reencoder.compat",),
    "reencoder.models": ("reencoder.compat", "reencoder.grid", "reencoder.optim"),
    "reencoder.criterions": ("reencoder.compat",),
    "reencoder.tasks": (
        "reencoder.batching", "reencoder.compat", "reencoder.criterions", "reencoder.float32_products",
        "reencoder.images", "reencoder.training_process", "reencoder.optim", "reencoder.search", "reencoder.text",
        "reencoder.tokenizer",
    ),
}  # fmt: skip
"""For each part what it may import besides itself. The longest name that matches a module decides."""

SECRET = "reencoder.grid.kernel"
"""Only those may import it whose rule names it; that of a part that contains it is not enough."""


def modules(folder: str) -> dict[str, Path]:
    """The modules below a folder of the checkout, by their dotted names."""
    found = {}
    for path in sorted((ROOT / folder).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = {name: path for folder in PACKAGES for name, path in modules(folder).items()}


def imports(source: str, module: str, is_package: bool) -> Iterator[str]:
    """Dotted names of all modules that a module imports.

    Args:
        source: its text.
        module: its own dotted name.
        is_package: True for an `__init__`.
    """
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = module.split(".")
            above = origin[: len(origin) - node.level + is_package] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                yield inner if inner in MODULES else base


def part_of(module: str) -> str:
    """The name in `RULES` that decides about a module."""
    return max((part for part in RULES if inside(module, part)), key=len)


def inside(module: str, part: str) -> bool:
    return module == part or module.startswith(f"{part}.")


def forbidden(source: str, module: str, is_package: bool = False) -> list[str]:
    """The imports of a module that no rule allows."""
    part = part_of(module)
    wrong = []
    for target in imports(source, module, is_package):
        if target.split(".")[0] not in PACKAGES:
            continue
        own = inside(target, part) and part_of(target) == part
        allowed = [other for other in RULES[part] if inside(target, other)]
        if inside(target, SECRET):
            allowed = [other for other in allowed if inside(other, SECRET)]
        if not own and not allowed:
            wrong.append(target)
    return wrong


@pytest.mark.parametrize("module", MODULES)
def test_modules_import_only_what_their_layer_may(module: str) -> None:
    path = MODULES[module]
    wrong = forbidden(path.read_text(encoding="utf-8"), module, path.name == "__init__.py")
    assert not wrong, (
        f"{path.relative_to(ROOT)} imports {', '.join(wrong)}; {part_of(module)} may import itself and "
        + (", ".join(RULES[part_of(module)]) or "nothing else")
    )


@pytest.mark.parametrize(
    ("module", "source", "found"),
    [
        ("reencoder.models.words", "from ..tasks.batching import Batches", ["reencoder.tasks.batching"]),
        ("reencoder.tasks.batching", "def f():\n    from ..models import reencoder", ["reencoder.models.reencoder"]),
        ("reencoder.criterions.loss", "import reencoder.tasks.batching as b", ["reencoder.tasks.batching"]),
        (
            "reencoder.grid.block",
            "from .. import training_process\nfrom . import dimension",
            ["reencoder.training_process"],
        ),
        ("reencoder.grid.modules.grid", "from ..kernel.scan import Front", ["reencoder.grid.kernel.scan"]),
        ("reencoder.grid.kernel.scan", "from ..compute import compute_grid", ["reencoder.grid.compute"]),
        ("reencoder.models.words", "from ..grid.kernel import scan", ["reencoder.grid.kernel.scan"]),
        ("eval.speed.grids", "from reencoder.grid.kernel.general import x", ["reencoder.grid.kernel.general"]),
        ("eval.bleu", "from recipes import results", ["recipes"]),
        ("data_prep.pairs", "if True:\n    from eval import bleu", ["eval.bleu"]),
        ("reencoder.models.words", "import torch\nfrom ..grid import State\nfrom .readout import Readout", []),
        ("reencoder.grid.compute", "from .kernel.scan import Front", []),
    ],
)
def test_imports_are_found_however_they_are_written(module: str, source: str, found: list[str]) -> None:
    assert forbidden(source, module) == found


def test_the_grid_is_pure_torch() -> None:
    for module, path in MODULES.items():
        if inside(module, "reencoder.grid"):
            names = imports(path.read_text(encoding="utf-8"), module, path.name == "__init__.py")
            others = {name.split(".")[0] for name in names} - sys.stdlib_module_names
            allowed = {"torch", "reencoder", *(["triton"] if path.name == "triton_kernels.py" else [])}
            assert others <= allowed, f"{path.relative_to(ROOT)} imports {others}"


def test_only_tests_of_the_kernel_import_it() -> None:
    for module, path in modules("tests").items():
        names = imports(path.read_text(encoding="utf-8"), module, path.name == "__init__.py")
        if any(inside(name, "reencoder.grid.kernel") for name in names):
            assert path.name.startswith("test_grid_kernel_"), f"{path.name} imports reencoder.grid.kernel"


def run_python(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_importing_the_grid_leaves_fairseq_and_the_allocator_alone() -> None:
    run_python(
        "import ctypes, sys, torch\n"
        "def refuse(*arguments, **options): raise AssertionError('the C library was opened')\n"
        "ctypes.CDLL = refuse\n"
        "import reencoder.grid\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'fairseq']\n"
        "loaded = sorted(name for name in sys.modules if name.startswith('reencoder.'))\n"
        "allowed = 'reencoder.grid', 'reencoder._after_import', 'reencoder.safe_loading'\n"
        "assert all(name.startswith(allowed) for name in loaded), loaded\n"
    )


def test_the_grid_needs_no_fairseq() -> None:
    """As if fairseq were not installed."""
    run_python(
        "import sys; sys.modules['fairseq'] = None\n"
        "import importlib.util as u; find = u.find_spec\n"
        "u.find_spec = lambda name, *rest: None if name == 'fairseq' else find(name, *rest)\n"
        "from reencoder.grid import GridLSTM2d\n"
        "assert not [name for name in sys.modules if name.startswith('fairseq.')]\n"
    )
