"""Rooms lean downwards only, and each has a floor."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.source import ROOT

pytest.importorskip("importlinter", reason="import-linter needs Python 3.11")

LINT = (sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()", "--no-cache")


def test_rooms_lean_downwards_only() -> None:
    """The contract in pyproject.toml holds; a room without a floor breaks it too."""
    done = subprocess.run(LINT, cwd=ROOT, capture_output=True, text=True, check=False)

    assert 0 == done.returncode, done.stdout[-3000:] + done.stderr[-1000:]


def test_the_contract_notices_a_room_that_leans_upwards(tmp_path: Path) -> None:
    """The check can fail: the same contract over a package whose settings import its command line."""
    package = tmp_path / "foretell"
    (package / "cli").mkdir(parents=True)
    (package / "semconv").mkdir()
    names = ("__init__", "cli/__init__", "semconv/__init__", "model", "setting_types", "setting_sources", "errors")
    for name in (*names, "version"):
        (package / f"{name}.py").touch()
    (package / "settings.py").write_text("import foretell.cli\n")
    (tmp_path / "pyproject.toml").write_text((ROOT / "pyproject.toml").read_text("utf-8"))
    done = subprocess.run(
        LINT, cwd=tmp_path, env={"PYTHONPATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )

    assert 1 == done.returncode, done.stdout[-3000:] + done.stderr[-1000:]
    assert "foretell.settings is not allowed to import foretell.cli" in done.stdout
