"""Spans of other instrumentors as calls: their run, their agent, their sums, counted once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Link as OtelLink
from opentelemetry.trace import SpanContext, Status, StatusCode, Tracer, set_span_in_context

import foretell
from foretell.errors import FAULTS
from foretell.instrument.otel.foreign import MAX_REMEMBERED, ForeignSpans, find_processor
from foretell.model.kinds import Kind, Outcome
from tests.unit.instrument.listening import listen

CHAT = {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o-mini", "llm.provider": "openai"}
TOKENS = {"llm.token_count.prompt": 1000, "llm.token_count.completion": 100}
AGENT = {"openinference.span.kind": "AGENT", "agent.name": "researcher"}


@pytest.fixture
def foreign(record: Any) -> Iterator[ForeignSpans]:
    """The processor, and a worker that refines as in earnest."""
    yield from listen(record)


@pytest.fixture
def tracer(foreign: ForeignSpans) -> Tracer:
    """A tracer of another instrumentor."""
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(foreign)
    return provider.get_tracer("openinference.instrumentation.openai", "0.1")


def by_name(record: Any) -> dict[str, Any]:
    return {call.name: call for call in record.ended()}


def test_a_model_call_counts_in_the_agents_sums_once(record: Any, tracer: Tracer) -> None:
    """Tokens, cost and the call itself are the agent's, and those of every group around it."""
    with foretell.workflow("flow"), foretell.agent("outer"), foretell.agent("inner"):
        with tracer.start_as_current_span("ChatCompletion", attributes=CHAT) as span:
            span.set_attributes(TOKENS)

    calls = by_name(record)
    chat = calls["gpt-4o-mini"]
    assert (Kind.LLM, "inner", "openinference.instrumentation.openai") == (chat.kind, chat.agent_name, chat.scope)
    assert calls["inner"] is chat.agent
    assert 0.00021 == pytest.approx(chat.cost.amount_usd)
    assert [1, 0] == [calls[name].totals.inference_calls for name in ("inner", "outer")]
    assert [1000] * 3 == [calls[name].totals.input_tokens for name in ("inner", "outer", "flow")]
    assert [0.00021] * 3 == [pytest.approx(calls[name].totals.cost_usd) for name in ("inner", "outer", "flow")]


def test_a_foreign_call_belongs_to_run_and_session_of_what_is_around_it(record: Any, tracer: Tracer) -> None:
    """Its parent is the operation, its run the operation's, its step the next one, its session the current one."""
    with foretell.session("s-1", user_id="u-1"), foretell.agent("a") as agent:
        tracer.start_span("ChatCompletion", attributes=CHAT).end()

    chat = by_name(record)["gpt-4o-mini"]
    assert (agent.run_id, agent.span_id, agent.trace_id, 1) == (
        chat.run_id,
        chat.parent_id,
        chat.trace_id,
        chat.step_index,
    )
    assert ("s-1", "u-1") == (chat.session.id, chat.session.user_id)
    assert chat.parent_is_remote is False


def test_a_plain_span_is_kept_inside_a_run_and_makes_none(record: Any, tracer: Tracer) -> None:
    """Database and HTTP spans are shown where an agent caused them; on their own they are not ours to keep."""
    tracer.start_span("GET /healthz").end()
    with tracer.start_as_current_span("POST /chat"), foretell.agent("a"):
        tracer.start_span("SELECT").end()

    calls = by_name(record)
    assert {"a", "SELECT"} == set(calls)
    assert (Kind.SPAN, "a", calls["a"].run_id) == (
        calls["SELECT"].kind,
        calls["SELECT"].agent_name,
        calls["SELECT"].run_id,
    )


def test_plain_spans_without_a_run_are_exported_where_we_export(
    record: Any, foreign: ForeignSpans, tracer: Tracer
) -> None:
    """Where ours is the only provider, nobody else would send them."""
    foreign.is_exporting = True
    tracer.start_span("GET /healthz").end()

    assert ("GET /healthz", "") == (record.only().name, record.only().run_id)


def test_spans_of_one_trace_make_one_run_from_the_first_agents_work_on(record: Any, tracer: Tracer) -> None:
    """Without an operation of ours, the trace names the run, and the plain span at its root is its root."""
    with tracer.start_as_current_span("job") as job:
        tracer.start_span("before").end()
        with tracer.start_as_current_span("agent", attributes=AGENT):
            tracer.start_span("ChatCompletion", attributes=CHAT).end()
            tracer.start_span("http").end()

    calls = by_name(record)
    assert {"job", "researcher", "gpt-4o-mini", "http"} == set(calls)
    assert {f"{job.get_span_context().span_id:016x}"} == {call.run_id for call in calls.values()}
    assert [0, 1] == [calls["researcher"].step_index, calls["gpt-4o-mini"].step_index]


