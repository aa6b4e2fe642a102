"""Registers the plugin with fairseq when fairseq is imported, and not before: `reencoder.grid` works without it."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType

PLUGIN = f"{__package__}.plugin"


def register_with_fairseq() -> None:
    """Import `reencoder.plugin` now if fairseq has been imported, else right after fairseq is imported."""
    if sys.modules.get("fairseq") is not None:
        importlib.import_module(PLUGIN)
    elif not any(isinstance(finder, _FairseqFinder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _FairseqFinder())


class _FairseqFinder(MetaPathFinder):
    """Finds fairseq as the other finders do, and makes its loader import the plugin afterwards."""

    def __init__(self) -> None:
        self._searching = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != "fairseq" or self._searching:
            return None
        self._searching = True
        try:
            spec = find_spec(fullname)
        finally:
            self._searching = False
        if spec is not None and spec.loader is not None:
            spec.loader = _RegisteringLoader(spec.loader, self)
        return spec


class _RegisteringLoader(Loader):
    """Loads fairseq with its own loader, then imports the plugin."""

    def __init__(self, loader: Loader, finder: _FairseqFinder) -> None:
        self._loader = loader
        self._finder = finder

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        module.__spec__.loader = self._loader  # from here on fairseq looks as if it had been imported without us
        self._loader.exec_module(module)
        if self._finder in sys.meta_path:
            sys.meta_path.remove(self._finder)
        importlib.import_module(PLUGIN)
