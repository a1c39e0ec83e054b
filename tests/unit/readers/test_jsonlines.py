"""Files of OTLP JSON lines are read as they are written in the wild, and a bad line is named."""

from __future__ import annotations

import json

import pytest

from foretell.model.facts import Event, Link
from foretell.model.kinds import Kind, Outcome
from foretell.model.run import RunQuery
from foretell.readers.jsonlines import JsonLinesReader
from foretell.readers.otlp_json import MalformedLine, read_spans

TRACE = "0af7651916cd43dd8448eb211c80319c"
ROOT, CHILD = "b7ad6b7169203331", "00f067aa0ba902b7"
START = 1_700_000_000_000_000_000


def attribute(key, value):
    name = {str: "stringValue", bool: "boolValue", int: "intValue", float: "doubleValue"}[type(value)]
    return {"key": key, "value": {name: str(value) if type(value) is int else value}}


def span(id=ROOT, parent=None, name="invoke_agent planner", **attributes):
    made = {
        "traceId": TRACE,
        "spanId": id,
        "name": name,
        "kind": 1,
        "startTimeUnixNano": str(START + (0 if parent is None else 10)),
        "endTimeUnixNano": str(START + 1_000),
        "attributes": [attribute(key.replace("__", "."), value) for key, value in attributes.items()],
    }
    return made if parent is None else {**made, "parentSpanId": parent}


def request(*spans, service="shop"):
    resource = {"attributes": [attribute("service.name", service)]}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"scope": {"name": "s"}, "spans": list(spans)}]}]}


AGENT = {"gen_ai__operation__name": "invoke_agent", "gen_ai__agent__name": "planner"}
TOOL = {"gen_ai__operation__name": "execute_tool", "gen_ai__tool__name": "search"}


@pytest.fixture
def write(tmp_path):
    def write_lines(*lines, name="spans.jsonl"):
        file = tmp_path / name
        file.write_text("".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines))
        return file

    return write_lines


def test_a_trace_is_a_run(write):
    """Named after its root, with the calls below it in order of opening."""
    file = write(request(span(CHILD, ROOT, "execute_tool search", **TOOL)), request(span(**AGENT)))
    run = JsonLinesReader([file]).load_run(ROOT)

    assert ("planner", "shop", Outcome.OK, 2, START, START + 1_000) == (
        run.summary.name, run.summary.service_name, run.summary.outcome, run.summary.call_count,
        run.summary.start_ns, run.summary.end_ns,
    )  # fmt: skip
    assert [(Kind.AGENT, "planner"), (Kind.TOOL, "search")] == [(call.kind, call.name) for call in run.calls]


def test_one_trace_may_hold_two_runs(write):
    """Where spans name their run, the name counts."""
    own = {**TOOL, "foretell__run__id": CHILD}
    file = write(request(span(**AGENT), span(CHILD, ROOT, **own)))

    assert {ROOT, CHILD} == {run.id for run in JsonLinesReader([file]).find_runs(RunQuery())}


def test_a_run_under_foreign_span_ids_has_its_root(write):
    """In an application's own trace the root's span id is not the run's id."""
    run_id = "1234567890abcdef"
    parts = (span(**AGENT, foretell__run__id=run_id), span(CHILD, ROOT, **TOOL, foretell__run__id=run_id))
    run = JsonLinesReader([write(request(*parts))]).load_run(run_id)

    assert ("planner", True, int(ROOT, 16)) == (run.summary.name, run.calls[0].is_root, run.calls[0].span_id)


def as_written(made):
    return made


def with_numbers(made):
    return {**made, "startTimeUnixNano": START, "endTimeUnixNano": START + 1_000, "kind": "SPAN_KIND_INTERNAL"}


def with_snake_names(made):
    changed = {
        "trace_id": made["traceId"],
        "span_id": made["spanId"],
        "start_time_unix_nano": made["startTimeUnixNano"],
        "end_time_unix_nano": made["endTimeUnixNano"],
    }
    attributes = [
        {"key": pair["key"], "value": {"string_value": pair["value"]["stringValue"]}} for pair in made["attributes"]
    ]
    return {"name": made["name"], "kind": 1, **changed, "attributes": attributes}