def test_a_foreign_agent_has_sums_and_gives_its_name(record: Any, tracer: Tracer) -> None:
    """Model and tool calls below a foreign agent are its; the agent of ours around it has the tokens, not the call."""
    with foretell.agent("ours"):
        with tracer.start_as_current_span("agent", attributes=AGENT):
            with tracer.start_as_current_span("plain"):
                with tracer.start_as_current_span("ChatCompletion", attributes=CHAT) as span:
                    span.set_attributes(TOKENS)
            with foretell.tool("search"):
                pass

    calls = by_name(record)
    theirs, ours = calls["researcher"].totals, calls["ours"].totals
    assert ("researcher", "researcher", "researcher") == tuple(
        calls[name].agent_name for name in ("gpt-4o-mini", "search", "plain")
    )
    assert (1, 1, 1000) == (theirs.inference_calls, theirs.tool_calls, theirs.input_tokens)
    assert (0, 0, 1000) == (ours.inference_calls, ours.tool_calls, ours.input_tokens)
    assert calls["ours"].run_id == calls["search"].run_id
    assert calls["ours"] is calls["researcher"].agent


def test_an_operation_inside_a_foreign_run_is_part_of_it(record: Any, tracer: Tracer) -> None:
    """A decorated tool below a foreign agent makes no run of its own."""
    with tracer.start_as_current_span("agent", attributes=AGENT) as span, foretell.tool("search"):
        pass

    calls = by_name(record)
    assert f"{span.get_span_context().span_id:016x}" == calls["search"].run_id == calls["researcher"].run_id
    assert calls["researcher"].span_id == calls["search"].parent_id
    assert (0, 1) == (calls["researcher"].step_index, calls["search"].step_index)


def test_an_agent_below_a_plain_foreign_span_is_the_root_of_its_run(record: Any, tracer: Tracer) -> None:
    """A web request around an agent is its parent, not its run."""
    with tracer.start_as_current_span("POST /chat") as span, foretell.agent("a") as agent:
        pass

    assert (True, span.get_span_context().span_id) == (agent.is_root, agent.parent_id)


def test_a_model_call_that_is_told_by_both_is_counted_once(record: Any, tracer: Tracer) -> None:
    """Our model call takes the tokens that an instrumentor inside it told; one call is one span."""
    with foretell.agent("a"):
        with foretell.llm("gpt-4o-mini", provider="openai"):
            for _ in range(2):
                with tracer.start_as_current_span("ChatCompletion", attributes=CHAT) as span:
                    span.set_attributes(TOKENS)

    calls = by_name(record)
    assert (2000, 200) == (calls["gpt-4o-mini"].usage.input_tokens, calls["gpt-4o-mini"].usage.output_tokens)
    assert 0.00042 == pytest.approx(calls["gpt-4o-mini"].cost.amount_usd)
    assert {"a", "gpt-4o-mini"} == set(calls)
    assert (1, 2000) == (calls["a"].totals.inference_calls, calls["a"].totals.input_tokens)


def test_our_own_tokens_win_over_those_told_inside(record: Any, tracer: Tracer) -> None:
    """What the response itself says is not added to."""
    with foretell.llm("gpt-4o-mini", provider="openai") as op:
        with tracer.start_as_current_span("ChatCompletion", attributes=CHAT) as span:
            span.set_attributes(TOKENS)
        op.record_usage(input_tokens=7, output_tokens=3)

    assert 7 == by_name(record)["gpt-4o-mini"].usage.input_tokens


def test_of_two_instrumentors_of_one_call_the_inner_counts(record: Any, tracer: Tracer) -> None:
    """A framework's model span around the client's own model span does not double the bill."""
    with foretell.agent("a"), tracer.start_as_current_span("ChatOpenAI", attributes={**CHAT, **TOKENS}):
        tracer.start_span("ChatCompletion", attributes={**CHAT, **TOKENS}).end()

    calls = by_name(record)
    assert (1, 1000) == (calls["a"].totals.inference_calls, calls["a"].totals.input_tokens)
    assert {"a": None, "gpt-4o-mini": calls["a"].span_id} == {name: call.parent_id for name, call in calls.items()}


def test_an_agent_without_cost_tracking_pays_for_no_foreign_call(record: Any, tracer: Tracer) -> None:
    """`cost_tracking=False` holds for what others tell as well; the tokens are there."""
    with foretell.agent("a", cost_tracking=False):
        tracer.start_span("ChatCompletion", attributes={**CHAT, **TOKENS}).end()

    chat = by_name(record)["gpt-4o-mini"]
    assert (1000, None) == (chat.usage.input_tokens, chat.cost)


