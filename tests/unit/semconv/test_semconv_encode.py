"""What a call is called outside."""

from __future__ import annotations

import json

import pytest

from foretell.model.facts import ErrorFacts, Event, InferenceFacts, MemoryFacts, Score, Session
from foretell.model.finding import Finding, Severity, Verdict
from foretell.model.kinds import Kind, Outcome
from foretell.model.usage import Usage
from foretell.semconv.encode import (
    finding_event,
    span_attributes,
    span_events,
    span_kind,
    span_name,
    span_status,
    start_attributes,
)
from foretell.semconv.records import log_events, score_event
from tests.unit.semconv import calls


@pytest.mark.parametrize(
    ("make", "name", "kind"),
    [
        (calls.llm, "chat gpt-5", "client"),
        (calls.embeddings, "embeddings embed-v4", "client"),
        (calls.tool, "execute_tool search", "internal"),
        (calls.agent, "invoke_agent planner", "internal"),
        (calls.workflow, "invoke_workflow triage", "internal"),
        (calls.retriever, "retrieval docs", "client"),
        (calls.memory, "search_memory", "client"),
        (calls.plan, "plan planner", "internal"),
        (calls.step, "prepare_data", "internal"),
    ],
)
def test_name_and_kind_follow_the_template(make, name, kind):
    """Each kind of call has the conventions' span name and kind."""
    assert (name, kind) == (span_name(make()), span_kind(make()))


@pytest.mark.parametrize(
    ("call", "name"),
    [
        (calls.llm(facts=None), "chat"),
        (calls.embeddings(facts=None), "embeddings"),
        (calls.retriever(facts=None), "retrieval"),
        (calls.memory(facts=None), "search_memory"),
        (calls.plan(agent_name=None), "plan"),
        (calls.agent(name=""), "invoke_agent"),
        (calls.workflow(name=""), "invoke_workflow"),
    ],
)
def test_a_name_without_its_object_is_the_operation_alone(call, name):
    """Nothing trails an operation whose object is unknown."""
    assert name == span_name(call)


def test_memory_in_the_process_is_internal():
    """Without an external provider a memory call stays in the process."""
    assert "internal" == span_kind(calls.memory(facts=MemoryFacts()))


def test_a_foreign_span_keeps_name_kind_and_attributes():
    """Somebody else's span goes out as it came, with the run it belongs to."""
    call = calls.make_call(Kind.SPAN, "GET /users", span_kind="server", attributes={"http.request.method": "GET"})

    assert ("GET /users", "server") == (span_name(call), span_kind(call))
    assert {"http.request.method": "GET", "foretell.run.id": calls.RUN_ID} == span_attributes(call)


def test_everything_about_an_inference():
    """An inference carries request, response, usage with breakdown, and money."""
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5",
        "server.address": "api.openai.com",
        "server.port": 443,
        "gen_ai.agent.name": "planner",
        "foretell.run.id": calls.RUN_ID,
        "foretell.step.index": 7,
        "gen_ai.response.model": "gpt-5-2026-08-01",
        "gen_ai.response.id": "resp_1",
        "gen_ai.response.finish_reasons": ["stop", "length"],
        "gen_ai.request.stream": True,
        "gen_ai.response.time_to_first_chunk": 0.25,
        "gen_ai.request.max_tokens": 100,
        "gen_ai.request.temperature": 0.5,
        "gen_ai.request.top_p": 1.0,
        "gen_ai.request.top_k": 40,
        "gen_ai.request.seed": 7,
        "gen_ai.request.stop_sequences": ["END"],
        "gen_ai.request.choice.count": 2,
        "gen_ai.request.reasoning.level": "high",
        "gen_ai.request.previous_response.id": "resp_0",
        "gen_ai.request.frequency_penalty": 0.1,
        "gen_ai.request.presence_penalty": 0.2,
        "gen_ai.output.type": "json",
        "gen_ai.conversation.compacted": True,
        "openai.request.service_tier": "auto",
        "openai.response.service_tier": "default",
        "openai.response.system_fingerprint": "fp_1",
        "openai.api.type": "chat_completions",
        "gen_ai.usage.input_tokens": 123,
        "gen_ai.usage.output_tokens": 35,
        "gen_ai.usage.cache_read.input_tokens": 20,
        "gen_ai.usage.cache_write.input_tokens": 3,
        "gen_ai.usage.reasoning.output_tokens": 5,
        "gen_ai.usage.text.input_tokens": 113,
        "gen_ai.usage.image.input_tokens": 10,
        "gen_ai.usage.text.output_tokens": 35,
        "gen_ai.usage.text.cache_read.input_tokens": 20,
        "foretell.usage.estimated": True,
        "foretell.context.limit": 1000,
        "foretell.context.utilization": 0.158,
        "foretell.cost.amount": 0.0125,
        "foretell.cost.currency": "USD",
        "foretell.cost.source": "genai-prices",
        "foretell.cost.price_date": "2026-11-01",
        "session.id": "s-1",
        "user.id": "u-1",
        "gen_ai.conversation.id": "c-1",
    }

    assert expected == span_attributes(calls.llm(), 1000)


