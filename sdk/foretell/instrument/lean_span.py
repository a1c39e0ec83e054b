"""A span that is a view of its operation: no locks, no copies, nothing computed before somebody asks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import Event as OtelEvent
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link as OtelLink
from opentelemetry.trace import Span, SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

from foretell.model.facts import ErrorFacts, Event, Link
from foretell.semconv import encode

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource

    from foretell.instrument.operation import Operation

UNNAMED_ERROR = "_OTHER"
"""The conventions' `error.type` where nothing better is known."""
SCOPE = InstrumentationScope("foretell")


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
        call = self.operation
        if not self.is_recording():
            return
        call.add_event(name, **{str(key): value for key, value in (attributes or {}).items()})
        if timestamp is not None and call.events:
            last = call.events[-1]
            call.events[-1] = Event(last.name, timestamp, last.fields)

    def add_link(self, context: SpanContext, attributes: Any = None) -> None:  # as the API has it
        """Point to another span."""
        if self.is_recording() and context.is_valid:
            link = Link(context.trace_id, context.span_id, dict(attributes or {}))
            self.operation.links = [*(self.operation.links or ()), link]

    def update_name(self, name: str) -> None:
        """Give the operation another name."""
        if self.is_recording():
            self.operation.name = name

    def is_recording(self) -> bool:
        """True until the operation ends."""
        return self.operation.end_ns is None

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        """An ERROR makes the operation end as failed; an exception that ends it later says so better."""
        told = status if isinstance(status, Status) else Status(status, description)
        if self.is_recording() and told.status_code is StatusCode.ERROR:
            self.operation.error = ErrorFacts(UNNAMED_ERROR, told.description or "")

    def record_exception(
        self,
        exception: BaseException,
        attributes: Any = None,  # as the API has it
        timestamp: int | None = None,
        escaped: bool = False,
    ) -> None:
        """Record an error that the program handled itself."""
        self.operation.record_error(exception)

    def end(self, end_time: int | None = None) -> None:
        """End the operation, if the program ends its span by hand."""
        self.operation.finish()

    # -- what processors and exporters read ----------------------------------------------------------------------

    @property
    def context(self) -> SpanContext:
        """Trace id, span id, flags and state."""
        return self.get_span_context()

    @property
    def name(self) -> str:
        """The conventions' name for this operation."""
        return encode.span_name(self.operation)

    @property
    def kind(self) -> SpanKind:
        """CLIENT for what leaves the process, INTERNAL for the rest."""
        return SpanKind[encode.span_kind(self.operation).upper()]

    @property
    def parent(self) -> SpanContext | None:
        """The span around this one."""
        call = self.operation
        if call.parent_id is None:
            return None
        return SpanContext(call.trace_id, call.parent_id, call.parent_is_remote, TraceFlags(call.trace_flags))

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
        """ERROR on failure, else what the program set, else unset."""
        code, text = encode.span_status(self.operation)
        return Status(StatusCode.ERROR, text) if code == encode.ERROR else Status()

    @property
    def attributes(self) -> dict[str, Any]:  # any attribute values
        """Everything known, under the conventions' names."""
        return encode.span_attributes(self.operation)

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
        return 0

    @property
    def dropped_events(self) -> int:
        """How many events were over the limit."""
        return 0

    @property
    def dropped_links(self) -> int:
        """How many links were over the limit."""
        return 0

    @property
    def resource(self) -> Resource:
        """Who recorded it."""
        return self._of

    @property
    def instrumentation_scope(self) -> InstrumentationScope:
        """Foretell's own."""
        return SCOPE
