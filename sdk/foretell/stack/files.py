"""Where the stack's files are: a checkout's own, or a copy of those in the wheel in a folder of yours."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from foretell.version import __version__

COMPOSE_FILE = "docker-compose.yml"
SHIPPED_LIST = ".shipped.json"
"""Beside the copy: what came with the wheel, so that what you changed is told from what you did not."""
ROOM = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the stack is run from."""

    directory: Path
    """Holds docker-compose.yml, deploy/, dashboards/json/ and .env."""
    source: Path | None
    """Where the wheel has these files; None in a checkout, which is used as it is."""

    @property
    def compose_file(self) -> Path:
        """The file that `docker compose` gets."""
        return self.directory / COMPOSE_FILE

    @property
    def env_file(self) -> Path:
        """Passwords and addresses; never shipped, never overwritten."""
        return self.directory / ".env"


def find_place(environ: Mapping[str, str], room: Path = ROOM, platform: str = sys.platform) -> Place:
    """Find where the stack is run from, by where this package is installed."""
    wheel = room / "_stack"
    if (wheel / COMPOSE_FILE).is_file():
        return Place(find_data_home(environ, platform) / "foretell" / "stack", wheel)
    return Place(room.parents[1], None)


def find_data_home(environ: Mapping[str, str], platform: str) -> Path:
    """Find the folder in which a user's programs keep data on this system."""
    home = Path(environ.get("HOME") or environ.get("USERPROFILE") or Path.home())
    if platform == "win32":
        return Path(environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    if platform == "darwin":
        return home / "Library" / "Application Support"
    given = Path(environ.get("XDG_DATA_HOME", ""))
    return given if given.is_absolute() else home / ".local" / "share"


def settle(place: Place) -> list[str]:
    """Bring the wheel's files to their place; return the names of those left alone because you changed them.

    A file that you did not touch follows the version that is installed, and goes when that no longer has it.
    """
    if place.source is None:
        return []
    before = _read_shipped(place.directory / SHIPPED_LIST)
    shipped = {name: (place.source / name).read_bytes() for name in _list_files(place.source)}
    kept = []
    for name, content in shipped.items():
        path = place.directory / name
        if path.is_file() and _digest(path.read_bytes()) not in (before.get(name), _digest(content)):
            kept.append(name)
        else:
            _write(place.directory, name, content)
    for name in before.keys() - shipped.keys():
        path = place.directory / name
        if path.is_file() and _digest(path.read_bytes()) == before[name]:
            path.unlink()
    files = {name: _digest(content) for name, content in shipped.items()}
    _write(place.directory, SHIPPED_LIST, json.dumps({"version": __version__, "files": files}).encode())
    return kept


def _list_files(folder: Path) -> Iterator[str]:
    paths = (path for path in sorted(folder.rglob("*")) if path.is_file() and "__pycache__" not in path.parts)
    return (path.relative_to(folder).as_posix() for path in paths)


def _read_shipped(file: Path) -> dict[str, str]:
    try:
        return dict(json.loads(file.read_bytes())["files"])
    except (OSError, ValueError, KeyError, TypeError):
        return {}  # nothing was ever brought here, or nobody knows what


def _write(directory: Path, name: str, content: bytes) -> None:
    """Write so that those can read it who run inside the containers, whatever the umask is."""
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(0o644)
    for folder in path.relative_to(directory).parents:
        if folder.parts:
            (directory / folder).chmod(0o755)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
