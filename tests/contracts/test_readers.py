"""What every reader must do, run on every reader; everything is expected unless a backend is excused."""

from __future__ import annotations

import json
from itertools import count

import pytest

from foretell.model.call import Call
from foretell.model.facts import ErrorFacts, InferenceFacts, Session, ToolFacts
from foretell.model.kinds import Kind, Outcome
from foretell.model.run import RunQuery
from foretell.model.usage import Cost, Usage
from foretell.readers.jsonlines import JsonLinesReader
from foretell.readers.protocol import RunNotFound, resolve_run
from foretell.readers.store import StoreReader
from foretell.semconv.encode import exception_fields, span_attributes, span_kind, span_name, span_status
from foretell.store.store import Store
from foretell.store.writing.writer import StoreSink

START_NS = 1_700_000_000_000_000_000
MINUTE_NS = 60_000_000_000


def make_run(ids, name, start_ns, outcome=Outcome.OK, session=None):
    """An agent with an inference and a tool below it, in the order in which they end."""
    id = next(ids)
    root = Call(Kind.AGENT, name, id=id, trace_id=(id << 64) | 7, run_id=f"{id:016x}", start_ns=start_ns)
    llm = Call(Kind.LLM, "gpt-4o", id=next(ids), trace_id=root.trace_id, run_id=root.run_id, start_ns=start_ns + 1)
    llm.facts = InferenceFacts("openai", request_model="gpt-4o", finish_reasons=("stop",))
    llm.usage, llm.cost = Usage(70, 20, 10, 40, 5), Cost(0.25, "genai-prices")
    tool = Call(
        Kind.TOOL, f"look_up_{name}", id=next(ids), trace_id=root.trace_id, run_id=root.run_id, start_ns=start_ns + 2
    )
    tool.facts = ToolFacts(call_id="c-1")
    for step, call in enumerate((root, llm, tool)):
        call.agent_name, call.session, call.step_index = name, session, step
        call.end_ns, call.outcome = start_ns + 1_000 + step, Outcome.OK
        if call is not root:
            call.parent_id = root.id
    root.outcome, root.end_ns = outcome, start_ns + 5_000
    if outcome is Outcome.ERROR:
        root.error = ErrorFacts("ValueError", "it broke")
    return [llm, tool, root]


@pytest.fixture
def runs():
    """Three runs, oldest first."""
    ids = count(0xA0_0000_0000_0001)
    return [
        make_run(ids, "planner", START_NS, session=Session("s-1", "u-1")),
        make_run(ids, "writer", START_NS + MINUTE_NS, Outcome.ERROR),
        make_run(ids, "planner", START_NS + 2 * MINUTE_NS),
    ]


def read_store(tmp_path, calls):
    store = Store.open(tmp_path / ".foretell", now_ns=lambda: START_NS)
    sink = StoreSink(store, service_name="shop")
    sink.take(calls)
    sink.flush(10)
    return StoreReader(store), store.close


def read_json_lines(tmp_path, calls):
    file = tmp_path / "spans.jsonl"
    file.write_text("\n".join(json.dumps(to_request(call)) for call in calls))
    return JsonLinesReader([file]), lambda: None


def to_request(call):
    code, message = span_status(call)
    span = {
        "traceId": f"{call.trace_id:032x}",
        "spanId": f"{call.span_id:016x}",
        "parentSpanId": "" if call.parent_id is None else f"{call.parent_id:016x}",
        "name": span_name(call),
        "kind": f"SPAN_KIND_{span_kind(call).upper()}",
        "startTimeUnixNano": str(call.start_ns),
        "endTimeUnixNano": str(call.end_ns),
        "attributes": to_pairs(span_attributes(call)),
        "status": {"code": code, "message": message},
    }
    if call.error is not None:
        fields = to_pairs(exception_fields(call.error))
        span["events"] = [{"name": "exception", "timeUnixNano": str(call.end_ns), "attributes": fields}]
    resource = {"attributes": to_pairs({"service.name": "shop"})}
    return {"resourceSpans": [{"resource": resource, "scopeSpans": [{"spans": [span]}]}]}


def to_pairs(attributes):
    return [{"key": key, "value": to_value(value)} for key, value in attributes.items()]


def to_value(value):
    if isinstance(value, (list, tuple)):
        return {"arrayValue": {"values": [to_value(item) for item in value]}}
    name = {str: "stringValue", bool: "boolValue", int: "intValue", float: "doubleValue"}[type(value)]
    return {name: str(value) if name == "intValue" else value}


@pytest.fixture(params=[read_store, read_json_lines], ids=["store", "json lines"])
def reader(request, tmp_path, runs):
    made, close = request.param(tmp_path, [call for run in runs for call in run])
    yield made
    close()


