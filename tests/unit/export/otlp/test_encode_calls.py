"""Finished calls as OTLP spans."""

from __future__ import annotations

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from foretell.export.otlp.calls import encode_call, encode_calls
from foretell.export.otlp.wire import resource_field, scope_field
from foretell.model.kinds import Kind
from tests.unit.export.some_calls import START_NS, make_call, make_calls


def parsed(*calls):
    """The spans that a collector reads."""
    body = encode_calls(calls, resource_field({"service.name": "shop"}), scope_field("foretell", "1"))
    request = ExportTraceServiceRequest.FromString(body)
    assert "shop" == request.resource_spans[0].resource.attributes[0].value.string_value
    assert "foretell" == request.resource_spans[0].scope_spans[0].scope.name
    return list(request.resource_spans[0].scope_spans[0].spans)


def test_every_kind_of_call_becomes_a_span():
    """Ids, times and names of all come through, in order."""
    calls = make_calls()
    spans = parsed(*calls)

    assert [call.span_id for call in calls] == [int.from_bytes(span.span_id, "big") for span in spans]
    assert [call.trace_id for call in calls] == [int.from_bytes(span.trace_id, "big") for span in spans]
    assert {(START_NS, START_NS + 1_500_000_000)} == {(s.start_time_unix_nano, s.end_time_unix_nano) for s in spans}


def test_a_model_call_is_a_client_span_with_its_tokens_and_cost():
    """What the conventions ask for is on the wire, in its types."""
    (span,) = parsed(make_call(Kind.LLM))
    found = {pair.key: pair.value for pair in span.attributes}

    assert ("chat gpt-4o", 3, 0) == (span.name, span.kind, span.status.code)
    assert (120, 35) == (
        found["gen_ai.usage.input_tokens"].int_value,
        found["gen_ai.usage.output_tokens"].int_value,
    )
    assert 0.00125 == found["foretell.cost.amount"].double_value


def test_a_failure_carries_status_and_exception_event():
    """What failed says why, with text that a collector can read."""
    span = parsed(*make_calls())[-4]

    assert (2, "bad � input", "a=b") == (span.status.code, span.status.message, span.trace_state)
    assert ["exception"] == [event.name for event in span.events]
    assert 3 == int.from_bytes(span.parent_span_id, "big")


def test_links_and_events_of_the_user_are_kept():
    """What was added to the call arrives with it."""
    *_, seen, linked = parsed(*make_calls())

    assert [("seen", START_NS + 1, 1.5)] == [
        (event.name, event.time_unix_nano, event.attributes[0].value.double_value) for event in seen.events
    ]
    assert [(5, 6, "retry")] == [
        (
            int.from_bytes(link.trace_id, "big"),
            int.from_bytes(link.span_id, "big"),
            link.attributes[0].value.string_value,
        )
        for link in linked.links
    ]


def test_given_attributes_are_used_as_they_are():
    """Whoever made them already does not pay twice."""
    body = encode_call(make_call(), {"only": "this"})

    assert b"only" in body
    assert b"gen_ai" not in body
