"""One request and its answer: told by a span and measured, on the side that asks and on the side that answers."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from opentelemetry.context import attach, detach, get_current, set_value
from opentelemetry.trace import INVALID_SPAN, SpanKind, Status, StatusCode, set_span_in_context

from foretell.errors import FAULTS
from foretell.export.metrics.measures import MEASURES
from foretell.integrations.protocols import mcp_names
from foretell.integrations.protocols.mcp_requests import TOOL_CALL, Asked, Peer, is_tool_error, read_code
from foretell.integrations.wrapping.contents import write_content
from foretell.integrations.wrapping.http_calls import SENDING
from foretell.integrations.wrapping.model_calls import SCOPE
from foretell.semconv import genai
from foretell.semconv import metrics as table

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Span

    from foretell.integrations.integration import Wiring
    from foretell.semconv.table import Metric

_OPERATION = {SpanKind.CLIENT: table.MCP_CLIENT_OPERATION, SpanKind.SERVER: table.MCP_SERVER_OPERATION}
_told: ContextVar[Exchange | None] = ContextVar("foretell_mcp_exchange", default=None)


class Exchanges:
    """Opens what is told of requests."""

    def __init__(self, wiring: Wiring) -> None:
        """Tell by the tracers in `wiring`."""
        self._tracer = wiring.tracer_provider.get_tracer(SCOPE)
        self._has_content = wiring.has_content

    def open(self, asked: Asked, peer: Peer, kind: SpanKind, context: Context | None = None) -> Exchange | None:
        """Begin to tell of a request, below what is current in `context`; None where a fault of ours keeps us from it."""
        try:
            around = context if context is not None else get_current()
            about: dict[str, Any] = asked.labels()
            if asked.uri:
                about[mcp_names.RESOURCE_URI] = asked.uri
            if self._has_content and asked.method == TOOL_CALL and asked.arguments is not None:
                about[genai.TOOL_ARGUMENTS] = write_content(asked.arguments)
            span = self._tracer.start_span(asked.span_name, around, kind, about)
            return Exchange(asked, peer, kind, span, around, has_content=self._has_content)
        except Exception as error:
            FAULTS.note("integrations.open", error)
            return None


class Exchange:
    """A request that waits for its answer. Nothing here raises."""

    def __init__(
        self, asked: Asked, peer: Peer, kind: SpanKind, span: Span, around: Context, *, has_content: bool
    ) -> None:
        """Tell of it by `span`, which stands in `around`."""
        self.asked = asked
        self.kind = kind
        self.span = span
        self.peer = peer
        self.is_silenced = False
        """True once the SDK's own span of the same request was left out."""
        self._around = around
        self._has_content = has_content
        self._started_s = time.perf_counter()
        self._labels: dict[str, Any] = asked.labels()
        self._has_ended = False

    @contextmanager
    def current(self) -> Iterator[None]:
        """Have what happens in a block stand inside it."""
        # The SDK may run a handler where a transport has read the message: the handler's own requests are its own.
        inside = set_value(SENDING, False, set_span_in_context(self.span, self._around))
        token, before = attach(inside), _told.get()
        _told.set(self)
        try:
            yield
        finally:
            _told.set(before)
            detach(token)

    def finish(self, result: Any) -> None:
        """It was answered."""
        self._end_with(lambda: self._tell_result(result))

    def refuse(self, code: int, message: str) -> None:
        """It was answered with an error of the protocol."""
        self._end_with(lambda: self._tell_code(code, message))

    def fail(self, error: BaseException) -> None:
        """It has failed, or was given up."""
        self._end_with(lambda: self._tell_error(error))

    def _end_with(self, tell: Callable[[], None]) -> None:
        """Say how it ended, and what is known of the other end by now; only the first ending counts."""
        if self._has_ended:
            return
        self._has_ended = True
        for part in (tell, self._tell_peer, self._measure):
            try:
                part()
            except Exception as error:
                FAULTS.note("integrations.finish", error)
        self.span.end()

    def _tell_result(self, result: Any) -> None:
        if is_tool_error(result):
            self._mark(mcp_names.TOOL_ERROR)
            self.span.set_status(Status(StatusCode.ERROR))
        if self._has_content and self.asked.method == TOOL_CALL and result is not None:
            self.span.set_attribute(genai.TOOL_RESULT, write_content(result))

    def _tell_code(self, code: int, message: str) -> None:
        self._labels[mcp_names.STATUS_CODE] = str(code)
        self.span.set_attribute(mcp_names.STATUS_CODE, str(code))
        if self.kind is SpanKind.CLIENT or code not in mcp_names.ASKED_WRONGLY:
            self._mark(str(code))
            self.span.set_status(Status(StatusCode.ERROR, message))

    def _tell_error(self, error: BaseException) -> None:
        code = read_code(error)
        if code is not None:
            self._tell_code(code, str(error))
            return
        self._mark(type(error).__qualname__)
        if isinstance(error, Exception):  # what was cancelled has not failed
            self.span.record_exception(error)
            self.span.set_status(Status(StatusCode.ERROR, str(error)))

    def _tell_peer(self) -> None:
        """Last of all: a session's id comes with the first answer."""
        self.span.set_attributes({**self.peer.network(), **self.peer.place()})
        if self.peer.session_id is not None:
            self.span.set_attribute(mcp_names.SESSION_ID, self.peer.session_id)

    def _measure(self) -> None:
        place = self.peer.place() if self.kind is SpanKind.CLIENT else {}
        labels = {**self._labels, **self.peer.network(), **place}
        measure(_OPERATION[self.kind], labels, time.perf_counter() - self._started_s)

    def _mark(self, error_type: str) -> None:
        self._labels[genai.ERROR_TYPE] = error_type
        self.span.set_attribute(genai.ERROR_TYPE, error_type)


def measure(metric: Metric, labels: dict[str, Any], seconds: float) -> None:
    """Add a duration to our metrics."""
    MEASURES.take(metric, tuple(labels.items()), seconds)


def silence(wrapped: Any, tracer: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> AbstractContextManager[Any]:
    """From version 2 on the SDK makes spans itself: leave out the one of a request that we tell of, and note its id."""
    exchange = _told.get()
    about = kwargs.get("attributes") or {}
    if exchange is None or exchange.is_silenced or about.get(mcp_names.METHOD) != exchange.asked.method:
        made: AbstractContextManager[Any] = wrapped(*args, **kwargs)
        return made
    exchange.is_silenced = True
    if mcp_names.REQUEST_ID in about:
        exchange.span.set_attribute(mcp_names.REQUEST_ID, about[mcp_names.REQUEST_ID])
    return nullcontext(INVALID_SPAN)