def ids(found):
    return [run.id for run in found]


def run_ids(runs, *numbers):
    return [runs[number][-1].run_id for number in numbers]


def test_runs_come_newest_first(reader, runs):
    assert run_ids(runs, 2, 1, 0) == ids(reader.find_runs(RunQuery()))


def test_a_limit_keeps_the_newest(reader, runs):
    assert run_ids(runs, 2, 1) == ids(reader.find_runs(RunQuery(limit=2)))


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        (RunQuery(agent_name="planner"), (2, 0)),
        (RunQuery(agent_name="nobody"), ()),
        (RunQuery(session_id="s-1"), (0,)),
        (RunQuery(outcome=Outcome.ERROR), (1,)),
        (RunQuery(outcome=Outcome.OPEN), ()),
        (RunQuery(text="broke"), (1,)),
        (RunQuery(text="look_up_planner"), (2, 0)),
        (RunQuery(text="xyzzy"), ()),
        (RunQuery(since_ns=START_NS + MINUTE_NS), (2, 1)),
        (RunQuery(until_ns=START_NS + MINUTE_NS), (1, 0)),
        (RunQuery(agent_name="planner", limit=1), (2,)),
        (RunQuery(id_prefix="f"), ()),
    ],
)
def test_runs_are_found_by_what_is_asked(reader, runs, query, numbers):
    assert run_ids(runs, *numbers) == ids(reader.find_runs(query))


def test_a_run_is_found_by_its_first_digits(reader, runs):
    [wanted] = run_ids(runs, 1)

    assert wanted == resolve_run(reader, wanted[:16])


def test_no_digits_mean_the_newest(reader, runs):
    assert run_ids(runs, 2) == [resolve_run(reader)]


def test_a_line_says_what_a_list_shows(reader, runs):
    *_, oldest = reader.find_runs(RunQuery())
    root = runs[0][-1]

    assert ("planner", "planner", "shop", START_NS, root.end_ns, Outcome.OK, 3, 0, root.trace_id) == (
        oldest.name, oldest.agent_name, oldest.service_name, oldest.start_ns, oldest.end_ns, oldest.outcome,
        oldest.call_count, oldest.error_count, oldest.trace_id,
    )  # fmt: skip
    assert (100, 45, 0.25, 0, "s-1", "u-1") == (
        oldest.input_tokens, oldest.output_tokens, oldest.cost_usd, oldest.unpriced_calls, oldest.session_id,
        oldest.user_id,
    )  # fmt: skip


def test_a_failed_run_says_why(reader, runs):
    run = reader.load_run(runs[1][-1].run_id)

    assert (Outcome.ERROR, "it broke", 1, ErrorFacts("ValueError", "it broke")) == (
        run.summary.outcome, run.summary.error_message, run.summary.error_count, run.calls[0].error
    )  # fmt: skip


def test_a_run_has_its_calls_in_order_of_opening(reader, runs):
    llm, tool, root = runs[0]
    calls = reader.load_run(root.run_id).calls

    assert [
        (call.kind, call.name, call.id, call.parent_id, call.start_ns, call.end_ns, call.step_index)
        for call in (root, llm, tool)
    ] == [
        (call.kind, call.name, call.id, call.parent_id, call.start_ns, call.end_ns, call.step_index) for call in calls
    ]


def test_calls_have_their_facts(reader, runs):
    _, llm, tool = reader.load_run(runs[0][-1].run_id).calls

    assert (Usage(70, 20, 10, 40, 5), Cost(0.25, "genai-prices"), "openai", ("stop",), "c-1") == (
        llm.usage, llm.cost, llm.facts.provider, llm.facts.finish_reasons, tool.facts.call_id
    )  # fmt: skip


def test_the_line_of_a_loaded_run_is_the_one_in_the_list(reader):
    assert [reader.load_run(run.id).summary for run in reader.find_runs(RunQuery())] == list(
        reader.find_runs(RunQuery())
    )


def test_an_unknown_run_is_not_found(reader):
    with pytest.raises(RunNotFound, match="There is no run 'ffff'"):
        reader.load_run("ffff")


def test_part_of_an_id_is_no_run(reader, runs):
    """`load_run` takes whole ids; `resolve_run` completes them."""
    with pytest.raises(RunNotFound):
        reader.load_run(runs[0][-1].run_id[:8])


def test_a_body_that_is_not_here_is_none(reader):
    assert None is reader.load_blob("00" * 32)


def test_what_is_found_can_be_loaded_while_looking(reader):
    """Nothing is held between two runs."""
    assert [3, 3, 3] == [len(reader.load_run(run.id).calls) for run in reader.find_runs(RunQuery())]
