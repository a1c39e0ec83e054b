"""Finds the stack's servers that tools/servers.sh has built, for tests and benches."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def servers_folder() -> Path:
    """Where tools/servers.sh puts them: outside the checkout, so that each new one need not build them again."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "foretell" / "servers"


def find_server(name: str) -> Path | None:
    """The folder FORETELL_SERVERS first, then what tools/servers.sh has built, then PATH."""
    folders = (os.environ.get("FORETELL_SERVERS"), str(servers_folder()), None)
    found = (shutil.which(name, path=folder) for folder in folders if folder is None or folder)
    return next((Path(path) for path in found if path), None)


def need_promtool() -> Path:
    """Promtool's path. CI builds it; elsewhere the test that asks is skipped without it."""
    if find_server("promtool") is None and os.environ.get("CI") == "true":
        subprocess.run([ROOT / "tools" / "servers.sh", "promtool"], check=True)
    return find_server("promtool") or pytest.skip("there is no promtool: `make tools` builds one (it needs Go)")
