"""A span read back is the call that it was made of."""

from __future__ import annotations

import pytest

from foretell.model.call import Call
from foretell.model.facts import ErrorFacts, Event, InferenceFacts, Link, MemoryFacts, Session
from foretell.model.kinds import Kind, Outcome
from foretell.model.usage import Usage
from foretell.semconv.encode import span_attributes, span_events, span_kind, span_name, span_status
from foretell.semconv.inward.decode import call_from_span
from tests.unit.semconv import calls

NOT_ON_THE_WIRE = {"agent", "totals", "response", "input", "output", "identity", "rss_open_bytes", "trace_flags"}
FIELDS = [field for field in Call.__slots__ if field not in NOT_ON_THE_WIRE]
ENDINGS = {"ok": {}, "failed": calls.FAILED, "cancelled": calls.CANCELLED}


def read_back(call: Call, **changes) -> Call:
    span = {
        "name": span_name(call),
        "kind": span_kind(call),
        "trace_id": call.trace_id,
        "span_id": call.span_id,
        "parent_id": call.parent_id,
        "start_ns": call.start_ns,
        "end_ns": call.end_ns,
        "status": span_status(call),
        "attributes": span_attributes(call),
        "events": span_events(call),
        "links": call.links or (),
        "trace_state": call.trace_state,
    }
    return call_from_span(**{**span, **changes})


def facts_of(call: Call) -> dict[str, object]:
    return {field: getattr(call, field) for field in FIELDS}


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("make", calls.EVERY_KIND)
def test_all_facts_survive_the_road_out_and_back(make, ending):
    """Every fact of every kind is there again, however the call ended."""
    call = make(
        attributes={"team": "blue"},
        events=[Event("cache_miss", 5, {"key": "x"})],
        links=[Link(1, 2, {})],
        trace_state="a=b",
        **ENDINGS[ending],
    )

    assert facts_of(call) == facts_of(read_back(call))


def test_exported_contents_come_back():
    """Text, reference, gap and number of redactions; the rules stay at home."""
    given = calls.payload('{"q":"x"}', redactions={"unknown": 2}, is_truncated=True, blob_sha256="ab")
    call = calls.tool(content_exported=True, input_payload=given, output_payload=calls.payload('"y"'))

    assert facts_of(call) == facts_of(read_back(call))


def test_messages_come_back_as_messages():
    """A conversation that is encoded again is the same conversation."""
    call = calls.llm(
        content_exported=True,
        input_payload=calls.payload(
            '{"system":"Be brief.","messages":[{"role":"user","content":"Hi"}],"tools":[{"name":"find"}]}'
        ),
        output_payload=calls.payload('"Hello"'),
    )

    assert span_attributes(call) == span_attributes(read_back(call))


def test_facts_about_contents_that_stayed_at_home_are_kept():
    """The reference and the count of redactions are still on the span when it is encoded again."""
    call = calls.tool(input_payload=calls.payload("{}", redactions={"email": 2}, blob_sha256="ab"))
    back = read_back(call)

    assert back.input_payload is None
    assert span_attributes(call) == span_attributes(back)


def test_an_agents_sums_are_not_mistaken_for_its_totals():
    """How many calls there were is not on the span, so it is unknown; the sums of tokens go round unchanged."""
    call = calls.agent(totals=calls.TOTALS)
    back = read_back(call)

    assert back.totals is None
    assert span_attributes(call) == span_attributes(back)


@pytest.mark.parametrize(
    ("outcome", "error"),
    [
        (Outcome.HALTED, ErrorFacts("foretell.errors.RunHalted", "loop")),
        (Outcome.HALTED, None),
        (Outcome.ABORTED, None),
        (Outcome.TIMEOUT, None),
        (Outcome.THROTTLED, None),
        (Outcome.CANCELLED, None),
        (Outcome.ERROR, None),
    ],
)
def test_every_outcome_is_told_by_error_type_and_status(outcome, error):
    """The outcome has no attribute of its own and needs none."""
    back = read_back(calls.tool(outcome=outcome, error=error))

    assert (outcome, error) == (back.outcome, back.error)


def test_a_span_without_end_is_open():
    """A call that still runs has no outcome yet."""
    assert Outcome.OPEN is read_back(calls.tool(end_ns=None, outcome=Outcome.OPEN)).outcome


def test_a_status_with_a_description_is_an_error_of_unknown_type():
    """Other instrumentations do not always say what failed."""
    back = call_from_span(**{**_plain("work", {}), "status": (2, "it broke")})

    assert (Outcome.ERROR, ErrorFacts("_OTHER", "it broke")) == (back.outcome, back.error)


def test_a_cancelled_call_of_others_is_no_error():
    """Some instrumentations set the status ERROR when a task is cancelled."""
    attributes = {"gen_ai.operation.name": "execute_tool", "error.type": "asyncio.exceptions.CancelledError"}

    assert Outcome.CANCELLED is call_from_span(**{**_plain("execute_tool x", attributes), "status": (2, "")}).outcome


