"""A span that is a view of its operation: no locks, no copies, nothing computed before somebody asks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from opentelemetry.sdk.trace import Event as OtelEvent
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link as OtelLink
from opentelemetry.trace import Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from foretell.instrument.endings import describe_error
from foretell.instrument.otel.finished_span import FinishedSpan
from foretell.instrument.otel.limits import put_event, put_link
from foretell.instrument.work.completing import facts_of
from foretell.model.facts import ErrorFacts
from foretell.semconv import encode
from foretell.version import __version__

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

    from foretell.instrument.operation import Operation

T = TypeVar("T")
UNNAMED_ERROR = "_OTHER"
"""The conventions' `error.type` where nothing better is known."""
SCOPE = InstrumentationScope("foretell", __version__)


class LeanSpan(Span, ReadableSpan):
    """The span of an operation, for OpenTelemetry's API, processors and exporters."""

    def __init__(self, operation: Operation, resource: Resource) -> None:  # ReadableSpan's own would copy
        """Show `operation` as a span."""
        self.operation = operation
        self._of = resource
        self._seen: SpanContext | None = None

    # -- what the program may do to it ---------------------------------------------------------------------------

    def get_span_context(self) -> SpanContext:
        """Trace id, span id, flags and state."""
        if self._seen is None:
            call = self.operation
            state = TraceState.from_header([call.trace_state]) if call.trace_state else None
            self._seen = SpanContext(call.trace_id, call.span_id, False, TraceFlags(call.trace_flags), state)
        return self._seen

    def set_attribute(self, key: str, value: Any) -> None:  # any attribute value
        """Add one attribute to the operation."""
        self.operation.set_attribute(key, value)

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:  # any attribute values
        """Add attributes to the operation."""
        for key, value in attributes.items():
            self.operation.set_attribute(key, value)

    def add_event(self, name: str, attributes: Any = None, timestamp: int | None = None) -> None:  # as the API has it
        """Add a named moment to the operation."""
        if self.is_recording():
            put_event(self.operation, name, dict(attributes or {}), timestamp or self.operation.now_ns)

    def add_link(self, context: SpanContext, attributes: Any = None) -> None:  # as the API has it
        """Point to another span."""
        if self.is_recording() and context.is_valid:
            put_link(self.operation, context.trace_id, context.span_id, dict(attributes or {}))

    def update_name(self, name: str) -> None:
        """Show the span under another name; the operation, its metrics and its agent keep theirs."""
        if self.is_recording():
            self.operation.title = name

    def is_recording(self) -> bool:
        """True until the operation ends, sampled or not: the store keeps it either way."""
        return self.operation.end_ns is None

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """An ERROR makes the operation end as failed, OK takes that back; an exception that ends it has the last word."""
        told = status if isinstance(status, Status) else Status(status, description)
        call = self.operation
        if not self.is_recording():
            return
        if told.status_code is StatusCode.OK:
            call.error = None
        elif told.status_code is StatusCode.ERROR:
            noted = call.noted or ErrorFacts(UNNAMED_ERROR)
            # The stack stands in the event that was recorded with it.
            call.error = ErrorFacts(noted.type, told.description or noted.message)

    def record_exception(
        self,
        exception: BaseException,
        attributes: Any = None,  # as the API has it
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Note an exception as an event. It makes nothing fail: `set_status` or an exception that gets out does."""
        if not self.is_recording():
            return
        call = self.operation
        call.noted = noted = describe_error(exception, with_stack=True)
        fields = {**encode.exception_fields(noted), **(attributes or {})}
        put_event(call, "exception", fields, timestamp or call.now_ns)

    def end(self, end_time: int | None = None) -> None:
        """End the operation, if the program ends its span by hand."""
        self.operation.finish(end_ns=end_time)

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_val: BaseException | None, exc_tb: TracebackType | None
    ) -> None:
        """End the operation with the block; an exception that leaves the block makes it fail."""
        if exc_val is None:
            self.operation.finish()
        else:
            self.operation.fail(exc_val)

    # -- what processors and exporters read ----------------------------------------------------------------------

    @property
    def context(self) -> SpanContext:
        """Trace id, span id, flags and state."""
        return self.get_span_context()

    @property
    def name(self) -> str:
        """The conventions' name for this operation."""
        return self._read(encode.span_name)

    @property
    def kind(self) -> SpanKind:
        """CLIENT for what leaves the process, INTERNAL for the rest."""
        return SpanKind[self._read(encode.span_kind).upper()]

    @property
    def parent(self) -> SpanContext | None:
        """The span around this one."""
        call = self.operation
        if call.parent_id is None:
            return None
        return SpanContext(call.trace_id, call.parent_id, bool(call.parent_is_remote), TraceFlags(call.trace_flags))

    @property
    def start_time(self) -> int | None:
        """Unix nanoseconds."""
        return self.operation.start_ns

    @property
    def end_time(self) -> int | None:
        """Unix nanoseconds; None while it runs."""
        return self.operation.end_ns

    @property
    def status(self) -> Status:
        """ERROR on failure, else unset."""
        call = self.operation
        if call.end_ns is None:
            return Status(StatusCode.ERROR, call.error.message) if call.error is not None else Status()
        code, text = encode.span_status(call)
        return Status(StatusCode.ERROR, text) if code == encode.ERROR else Status()

    @property
    def attributes(self) -> dict[str, Any]:  # any attribute values
        """Everything known, under the conventions' names."""
        return self._read(encode.span_attributes)

    @property
    def events(self) -> Sequence[OtelEvent]:
        """Named moments and the exception, if any."""
        return [OtelEvent(e.name, e.fields, e.time_ns) for e in encode.span_events(self.operation)]

    @property
    def links(self) -> Sequence[OtelLink]:
        """Pointers to other spans."""
        links = self.operation.links or ()
        return [OtelLink(SpanContext(n.trace_id, n.span_id, True), n.fields) for n in links]

    @property
    def dropped_attributes(self) -> int:
        """How many attributes were over the limit."""
        return (self.operation.dropped or (0, 0, 0))[0]

    @property
    def dropped_events(self) -> int:
        """How many events were over the limit."""
        return (self.operation.dropped or (0, 0, 0))[1]

    @property
    def dropped_links(self) -> int:
        """How many links were over the limit."""
        return (self.operation.dropped or (0, 0, 0))[2]

    @property
    def resource(self) -> Resource:
        """Who recorded it."""
        return self._of

    @property
    def instrumentation_scope(self) -> InstrumentationScope:
        """Foretell's own."""
        return SCOPE

    def to_json(self, indent: int | None = 4) -> str:
        """The span as JSON, as the official console exporter prints it."""
        return str(self.freeze().to_json(indent))

    def freeze(self, context_limit: int | None = None) -> FinishedSpan:
        """The span as it is now, independent of the operation: what processors are given at its end."""
        return FinishedSpan(self, self._read(lambda call: encode.span_attributes(call, context_limit)))

    def _read(self, read: Callable[[Operation], T]) -> T:
        """Read from the operation; while it is open its facts are made for this look only, later more is known."""
        call = self.operation
        if call.end_ns is not None or call.facts is not None:
            return read(call)
        call.facts = facts_of(call)
        try:
            return read(call)
        finally:
            call.facts = None
