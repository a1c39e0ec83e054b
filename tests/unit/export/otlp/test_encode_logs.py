"""Our log encoder against the official one."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import ScopeLogs

from foretell.export.otlp.events import encode_event_record
from foretell.export.otlp.logs import encode_log, encode_readable_logs
from foretell.model.kinds import Kind
from foretell.semconv.records import log_events
from tests.unit.export.otlp.any_logs import any_pair
from tests.unit.export.otlp.otlp_oracle import (
    canonical,
)
from tests.unit.export.some_calls import make_call


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**64))
def test_log_records_are_what_the_official_encoder_makes_of_them(seed):
    """After parsing, ten awkward records of ours equal the official ones."""
    random = Random(seed)
    given_records, plain = zip(*(any_pair(random) for _ in range(10)), strict=True)
    official = encode_logs(plain).SerializeToString()

    assert canonical(ExportLogsServiceRequest, official) == canonical(
        ExportLogsServiceRequest, encode_readable_logs(given_records)
    )


def parsed(encoded):
    """The record that a collector reads."""
    return ScopeLogs.FromString(encoded).log_records[0]


def test_ids_of_zero_are_left_out():
    """A record without a span has no ids, not ids of zeros."""
    record = parsed(encode_log(1, 2, "text", None, trace_id=0, span_id=None))

    assert (b"", b"", "text", 1, 2) == (
        record.trace_id,
        record.span_id,
        record.body.string_value,
        record.time_unix_nano,
        record.observed_time_unix_nano,
    )


def test_an_event_has_attributes_and_no_body():
    """Details of an inference are an event with everything in its attributes."""
    (event,) = log_events(make_call(Kind.LLM))
    record = parsed(encode_event_record(event))

    assert (event.name, None) == (record.event_name, record.body.WhichOneof("value"))
    assert list(event.attributes) == [pair.key for pair in record.attributes]
    assert event.span_id == int.from_bytes(record.span_id, "big")
