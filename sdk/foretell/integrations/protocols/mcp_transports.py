"""Which transport stands behind a session's streams: the session itself does not know."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

from opentelemetry.context import attach, detach, set_value

from foretell.errors import FAULTS
from foretell.integrations.protocols.mcp_requests import Peer
from foretell.integrations.wrapping.http_calls import SENDING

_PORTS = {"http": 80, "https": 443}


class Transports:
    """Remembers transports by the stream that sessions write to."""

    def __init__(self) -> None:
        """Know none yet."""
        self._fill: WeakKeyDictionary[Any, Callable[[Peer], None]] = WeakKeyDictionary()

    def fill(self, peer: Peer, write_stream: Any) -> None:
        """Say of a peer how it is reached by this stream, as far as that is known by now."""
        with suppress(TypeError):  # one that cannot be remembered
            self._fill.get(find_key(write_stream), _do_nothing)(peer)

    def around_stdio(self, wrapped: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Streams to a process, or to the one that has started us."""
        return NotedStreams(wrapped(*args, **kwargs), lambda stream: self._note(stream, _by_pipe))

    def around_sse(self, wrapped: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Streams to a server of the older HTTP transport."""
        url = str(kwargs.get("url", args[0] if args else ""))

        def note(stream: Any) -> None:
            self._note(stream, lambda peer: _by_http(peer, url))

        return NotedStreams(wrapped(*args, **kwargs), note, sends_http=True)

    def around_writer(self, wrapped: Any, transport: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The task of streamable HTTP that sends what is written; its transport learns the session's id."""

        def fill(peer: Peer) -> None:
            _by_http(peer, str(transport.url))
            peer.session_id = transport.session_id

        self._note(kwargs.get("write_stream", args[3] if len(args) > 3 else None), fill)
        return send_silently(wrapped, transport, args, kwargs)

    def _note(self, stream: Any, fill: Callable[[Peer], None]) -> None:
        with suppress(TypeError):  # as above
            self._fill[find_key(stream)] = fill


async def send_silently(wrapped: Any, _: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Do what sends HTTP requests for a session: those are no requests of the agent beside the session's own."""
    token = attach(set_value(SENDING, True))
    try:
        return await wrapped(*args, **kwargs)
    finally:
        detach(token)


class NotedStreams:
    """A transport's context manager that tells of the stream it gives to write to."""

    def __init__(self, manager: Any, note: Callable[[Any], None], *, sends_http: bool = False) -> None:
        """Stand for `manager`; requests of tasks that it starts are no calls of their own if it `sends_http`."""
        self._manager = manager
        self._sends_http = sends_http
        self._note = note

    async def __aenter__(self) -> Any:
        """Connect."""
        enter = self._manager.__aenter__
        streams = await (send_silently(enter, None, (), {}) if self._sends_http else enter())
        try:
            self._note(streams[1])
        except Exception as error:
            FAULTS.note("integrations.mcp.transport", error)
        return streams

    async def __aexit__(self, *about: object) -> Any:
        """Disconnect."""
        return await self._manager.__aexit__(*about)

    def __getattr__(self, name: str) -> Any:
        """What else the manager can do."""
        return getattr(self._manager, name)


def find_key(stream: Any) -> Any:
    """By what a stream is remembered: version 2 has a wrapper around its streams that cannot be referred to weakly."""
    return getattr(stream, "_inner", stream)


def _do_nothing(peer: Peer) -> None:
    """Nothing is known of the way."""


def _by_pipe(peer: Peer) -> None:
    peer.transport = "pipe"


def _by_http(peer: Peer, url: str) -> None:
    peer.transport, peer.protocol = "tcp", "http"
    parts = urlsplit(url)
    peer.address, peer.port = parts.hostname, parts.port or _PORTS.get(parts.scheme)
