"""Spans of other instrumentors: one processor takes them in, and from here they walk the same road as our own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from opentelemetry import baggage
from opentelemetry.context import Context, get_current
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from foretell.errors import FAULTS
from foretell.instrument.contexts import live_context
from foretell.instrument.operation import RUN_ID, SESSION, Operation
from foretell.instrument.otel.foreign_call import ForeignCall, ForeignRun, Place
from foretell.instrument.otel.lean_span import SCOPE

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Span

    from foretell.instrument.runtime import Runtime

MAX_REMEMBERED = 10_000
"""Open spans and traces that are remembered; older ones are forgotten, never kept for ever."""

_processors: WeakKeyDictionary[Any, ForeignSpans] = WeakKeyDictionary()


def find_processor(provider: Any) -> ForeignSpans:
    """The processor on an application's provider; it cannot be taken off again, so there is one for good."""
    found = _processors.get(provider)
    if found is None:
        found = ForeignSpans()
        provider.add_span_processor(found)
        _processors[provider] = found
    return found


class ForeignSpans(SpanProcessor):
    """Turns foreign spans into calls. It only looks: nothing of a foreign span is changed."""

    def __init__(self) -> None:
        """Take nothing in until there is a runtime."""
        self.runtime: Runtime | None = None
        self.sum_early: Callable[[Sequence[ForeignCall]], None] | None = None
        """Where set, a model call inside another call is added to its sums at once: the agent's span may end next."""
        self.is_exporting = False
        """True where we export for the application, and so its spans that are no agent's work as well."""
        self._open: OrderedDict[int, Place] = OrderedDict()
        self._runs: OrderedDict[int, ForeignRun] = OrderedDict()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Remember what is around the span."""
        runtime = self.runtime
        if runtime is None or is_ours(span):
            return
        try:
            place = self._place_of(span, parent_context or get_current(), runtime)
            self._open[span.get_span_context().span_id] = place
            if len(self._open) > MAX_REMEMBERED:
                self._open.popitem(last=False)
        except Exception as error:
            FAULTS.note("foreign.start", error)

    def on_end(self, span: ReadableSpan) -> None:
        """Queue the finished span as a call, unless it is no part of any run."""
        runtime = self.runtime
        if runtime is None or is_ours(span):
            return
        try:
            context = span.get_span_context()
            place = self._open.pop(context.span_id, None) if context is not None else None
            if place is None:
                place = Place(span, None, None, self._run_of(span), None)
            if not place.look() and not place.run_id and not self.is_exporting:
                return
            call = ForeignCall(span, place, runtime.capture)
            if self.sum_early is not None and place.nearest() is not None and _tells_tokens(span):
                self.sum_early([call])
            runtime.worker.put(call)
        except Exception as error:
            FAULTS.note("foreign.end", error)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Write and send what has ended."""
        return self.runtime.worker.drain(timeout_millis / 1_000) if self.runtime is not None else True

    def find(self, span_id: int) -> Place | None:
        """The open foreign span of that id."""
        return self._open.get(span_id)

    def forget(self) -> None:
        """Take nothing in any more, and let go of what was remembered."""
        self.runtime = self.sum_early = None
        self.is_exporting = False
        self._open.clear()
        self._runs.clear()

    def _place_of(self, span: Span, context: Context, runtime: Runtime) -> Place:
        operation = live_context(context, runtime.context_key).get(runtime.context_key)
        session: Any = context.get(SESSION)
        above = self._open.get(span.parent.span_id) if span.parent is not None else None
        if operation is None and above is not None:
            operation = above.operation  # a thread that was given the span only
        if above is not None and not above.look():
            above = above.above
        if isinstance(operation, Operation):
            place = Place(span, operation, above, None, session)
        else:
            place = Place(span, None, above, self._run_of(span, baggage.get_baggage(RUN_ID, context)), session)
        place.look()
        return place

    def _run_of(self, span: Span | ReadableSpan, carried: object = None) -> ForeignRun:
        """The run of the span's trace; the first span of a trace names it, unless another process did."""
        context = span.get_span_context()
        trace_id, span_id = (context.trace_id, context.span_id) if context is not None else (0, 0)
        run = self._runs.get(trace_id)
        if run is None:
            run = self._runs[trace_id] = ForeignRun(f"{span_id:016x}")
            if isinstance(carried, str) and len(carried) == 16:
                run.id, run.is_live = carried, True
            if len(self._runs) > MAX_REMEMBERED:
                self._runs.popitem(last=False)
        return run


def _tells_tokens(span: ReadableSpan) -> bool:
    return any("usage" in key or "token_count" in key for key in span.attributes or ())


def is_ours(span: Any) -> bool:
    """True for spans that our own operations make on an application's provider."""
    scope = span.instrumentation_scope
    return scope is not None and scope.name == SCOPE.name
