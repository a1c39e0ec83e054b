"""A tree of OpenInference spans becomes a run: names, kinds, contents, tokens, errors and times."""

from __future__ import annotations

import json

import pytest

from foretell.model.kinds import Kind, Outcome
from foretell.model.run import RunQuery
from foretell.readers.importer import Imported, import_file
from foretell.readers.openinference import LOST, MalformedTrace, load_traces, read_traces

TRACE = "00000000000000000000000000000abc"
NOON_NS = 1_742_385_600 * 10**9  # 2025-03-19T12:00:00Z


def span(number, name, kind=None, *, at="2025-03-19T12:00:00Z", lasts="PT1S", parent=None, below=(), **more):
    attributes = more.pop("attributes", {})
    return {
        "timestamp": at,
        "trace_id": TRACE,
        "span_id": f"{number:016x}",
        "parent_span_id": parent,
        "span_name": name,
        "span_kind": "Internal",
        "service_name": "shop",
        "span_attributes": attributes | ({"openinference.span.kind": kind} if kind else {}),
        "duration": lasts,
        "status_code": "Ok",
        "status_message": "",
        "child_spans": list(below),
        **more,
    }


def a_tool(number=4, **more):
    told = {"tool.name": "look_up", "input.value": '{"order": 7}', "output.value": "sent"}
    return span(number, "LookUp", "TOOL", attributes=told, **more)


def an_inference(number=3, **more):
    told = {
        "llm.model_name": "gpt-4o-mini",
        "llm.token_count.prompt": "70",
        "llm.token_count.completion": "9",
        "llm.input_messages.0.message.role": "user",
        "llm.input_messages.0.message.content": "where is it?",
        "llm.output_messages.0.message.role": "assistant",
        "llm.output_messages.0.message.content": "let me see",
    }
    return span(number, "Model.__call__", "LLM", attributes=told, **more)


def a_trace(*below):
    agent = span(2, "Desk.run", "AGENT", attributes={"llm.token_count.prompt": "70"}, below=below)
    return {"trace_id": TRACE, "spans": [span(1, "main", lasts="PT1M2.5S", below=[agent])]}


@pytest.fixture
def write(tmp_path):
    def write_one(document, name="trace.json"):
        file = tmp_path / name
        file.write_text(document if isinstance(document, str) else json.dumps(document))
        return file

    return write_one


@pytest.fixture
def load(write):
    return lambda document: {call.span_id: call for call in load_traces(write(document))[0]}


def test_what_is_nested_becomes_parents_and_children(load):
    calls = load(a_trace(an_inference(), a_tool()))

    assert {1: None, 2: 1, 3: 2, 4: 2} == {id: call.parent_id for id, call in calls.items()}


def test_kinds_become_ours(load):
    calls = load(a_trace(an_inference(), a_tool(), span(5, "Step 1", "CHAIN"), span(6, "set_up")))

    assert [Kind.SPAN, Kind.AGENT, Kind.LLM, Kind.TOOL, Kind.STEP, Kind.SPAN] == [calls[id].kind for id in range(1, 7)]


def test_a_document_is_one_run(load):
    assert {f"{1:016x}"} == {call.run_id for call in load(a_trace(an_inference())).values()}


def test_names_are_those_of_tool_model_and_agent(load):
    calls = load(a_trace(an_inference(), a_tool()))

    assert ["Desk.run", "gpt-4o-mini", "look_up"] == [calls[id].name for id in (2, 3, 4)]


def test_calls_know_the_agent_above_them_and_the_run_its_first(load):
    helper = span(7, "Helper.run", "AGENT", below=[a_tool(8)])
    calls = load(a_trace(a_tool(), helper))

    assert ["Desk.run", "Desk.run", "Desk.run", "Helper.run"] == [calls[id].agent_name for id in (1, 2, 4, 8)]


def test_contents_come_along(load):
    calls = load(
        a_trace(an_inference(), a_tool(), span(5, "Step", "CHAIN", attributes={"output.value": "two of three"}))
    )

    assert (
        {"order": 7},
        "sent",
        "where is it?",
        "let me see",
        "two of three",
    ) == (
        json.loads(calls[4].input_payload.text),
        json.loads(calls[4].output_payload.text),
        json.loads(calls[3].input_payload.text)[0]["parts"][0]["content"],
        json.loads(calls[3].output_payload.text)[0]["parts"][0]["content"],
        json.loads(calls[5].output_payload.text),
    )


def test_tokens_count_where_they_were_used_and_nowhere_else(load):
    """Agents repeat the sums of what is below them, and counts come as text."""
    calls = load(a_trace(an_inference()))

    assert (70, 9, None) == (calls[3].usage.input_tokens, calls[3].usage.output_tokens, calls[2].usage)


