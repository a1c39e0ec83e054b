"""The client's side: what a session asks its server, and how long the session lives."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any
from weakref import WeakKeyDictionary

from opentelemetry.propagate import inject
from opentelemetry.trace import SpanKind

from foretell.errors import FAULTS
from foretell.integrations.protocols import mcp_names
from foretell.integrations.protocols.mcp_exchanges import Exchange, Exchanges, measure
from foretell.integrations.protocols.mcp_requests import UNTOLD, Asked, Peer, add_meta, read_request, read_version
from foretell.integrations.protocols.mcp_transports import Transports
from foretell.semconv import genai
from foretell.semconv import metrics as table

Ask = Callable[[], Awaitable[Any]]


class ClientSessions:
    """Wraps the methods of `ClientSession`."""

    def __init__(self, exchanges: Exchanges, transports: Transports) -> None:
        """Tell by `exchanges`; `transports` know the way to a server."""
        self._exchanges = exchanges
        self._transports = transports
        self._peers: WeakKeyDictionary[Any, Peer] = WeakKeyDictionary()
        self._started_s: WeakKeyDictionary[Any, float] = WeakKeyDictionary()

    def around_request(self, wrapped: Any, session: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Send a request inside a span that the server's stands below."""
        if "request" in kwargs:
            args = (kwargs.pop("request"), *args)
        if not args:
            return wrapped(**kwargs)
        request, *rest = args
        exchange = self._open(session, lambda: read_request(request))
        if exchange is None:
            return wrapped(request, *rest, **kwargs)
        if hasattr(request, "root"):
            exchange.span.set_attribute(mcp_names.REQUEST_ID, str(getattr(session, "_request_id", "")))
        return self._ask(session, exchange, lambda: wrapped(_with_trace(request), *rest, **kwargs))

    def around_discovery(self, wrapped: Any, session: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The question by which newer servers are found; it goes past the others' way."""
        exchange = self._open(session, lambda: Asked("server/discover"))
        if exchange is None:
            return wrapped(*args, **kwargs)
        return self._ask(session, exchange, lambda: wrapped(*args, **kwargs))

    def around_enter(self, wrapped: Any, session: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The session begins."""
        with suppress(TypeError):  # one that cannot be remembered
            self._started_s[session] = time.perf_counter()
        return wrapped(*args, **kwargs)

    def around_exit(self, wrapped: Any, session: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """The session ends."""
        try:
            started_s = self._started_s.pop(session, None)
            if started_s is not None:
                peer = self._look(session)
                labels: dict[str, Any] = {**peer.network(), **peer.place()}
                if args and isinstance(args[0], type) and issubclass(args[0], Exception):
                    labels[genai.ERROR_TYPE] = args[0].__qualname__
                measure(table.MCP_CLIENT_SESSION, labels, time.perf_counter() - started_s)
        except Exception as error:
            FAULTS.note("integrations.mcp.session", error)
        return wrapped(*args, **kwargs)

    def _open(self, session: Any, read: Callable[[], Asked]) -> Exchange | None:
        try:
            asked = read()
            if asked.method in UNTOLD:
                return None
            return self._exchanges.open(asked, self._look(session), SpanKind.CLIENT)
        except Exception as error:
            FAULTS.note("integrations.open", error)
            return None

    async def _ask(self, session: Any, exchange: Exchange, ask: Ask) -> Any:
        try:
            with exchange.current():
                result = await ask()
        except BaseException as error:
            self._look(session)
            exchange.fail(error)
            raise
        peer = self._look(session)
        if exchange.asked.method == "initialize":
            peer.protocol_version = read_version(result)
        exchange.finish(result)
        return result

    def _look(self, session: Any) -> Peer:
        """What is known by now of the session's server."""
        peer = Peer()
        try:
            peer = self._peers.setdefault(session, peer)
            writer = getattr(session, "_write_stream", None)
            if writer is None:
                writer = getattr(getattr(session, "_dispatcher", None), "_write_stream", None)
            self._transports.fill(peer, writer)
            peer.protocol_version = getattr(session, "protocol_version", None) or peer.protocol_version
        except Exception as error:
            FAULTS.note("integrations.mcp.session", error)
        return peer


def _with_trace(request: Any) -> Any:
    """In version 1 the trace is ours to send along; from 2 on the SDK does it."""
    if not hasattr(request, "root"):
        return request
    try:
        carrier: dict[str, str] = {}
        inject(carrier)
        return add_meta(request, carrier)
    except Exception as error:
        FAULTS.note("integrations.mcp.meta", error)
        return request