def test_an_agent_in_the_process_has_no_provider_and_no_version_of_the_conventions():
    """Its version is ours to name, its usage a sum without breakdown, its cost on the inferences alone."""
    expected = {
        "gen_ai.operation.name": "invoke_agent",
        "gen_ai.agent.name": "planner",
        "foretell.agent.version": "1.2",
        "foretell.run.id": calls.RUN_ID,
        "foretell.step.index": 7,
        "foretell.process.rss": 50_000_000,
        "gen_ai.usage.input_tokens": 123,
        "gen_ai.usage.output_tokens": 35,
        "session.id": "s-1",
        "user.id": "u-1",
        "gen_ai.conversation.id": "c-1",
    }

    assert expected == span_attributes(calls.agent(totals=calls.TOTALS, rss_open_bytes=40_000_000))


def test_a_step_has_no_operation():
    """A step groups; nothing may count it as an agent's operation."""
    assert "gen_ai.operation.name" not in span_attributes(calls.step())


@pytest.mark.parametrize(
    ("make", "names"),
    [
        (
            calls.llm,
            {"gen_ai.operation.name", "gen_ai.provider.name", "gen_ai.request.model", "server.address", "server.port"},
        ),
        (calls.tool, {"gen_ai.operation.name", "gen_ai.tool.name", "gen_ai.tool.type", "gen_ai.agent.name"}),
        (calls.agent, {"gen_ai.operation.name", "gen_ai.agent.name"}),
        (calls.plan, {"gen_ai.operation.name", "gen_ai.agent.name"}),
    ],
)
def test_samplers_see_what_they_need(make, names):
    """What samplers may look at is there when the span opens, and the run's id with it."""
    assert names | {"foretell.run.id"} <= start_attributes(make()).keys()


def test_an_unknown_provider_is_said_only_at_the_end():
    """The response may still tell who it was; the conventions require a provider in the end."""
    call = calls.llm(facts=InferenceFacts(), end_ns=None)
    assert "gen_ai.provider.name" not in start_attributes(call)

    call.end_ns = 9
    assert "unknown" == span_attributes(call)["gen_ai.provider.name"]


def test_parameters_of_a_request_get_the_conventions_types():
    """Numbers become the type that is asked for; nonsense, a single choice and unknown parameters are left out."""
    request = {"temperature": 1, "max_tokens": "64", "n": 1, "stop": "END", "top_p": object(), "logit_bias": {}}
    attributes = span_attributes(calls.llm(facts=InferenceFacts(provider="openai", request=request)))

    assert (1.0, float) == (attributes["gen_ai.request.temperature"], type(attributes["gen_ai.request.temperature"]))
    assert 64 == attributes["gen_ai.request.max_tokens"]
    assert ["END"] == attributes["gen_ai.request.stop_sequences"]
    assert 3 == sum(name.startswith("gen_ai.request.") for name in attributes)


