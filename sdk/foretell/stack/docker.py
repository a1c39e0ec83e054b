"""Whether Docker is there, new enough, reachable, and has room."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from foretell.stack.commands import Commands
from foretell.stack.model import Service
from foretell.stack.problems import Problem

OLDEST_COMPOSE = (2, 17)
"""The first with `up --wait-timeout`."""
IMAGES_GB = 4.0
"""What the images take, and some room for what is recorded."""
ROOM_GB = 1.0
"""Less than that, and the stores soon stop writing."""

Free = Callable[[Path], float | None]
"""A folder to the free bytes of its disk; None where it cannot be seen from here."""


def check_program(commands: Commands) -> Problem | None:
    """Say what is wrong with the `docker` command and its plugin."""
    if not commands.has("docker"):
        advice = "Install Docker (https://docs.docker.com/get-docker), then type the same again."
        return Problem("docker", "docker", "is not on PATH", advice)
    answer = commands.ask(["docker", "compose", "version", "--short"])
    advice = "Install or update the plugin: https://docs.docker.com/compose/install"
    if answer.code != 0:
        return Problem("docker", "docker compose", "is not installed", advice)
    numbers = re.search(r"(\d+)\.(\d+)", answer.out)
    if numbers is not None and (int(numbers[1]), int(numbers[2])) < OLDEST_COMPOSE:
        oldest = ".".join(map(str, OLDEST_COMPOSE))
        return Problem("docker", "docker compose", f"is {answer.out.strip()}, older than {oldest}", advice)
    return None


def look_at_engine(commands: Commands) -> dict[str, Any] | Problem:
    """Ask the engine what it is; a problem where it does not answer."""
    answer = commands.ask(["docker", "info", "--format", "{{json .}}"])
    info: dict[str, Any] = {}
    with suppress(ValueError):
        info = json.loads(answer.out)
    complaint = next(iter(info.get("ServerErrors") or ()), "")
    if answer.code == 0 and not complaint:
        return info
    complaint = (complaint or answer.complaint).strip().rstrip(".")
    if "permission denied" in complaint.lower():
        advice = "Type: sudo usermod -aG docker $USER, and log in again."
    else:
        advice = "Start Docker Desktop, or type: sudo systemctl start docker"
    return Problem("docker", "engine", f"does not answer ({complaint})", advice)


def has_images(services: Iterable[Service], commands: Commands) -> bool:
    """Say whether every image that is not made here is there already."""
    images = sorted({service.image for service in services if service.image and not service.is_built})
    return not images or commands.ask(["docker", "image", "inspect", "--format", "ok", *images]).code == 0


def check_room(info: dict[str, Any], free: Free, *, has_all_images: bool) -> Iterator[Problem]:
    """Yield a problem where the engine's disk cannot hold the images and what is recorded."""
    folder = Path(info.get("DockerRootDir") or "/")
    free_bytes = free(folder)
    if free_bytes is None:
        return  # in a virtual machine, which grows by itself or says so
    needed_gb = ROOM_GB if has_all_images else IMAGES_GB
    if free_bytes < needed_gb * 1e9:
        text = f"has {free_bytes / 1e9:.1f} GB free, {needed_gb:g} GB are needed"
        yield Problem("docker", str(folder), text, "Make room, for instance by: docker system prune")


def measure_free(folder: Path) -> float | None:
    """Measure the free bytes of the disk that has that folder."""
    import shutil

    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
