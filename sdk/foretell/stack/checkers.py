"""Each server's own judgement of its configuration, in a container that is gone again before anything starts."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from foretell.stack.commands import Answer
from foretell.stack.compose import Compose
from foretell.stack.model import Service
from foretell.stack.problems import Problem


@dataclass(frozen=True, slots=True)
class Checker:
    """How a server's image is asked to look at its configuration and end."""

    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    instead: tuple[str, ...] = ()
    """Arguments around the service's own, or in their place."""
    program: str = ""
    """Another program of the image."""

    def arguments(self, command: Sequence[str]) -> tuple[str, ...]:
        """Return what to give the container of a service with that command."""
        return self.instead or (*self.before, *command, *self.after)


CHECKERS = {
    "otel-collector": Checker(before=("validate",)),
    "jaeger": Checker(before=("validate",)),
    "prometheus": Checker(program="/bin/promtool", instead=("check", "config", "/etc/prometheus/prometheus.yml")),
    "alertmanager": Checker(instead=("check",)),
    "loki": Checker(after=("-verify-config",)),
    "tempo": Checker(after=("-config.verify=true",)),
}


def ask_servers(services: Sequence[Service], directory: Path, compose: Compose, origin: str) -> Iterator[Problem]:
    """Yield a problem for each service whose own server does not take its configuration."""
    asked = [service for service in services if service.name in CHECKERS]

    def ask(service: Service) -> Answer:
        checker = CHECKERS[service.name]
        return compose.run_once(service.name, checker.program, checker.arguments(service.command))

    with ThreadPoolExecutor(max(len(asked), 1)) as pool:
        for service, answer in zip(asked, pool.map(ask, asked), strict=True):
            if answer.code != 0:
                yield Problem(service.name, _find_file(service, directory), read_refusal(answer), f"Mend it. {origin}")


def read_refusal(answer: Answer) -> str:
    """Say why a server refuses its configuration, on one line without its clock and its colours."""
    said = re.sub(r"\x1b\[[\d;]*m", "", answer.err or answer.out)
    lines = [" ".join(line.split()) for line in said.splitlines()]
    # Compose tells of its containers around what the server says.
    told = [line for line in lines if line and not re.match(r"(Container|Network|Volume|time=\S+ level=warn)", line)]
    return f"is refused by its server ({'; '.join(told[-3:])[:400].rstrip('.') or answer.complaint})"


def _find_file(service: Service, directory: Path) -> str:
    """Name the first of our files that its command names, or the folder that it is given."""
    names = re.findall(r"(?:^|=)(/[\w./-]+\.\w+)$", "\n".join(service.words), re.MULTILINE)
    for mount in service.mounts:
        for name in map(PurePosixPath, names):
            if PurePosixPath(mount.target) in name.parents and name.suffix != ".sh":
                return _show(mount.source / name.relative_to(mount.target), directory)
    return _show(service.mounts[0].source, directory) if service.mounts else "configuration"


def _show(path: Path, directory: Path) -> str:
    return path.relative_to(directory).as_posix() if path.is_relative_to(directory) else str(path)
