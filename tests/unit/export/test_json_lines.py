"""One OTLP request in JSON per line."""

from __future__ import annotations

import json
from base64 import b64encode

from google.protobuf.json_format import ParseDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from foretell.export.json_lines import JsonLinesWriter, span_json, value_json
from foretell.export.otlp.calls import encode_calls
from foretell.export.otlp.events import encode_log_record
from foretell.export.otlp.json_body import request_to_json
from foretell.export.otlp.wire import join_request, resource_field, scope_field
from foretell.model.facts import Score
from foretell.model.log import LogRecord
from tests.unit.export.otlp.otlp_oracle import canonical
from tests.unit.export.some_calls import make_call, make_calls

RESOURCE = {"service.name": "shop", "n": 5}


def parsed(line, message_type):
    """A line as protobuf's own parser reads it; OTLP differs from it in the form of ids only."""
    return ParseDict(_base64_ids(json.loads(line)), message_type()).SerializeToString(deterministic=True)


def _base64_ids(value):
    if isinstance(value, list):
        return [_base64_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {
        key: b64encode(bytes.fromhex(item)).decode()
        if key in ("traceId", "spanId", "parentSpanId")
        else _base64_ids(item)
        for key, item in value.items()
    }


def lines_of(path):
    """The lines of a file."""
    return path.read_bytes().splitlines()


def test_a_line_says_what_the_protobuf_request_says(tmp_path):
    """The same calls, two encodings, one message."""
    calls = make_calls()
    writer = JsonLinesWriter(tmp_path / "new" / "calls.jsonl", RESOURCE, scope="foretell", version="1")
    writer.take(calls)
    writer.close()
    (line,) = lines_of(tmp_path / "new" / "calls.jsonl")
    body = encode_calls(calls, resource_field(RESOURCE), scope_field("foretell", "1"))

    assert canonical(ExportTraceServiceRequest, body) == parsed(line, ExportTraceServiceRequest)


def test_a_request_turned_into_json_says_the_same(tmp_path):
    """The form in which `http/json` sends."""
    body = encode_calls(make_calls(), resource_field(RESOURCE), scope_field("foretell"))

    assert canonical(ExportTraceServiceRequest, body) == parsed(
        request_to_json(body, "traces"), ExportTraceServiceRequest
    )


def test_each_batch_is_a_line_and_files_grow(tmp_path):
    """Another writer goes on where the first ended; no batch, no line."""
    path = tmp_path / "calls.jsonl"
    for number in (1, 2):
        writer = JsonLinesWriter(path)
        writer.take([make_call(number=number)])
        writer.take([])
        assert writer.flush(1)
        writer.take([make_call(number=number + 10)])
        writer.close()

    ids = [json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["spanId"] for line in lines_of(path)]
    assert [f"{n:016x}" for n in (1, 11, 2, 12)] == ids


def test_no_file_is_made_for_nothing(tmp_path):
    """A writer that wrote nothing leaves nothing."""
    writer = JsonLinesWriter(tmp_path / "calls.jsonl")
    writer.take([])
    writer.close()

    assert [] == list(tmp_path.iterdir())


def test_scores_are_lines_of_log_records(tmp_path):
    """The conventions' evaluation event."""
    writer = JsonLinesWriter(tmp_path / "calls.jsonl")
    writer.take_scores([Score("helpful", 0.5, time_ns=9, run_id="a" * 16, span_id=3)])
    writer.close()
    (line,) = lines_of(tmp_path / "calls.jsonl")
    request = ExportLogsServiceRequest.FromString(parsed(line, ExportLogsServiceRequest))
    (record,) = request.resource_logs[0].scope_logs[0].log_records

    assert ("gen_ai.evaluation.result", 9, 3) == (
        record.event_name,
        record.time_unix_nano,
        int.from_bytes(record.span_id, "big"),
    )


def test_log_lines_say_what_the_protobuf_request_says(tmp_path):
    """The same records, two encodings, one message."""
    fields = {"n": 1, "deep": {"to": ["a", None, 0.5]}, "foretell.log.source": "x"}
    lines = [
        LogRecord(5, 13, "WARNING", "slow", None, fields, "tool", 7, 9, "a" * 16, "desk", 1),
        LogRecord(6, 9, "INFO", "", "foretell.finding"),
    ]
    writer = JsonLinesWriter(tmp_path / "calls.jsonl", RESOURCE)
    writer.take_logs(lines)
    writer.take_logs([])
    writer.close()
    (line,) = lines_of(tmp_path / "calls.jsonl")
    body = join_request(resource_field(RESOURCE), scope_field("foretell"), map(encode_log_record, lines))

    assert canonical(ExportLogsServiceRequest, body) == parsed(line, ExportLogsServiceRequest)


def test_ids_are_hexadecimal_and_long_numbers_text():
    """What distinguishes OTLP's JSON from other JSON."""
    span = span_json(make_call(number=255, parent_id=16))

    assert ("000000000000000700000000000000ff", "00000000000000ff", "0000000000000010", "1700000000000000000") == (
        span["traceId"],
        span["spanId"],
        span["parentSpanId"],
        span["startTimeUnixNano"],
    )


def test_values_that_json_lacks_are_written_as_protobuf_does():
    """NaN and infinities as words, bytes as base64, what is too long as digits."""
    assert {"doubleValue": "NaN"} == value_json(float("nan"))
    assert {"doubleValue": "-Infinity"} == value_json(float("-inf"))
    assert {"bytesValue": "AP8="} == value_json(b"\x00\xff")
    assert {"stringValue": str(2**63)} == value_json(2**63)
    assert {"boolValue": True} == value_json(True)
    assert {} == value_json(None)


def test_broken_text_does_not_break_the_line(tmp_path):
    """A lone surrogate becomes the replacement character; a line break stays inside its string."""
    writer = JsonLinesWriter(tmp_path / "calls.jsonl")
    writer.take([make_call(name="a\ud800b\nc\u2028d")])
    writer.close()
    (line,) = (tmp_path / "calls.jsonl").read_bytes().split(b"\n")[:-1]
    name = json.loads(line)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]["name"]

    assert "execute_tool a�b\nc\u2028d" == name
