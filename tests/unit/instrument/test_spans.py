"""The span of an operation, through OpenTelemetry's API."""

from __future__ import annotations

import json
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.context import attach, get_current
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags, TraceState

import foretell
from foretell.instrument import state
from foretell.instrument.otel.limits import SpanLimits
from foretell.instrument.otel.processor_sink import ProcessorSink
from foretell.model.kinds import Kind, Outcome
from foretell.semconv.encode import span_events, span_name


class Heard(SpanProcessor):
    """Keeps what it hears."""

    def __init__(self) -> None:
        self.started: list[tuple[str, dict[str, Any]]] = []
        self.ended: list[ReadableSpan] = []

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        self.started.append((span.name, dict(span.attributes)))

    def on_end(self, span: ReadableSpan) -> None:
        self.ended.append(span)


@pytest.fixture
def heard(record: Any) -> Heard:
    """A processor on our provider."""
    processor = Heard()
    runtime = state.current
    assert runtime is not None
    runtime.spans.processors.append(processor)  # type: ignore[attr-defined]  # our own spans have it
    sink = ProcessorSink(runtime.spans.processors)  # type: ignore[attr-defined]  # as above
    record.take, take = lambda calls: (take(calls), sink.take(calls)), record.take
    return processor


def test_the_current_span_is_the_operations(record: Any) -> None:
    """Inside an operation, OpenTelemetry's current span has its ids, and what is put there is the operation's."""
    with foretell.agent("a") as op:
        span = trace.get_current_span()
        span.set_attribute("one", 1)
        span.set_attributes({"two": [1, 2], "three": "x"})
        span.add_event("noticed", {"n": 1}, timestamp=123)
        assert span.is_recording()

    context = span.get_span_context()
    assert (op.trace_id, op.span_id, 1, False) == (
        context.trace_id,
        context.span_id,
        context.trace_flags,
        context.is_remote,
    )
    assert {"one": 1, "two": [1, 2], "three": "x"} == record.only().attributes
    assert [("noticed", 123, {"n": 1})] == [(e.name, e.time_ns, e.fields) for e in record.only().events]
    assert not span.is_recording()


def test_after_the_end_nothing_changes(record: Any) -> None:
    """Whatever is done to an ended span is ignored, without a word."""
    with foretell.agent("a"):
        span = trace.get_current_span()
    span.set_attribute("late", 1)
    span.add_event("late")
    span.add_link(SpanContext(1, 2, True))
    span.record_exception(ValueError("late"))
    span.set_status(StatusCode.ERROR)
    span.update_name("late")
    span.end()

    call = record.only()
    assert (None, None, None, Outcome.OK, None) == (call.attributes, call.events, call.links, call.outcome, call.title)


def test_a_new_name_is_the_spans_only(record: Any) -> None:
    """`update_name` renames what is shown; the agent and its metrics keep their name."""
    with foretell.agent("a"), foretell.tool("t") as tool:
        trace.get_current_span().update_name("lookup")

    assert ("lookup", "t", Kind.TOOL) == (span_name(tool), tool.name, tool.kind)


def test_a_recorded_exception_is_an_event_and_no_failure(record: Any) -> None:
    """As OpenTelemetry has it: recording says that it was, the status says that it failed."""
    with foretell.agent("a"):
        trace.get_current_span().record_exception(ValueError("handled"), {"attempt": 1}, timestamp=7)

    call = record.only()
    assert (Outcome.OK, None) == (call.outcome, call.error)
    (event,) = span_events(call)
    assert ("exception", 7, "ValueError", "handled", 1) == (
        event.name,
        event.time_ns,
        event.fields["exception.type"],
        event.fields["exception.message"],
        event.fields["attempt"],
    )


def test_an_error_status_makes_the_operation_fail_with_the_exception_recorded_before(record: Any) -> None:
    """Type from the exception, message from the status, and one exception event."""
    with foretell.agent("a"):
        span = trace.get_current_span()
        span.record_exception(ValueError("no"))
        span.set_status(Status(StatusCode.ERROR, "it went wrong"))

    call = record.only()
    assert (Outcome.ERROR, "ValueError", "it went wrong") == (call.outcome, call.error.type, call.error.message)
    assert ["exception"] == [event.name for event in span_events(call)]


def test_an_ok_status_takes_an_error_back(record: Any) -> None:
    """The last word of the program counts, unless an exception gets out."""
    with foretell.agent("a"):
        span = trace.get_current_span()
        span.set_status(StatusCode.ERROR, "no")
        span.set_status(StatusCode.OK)

    assert Outcome.OK is record.only().outcome