def test_only_openai_has_openais_words():
    """Another provider's service tier is not put under OpenAI's name."""
    facts = InferenceFacts(provider="anthropic", service_tier="standard", request={"service_tier": "auto"})

    assert [] == [name for name in span_attributes(calls.llm(facts=facts)) if name.startswith("openai.")]


def test_counts_of_zero_say_nothing_but_sums_do():
    """Without cache or reasoning there is no breakdown; the sums stand even when they are 0."""
    attributes = span_attributes(calls.llm(usage=Usage()))
    usage = {name: value for name, value in attributes.items() if name.startswith("gen_ai.usage.")}

    assert {"gen_ai.usage.input_tokens": 0, "gen_ai.usage.output_tokens": 0} == usage


def test_unknown_usage_and_cost_are_not_zero():
    """What nobody counted or priced has no attribute."""
    attributes = span_attributes(calls.llm(usage=None, cost=None), 1000)

    assert [] == [name for name in attributes if "usage" in name or "cost" in name or "context" in name]


def test_the_users_attributes_never_override_ours():
    """The user's own attributes and a session's tags stand beside ours."""
    call = calls.tool(
        attributes={"gen_ai.tool.name": "other", "team": "blue"},
        session=Session(tags=(("tenant", "acme"), ("foretell.run.id", "other"))),
    )
    attributes = span_attributes(call)

    assert ("search", "blue") == (attributes["gen_ai.tool.name"], attributes["team"])
    assert ("acme", calls.RUN_ID) == (attributes["tenant"], attributes["foretell.run.id"])


@pytest.mark.parametrize(
    ("fields", "status", "error_type"),
    [
        ({}, (0, ""), None),
        (calls.FAILED, (2, "no such thing"), "ValueError"),
        (calls.CANCELLED, (0, ""), "asyncio.exceptions.CancelledError"),
        (
            {"outcome": Outcome.HALTED, "error": ErrorFacts("foretell.errors.RunHalted", "loop")},
            (2, "loop"),
            "foretell.errors.RunHalted",
        ),
        ({"outcome": Outcome.ABORTED}, (2, ""), "aborted"),
        ({"outcome": Outcome.TIMEOUT}, (2, ""), "timeout"),
        ({"outcome": Outcome.ERROR}, (2, ""), "_OTHER"),
    ],
)
def test_how_it_ended(fields, status, error_type):
    """Only what failed has the status ERROR; a cancelled call says why without failing; OK is never set."""
    call = calls.tool(**fields)

    assert status == span_status(call)
    assert error_type == span_attributes(call).get("error.type")


def test_a_failure_brings_its_exception_after_the_users_events():
    """Type, message and stack are one event at the end of the call."""
    mine = Event("cache_miss", 5, {"key": "x"})
    fields = {
        "exception.type": "ValueError",
        "exception.message": "no such thing",
        "exception.stacktrace": "Traceback …",
    }

    assert (mine, Event("exception", 3 * calls.SECOND, fields)) == span_events(
        calls.tool(events=[mine], **calls.FAILED)
    )


def test_a_cancelled_call_has_no_exception_event():
    """Nobody made a mistake."""
    assert () == span_events(calls.tool(**calls.CANCELLED))


def test_a_finding_is_an_event_with_three_words():
    """Trigger, severity and summary go onto the span."""
    finding = Finding("agent_loop", "planner", Severity.CRITICAL, Verdict.FIRING, 5, None, "It repeats.", "", 0.9)

    assert (
        Event("foretell.finding", 5, {"trigger": "agent_loop", "severity": "critical", "summary": "It repeats."})
    ) == finding_event(finding)


