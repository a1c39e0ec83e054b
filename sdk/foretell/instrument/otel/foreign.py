"""Spans of other instrumentors: one processor takes them in, and from here they walk the same road as our own."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any
from weakref import finalize

from opentelemetry import baggage
from opentelemetry.context import Context, get_current
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.trace import get_current_span

from foretell.errors import FAULTS
from foretell.instrument.contexts import live_context
from foretell.instrument.operation import RUN_ID, SESSION, Operation
from foretell.instrument.otel.foreign_call import ForeignCall, has_failed, tells_tokens
from foretell.instrument.otel.foreign_place import INFERENCE, ForeignRun, OpenForeign, Place, join_sessions
from foretell.instrument.otel.lean_span import SCOPE

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Span

    from foretell.instrument.runtime import Runtime

MAX_REMEMBERED = 10_000
"""Open spans and traces that are remembered; older ones are forgotten, never kept for ever."""

_processors: dict[int, ForeignSpans] = {}
"""By the provider's identity: those of some products cannot be hashed."""


def find_processor(provider: Any) -> ForeignSpans:
    """The processor on an application's provider; it cannot be taken off again, so there is one for good."""
    found = _processors.get(id(provider))
    if found is None:
        found = _processors[id(provider)] = ForeignSpans()
        provider.add_span_processor(found)
        finalize(provider, _processors.pop, id(provider), None).atexit = False
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
        self.places: OrderedDict[int, Place] = OrderedDict()
        """Of the spans that are open, by their ids."""
        self._runs: OrderedDict[int, ForeignRun] = OrderedDict()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Remember what is around the span."""
        runtime = self.runtime
        if runtime is None or is_ours(span):
            return
        try:
            place = self._place_of(span, parent_context or get_current(), runtime)
            self.places[span.get_span_context().span_id] = place
            place.look()
            if len(self.places) > MAX_REMEMBERED:
                forgotten, _ = self.places.popitem(last=False)
                runtime.open_calls.pop(forgotten, None)
        except Exception as error:
            FAULTS.note("foreign.start", error)

    def on_end(self, span: ReadableSpan) -> None:
        """Queue the finished span as a call, unless it is no part of any run."""
        runtime = self.runtime
        if runtime is None or is_ours(span):
            return
        try:
            context = span.get_span_context()
            place = self.places.pop(context.span_id, None) if context is not None else None
            if place is None:
                place = Place(span, None, None, self._run_of(span), None)
            if not place.look() and not place.run_id and not self.is_exporting:
                return
            if not self._is_told_elsewhere(span, place, runtime):
                self._take(ForeignCall(span, place, runtime.capture), span, place, runtime)
        except Exception as error:
            FAULTS.note("foreign.end", error)

    def _take(self, call: ForeignCall, span: ReadableSpan, place: Place, runtime: Runtime) -> None:
        if self.sum_early is not None and place.nearest() is not None and tells_tokens(span):
            self.sum_early([call])
        runtime.worker.ended(call)

    def _is_told_elsewhere(self, span: ReadableSpan, place: Place, runtime: Runtime) -> bool:
        """True where a call around it, or inside it, is the same one and has what this span tells."""
        place.end(span.end_time)
        if place.is_replaced:
            return True
        above = place.above
        is_inside = place.kind in INFERENCE and above is not None and above.kind is place.kind
        if above is not None and is_inside and place.merged in (None, above.merged):
            # It is thought to tell the call better: a failure says enough, but an answer must tell its tokens.
            above.has_inner = above.has_inner or tells_tokens(span) or has_failed(span)
            if above.span.end_time is None:  # else it was left out already
                above.is_replaced = above.is_replaced and above.has_inner
        same = place.merged
        if same is None or same.end_ns is not None:  # a stream may be read after the call that opened it
            place.merged = None
            return False
        if place.kind in INFERENCE and isinstance(same, (Operation, OpenForeign)):
            same.inner = [*(same.inner or ()), ForeignCall(span, place, runtime.capture)]
        elif isinstance(same, Operation):
            same.session = join_sessions(same.session, place.own_session())
        return True

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Write and send what has ended."""
        return self.runtime.worker.drain(timeout_millis / 1_000) if self.runtime is not None else True

    def find(self, span_id: int) -> Place | None:
        """The open foreign span of that id."""
        return self.places.get(span_id)

    def find_beside(self, scopes: frozenset[str], parent_id: int) -> Place | None:
        """An open model call right inside the span `parent_id`, told under one of `scopes` and not found here before."""
        for place in reversed(list(self.places.values())):
            scope, parent = place.span.instrumentation_scope, place.span.parent
            if scope is None or scope.name not in scopes or (parent.span_id if parent is not None else 0) != parent_id:
                continue
            if place.look() and place.kind in INFERENCE and not place.is_paired:
                place.is_paired = True
                return place
        return None

    def forget(self) -> None:
        """Take nothing in any more, and let go of what was remembered."""
        self.runtime = self.sum_early = None
        self.is_exporting = False
        self.places.clear()
        self._runs.clear()

    def _place_of(self, span: Span, context: Context, runtime: Runtime) -> Place:
        operation = live_context(context, runtime.context_key).get(runtime.context_key)
        session: Any = context.get(SESSION)
        hidden = getattr(get_current_span(context), "own_id", 0)
        parent = self.places.get(hidden or (span.parent.span_id if span.parent is not None else 0))
        if operation is None and parent is not None:
            operation = parent.operation  # a thread that was given the span only
        if isinstance(operation, Operation):
            return Place(span, operation, parent, None, session, self._show)
        run = self._run_of(span, baggage.get_baggage(RUN_ID, context))
        return Place(span, None, parent, run, session, self._show)

    def _show(self, place: Place) -> None:
        """Its span is an agent's work: it is among the open calls, and may tell what a span around it tells too."""
        runtime, above = self.runtime, place.above
        is_same = place.kind in INFERENCE and above is not None and above.kind is place.kind and above.merged is None
        if is_same and _is_in_hidden(place):  # that one stands there only for this one, and tells more
            place.is_replaced = True
            return
        if runtime is None or place.span.end_time is not None:
            return
        if above is not None and is_same:
            above.is_replaced = above.is_replaced or runtime.worker.withdraw(above.known().id)
            if not above.is_replaced:  # it is shown already: then it tells the call, with what is known in here
                place.merged = above.known()
                return
        runtime.worker.opened(place.known())

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


def _is_in_hidden(place: Place) -> bool:
    """Whether a call for us alone is around it, with nothing between that is told too."""
    above = place.above
    while above is not None and above.is_replaced:
        above = above.above
    return above is not None and above.is_hidden


def is_ours(span: Any) -> bool:
    """True for spans that our own operations make on an application's provider."""
    scope = span.instrumentation_scope
    return scope is not None and scope.name == SCOPE.name
