"""Finds the stack's servers that tools/servers.sh has built, for tests and benches."""

from __future__ import annotations

import os
import shutil
from pathlib import Path


def servers_folder() -> Path:
    """Where tools/servers.sh puts them: outside the checkout, so that each new one need not build them again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "foretell" / "servers"


def find_server(name: str) -> Path | None:
    """The folder FORETELL_SERVERS first, then what tools/servers.sh has built, then PATH."""
    folders = (os.environ.get("FORETELL_SERVERS"), str(servers_folder()), None)
    found = (shutil.which(name, path=folder) for folder in folders if folder is None or folder)
    return next((Path(path) for path in found if path), None)