def test_contents_stay_at_home_unless_exported():
    """References, redactions and gaps are told; the text only on the user's word."""
    fields = {
        "input_payload": calls.payload('{"q":"x"}', redactions={"email": 2}, is_truncated=True, blob_sha256="ab"),
        "output_payload": calls.payload('"y"', redactions={"card": 1}),
    }
    kept = span_attributes(calls.tool(**fields))
    sent = span_attributes(calls.tool(content_exported=True, **fields))

    assert {"foretell.payload.input.ref": "ab", "foretell.redactions": 3, "foretell.truncated": ["input"]} == {
        name: kept[name] for name in ("foretell.payload.input.ref", "foretell.redactions", "foretell.truncated")
    }
    assert {"gen_ai.tool.call.arguments": '{"q":"x"}', "gen_ai.tool.call.result": '"y"'} == {
        name: sent[name] for name in sent.keys() - kept.keys()
    }


def test_an_exported_inference_carries_messages_as_json():
    """A prompt and an answer become one message each."""
    call = calls.llm(
        content_exported=True, input_payload=calls.payload('"Hi"'), output_payload=calls.payload('"Hello"')
    )
    attributes = span_attributes(call)

    assert [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}] == json.loads(
        attributes["gen_ai.input.messages"]
    )
    assert [{"role": "assistant", "parts": [{"type": "text", "content": "Hello"}]}] == json.loads(
        attributes["gen_ai.output.messages"]
    )


def test_a_retrieval_carries_query_and_documents():
    """A query is plain text, documents are objects with their text under `content`."""
    call = calls.retriever(
        content_exported=True,
        input_payload=calls.payload('{"query":"cats"}'),
        output_payload=calls.payload('["a cat",{"page_content":"b","score":0.5}]'),
    )
    attributes = span_attributes(call)

    assert "cats" == attributes["gen_ai.retrieval.query.text"]
    assert [{"content": "a cat"}, {"page_content": "b", "score": 0.5, "content": "b"}] == json.loads(
        attributes["gen_ai.retrieval.documents"]
    )


def test_details_of_an_inference_are_a_debug_record_without_its_contents():
    """The record has what the span says, but for the messages, which leave the machine once."""
    call = calls.llm(content_exported=True, input_payload=calls.payload('"Hi"'))
    attributes = span_attributes(call)
    (details,) = log_events(call, attributes)

    assert ("gen_ai.client.inference.operation.details", 5, "DEBUG") == (
        details.name,
        details.severity_number,
        details.severity_text,
    )
    assert (call.end_ns, 0xCC, 0xBB) == (details.time_ns, details.trace_id, details.span_id)
    messages = attributes.pop("gen_ai.input.messages")
    assert [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}] == json.loads(messages)
    assert attributes == details.attributes


def test_a_failed_client_operation_is_a_warning():
    """The exception of a call that left the process is a log record too."""
    _, warning = log_events(calls.llm(**calls.FAILED))

    assert ("gen_ai.client.operation.exception", 13, "WARN", "ValueError") == (
        warning.name,
        warning.severity_number,
        warning.severity_text,
        warning.attributes["exception.type"],
    )


@pytest.mark.parametrize("call", [calls.tool(**calls.FAILED), calls.agent(), calls.step(), calls.embeddings()])
def test_other_calls_have_no_records(call):
    """Tools, agents and steps speak through their spans alone."""
    assert [] == log_events(call)


def test_a_score_is_an_evaluation():
    """Feedback goes out under the conventions' name, on the span that it judges."""
    event = score_event(Score("helpful", 1, "good", "thanks", 5, calls.RUN_ID, 0xBB), trace_id=0xCC)

    assert ("gen_ai.evaluation.result", 5, 0xCC, 0xBB) == (event.name, event.time_ns, event.trace_id, event.span_id)
    assert {
        "gen_ai.evaluation.name": "helpful",
        "gen_ai.evaluation.score.value": 1.0,
        "gen_ai.evaluation.score.label": "good",
        "gen_ai.evaluation.explanation": "thanks",
        "foretell.run.id": calls.RUN_ID,
    } == event.attributes
