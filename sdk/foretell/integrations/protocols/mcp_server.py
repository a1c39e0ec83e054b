"""The server's side: what it is asked, as part of the trace of whoever asks, and how long a session lives."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from opentelemetry.context import Context
from opentelemetry.propagate import extract
from opentelemetry.trace import SpanKind, get_current_span

from foretell.errors import FAULTS
from foretell.integrations.protocols import mcp_names
from foretell.integrations.protocols.mcp_exchanges import Exchange, Exchanges, measure
from foretell.integrations.protocols.mcp_requests import (
    UNTOLD,
    Asked,
    Peer,
    describe,
    read_code,
    read_meta,
    read_request,
    read_version,
)
from foretell.integrations.protocols.mcp_transports import Transports, find_key
from foretell.semconv import genai
from foretell.semconv import metrics as table

if TYPE_CHECKING:
    from collections.abc import Mapping

_peer: ContextVar[Peer | None] = ContextVar("foretell_mcp_peer", default=None)
"""The client of the session that is served here."""


class ServerSessions:
    """Wraps the methods of servers."""

    def __init__(self, exchanges: Exchanges, transports: Transports) -> None:
        """Tell by `exchanges`; `transports` know the way to a client."""
        self._exchanges = exchanges
        self._transports = transports
        self._served: WeakKeyDictionary[Any, Peer] = WeakKeyDictionary()

    async def around_session(self, wrapped: Any, server: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Serve one client, from its connecting to its end."""
        streams = args if server is not None else args[1:]
        peer = Peer(is_server=False)
        writer = kwargs.get("write_stream", streams[1] if len(streams) > 1 else None)
        self._transports.fill(peer, writer)
        with suppress(TypeError):  # one that cannot be remembered
            self._served[find_key(writer)] = peer
        before, started_s, failed = _peer.get(), time.perf_counter(), {}
        _peer.set(peer)
        try:
            return await wrapped(*args, **kwargs)
        except Exception as error:
            failed[genai.ERROR_TYPE] = type(error).__qualname__
            raise
        finally:
            measure(table.MCP_SERVER_SESSION, {**peer.network(), **failed}, time.perf_counter() - started_s)
            _peer.set(before)

    async def around_request(self, wrapped: Any, server: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Version 1: a request that a handler of the program answers."""
        responder = args[0] if args else None
        exchange = self._open_responder(responder)
        if exchange is None:
            return await wrapped(*args, **kwargs)
        return await _await(exchange, wrapped, args, kwargs)

    async def around_handshake(self, wrapped: Any, session: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Version 1: a request that the session answers itself, before any handler sees it."""
        responder = args[0] if args else None
        request = getattr(getattr(responder, "request", None), "root", None)
        exchange = self._open_responder(responder) if getattr(request, "method", "") == "initialize" else None
        if exchange is None:
            return await wrapped(*args, **kwargs)
        return await _await(exchange, wrapped, args, kwargs)

    async def around_message(self, wrapped: Any, middleware: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """From version 2 on: any message, where the SDK would make a span of its own."""
        exchange = self._open_message(args[0]) if args else None
        return await (wrapped(*args, **kwargs) if exchange is None else _answer(exchange, wrapped, args, kwargs))

    async def around_question(self, wrapped: Any, session: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """From version 2 on: what a server asks its client."""
        exchange = self._open_question(*args) if len(args) == 3 else None
        return await (wrapped(*args, **kwargs) if exchange is None else _answer(exchange, wrapped, args, kwargs))

    def _open_responder(self, responder: Any) -> Exchange | None:
        try:
            asked = read_request(responder.request)
            request = getattr(responder.message_metadata, "request_context", None)
            peer = find_peer(request, _peer.get() or Peer(is_server=False))
            # A session's task was begun by its first request: what is current there is nothing to later ones.
            context = find_trace(responder.request_meta, getattr(request, "headers", None))
            exchange = self._open(asked, peer, responder.request_id, context)
            if exchange is not None:
                _listen(responder, exchange)
            return exchange
        except Exception as error:
            FAULTS.note("integrations.open", error)
            return None

    def _open_message(self, context: Any) -> Exchange | None:
        try:
            if context.request_id is None:
                return None
            session = self._find_session(context.session)
            session.protocol_version = context.protocol_version
            peer = find_peer(context.request, session)
            asked = describe(context.method, context.params)
            return self._open(asked, peer, context.request_id, find_trace(context.meta))
        except Exception as error:
            FAULTS.note("integrations.open", error)
            return None

    def _open_question(self, context: Any, method: str, params: Any) -> Exchange | None:
        try:
            meta = params.get("_meta") if params else None
            return self._open(describe(method, params), Peer(is_server=False), context.request_id, find_trace(meta))
        except Exception as error:
            FAULTS.note("integrations.open", error)
            return None

    def _find_session(self, session: Any) -> Peer:
        """From version 2 on handlers run where the message was read, and not inside the session."""
        channel = getattr(session, "_request_outbound", None)
        channel = getattr(channel, "_inner", channel)
        writer = getattr(getattr(channel, "_dispatcher", None), "_write_stream", None)
        found = self._served.get(find_key(writer)) if writer is not None else _peer.get()
        return found or Peer(is_server=False)

    def _open(self, asked: Asked, peer: Peer, request_id: Any, context: Context | None) -> Exchange | None:
        if asked.method in UNTOLD:
            return None
        exchange = self._exchanges.open(asked, peer, SpanKind.SERVER, context)
        if exchange is not None:
            exchange.span.set_attribute(mcp_names.REQUEST_ID, str(request_id))
        return exchange


def find_trace(meta: Any, headers: Mapping[str, str] | None = None) -> Context | None:
    """The trace and the run that a request carries; None where it carries none, and what is current here holds.

    With `headers` nothing that is current here counts: where `_meta` has no trace, they may.
    """
    carried = extract(read_meta(meta), None if headers is None else Context())
    if get_current_span(carried).get_span_context().is_valid:
        return carried
    return None if headers is None else extract(headers, Context())


def find_peer(request: Any, session: Peer) -> Peer:
    """Who has sent a request, by the session it came in and by the HTTP request that brought it."""
    headers = getattr(request, "headers", None)
    if headers is not None:
        session.transport, session.protocol = "tcp", "http"
    peer = replace(session)
    if headers is None:
        return peer
    peer.session_id = headers.get("mcp-session-id")
    peer.http_version = request.scope.get("http_version")
    if request.client is not None:
        peer.address, peer.port = request.client.host, request.client.port
    return peer


def _listen(responder: Any, exchange: Exchange) -> None:
    """Hear what a request of version 1 is answered; only the responder is told."""
    respond = responder.respond

    async def note(response: Any) -> Any:
        try:
            _hear(response, exchange)
        except Exception as error:
            FAULTS.note("integrations.finish", error)
        return await respond(response)

    responder.respond = note


def _hear(response: Any, exchange: Exchange) -> None:
    code = read_code(response)
    if code is not None:
        exchange.refuse(code, str(response.message))
        return
    result = getattr(response, "root", response)
    if exchange.asked.method == "initialize":
        exchange.peer.protocol_version = read_version(result)
        session = _peer.get()
        if session is not None:
            session.protocol_version = exchange.peer.protocol_version
    exchange.finish(result)


async def _answer(exchange: Exchange, wrapped: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """What comes back is the answer."""
    result = await _handle(exchange, wrapped, args, kwargs)
    exchange.finish(result)
    return result


async def _await(exchange: Exchange, wrapped: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A handler's own errors are answers; what comes out here ended the request itself."""
    result = await _handle(exchange, wrapped, args, kwargs)
    exchange.fail(asyncio.CancelledError())  # without an answer, it was given up; with one, this changes nothing
    return result


async def _handle(exchange: Exchange, wrapped: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    try:
        with exchange.current():
            return await wrapped(*args, **kwargs)
    except BaseException as error:
        exchange.fail(error)
        raise
