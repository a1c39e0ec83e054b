"""What would run, read from what `docker compose config` prints: compose's own merge of all files and variables."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Port:
    """A port that a service publishes on this machine."""

    host: str
    number: int
    target: int = 0
    """The same port as the container has it."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of ours that a service sees."""

    source: Path
    target: str


@dataclass(frozen=True, slots=True)
class Service:
    """One service that would run."""

    name: str
    image: str
    ports: tuple[Port, ...] = ()
    mounts: tuple[Mount, ...] = ()
    command: tuple[str, ...] = ()
    entrypoint: tuple[str, ...] = ()
    is_built: bool = False
    """Its image is made here, not fetched."""

    @property
    def words(self) -> tuple[str, ...]:
        """All that the files have it started with."""
        return (*self.entrypoint, *self.command)


def read_services(text: str) -> list[Service]:
    """Read the services; raises ValueError where it is not what compose prints."""
    services = json.loads(text).get("services") or {}
    return [_read_service(name, spec) for name, spec in sorted(services.items())]


def _read_service(name: str, spec: dict[str, Any]) -> Service:
    ports = (
        Port(port.get("host_ip") or "0.0.0.0", int(port["published"]), int(port.get("target") or 0))  # noqa: S104  # what compose means by none
        for port in spec.get("ports") or ()
        if str(port.get("published") or "").isdecimal()
    )
    mounts = (
        Mount(Path(mount["source"]), mount["target"])
        for mount in spec.get("volumes") or ()
        if mount.get("type") == "bind"
    )
    return Service(
        name=name,
        image=spec.get("image") or "",
        ports=tuple(ports),
        mounts=tuple(mounts),
        command=tuple(spec.get("command") or ()),
        entrypoint=tuple(spec.get("entrypoint") or ()),
        is_built="build" in spec,
    )
