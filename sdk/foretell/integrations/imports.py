"""Hears when a package has been imported, so that nothing is loaded before the program itself asks for it."""

from __future__ import annotations

import copy
import sys
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any

from foretell.errors import FAULTS

NOTHING: Mapping[str, int] = {}


class Waiting:
    """Somebody who is told when one of some modules is there and none of some packages is being imported any more."""

    __slots__ = ("is_done", "modules", "packages", "tell")

    def __init__(self, modules: str | Iterable[str], packages: Iterable[str], tell: Callable[[], object]) -> None:
        """Call `tell` once after a module has been imported, when all imports of `packages` are over."""
        self.modules = (modules,) if isinstance(modules, str) else tuple(modules)
        self.packages = frozenset(packages)
        self.tell = tell
        self.is_done = False

    def is_there(self) -> bool:
        """Whether one of the modules has been imported."""
        return any(module in sys.modules for module in self.modules)


class ImportWatch(MetaPathFinder):
    """Stands first among the finders of modules, finds nothing itself, and notes when imports of some packages end.

    A package is patched when the import of it that the program asked for is over: while it is going on, half of its
    modules are not there yet, and an instrumentor that imports across them meets a circle.
    """

    def __init__(self) -> None:
        """Watch nothing yet."""
        self._waiting: list[Waiting] = []
        self._packages: frozenset[str] = frozenset()
        self._here = threading.local()

    def wait_for(self, waiting: Waiting) -> None:
        """Tell at once where the module is there already, otherwise after its import."""
        if waiting.is_there() and not self._is_busy(waiting):
            self._tell(waiting)
            return
        self._waiting.append(waiting)
        self._look_again()
        if self not in sys.meta_path:
            sys.meta_path.insert(0, self)

    def stop(self) -> None:
        """Wait for nothing any more, and leave the list of finders as it was."""
        self._waiting.clear()
        self._packages = frozenset()
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Let the other finders find a module of a watched package, and have its loader tell when it is loaded."""
        package = fullname.partition(".")[0]
        # Inside an import of the package its further modules are passed over: its end is what counts.
        if package not in self._packages or self._here.__dict__.get("depths", NOTHING).get(package):
            return None
        for finder in sys.meta_path:
            find = getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find(fullname, path, target) if find is not None and finder is not self else None
            if spec is not None:
                if spec.loader is not None:
                    spec.loader = self._listen(spec.loader, fullname)
                return spec
        return None

    def _listen(self, loader: Any, name: str) -> Any:  # loaders are many classes
        """A loader that does the same and tells before and after; it is itself again when the module is loaded."""
        if not hasattr(loader, "exec_module"):
            return loader
        try:
            listening = copy.copy(loader)  # one of an archive serves all of its modules
            load = loader.exec_module
        except Exception as error:
            FAULTS.note("integrations.import", error)
            return loader

        def exec_module(module: ModuleType) -> None:
            if module.__spec__ is not None:
                module.__spec__.loader = loader
            module.__loader__ = loader
            package = name.partition(".")[0]
            self._enter(package)
            try:
                load(module)
            finally:
                self._leave(package)

        try:
            listening.exec_module = exec_module
        except AttributeError:  # it has no place for it
            return loader
        return listening

    def _enter(self, package: str) -> None:
        depths: dict[str, int] = self._here.__dict__.setdefault("depths", {})
        depths[package] = depths.get(package, 0) + 1

    def _leave(self, package: str) -> None:
        self._here.depths[package] -= 1
        for waiting in list(self._waiting):
            if package in waiting.packages and waiting.is_there() and not self._is_busy(waiting):
                self._tell(waiting)

    def _look_again(self) -> None:
        """Watch what somebody still waits for."""
        self._packages = frozenset().union(*(one.packages for one in self._waiting))

    def _is_busy(self, waiting: Waiting) -> bool:
        depths: dict[str, int] = self._here.__dict__.get("depths", {})
        return any(depths.get(package) for package in waiting.packages)

    def _tell(self, waiting: Waiting) -> None:
        """Tell once; what goes wrong there is ours and not the import's."""
        if waiting.is_done:
            return
        waiting.is_done = True
        if waiting in self._waiting:
            self._waiting.remove(waiting)
            self._look_again()
        try:
            waiting.tell()
        except Exception as error:
            FAULTS.note("integrations.import", error)
