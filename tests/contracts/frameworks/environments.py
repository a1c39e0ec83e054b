"""Environments of the frameworks: one for each family, made once and kept under .cache/frameworks."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.contracts.frameworks.contract import Family

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[3]
CACHE = ROOT / ".cache" / "frameworks"
BEST_PYTHON = "3.12"
"""Several frameworks need 3.11, and not all take 3.13."""
TIMEOUT_S = 600


class NotProven(Exception):
    """A family cannot be installed here; the message says why."""


@cache
def find_environment(family: Family) -> Path:
    """The Python of the family's environment, made if it is not there; NotProven where that fails."""
    python = find_python()
    folder = CACHE / f"{family.name}-{_hash(family, python)}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{family.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another worker may be making it
        if not (folder / ".ready").exists():
            _make(family, folder, python)
            (folder / ".ready").touch()
    return folder / "bin" / "python"


def list_versions(family: Family) -> dict[str, str]:
    """The versions of the family's packages as they are installed."""
    names = [re.split(r"[^\w.-]", package)[0] for package in family.packages]
    script = "import importlib.metadata as m, json, sys; print(json.dumps({n: m.version(n) for n in sys.argv[1:]}))"
    done = subprocess.run(
        [str(find_environment(family)), "-c", script, *names], capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


@cache
def find_python() -> str:
    """The best Python of this machine for frameworks, by version in PATH and in pyenv; else the one that runs."""
    candidates = [f"python{BEST_PYTHON}", *sorted(Path.home().glob(f".pyenv/versions/{BEST_PYTHON}.*/bin/python"))]
    for candidate in candidates:
        script = f"import sys; sys.exit('%d.%d' % sys.version_info[:2] != '{BEST_PYTHON}')"
        try:
            if subprocess.run([str(candidate), "-c", script], capture_output=True, check=False).returncode == 0:
                return str(candidate)
        except OSError:
            continue
    return sys.executable


def _make(family: Family, folder: Path, python: str) -> None:
    for old in CACHE.glob(f"{family.name}-{'[0-9a-f]' * 12}"):
        shutil.rmtree(old)  # of other requirements
    extras = f"[{','.join(family.extras)}]" if family.extras else ""
    command = [str(ROOT / "tools" / "set_up.sh"), str(folder), python, "--editable", f".{extras}", *family.packages]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=TIMEOUT_S, check=False, env=dict(os.environ)
        )
    except subprocess.TimeoutExpired:
        raise NotProven(f"{family.name} is not installed after {TIMEOUT_S} s") from None
    if done.returncode != 0:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        raise NotProven(f"{family.name} cannot be installed: {said[-1] if said else 'no reason given'}")


def _hash(family: Family, python: str) -> str:
    """Changes with what would be installed; the source itself is installed as editable."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [project["optional-dependencies"][extra] for extra in family.extras]
    asked = (family.packages, family.extras, python, project["dependencies"], extras)
    return hashlib.blake2b(repr(asked).encode(), digest_size=6).hexdigest()
