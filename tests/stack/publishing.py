"""Publishes the services' ports on loopback as docker-compose.yml has them, for programs outside their namespaces."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import Any

from tests.stack.runner import Stack

CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Door:
    """One port of a service, and where it is reached from outside."""

    service: str
    inner_port: int
    host: str
    port: int
    """0 for any that is free."""


def list_doors(spec: Mapping[str, Any]) -> list[Door]:
    """Every port that a compose file publishes."""
    asked = [(name, text) for name, service in spec["services"].items() for text in service.get("ports", ())]
    parts = [(name, *text.split(":")) for name, text in asked]
    return [Door(name, int(inner), host, int(port)) for name, host, port, inner in parts]


@contextmanager
def publish(stack: Stack, doors: list[Door]) -> Iterator[dict[tuple[str, int], str]]:
    """Open the doors of the services that run; gives service and port → the address on this side."""
    with ExitStack() as opened:
        yield {
            (door.service, door.inner_port): opened.enter_context(_open(stack, door))
            for door in doors
            if door.service in stack.services
        }


@contextmanager
def _open(stack: Stack, door: Door) -> Iterator[str]:
    target = (stack.services[door.service].address, door.inner_port)

    class Visit(BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError), socket.create_connection(target, 10) as inside:
                inside.settimeout(None)
                back = threading.Thread(target=_copy, args=(inside, self.request), daemon=True)
                back.start()
                _copy(self.request, inside)
                back.join()

    with _Server((door.host, door.port), Visit) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield f"http://{door.host}:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    """A connection that is kept open must not hold the end up."""


def _copy(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes until no more does, and say so."""
    with suppress(OSError):
        while data := source.recv(CHUNK_BYTES):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
