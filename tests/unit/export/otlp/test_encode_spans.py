"""Our span encoder against the official one."""

from __future__ import annotations

from random import Random
from types import MappingProxyType

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import ScopeSpans

from foretell.export.otlp.spans import encode_event, encode_link, encode_readable_spans, encode_span, encode_status
from foretell.export.otlp.wire import forget
from tests.unit.export.otlp.otlp_oracle import RepairedSpan, any_span, canonical, needs_nesting


@needs_nesting
@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**64))
def test_spans_are_what_the_official_encoder_makes_of_them(seed):
    """After parsing, ten awkward spans of ours equal the official ones."""
    random = Random(seed)
    spans = [any_span(random) for _ in range(10)]
    official = encode_spans([RepairedSpan(span) for span in spans]).SerializeToString()

    assert canonical(ExportTraceServiceRequest, official) == canonical(
        ExportTraceServiceRequest, encode_readable_spans(spans)
    )


def one_span(**changes):
    """The parsed form of one span with some changes."""
    ids = {"trace_id": 1, "span_id": 2, "parent_id": None}
    rest = {"name": "n", "kind": 1, "start_ns": 3, "end_ns": 4, "attributes": {}}
    return ScopeSpans.FromString(encode_span(**{**ids, **rest, **changes})).spans[0]


def test_no_span_at_all_is_an_empty_request():
    """Nothing in, nothing out."""
    assert b"" == encode_readable_spans([])


def test_a_root_has_no_parent():
    """No parent is an absent field, not a parent of zeros."""
    assert b"" == one_span().parent_span_id
    assert b"\0" * 7 + b"\5" == one_span(parent_id=5).parent_span_id


def test_ids_and_times_out_of_range_are_cut_to_size():
    """A wrong number costs its high bits, never the batch."""
    span = one_span(trace_id=2**128 + 7, span_id=2**64 + 8, start_ns=-1, end_ns=2**65, flags=2**33 + 1)

    assert (7, 8, 0, 2**64 - 1, 1) == (
        int.from_bytes(span.trace_id, "big"),
        int.from_bytes(span.span_id, "big"),
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        span.flags,
    )


def test_a_mapping_proxy_serves_as_attributes():
    """Any mapping will do."""
    assert "v" == one_span(attributes=MappingProxyType({"k": "v"})).attributes[0].value.string_value


def test_equal_numbers_of_different_types_stay_apart():
    """1, True and 1.0 are equal in Python and three things on the wire, in whatever order they come."""
    for _ in range(2):
        for value, field in ((1, "int_value"), (True, "bool_value"), (1.0, "double_value"), ("1", "string_value")):
            assert field == one_span(attributes={"k": value}).attributes[0].value.WhichOneof("value")


def test_events_links_and_status_come_back():
    """What is put into the parts is read from the span."""
    span = one_span(
        events=encode_event("e", 5, {"a": 1}, dropped=2),
        links=encode_link(6, 7, {"b": 2}, dropped=3, flags=0x301),
        status=encode_status(2, "boom"),
        dropped_links=9,
    )

    assert ("e", 5, 2) == (span.events[0].name, span.events[0].time_unix_nano, span.events[0].dropped_attributes_count)
    assert (7, 3, 0x301) == (
        int.from_bytes(span.links[0].span_id, "big"),
        span.links[0].dropped_attributes_count,
        span.links[0].flags,
    )
    assert (2, "boom", 9) == (span.status.code, span.status.message, span.dropped_links_count)


def test_what_was_dropped_is_told_by_kind():
    """Attributes, events and links each have their own count."""
    span = one_span(dropped_attributes=1, dropped_events=2, dropped_links=300)

    assert (1, 2, 300) == (span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count)


def test_the_caches_do_not_grow_without_bound():
    """A hundred thousand different values leave a bounded memory behind, and the same bytes as before."""
    from foretell.export.otlp import wire

    before = one_span(attributes={"k": "v", "n": 1})
    for n in range(20_000):
        one_span(name=f"name {n}", attributes={"k": f"value {n}", "n": n * 7919, f"key {n}": True})

    assert before == one_span(attributes={"k": "v", "n": 1})
    assert all(len(cache) <= wire.CACHE_ENTRIES for cache in (wire._pairs, wire._keys, wire._ints, wire._texts))
    forget()
