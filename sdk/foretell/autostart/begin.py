"""Starts recording in a process of ours as soon as it imports a framework or a server, and costs next to nothing where it does not."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import sys
from pathlib import Path

from foretell.integrations.imports import ImportWatch, Waiting
from foretell.integrations.registry import list_subjects

ON_PATH = Path(__file__).parent / "on_path"
"""Holds the `sitecustomize` that Python loads at its start, where PYTHONPATH names this directory."""
_OURS = ("foretell.instrument.decorators", "foretell.instrument.blocks")
SERVERS = ("uvicorn", "hypercorn")
"""Import the program while they hold SIGTERM, and end by it afterwards: what should be kept then has to begin before."""


def begin() -> None:
    """Wait for the first framework, or for the first use of a decorator; then start recording."""
    watch = ImportWatch()

    def start() -> None:
        import foretell

        watch.stop()
        foretell.init()

    for one in list_subjects():
        watch.wait_for(Waiting(one.package, one.packages, start))
    for server in SERVERS:
        watch.wait_for(Waiting(server, (server,), start))
    for module in _OURS:
        watch.wait_for(Waiting(module, ("foretell",), start))


def load_next() -> None:
    """Load the `sitecustomize` that would have been loaded without ours."""
    others = [path for path in sys.path if Path(path or ".").resolve() != ON_PATH.resolve()]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is None or spec.loader is None:
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules["sitecustomize"] = module
    spec.loader.exec_module(module)