def with_base64_ids(made):
    return {**made, "traceId": "CvdlGRbNQ92ESOshHIAxnA==", "spanId": "t61rcWkgMzE="}


@pytest.mark.parametrize("bend", [as_written, with_numbers, with_snake_names, with_base64_ids])
def test_bent_formats_are_read_alike(write, bend):
    [read] = read_spans(write(request(bend(span(**AGENT)))))

    assert (int(TRACE, 16), int(ROOT, 16), None, "internal", START, START + 1_000, "planner") == (
        read.trace_id, read.span_id, read.parent_id, read.kind, read.start_ns, read.end_ns,
        read.attributes["gen_ai.agent.name"],
    )  # fmt: skip


def test_every_kind_of_value_is_read(write):
    values = {
        "s": {"stringValue": "x"},
        "i": {"intValue": "9007199254740993"},
        "d": {"doubleValue": 0.5},
        "b": {"boolValue": True},
        "a": {"arrayValue": {"values": [{"stringValue": "x"}, {"intValue": 1}]}},
        "m": {"kvlistValue": {"values": [{"key": "k", "value": {"boolValue": False}}]}},
        "y": {"bytesValue": "aGk="},
        "n": {},
    }
    made = {**span(), "attributes": [{"key": key, "value": value} for key, value in values.items()]}
    [read] = read_spans(write(request(made)))

    assert {
        "s": "x", "i": 9007199254740993, "d": 0.5, "b": True, "a": ["x", 1], "m": {"k": False}, "y": b"hi", "n": None
    } == read.attributes  # fmt: skip


def test_status_events_and_links_are_read(write):
    made = {
        **span(),
        "status": {"code": 2, "message": "no"},
        "events": [{"name": "e", "timeUnixNano": "5", "attributes": [attribute("k", 1)]}],
        "links": [{"traceId": TRACE, "spanId": CHILD}],
        "traceState": "a=b",
    }
    [read] = read_spans(write(request(made)))

    assert ((2, "no"), [Event("e", 5, {"k": 1})], [Link(int(TRACE, 16), int(CHILD, 16), {})], "a=b") == (
        read.status, read.events, read.links, read.trace_state
    )  # fmt: skip


def test_logs_metrics_and_empty_lines_are_passed_over(write):
    file = write({"resourceLogs": [{}]}, "", {"resourceMetrics": []}, {}, request(span()))

    assert 1 == len(list(read_spans(file)))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"resourceSpans": [', "not JSON"),
        ("[1, 2]", "an object is expected, not list"),
        ('"text"', "an object is expected, not str"),
        ('{"resourceSpans": 3}', "not iterable"),
        (json.dumps(request({**span(), "traceId": "short"})), "."),
        (json.dumps(request({**span(), "startTimeUnixNano": "noon"})), "noon"),
        (json.dumps(request({**span(), "traceId": None})), "an id is expected"),
        (json.dumps(request({**span(), "kind": 99})), "."),
    ],
)
def test_a_bad_line_is_one_error_that_names_it(write, line, reason):
    file = write(request(span()), line)

    with pytest.raises(MalformedLine, match=rf"spans\.jsonl, line 2: not an OTLP/HTTP JSON export \(.*{reason}"):
        list(JsonLinesReader([file]).find_runs(RunQuery()))


def test_a_trace_may_be_spread_over_files(write):
    files = [write(request(span(**AGENT)), name="a"), write(request(span(CHILD, ROOT, **TOOL)), name="b")]

    assert 2 == len(JsonLinesReader(files).load_run(ROOT).calls)


def test_spans_in_a_circle_are_still_a_run(write):
    """Nonsense in, but nothing hangs and nothing is lost."""
    file = write(request(span(ROOT, CHILD), span(CHILD, ROOT)))
    [run] = JsonLinesReader([file]).find_runs(RunQuery())

    assert (TRACE[16:], 2) == (run.id, len(JsonLinesReader([file]).load_run(run.id).calls))
