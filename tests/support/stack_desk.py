"""A machine with the stack on it and a `docker` that notes what it is asked, for tests of what people type."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
WITHOUT_CACHES = shutil.ignore_patterns("__pycache__")


def find_free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


class Desk:
    """A machine with a copy of the project on it, a Docker, and a person who types."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = folder / "checkout" / "sdk"
        self.stack = folder / "checkout"
        self.state = folder / "docker"
        self.path = folder / "bin"
        self.state.mkdir()
        self.path.mkdir()
        self.docker_says({})
        wrapper = self.path / "docker"
        program = ROOT / "tests" / "support" / "fake_docker.py"
        wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{program}" "{self.state}" "$@"\n')
        wrapper.chmod(0o755)

    def docker_says(self, answers: dict[str, tuple[int, str, str]]) -> None:
        """Have it answer otherwise where these words occur in a call."""
        (self.state / "says.json").write_text(json.dumps(answers))

    def type(self, *words: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Type `foretell` and these words."""
        environment = {
            "HOME": str(self.folder), "XDG_DATA_HOME": str(self.folder / "data"), "PATH": str(self.path),
            "PYTHONPATH": os.pathsep.join((str(self.package), *filter(None, sys.path))), "PYTHONDONTWRITEBYTECODE": "1",
        }  # fmt: skip
        return subprocess.run(
            [sys.executable, "-m", "foretell.cli", *words],
            cwd=self.folder, env={**environment, **environ}, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    def calls(self, word: str) -> list[list[str]]:
        """What docker was asked to do with that word."""
        file = self.state / "calls"
        lines = [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []
        return [line for line in lines if word in line]

    def edit(self, name: str, old: str, new: str) -> None:
        """Change one of the stack's files."""
        path = self.stack / name
        text = path.read_text()
        assert old in text
        path.write_text(text.replace(old, new, 1))

    def move_ports(self) -> None:
        """Publish on ports that are free here, whatever else runs on this machine."""
        path = self.stack / "docker-compose.yml"
        text = path.read_text()
        published = re.findall(r"127\.0\.0\.1:(\d+):", text)
        for port, free in zip(published, find_free_ports(len(published)), strict=True):
            text = text.replace(f"- 127.0.0.1:{port}:", f"- 127.0.0.1:{free}:")
        path.write_text(text)

    def set_mode(self) -> None:
        """Give the files the mode that git gives them, whatever the umask is here."""
        for path in self.stack.rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)


def copy_shipped(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=WITHOUT_CACHES)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


def make_checkout(tmp_path: Path) -> Desk:
    """A checkout."""
    made = Desk(tmp_path)
    for name in ("sdk/foretell", "deploy", "dashboards/json", "docker-compose.yml"):
        copy_shipped(ROOT / name, made.stack / name)
    made.set_mode()
    made.move_ports()
    return made


def make_installed(tmp_path: Path) -> Desk:
    """An installed wheel: the package, and in it what pyproject.toml says that the wheel carries."""
    made = Desk(tmp_path)
    made.package = tmp_path / "site-packages"
    copy_shipped(ROOT / "sdk" / "foretell", made.package / "foretell")
    table = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for source, target in table["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"].items():
        copy_shipped(ROOT / source, made.package / target)
    made.stack = made.package / "foretell" / "_stack"
    made.move_ports()
    made.stack = tmp_path / "data" / "foretell" / "stack"
    return made