def test_a_run_is_the_one_on_the_span_else_the_callers_else_its_own():
    """A run's id is never missing."""
    assert calls.RUN_ID == read_back(calls.tool(), run_id="1" * 16).run_id
    assert "1" * 16 == call_from_span(**_plain("x", {}), run_id="1" * 16).run_id
    assert "00000000000000bb" == call_from_span(**_plain("x", {})).run_id


@pytest.mark.parametrize(
    ("attributes", "kind"),
    [
        ({}, Kind.SPAN),
        ({"gen_ai.operation.name": "generate_content"}, Kind.LLM),
        ({"gen_ai.operation.name": "upsert_memory"}, Kind.MEMORY),
        ({"gen_ai.operation.name": "create_agent"}, Kind.SPAN),
        ({"gen_ai.operation.name": "custom"}, Kind.SPAN),
        ({"gen_ai.request.model": "m", "gen_ai.usage.output_tokens": 3}, Kind.LLM),
        ({"openinference.span.kind": "CHAIN"}, Kind.STEP),
        ({"traceloop.span.kind": "task"}, Kind.STEP),
        ({"mcp.method.name": "tools/list"}, Kind.SPAN),
        ({"foretell.run.id": "1" * 16, "foretell.step.index": 2}, Kind.STEP),
        ({"foretell.run.id": "1" * 16}, Kind.SPAN),
    ],
)
def test_the_kind_of_a_span(attributes, kind):
    """The operation decides; what groups is a step; everything else stays a foreign span."""
    assert kind is call_from_span(**_plain("x", attributes)).kind


def test_a_foreign_span_goes_through_unchanged():
    """Attributes, events, kind and error of somebody else's span are theirs."""
    events = [Event("exception", 5, {"exception.type": "KeyError", "exception.message": "k"})]
    attributes = {"http.request.method": "GET", "error.type": "KeyError"}
    back = call_from_span(**{**_plain("GET /", attributes), "kind": "server", "events": events, "status": (2, "")})

    assert ("GET /", "server", {**attributes, "foretell.run.id": back.run_id}) == (
        span_name(back),
        span_kind(back),
        span_attributes(back),
    )
    assert events == list(span_events(back))
    assert ErrorFacts("KeyError", "k") == back.error


def test_a_remote_agent_keeps_its_provider_and_its_kind():
    """What stands only on remote agents survives in the attributes."""
    attributes = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "helper",
        "gen_ai.agent.id": "asst_1",
        "gen_ai.provider.name": "openai",
    }
    back = call_from_span(**{**_plain("invoke_agent helper", attributes), "kind": "client"})

    assert (Kind.AGENT, "helper", "client") == (back.kind, back.name, span_kind(back))
    assert attributes.items() <= span_attributes(back).items()


def test_parts_that_are_more_than_their_sum_were_left_out_of_it():
    """Some instrumentations copy a provider's input without the cached tokens: then nothing is taken off."""
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.usage.input_tokens": 10,
        "gen_ai.usage.cache_read.input_tokens": 90,
        "gen_ai.usage.output_tokens": 4,
        "gen_ai.usage.reasoning.output_tokens": 6,
    }

    assert (
        Usage(uncached_input=10, cache_read=90, output=4, reasoning=6)
        == call_from_span(**_plain("chat", attributes)).usage
    )


def test_what_has_no_number_has_no_usage():
    """No count is not zero."""
    assert call_from_span(**_plain("chat", {"gen_ai.operation.name": "chat"})).usage is None


def test_an_unknown_provider_is_unknown_again():
    """The word for nobody does not become a provider."""
    assert InferenceFacts() == read_back(calls.llm(facts=InferenceFacts())).facts


def test_a_memory_in_the_process_comes_back():
    """Without a provider the call was internal, and is again."""
    back = read_back(calls.memory(facts=MemoryFacts("create_memory", record_count=1)))

    assert (MemoryFacts("create_memory", record_count=1), None) == (back.facts, back.span_kind)


def test_tags_of_a_session_stay_attributes():
    """The reader cannot tell a tag from another attribute of the user's."""
    back = read_back(calls.tool(session=Session("s", tags=(("tenant", "acme"),))))

    assert (Session("s"), {"tenant": "acme"}) == (back.session, back.attributes)


def _plain(name, attributes):
    return {
        "name": name,
        "kind": "internal",
        "trace_id": 0xCC,
        "span_id": 0xBB,
        "parent_id": None,
        "start_ns": 1,
        "end_ns": 2,
        "status": (0, ""),
        "attributes": attributes,
    }


def test_one_call_of_a_protocols_tool_is_one_tool():
    """Who asks tells it; the server's span is a tool only where it begins the trace, and nobody else tells."""
    asked = {"mcp.method.name": "tools/call", "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "add"}
    span = _plain("tools/call add", asked)
    told = [
        call_from_span(**{**span, "kind": kind, "parent_id": parent})
        for kind, parent in (("client", 7), ("server", 7), ("server", None))
    ]

    assert [Kind.TOOL, Kind.SPAN, Kind.TOOL] == [call.kind for call in told]
    assert ["tools/call add"] * 3 == [span_name(call) for call in told]
