"""The OpenTelemetry side of an operation: our own lean span, or one of the application's provider."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from opentelemetry import baggage
from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    Span,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    Tracer,
    get_current_span,
    set_span_in_context,
)

from foretell.instrument.completing import facts_of
from foretell.instrument.lean_span import LeanSpan
from foretell.instrument.operation import RUN_ID, Operation
from foretell.semconv import encode

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.sdk.trace.sampling import Sampler

(SPAN_KEY,) = set_span_in_context(INVALID_SPAN, Context())
"""Where OpenTelemetry keeps the current span in a context, learned through its public API."""
_BAGGAGE_ROOT = Context()
OTEL_KIND = {
    "internal": SpanKind.INTERNAL,
    "client": SpanKind.CLIENT,
    "server": SpanKind.SERVER,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}


class Spans(Protocol):
    """Gives each operation its trace, its parent and its span."""

    def start(self, operation: Operation, outer: Context, parent: Operation | None) -> dict[str, Any]:
        """Fill the operation's ids and span; return the values of the context in which it is current."""

    def end(self, operation: Operation) -> None:
        """Take note of the end on the caller's thread; what can wait waits for the worker."""


def _carry_run(operation: Operation, outer: Context, parent: Operation | None) -> dict[str, Any]:
    if parent is None:
        return dict(baggage.set_baggage(RUN_ID, operation.run_id, outer))
    return dict(outer)


class OwnSpans:
    """Where Foretell owns the provider: lean spans, made with what the operation knows already."""

    def __init__(
        self,
        resource: Resource,
        *,
        sampler: Sampler | None = None,
        processors: list[SpanProcessor] | None = None,
        is_private: bool = False,
    ) -> None:
        """Sample by `sampler` (None: keep all); tell `processors`; stay out of the shared context if private."""
        self.resource = resource
        self.processors = processors if processors is not None else []
        self.sampler = sampler
        self._is_private = is_private

    def start(self, operation: Operation, outer: Context, parent: Operation | None) -> dict[str, Any]:
        """Fill the operation's ids and span; return the values of the context in which it is current."""
        span = None if self._is_private else outer.get(SPAN_KEY)
        if parent is not None and (span is parent.span or span is None):
            operation.trace_id = parent.trace_id
            operation.parent_id = parent.span_id
            operation.trace_flags = parent.trace_flags
            operation.trace_state = parent.trace_state
        elif isinstance(span, Span) and (context := span.get_span_context()).is_valid:
            operation.trace_id = context.trace_id
            operation.parent_id = context.span_id
            operation.trace_flags = int(context.trace_flags)
            operation.trace_state = context.trace_state.to_header()
            operation.parent_is_remote = context.is_remote
        else:
            operation.trace_id = operation.runtime.ids.bits(128) or 1
        if self.sampler is not None:
            self._sample(operation, outer)
        operation.span = span = LeanSpan(operation, self.resource)
        values = _carry_run(operation, outer, parent)
        if not self._is_private:
            values[SPAN_KEY] = span
        for processor in self.processors:
            processor.on_start(span, outer)  # type: ignore[arg-type]  # a LeanSpan has all that a processor may use
        return values

    def _sample(self, operation: Operation, outer: Context) -> None:
        operation.facts = facts_of(operation)
        result = self.sampler.should_sample(  # type: ignore[union-attr]  # asked above
            outer,
            operation.trace_id,
            encode.span_name(operation),
            OTEL_KIND[encode.span_kind(operation)],
            encode.start_attributes(operation),
            (),
        )
        operation.facts = None  # made anew at the end, when more is known
        operation.trace_flags = int(TraceFlags.SAMPLED if result.decision.is_sampled() else TraceFlags.DEFAULT)
        if result.trace_state:
            operation.trace_state = result.trace_state.to_header()
        if result.attributes:
            operation.attributes = dict(result.attributes)

    def end(self, operation: Operation) -> None:
        """Processors and export get the span from the worker; where there is no processor, nobody needs it any more."""
        if not self.processors:
            operation.span = None


class AttachedSpans:
    """Where the application has a provider of its own: its spans are used, and ended on the caller's thread."""

    def __init__(self, tracer: Callable[[], Tracer], refine: Callable[[Sequence[Operation]], None]) -> None:
        """Use what `tracer` gives at each call; `refine` prices and redacts before a span is ended."""
        self._tracer = tracer
        self._refine = refine

    def start(self, operation: Operation, outer: Context, parent: Operation | None) -> dict[str, Any]:
        """Fill the operation's ids and span; return the values of the context in which it is current."""
        above = get_current_span(outer).get_span_context()
        operation.facts = facts_of(operation)
        operation.span = span = self._tracer().start_span(
            encode.span_name(operation),
            outer,
            OTEL_KIND[encode.span_kind(operation)],
            encode.start_attributes(operation),
            start_time=operation.start_ns,
            record_exception=False,
            set_status_on_exception=False,
        )
        operation.facts = None  # made anew at the end, when more is known
        context = span.get_span_context()
        operation.trace_flags = int(context.trace_flags)
        operation.trace_id = context.trace_id or (parent.trace_id if parent else operation.runtime.ids.bits(128))
        operation.span_id = context.span_id or operation.id
        if above.is_valid:
            operation.parent_id = above.span_id
            operation.parent_is_remote = above.is_remote
        elif parent is not None:
            operation.parent_id = parent.span_id
        values = _carry_run(operation, outer, parent)
        values[SPAN_KEY] = span
        return values

    def end(self, operation: Operation) -> None:
        """End the application's span now: its provider may be shut down before the worker's next tick."""
        span = operation.span
        if span is None:
            return
        self._refine([operation])
        if span.is_recording():
            span.set_attributes(encode.span_attributes(operation))
            for event in encode.span_events(operation):
                span.add_event(event.name, event.fields, event.time_ns)
            code, text = encode.span_status(operation)
            if code == encode.ERROR:
                span.set_status(Status(StatusCode.ERROR, text))
        span.end(operation.end_ns)
        operation.span = None
