"""Whether the ports that the stack publishes are free, and if not, who has them."""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Callable, Iterable, Iterator

from foretell.stack.commands import Commands
from foretell.stack.model import Port, Service
from foretell.stack.problems import Problem

Listen = Callable[[str, int], OSError | None]
"""Host and port to None where one could listen there, else to what stands against it."""


def find_taken(
    services: Iterable[Service], ours: frozenset[int], listen: Listen, commands: Commands
) -> Iterator[Problem]:
    """Yield a problem for each port that somebody else has; `ours` are those of the stack that runs already."""
    for service in services:
        for port in service.ports:
            error = None if port.number in ours else listen(port.host, port.number)
            if error is None:
                continue
            place = f"port {port.number}"
            if error.errno == errno.EADDRNOTAVAIL:
                advice = "Publish it on 127.0.0.1 in docker-compose.yml."
                yield Problem(service.name, place, f"{port.host} is no address of this machine", advice)
            else:
                holder = name_holder(port, commands)
                advice = f"Stop it, or publish another port for {service.name} in docker-compose.yml."
                yield Problem(service.name, place, f"is taken by {holder or 'another program'}", advice)


def try_listening(host: str, port: int) -> OSError | None:
    """Listen there for a moment; return what stood against it."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        if os.name == "posix":
            # Connections that have just ended are in nobody's way.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except PermissionError:
            return None  # the engine may have rights that we have not
        except OSError as error:
            return error
    return None


def name_holder(port: Port, commands: Commands) -> str:
    """Name the container or the program that listens there; empty where nobody tells."""
    names = commands.ask(["docker", "ps", "--filter", f"publish={port.number}", "--format", "{{.Names}}"])
    if names.code == 0 and names.out.strip():
        return f"the container {names.out.split()[0]}"
    return _ask_ss(port, commands) or _ask_lsof(port, commands)


def _ask_ss(port: Port, commands: Commands) -> str:
    """Linux; tells of other users' programs to root alone."""
    said = commands.ask(["ss", "-Hltnp", f"sport = :{port.number}"]).out
    found = re.search(r'\(\("(?P<name>[^"]+)",pid=(?P<pid>\d+)', said)
    return f"{found['name']} (process {found['pid']})" if found else ""


def _ask_lsof(port: Port, commands: Commands) -> str:
    """macOS, and Linux where it is installed."""
    said = commands.ask(["lsof", "-nP", f"-iTCP:{port.number}", "-sTCP:LISTEN", "-Fpc"]).out
    found = re.search(r"^p(?P<pid>\d+)\nc(?P<name>.+)$", said, re.MULTILINE)
    return f"{found['name']} (process {found['pid']})" if found else ""
