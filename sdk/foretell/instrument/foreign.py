"""Spans of other instrumentors: one processor takes them in, and from here they walk the same road as our own."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Any

from opentelemetry.context import Context, get_current
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from foretell.errors import FAULTS
from foretell.instrument.operation import RUN_ID, Operation
from foretell.semconv.decode import call_from_span
from foretell.semconv.foreign import normalise

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import Span

    from foretell.instrument.runtime import Runtime

MAX_RUNS = 10_000
"""Traces without an operation of ours whose run is remembered; older ones are forgotten, never kept for ever."""


class ForeignSpans(SpanProcessor):
    """Turns foreign spans into calls. On an application's provider it cannot be taken off, only emptied."""

    def __init__(self) -> None:
        """Take nothing in until there is a runtime."""
        self.runtime: Runtime | None = None
        self._runs: OrderedDict[int, str] = OrderedDict()

    def on_start(self, span: Span, parent_context: Context | None = None) -> None:
        """Give the span the run that it belongs to."""
        runtime = self.runtime
        if runtime is None or is_ours(span):
            return
        try:
            span.set_attribute(RUN_ID, self._run_of(span, parent_context or get_current(), runtime))
        except Exception as error:
            FAULTS.note("foreign.start", error)

    def on_end(self, span: ReadableSpan) -> None:
        """Queue the finished span as a call."""
        runtime = self.runtime
        if runtime is None or is_ours(span):
            return
        try:
            runtime.worker.put(self._to_call(span, runtime))
        except Exception as error:
            FAULTS.note("foreign.end", error)

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Write and send what has ended."""
        return self.runtime.worker.drain(timeout_millis / 1_000) if self.runtime is not None else True

    def _run_of(self, span: Span, context: Context, runtime: Runtime) -> str:
        operation = context.get(runtime.context_key)
        if isinstance(operation, Operation):
            return operation.run_id
        ids = span.get_span_context()
        run_id = self._runs.get(ids.trace_id)
        if run_id is None:
            run_id = self._runs[ids.trace_id] = f"{ids.span_id:016x}"
            if len(self._runs) > MAX_RUNS:
                self._runs.popitem(last=False)
        return run_id

    def _to_call(self, span: ReadableSpan, runtime: Runtime) -> Any:  # a Call
        attributes = normalise(dict(span.attributes or {}))
        context = span.get_span_context()
        call = call_from_span(
            name=span.name,
            kind=span.kind.name.lower(),
            trace_id=context.trace_id if context else 0,
            span_id=context.span_id if context else 0,
            parent_id=span.parent.span_id if span.parent else None,
            start_ns=span.start_time or 0,
            end_ns=span.end_time or 0,
            status=(span.status.status_code.name.lower(), span.status.description or ""),
            attributes=attributes,
            events=[(e.name, e.timestamp, dict(e.attributes or {})) for e in span.events],
            links=[(n.context.trace_id, n.context.span_id, dict(n.attributes or {})) for n in span.links],
            run_id=str(attributes.get(RUN_ID) or ""),
        )
        call.trace_flags = int(context.trace_flags) if context else 1
        call.content_exported = runtime.capture.is_exported
        return call


def is_ours(span: Any) -> bool:
    """True for spans that our own operations make on an application's provider."""
    scope = span.instrumentation_scope
    return scope is not None and scope.name == "foretell"
