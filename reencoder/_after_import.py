"""Imports a module of ours as soon as another package has been imported, and not before.

`import reencoder` must be light, because `reencoder.grid` works without fairseq, and still complete, because a user
expects the plugin to be registered afterwards.
"""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any


def after_import(package: str, module: str) -> None:
    """Import `module` now if `package` has been imported, else right after it is.

    Args:
        package: name of a top-level package, which need not be installed.
        module: full name of the module to import. If it cannot be imported later, a warning says why, because whoever
            imports the package then has not asked for the module.
    """
    if sys.modules.get(package) is not None:
        importlib.import_module(module)
    elif not any(isinstance(finder, _Finder) and finder.serves(package, module) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder(package, module))


class _Finder(MetaPathFinder):
    """Finds a package as the other finders do, and makes its loader import the module afterwards."""

    def __init__(self, package: str, module: str) -> None:
        self._package, self._module = package, module
        self._searching = False

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._package or self._searching:
            return None
        self._searching = True
        try:
            spec = find_spec(fullname)
        finally:
            self._searching = False
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self)
        return spec

    def serves(self, package: str, module: str) -> bool:
        """True if this finder imports `module` after `package`."""
        return (self._package, self._module) == (package, module)

    def loaded(self) -> None:
        """Import the module; the package has been loaded."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        try:
            importlib.import_module(self._module)
        except ImportError as error:
            warnings.warn(f"{self._module} is not available: {error}", stacklevel=2)


class _Loader(Loader):
    """Loads a package with its own loader, then tells the finder."""

    def __init__(self, loader: Loader, finder: _Finder) -> None:
        self._loader = loader
        self._finder = finder

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        assert module.__spec__ is not None
        # From here on the package looks as if it had been imported without us.
        module.__spec__.loader = module.__loader__ = self._loader
        self._loader.exec_module(module)
        self._finder.loaded()

    def __getattr__(self, name: str) -> Any:
        """Whatever else a loader can do, such as `get_filename`, the package's own loader does."""
        return getattr(self._loader, name)