def test_contents_are_redacted_like_our_own(record: Any, tracer: Tracer) -> None:
    """Prompts and answers become payloads, without secrets; none is left among the attributes or in events."""
    secret = "sk-proj-" + "a1B2" * 12
    with foretell.agent("a"):
        with tracer.start_as_current_span("ChatCompletion", attributes=CHAT) as span:
            span.set_attribute("llm.input_messages.0.message.role", "user")
            span.set_attribute("llm.input_messages.0.message.content", f"my key is {secret}")
            span.add_event("gen_ai.user.message", {"content": f"my key is {secret}", "role": "user"})
        with tracer.start_as_current_span("Chain", attributes={"openinference.span.kind": "CHAIN"}) as span:
            span.set_attributes({"input.value": f'{{"key": "{secret}"}}', "output.value": "fine"})

    calls = by_name(record)
    chat, chain = calls["gpt-4o-mini"], calls["Chain"]
    assert "my key is" in chat.input_payload.text
    assert '"fine"' == chain.output_payload.text
    for call in (chat, chain):
        assert secret not in call.input_payload.text
        assert secret not in repr((call.attributes, call.events))
        assert call.content_exported is False
        assert not {"input.value", "output.value"} & set(call.attributes or ())
    assert chat.identity


def test_status_events_links_and_state_are_taken_over(record: Any, tracer: Tracer) -> None:
    """An error, an exception event, a named moment, a link and the trace's state are in the record."""
    link = OtelLink(SpanContext(1, 2, is_remote=True), {"why": "x"})
    with foretell.agent("a"):
        span = tracer.start_span("ChatCompletion", attributes=CHAT, links=[link])
        span.add_event("noticed", {"n": 1}, timestamp=5)
        span.record_exception(ValueError("no"))
        span.set_status(Status(StatusCode.ERROR, "gone"))
        span.end()

    chat = by_name(record)["gpt-4o-mini"]
    assert (Outcome.ERROR, "ValueError", "no") == (chat.outcome, chat.error.type, chat.error.message)
    assert [("noticed", 5, {"n": 1})] == [(event.name, event.time_ns, event.fields) for event in chat.events]
    assert [(1, 2, {"why": "x"})] == [(one.trace_id, one.span_id, one.fields) for one in chat.links]


def test_nothing_of_a_foreign_span_is_changed(record: Any, tracer: Tracer) -> None:
    """The span has the attributes that its instrumentor gave it."""
    with foretell.agent("a"):
        span: Any = tracer.start_span("ChatCompletion", attributes=CHAT)
        span.end()

    assert CHAT == dict(span.attributes)


def test_spans_that_never_end_are_forgotten(foreign: ForeignSpans, tracer: Tracer, record: Any) -> None:
    """What is remembered of open spans is bounded; a forgotten one is still recorded when it ends after all."""
    with foretell.agent("a"):
        first = tracer.start_span("ChatCompletion", attributes=CHAT)
        left = [tracer.start_span("leaked") for _ in range(MAX_REMEMBERED)]
        first.end()

    assert foreign.find(first.get_span_context().span_id) is None
    assert foreign.find(left[-1].get_span_context().span_id) is not None
    assert "gpt-4o-mini" in by_name(record)


def test_a_child_in_a_thread_that_knows_only_the_span_has_the_run(record: Any, tracer: Tracer) -> None:
    """A context with nothing but the parent span leads back to the operation around it."""
    with foretell.agent("a") as agent:
        parent = tracer.start_span("chain", attributes={"openinference.span.kind": "CHAIN"})
        tracer.start_span("ChatCompletion", set_span_in_context(parent, {}), attributes=CHAT).end()  # type: ignore[arg-type]  # an empty context
        parent.end()

    chat = by_name(record)["gpt-4o-mini"]
    assert (agent.run_id, "a") == (chat.run_id, "a" if chat.agent is agent else None)


def test_a_span_that_cannot_be_read_is_kept_without_its_text(record: Any, tracer: Tracer) -> None:
    """Its times and its place are known; the fault is counted, and the next span is fine."""
    before = FAULTS.counts().get("foreign.read", 0)
    with foretell.agent("a") as agent:
        span: Any = tracer.start_span("ChatCompletion", attributes=CHAT)
        span._events = [object()]
        span.end()
        tracer.start_span("ChatCompletion", attributes=CHAT).end()

    calls = by_name(record)
    assert {"a", "unreadable", "gpt-4o-mini"} == set(calls)
    assert (agent.span_id, agent.run_id, None) == (
        calls["unreadable"].parent_id,
        calls["unreadable"].run_id,
        calls["unreadable"].attributes,
    )
    assert before + 1 == FAULTS.counts()["foreign.read"]


def test_a_provider_has_one_processor_whatever_class_it_is_of() -> None:
    """Logfire's compares by value, and so cannot be hashed."""

    class Comparing(TracerProvider):
        __hash__ = None  # type: ignore[assignment]  # as a dataclass has it

    one, other = Comparing(shutdown_on_exit=False), Comparing(shutdown_on_exit=False)

    assert find_processor(one) is find_processor(one)
    assert find_processor(one) is not find_processor(other)
