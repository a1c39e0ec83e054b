"""What the tests of the house look at: our source, file by file."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SDK = ROOT / "sdk" / "foretell"

_SKIPPED = {".git", ".venv", ".cache", "__pycache__", "site", "dist", "build", ".foretell"}


def list_modules() -> Iterator[tuple[str, ast.Module]]:
    """Yield each module of the SDK by its path below sdk/foretell."""
    for path in sorted(SDK.rglob("*.py")):
        yield str(path.relative_to(SDK)), ast.parse(path.read_text("utf-8"))


def list_files() -> list[Path]:
    """Every file of the project: what git knows or would add, or in an unpacked archive all but what doors make."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(command, capture_output=True, text=True, check=False)
    if found.returncode == 0:
        return [path for name in found.stdout.splitlines() if (path := ROOT / name).is_file()]
    return [path for path in ROOT.rglob("*") if path.is_file() and not _SKIPPED & set(path.parts)]
