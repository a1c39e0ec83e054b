"""`docker compose` on the stack's files: which words to call it with, and what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from foretell.stack.commands import Answer, Commands
from foretell.stack.files import Place

ALL_PROFILES = ("demo", "yours")
"""What has ever been started is found again, whatever was typed to start it."""
WAIT_S = 300
"""Until all are healthy, once their images are there."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What was asked for beside the stack itself."""

    profiles: tuple[str, ...] = ()
    overlays: tuple[str, ...] = ()
    """Files of deploy/compose/, by their stems."""


@dataclass(frozen=True, slots=True)
class Container:
    """How one container is."""

    service: str
    state: str
    health: str
    code: int
    ports: frozenset[int] = field(default_factory=frozenset)
    """What it publishes on this machine."""

    @property
    def is_well(self) -> bool:
        """True where it runs as it should, or has done what it was there for."""
        if self.state == "running":
            return self.health in ("", "healthy")
        return self.state == "exited" and self.code == 0


class Compose:
    """The stack as `docker compose` sees it."""

    def __init__(self, commands: Commands, place: Place, choice: Choice) -> None:
        """Call it by `commands` on the files of `place`."""
        self._commands = commands
        self._place = place
        self._choice = choice

    def read_model(self) -> Answer:
        """Ask for the whole of what would run, as JSON; needs no engine."""
        return self._commands.ask(self._words("config", "--format", "json"))

    def parse(self, document: str) -> Answer:
        """Have a YAML document read; its parser is of the kind that the servers have themselves."""
        options = ("-f", "-", "--project-directory", str(self._place.directory))
        return self._commands.ask(["docker", "compose", *options, "config", "--no-interpolate"], document)

    def fetch_images(self) -> int:
        """Fetch the images that are not there yet, where people see it."""
        return self._commands.follow(self._words("pull", "--ignore-buildable"))

    def run_once(self, service: str, program: str, arguments: Sequence[str]) -> Answer:
        """Run a service's image alone and once, with its files and variables, and another program or other arguments."""
        entry = ("--entrypoint", program) if program else ()
        return self._commands.ask(self._words("run", "--rm", "--no-deps", "-T", *entry, service, *arguments))

    def list_containers(self) -> list[Container]:
        """List what there is of the stack, running or not; empty where the engine does not say."""
        answer = self._commands.ask(self._words("ps", "--all", "--format", "json", profiles=ALL_PROFILES))
        return [_read_container(item) for item in _read_items(answer.out)] if answer.code == 0 else []

    def start(self) -> int:
        """Start everything where people see it, and wait until it is healthy."""
        # A container that ends well, such as that which brings the dashboards to your Grafana, reads as a failure there.
        waiting = () if "beside" in self._choice.overlays else ("--wait", "--wait-timeout", str(WAIT_S))
        building = ("--build",) if self._choice.profiles else ()
        return self._commands.follow(self._words("up", "-d", "--remove-orphans", *building, *waiting))

    def stop(self, *, with_volumes: bool) -> int:
        """Stop and remove everything where people see it; with the volumes, all data too."""
        volumes = ("--volumes",) if with_volumes else ()
        return self._commands.follow(self._words("down", "--remove-orphans", *volumes, profiles=ALL_PROFILES))

    def read_log(self, service: str) -> list[str]:
        """Return the last lines that a service said."""
        answer = self._commands.ask(self._words("logs", "--no-log-prefix", "--tail", "3", service))
        return [line for line in (answer.out + answer.err).splitlines() if line.strip()][-3:]

    def say(self, *arguments: str) -> str:
        """Return the words for people to type themselves."""
        return " ".join(word if " " not in word else f'"{word}"' for word in self._words(*arguments))

    def _words(self, *arguments: str, profiles: Sequence[str] | None = None) -> list[str]:
        directory = self._place.directory
        files = [
            self._place.compose_file,
            *(directory / f"deploy/compose/{name}.yml" for name in self._choice.overlays),
        ]
        chosen = self._choice.profiles if profiles is None else profiles
        return [
            "docker", "compose", "--project-directory", str(directory),
            *(word for file in files for word in ("-f", str(file))),
            *(word for profile in chosen for word in ("--profile", profile)),
            *arguments,
        ]  # fmt: skip


def _read_items(text: str) -> Iterator[dict[str, Any]]:
    """Yield what `ps` lists: older versions print one list, newer ones a line for each."""
    for line in text.splitlines():
        try:
            read = json.loads(line)
        except ValueError:
            continue
        yield from read if isinstance(read, list) else [read]


def _read_container(item: dict[str, Any]) -> Container:
    ports = {publisher.get("PublishedPort", 0) for publisher in item.get("Publishers") or ()}
    return Container(
        item.get("Service", ""),
        item.get("State", ""),
        item.get("Health", ""),
        int(item.get("ExitCode", 0)),
        frozenset(ports - {0}),
    )