def test_an_exception_that_gets_out_has_the_last_word(record: Any) -> None:
    """It is the error of the operation, whatever the status was."""
    with pytest.raises(KeyError), foretell.agent("a"):
        trace.get_current_span().set_status(StatusCode.OK)
        raise KeyError("out")

    assert (Outcome.ERROR, "KeyError") == (record.only().outcome, record.only().error.type)


def test_ending_the_span_ends_the_operation_at_the_time_given(record: Any) -> None:
    """A span may be ended by hand; the block around it then ends nothing any more."""
    with foretell.agent("a") as op:
        trace.get_current_span().end(op.start_ns + 5_000)

    assert 5_000 == record.only().end_ns - op.start_ns


def test_a_span_as_a_block_fails_with_what_leaves_it(record: Any) -> None:
    """`with get_current_span():` ends the operation; an exception goes on."""
    with pytest.raises(ValueError, match="no"), foretell.agent("a"), trace.get_current_span():
        raise ValueError("no")

    assert Outcome.ERROR is record.only().outcome


def test_links_that_point_nowhere_are_left_out(record: Any) -> None:
    """An invalid context is no link."""
    with foretell.agent("a"):
        trace.get_current_span().add_link(trace.INVALID_SPAN_CONTEXT, {"x": 1})
        trace.get_current_span().add_link(SpanContext(1, 2, True), {"y": 2})

    assert [(1, 2, {"y": 2})] == [(link.trace_id, link.span_id, link.fields) for link in record.only().links]


def test_the_trace_state_goes_along(record: Any) -> None:
    """Flags and state of a remote parent are those of every operation below it."""
    ids = SpanContext(0xABC, 0xDEF, True, TraceFlags(1), TraceState([("vendor", "1")]))
    before = get_current()
    attach(trace.set_span_in_context(trace.NonRecordingSpan(ids)))
    with foretell.agent("a"), foretell.tool("t"):
        state_of = trace.get_current_span().get_span_context().trace_state
    attach(before)

    assert "vendor=1" == state_of.to_header()
    assert {"vendor=1"} == {call.trace_state for call in record.ended()}
    assert [True, False] == [bool(call.parent_is_remote) for call in record.ended()]


def test_limits_hold_for_what_is_added_and_drops_are_told(record: Any) -> None:
    """An attribute that is there already may still change; what is over is counted on the call."""
    runtime = state.current
    assert runtime is not None
    runtime.limits = SpanLimits(attributes=2, events=1, links=1, value_chars=3)
    with foretell.agent("a") as op:
        span: Any = trace.get_current_span()
        for name in ("one", "two", "three"):
            op.set_attribute(name, "xxxxx")
        op.set_attribute("one", ["yyyyy", 1])
        for _ in range(3):
            op.add_event("e", text="zzzzz")
            span.add_link(SpanContext(1, 2, True))

    call = record.only()
    assert {"one": ["yyy", 1], "two": "xxx"} == call.attributes
    assert [{"text": "zzz"}] == [event.fields for event in call.events]
    assert (1, 2, 2) == call.dropped == (span.dropped_attributes, span.dropped_events, span.dropped_links)


def test_a_processor_sees_name_and_attributes_at_the_start(record: Any, heard: Heard) -> None:
    """What is known at the opening is there for whoever looks at it, and the end has the rest."""
    with foretell.llm("gpt-4o", provider="openai") as op:
        op.record_usage(input_tokens=5, output_tokens=1)
    record.ended()

    ((name, attributes),) = heard.started
    (ended,) = heard.ended
    assert ("chat gpt-4o", "openai") == (name, attributes["gen_ai.provider.name"])
    assert (SpanKind.CLIENT, 5) == (ended.kind, (ended.attributes or {})["gen_ai.usage.input_tokens"])
    assert op.facts is not None


def test_a_finished_span_no_longer_changes_and_writes_itself_as_json(record: Any, heard: Heard) -> None:
    """Processors are given a copy in the official SDK's own shape."""
    with foretell.agent("a"):
        trace.get_current_span().add_event("noticed", {"n": 1})
        trace.get_current_span().add_link(SpanContext(1, 2, True))
    call = record.only()
    call.name = "changed"

    (ended,) = heard.ended
    written = json.loads(ended.to_json())
    assert ("invoke_agent a", ["noticed"], 1) == (
        written["name"],
        [e["name"] for e in written["events"]],
        len(written["links"]),
    )
    assert (call.span_id, "foretell") == (ended.get_span_context().span_id, ended.instrumentation_scope.name)  # type: ignore[union-attr]  # both are there


def test_a_live_span_writes_itself_as_json_too(record: Any) -> None:
    """For whoever prints the current span."""
    with foretell.agent("a"):
        span: Any = trace.get_current_span()
        written = json.loads(span.to_json())

    assert ("invoke_agent a", None, "UNSET") == (written["name"], written["end_time"], written["status"]["status_code"])
