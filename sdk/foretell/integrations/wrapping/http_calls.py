"""Tells of HTTP requests that an agent makes, by spans, and sends the run along with them."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from opentelemetry.context import Context, attach, get_current, set_value
from opentelemetry.instrumentation.utils import is_instrumentation_enabled
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

from foretell.errors import FAULTS
from foretell.integrations.wrapping.around import find_around
from foretell.integrations.wrapping.carrying import send_along
from foretell.integrations.wrapping.model_calls import SCOPE
from foretell.model.kinds import Kind
from foretell.semconv import genai

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from foretell.integrations.integration import Wiring

METHOD, STATUS = "http.request.method", "http.response.status_code"
SENDING = "foretell.sending"
"""In the context while a request is made: a redirect is part of it, and no request of its own."""
_MODELS = (Kind.LLM, Kind.EMBEDDINGS)


class HttpCalls:
    """Opens a span for each request of an agent."""

    def __init__(self, wiring: Wiring) -> None:
        """Tell what happens inside runs; a model client's own requests are told as model calls already."""
        self._tracer = wiring.tracer_provider.get_tracer(SCOPE)
        self._foreign = wiring.foreign

    def open(self, method: str, url: Any, headers: Any) -> HttpCall | None:
        """Begin a request and add the trace to its headers; None for one that is not an agent's."""
        try:
            # Exporters of others ask not to be told of.
            is_told = not get_current().get(SENDING) and is_instrumentation_enabled()
            around = find_around(self._foreign) if is_told else None
            if around is None or around.kind in _MODELS:
                return None
            # Neither path nor query: keys stand in both.
            parts = urlsplit(str(url))
            about: dict[str, Any] = {
                METHOD: method,
                genai.SERVER_ADDRESS: parts.hostname,
                genai.SERVER_PORT: parts.port,
            }
            told = {name: value for name, value in about.items() if value is not None}
            span = self._tracer.start_span(f"{method} {parts.hostname}", kind=SpanKind.CLIENT, attributes=told)
            return HttpCall(span, headers) if span.get_span_context().is_valid else None
        except Exception as error:
            FAULTS.note("integrations.open", error)
            return None


class HttpCall:
    """One request; current inside its `with`, which ends it. Nothing here raises."""

    def __init__(self, span: Span, headers: Any) -> None:
        """Tell of it by `span`, and have `headers` carry the run."""
        self._span = span
        self._inside = set_value(SENDING, True, set_span_in_context(span))
        self._outside: Context | None = None
        with self:
            send_along(headers)

    def __enter__(self) -> None:
        self._outside = get_current()
        attach(self._inside)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._outside is not None:
            attach(self._outside)
        if error is not None:
            self.fail(error)

    def answered(self, response: Any) -> Any:
        """The same response, which is told of."""
        self.answer(response.status_code)
        return response

    def answer(self, status: int) -> None:
        """The server has answered."""
        self._span.set_attribute(STATUS, status)
        if status >= 400:
            self._span.set_attribute(genai.ERROR_TYPE, str(status))
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()

    def fail(self, error: BaseException) -> None:
        """No answer came. Only the error's name is told: its text has the address, and keys stand there."""
        self._span.set_attribute(genai.ERROR_TYPE, f"{type(error).__module__}.{type(error).__qualname__}")
        if isinstance(error, Exception):  # what was cancelled has not failed
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()
