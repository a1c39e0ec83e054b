"""Operations where the application has a tracer provider of its own: its spans are used."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.trace import Span, Status, StatusCode, Tracer, get_current_span

from foretell.instrument.operation import Operation
from foretell.instrument.otel.lean_span import UNNAMED_ERROR, LeanSpan
from foretell.instrument.otel.spans import OTEL_KIND, SPAN_KEY, carry_run, take_parent
from foretell.instrument.work.completing import facts_of
from foretell.model.facts import ErrorFacts, Event, Link
from foretell.model.kinds import Outcome
from foretell.semconv import encode, genai

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.resources import Resource

    from foretell.instrument.otel.foreign import ForeignSpans
    from foretell.model.call import Call


class AttachedSpans:
    """Gives each operation a span of the application's provider, complete when it ends on the caller's thread."""

    def __init__(
        self,
        tracer: Tracer,
        refine: Callable[[Sequence[Operation]], None],
        resource: Resource,
        *,
        context_limit: Callable[[Call], int | None] | None = None,
        foreign: ForeignSpans | None = None,
    ) -> None:
        """Make spans with `tracer`; `refine` prices and redacts before a span is ended."""
        self.resource = resource
        self.foreign = foreign
        self._tracer = tracer
        self._refine = refine
        self._context_limit = context_limit

    def start(self, operation: Operation, outer: Context, parent: Operation | None) -> dict[str, Any]:
        """Fill the operation's ids and span; return the values of the context in which it is current."""
        above = get_current_span(outer).get_span_context()
        if above.is_valid and (parent is None or above.span_id != parent.span_id):
            take_parent(operation, above, self.foreign)
        elif parent is not None:
            operation.parent_id = parent.span_id
        operation.facts = facts_of(operation)
        span = self._tracer.start_span(
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
        operation.trace_state = context.trace_state.to_header()
        if context.is_valid and context.span_id != above.span_id:
            operation.trace_id, operation.span_id = context.trace_id, context.span_id
        else:  # a provider that makes no spans at all
            operation.trace_id = above.trace_id or (parent.trace_id if parent else operation.runtime.ids.bits(128) or 1)
        if not span.is_recording():
            # Unsampled: what the program adds to the current span is still the store's.
            span = LeanSpan(operation, self.resource)
        operation.span = span
        values = carry_run(operation, outer) if parent is None else dict(outer)
        values[SPAN_KEY] = span
        return values

    def end(self, operation: Operation) -> None:
        """End the application's span now: its provider may be shut down before the worker's next tick."""
        span, operation.span = operation.span, None
        if span is None:
            return
        if isinstance(span, LeanSpan):
            self._refine([operation])
            return
        added = Added()
        told: Any = span  # what can be read back depends on whose provider it is
        if isinstance(told, ReadableSpan):
            added.take(operation, told)
        self._refine([operation])
        if span.is_recording():
            self._describe(operation, span, added)
        span.end(operation.end_ns)

    def _describe(self, operation: Operation, span: Span, added: Added) -> None:
        """Put everything that is known on the span, but for what the program put there itself."""
        limit = self._context_limit(operation) if self._context_limit is not None else None
        attributes = encode.span_attributes(operation, limit)
        span.set_attributes({key: value for key, value in attributes.items() if key not in added.attributes})
        for event in encode.span_events(operation)[added.events :]:
            span.add_event(event.name, event.fields, event.time_ns)
        code, text = encode.span_status(operation)
        if code == encode.ERROR:
            span.set_status(Status(StatusCode.ERROR, text))


class Added:
    """What the program put on an application's span beside us: the record has it too, the span has it already."""

    def __init__(self) -> None:
        """Nothing so far."""
        self.attributes: frozenset[str] = frozenset()
        self.events = 0

    def take(self, operation: Operation, span: ReadableSpan) -> None:
        """Take what is on the span and not from us into the operation."""
        operation.facts = facts_of(operation)
        ours = encode.start_attributes(operation)
        if span.name != encode.span_name(operation):
            operation.title = span.name
        operation.facts = None  # made anew when more is known
        attributes = dict(span.attributes or {})
        others = {key: value for key, value in attributes.items() if key not in ours}
        if others:
            self.attributes = frozenset(others)
            operation.attributes = {**others, **(operation.attributes or {})}
        events = [Event(e.name, e.timestamp, dict(e.attributes or {})) for e in span.events]
        if events:
            self.events = len(events)
            operation.events = [*events, *(operation.events or ())]
        if span.links:
            links = [Link(n.context.trace_id, n.context.span_id, dict(n.attributes or {})) for n in span.links]
            operation.links = [*(operation.links or ()), *links]
        self._take_status(operation, span)

    def _take_status(self, operation: Operation, span: ReadableSpan) -> None:
        status = span.status
        if status.status_code is StatusCode.ERROR and operation.outcome is Outcome.OK:
            told = [e.fields for e in operation.events or () if e.name == "exception"]
            kind = str(told[-1].get(genai.EXCEPTION_TYPE, UNNAMED_ERROR)) if told else UNNAMED_ERROR
            operation.outcome, operation.error = Outcome.ERROR, ErrorFacts(kind, status.description or "")
