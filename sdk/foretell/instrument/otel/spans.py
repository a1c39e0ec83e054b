"""The OpenTelemetry side of an operation: here our own lean span, in `attached` one of the application's provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from opentelemetry.context import Context
from opentelemetry.trace import (
    INVALID_SPAN,
    Span,
    SpanContext,
    SpanKind,
    TraceFlags,
    set_span_in_context,
)

from foretell.errors import FAULTS
from foretell.instrument.operation import BAGGAGE_KEY, PRIVATE_PARENT, RUN_ID, Operation
from foretell.instrument.otel.foreign_call import adopt_operation
from foretell.instrument.otel.lean_span import LeanSpan
from foretell.instrument.work.completing import facts_of
from foretell.semconv import encode

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.sdk.trace.sampling import Sampler

    from foretell.instrument.otel.foreign import ForeignSpans

(SPAN_KEY,) = set_span_in_context(INVALID_SPAN, Context())
"""Where OpenTelemetry keeps the current span in a context, learned through its public API."""
OTEL_KIND = {
    "internal": SpanKind.INTERNAL,
    "client": SpanKind.CLIENT,
    "server": SpanKind.SERVER,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}


class Spans(Protocol):
    """Gives each operation its trace, its parent and its span."""

    foreign: ForeignSpans | None
    """Who takes in spans of others."""

    def start(self, operation: Operation, outer: Context, parent: Operation | None) -> dict[str, Any]:
        """Fill the operation's ids and span; return the values of the context in which it is current."""

    def end(self, operation: Operation) -> None:
        """Take note of the end on the caller's thread; what can wait waits for the worker."""


def carry_run(operation: Operation, outer: Context) -> dict[str, Any]:
    """The values of the context inside an operation with which a run begins: its id is put into the baggage."""
    held: Any = outer.get(BAGGAGE_KEY) or {}
    return {**outer, BAGGAGE_KEY: {**held, RUN_ID: operation.run_id}}


def take_parent(operation: Operation, above: SpanContext, foreign: ForeignSpans | None) -> None:
    """Put the operation under a span that is not our parent operation's: the application's, or another process's."""
    operation.parent_id = above.span_id
    operation.parent_is_remote = above.is_remote
    place = foreign.find(above.span_id) if foreign is not None else None
    if place is not None:
        adopt_operation(operation, place)


class OwnSpans:
    """Where Foretell owns the provider: lean spans, made with what the operation knows already."""

    def __init__(
        self,
        resource: Resource,
        *,
        sampler: Sampler | None = None,
        processors: list[SpanProcessor] | None = None,
        is_private: bool = False,
        foreign: ForeignSpans | None = None,
    ) -> None:
        """Sample by `sampler` (None: keep all); tell `processors`; stay out of the shared context if private."""
        self.resource = resource
        self.processors = processors if processors is not None else []
        self.sampler = sampler
        self.foreign = foreign
        self.is_private = is_private
        self._parent_key = PRIVATE_PARENT if is_private else SPAN_KEY

    def start(self, operation: Operation, outer: Context, parent: Operation | None) -> dict[str, Any]:
        """Fill the operation's ids and span; return the values of the context in which it is current."""
        span = outer.get(self._parent_key)
        if parent is not None and (span is parent.span or span is None or self.is_private):
            operation.trace_id = parent.trace_id
            operation.parent_id = parent.span_id
            operation.trace_flags = parent.trace_flags
            operation.trace_state = parent.trace_state
        elif isinstance(span, Span) and (context := span.get_span_context()).is_valid:
            operation.trace_id = context.trace_id
            operation.trace_flags = int(context.trace_flags)
            operation.trace_state = context.trace_state.to_header()
            take_parent(operation, context, self.foreign)
        else:
            operation.trace_id = operation.runtime.ids.bits(128) or 1
        if self.sampler is not None:
            self._sample(operation, outer)
        operation.span = span = LeanSpan(operation, self.resource)
        values = carry_run(operation, outer) if parent is None else dict(outer)
        if not self.is_private:
            values[SPAN_KEY] = span
        if self.processors:
            self._tell(span, outer)
        return values

    def _tell(self, span: LeanSpan, outer: Context) -> None:
        for processor in self.processors:
            try:
                processor.on_start(span, outer)  # type: ignore[arg-type]  # a LeanSpan has all that a processor may use
            except Exception as error:
                FAULTS.note("processor.start", error)

    def _sample(self, operation: Operation, outer: Context) -> None:
        operation.facts = facts_of(operation)
        attributes = encode.start_attributes(operation)
        result = self.sampler.should_sample(  # type: ignore[union-attr]  # asked above
            outer,
            operation.trace_id,
            encode.span_name(operation),
            OTEL_KIND[encode.span_kind(operation)],
            attributes,
            (),
        )
        operation.facts = None  # made anew at the end, when more is known
        operation.trace_flags = int(TraceFlags.SAMPLED if result.decision.is_sampled() else TraceFlags.DEFAULT)
        if result.trace_state:
            operation.trace_state = result.trace_state.to_header()
        added = {key: value for key, value in (result.attributes or {}).items() if key not in attributes}
        if added:
            operation.attributes = added

    def end(self, operation: Operation) -> None:
        """Processors and export get the span from the worker; where there is no processor, nobody needs it any more."""
        if not self.processors:
            operation.span = None