@pytest.mark.parametrize("words", [("Name", "Timestamp", "Attributes"), ("name", "timestamp", "attributes")])
def test_an_exception_is_an_error(load, words):
    name, timestamp, attributes = words
    fields = {"exception.type": "KeyError", "exception.message": "7"}
    event = {name: "exception", timestamp: "2025-03-19T12:00:01", attributes: fields}
    call = load(a_trace(a_tool(status_code="Error", status_message="KeyError: 7", events=[event])))[4]

    assert (Outcome.ERROR, "KeyError", "7") == (call.outcome, call.error.type, call.error.message)


@pytest.mark.parametrize(
    ("written", "expected_ns"),
    [
        ("2025-03-19T12:00:00Z", NOON_NS),
        ("2025-03-19T12:00:00.000001Z", NOON_NS + 1_000),
        ("2025-03-19T12:00:00.123456789Z", NOON_NS + 123_456_789),
        ("2025-03-19T14:00:00.5+02:00", NOON_NS + 500_000_000),
        ("2025-03-19T06:30:00-0530", NOON_NS),
        ("2025-03-19 12:00:00", NOON_NS),
    ],
)
def test_times_have_offsets_and_fractions(load, written, expected_ns):
    assert expected_ns == load(a_trace(a_tool(at=written)))[4].start_ns


@pytest.mark.parametrize(
    ("written", "expected_ns"),
    [
        ("PT0.000048S", 48_000),
        ("PT5M37.782811S", 337_782_811_000),
        ("P1DT2H", 26 * 3_600 * 10**9),
        (1.5, 1_500_000_000),
    ],
)
def test_durations_are_read_to_the_nanosecond(load, written, expected_ns):
    assert NOON_NS + expected_ns == load(a_trace(a_tool(lasts=written)))[4].end_ns


def test_a_trace_in_pieces_gets_a_root_that_lasts_as_long_as_they_do(load):
    first = span(11, "Step 1", "CHAIN", parent=f"{9:016x}")
    second = span(12, "Step 2", "CHAIN", parent=f"{9:016x}", at="2025-03-19T12:00:30Z", lasts="PT20S")
    calls = load({"trace_id": TRACE, "spans": [first, second]})

    assert (LOST, 50.0, 9, 9, {f"{9:016x}"}) == (
        calls[9].name,
        calls[9].duration_s,
        calls[11].parent_id,
        calls[12].parent_id,
        {call.run_id for call in calls.values()},
    )


def test_several_traces_may_stand_in_one_file(write):
    documents = [a_trace(), {"spans": [span(5, "other", trace_id="00000000000000000000000000000def")]}]

    assert [1, 2, 5] == [record.span_id for record in read_traces(write(documents))]


def test_a_deep_tree_is_read(write):
    deepest = span(200, "f")
    for number in range(199, 0, -1):
        deepest = span(number, "f", below=[deepest])

    assert list(range(1, 201)) == [record.span_id for record in read_traces(write({"spans": [deepest]}))]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("no json", "not JSON"),
        ("[" * 200_000, "nested too deeply"),
        ("7", "an object is expected, not int"),
        ({"trace_id": TRACE}, "'spans' is missing"),
        ({"spans": []}, "holds no spans"),
        ({"spans": {}}, "`spans` is no list"),
        ({"spans": ["x"]}, "a span is expected, not str"),
        ({"spans": [{"span_id": "1"}]}, "'timestamp' is missing"),
        ({"spans": [span(1, "x", at="yesterday")]}, "'yesterday' is no time"),
        ({"spans": [span(1, "x", at="2025-13-19T12:00:00Z")]}, "month must be in"),
        ({"spans": [span(1, "x", lasts="long")]}, "'long' is no duration"),
        ({"spans": [span(1, "x", span_id="xyz")]}, "invalid literal"),
        ({"spans": [span(1, "x", span_id="f" * 40)]}, "no id of 16 hex digits"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_sentence(write, document, reason):
    with pytest.raises(MalformedTrace, match=reason) as refused:
        load_traces(write(document, "odd.json"))

    assert "odd.json is no trace of OpenInference spans" in str(refused.value)


def test_it_can_be_imported_again_and_again(store, reader, write):
    file = write(a_trace(an_inference(), a_tool()))

    assert [Imported(1, 4, 0), Imported(0, 0, 4)] == [
        import_file(store, file, format="openinference") for _ in range(2)
    ]
    [run] = reader.find_runs(RunQuery(agent_name="Desk.run"))
    assert ("main", "shop", 70, 9) == (run.name, run.service_name, run.input_tokens, run.output_tokens)
