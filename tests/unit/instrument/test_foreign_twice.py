"""What several tell of one call is one call in the record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.trace import Status, StatusCode, Tracer, use_span

import foretell
from foretell.instrument import state
from foretell.instrument.otel.foreign import ForeignSpans
from foretell.instrument.work.worker import Worker
from foretell.model.kinds import Kind, Outcome
from tests.unit.instrument.listening import listen

CHAT = {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o-mini", "gen_ai.provider.name": "openai"}
TOKENS = {"gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100}
AGENT = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner"}
TOOL = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search"}


class Showing(Worker):
    """A worker whose sinks can be thought to have heard of every open call."""

    has_shown = False

    def withdraw(self, call_id: int) -> bool:
        return not self.has_shown and super().withdraw(call_id)


@pytest.fixture
def foreign(record: Any) -> Iterator[ForeignSpans]:
    """The processor, and a worker that refines as in earnest."""
    yield from listen(record, Showing)


@pytest.fixture
def provider(foreign: ForeignSpans) -> TracerProvider:
    """Where other instrumentors get their tracers."""
    made = TracerProvider(shutdown_on_exit=False)
    made.add_span_processor(foreign)
    return made


@pytest.fixture
def client(provider: TracerProvider) -> Tracer:
    """The tracer of a client's instrumentor."""
    return provider.get_tracer("client")


@pytest.fixture
def framework(provider: TracerProvider) -> Tracer:
    """The tracer of a framework's instrumentor."""
    return provider.get_tracer("framework")


def tree(record: Any) -> dict[str, str | None]:
    """Kind and name of each call → those of its parent."""
    calls = record.ended()
    names = {call.span_id: f"{call.kind.value} {call.name}" for call in calls}
    return {f"{call.kind.value} {call.name}": names.get(call.parent_id, call.parent_id) for call in calls}


def test_a_decorated_agent_around_an_instrumented_one_of_its_name_is_one(
    record: Any, framework: Tracer, client: Tracer
) -> None:
    """What is inside either is inside the decorated one, and it learns the conversation from the other."""
    with foretell.agent("planner"):
        with framework.start_as_current_span("x", attributes={**AGENT, "gen_ai.conversation.id": "c-1"}):
            with client.start_as_current_span("chat", attributes={**CHAT, **TOKENS}), foretell.step("inside"):
                pass

    calls = {call.name: call for call in record.ended()}
    assert {"agent planner": None, "llm gpt-4o-mini": "agent planner", "step inside": "llm gpt-4o-mini"} == tree(record)
    assert (1, 1000) == (calls["planner"].totals.inference_calls, calls["planner"].totals.input_tokens)
    assert "c-1" == calls["planner"].session.conversation_id == calls["gpt-4o-mini"].session.conversation_id


def test_an_agent_of_another_name_is_another(record: Any, framework: Tracer) -> None:
    """A decorated runner around a framework's agent keeps both."""
    with foretell.agent("desk"), framework.start_as_current_span("x", attributes=AGENT):
        pass

    assert {"agent desk": None, "agent planner": "agent desk"} == tree(record)


def test_two_instrumentors_of_an_agent_tell_one(record: Any, framework: Tracer, client: Tracer) -> None:
    """Natively and by an instrumentor; but an agent that calls itself is two."""
    with framework.start_as_current_span("x", attributes=AGENT), client.start_as_current_span("y", attributes=AGENT):
        client.start_span("chat", attributes=CHAT).end()
    assert {"agent planner": None, "llm gpt-4o-mini": "agent planner"} == tree(record)


def test_an_agent_that_calls_itself_is_two(record: Any, framework: Tracer) -> None:
    """Both spans come from one instrumentor, which knows what it tells."""
    with framework.start_as_current_span("x", attributes=AGENT), framework.start_as_current_span("y", attributes=AGENT):
        pass

    assert 2 == len(record.ended())


def test_a_decorated_tool_inside_a_frameworks_tool_is_one(record: Any, framework: Tracer) -> None:
    """The decorated one has arguments and result as they are."""
    with framework.start_as_current_span("x", attributes=AGENT):
        with framework.start_as_current_span("y", attributes=TOOL), foretell.tool("search"):
            framework.start_span("GET /").end()

    calls = {call.name: call for call in record.ended()}
    assert {"agent planner": None, "tool search": "agent planner", "span GET /": "tool search"} == tree(record)
    assert 1 == calls["planner"].totals.tool_calls


def test_a_decorated_model_call_inside_a_frameworks_is_one(record: Any, framework: Tracer) -> None:
    """A model that the program wrote itself, inside a framework's model span, which sums up what the agent pays."""
    with framework.start_as_current_span("x", attributes=AGENT):
        with framework.start_as_current_span("y", attributes={**CHAT, **TOKENS}), foretell.llm("own") as op:
            op.record_usage(input_tokens=5, output_tokens=5)

    calls = {call.name: call for call in record.ended()}
    assert {"agent planner": None, "llm own": "agent planner"} == tree(record)
    assert (1, 5) == (calls["planner"].totals.inference_calls, calls["planner"].totals.input_tokens)


def test_each_try_inside_a_frameworks_model_call_is_a_call(record: Any, framework: Tracer, client: Tracer) -> None:
    """The model's server has answered twice; the framework's own span adds nothing."""
    with framework.start_as_current_span("x", attributes=AGENT):
        with framework.start_as_current_span("y", attributes={**CHAT, **TOKENS}):
            failed = client.start_span("chat", attributes=CHAT)
            failed.set_status(Status(StatusCode.ERROR))
            failed.end()
            client.start_span("chat", attributes={**CHAT, **TOKENS}).end()

    chats = [call for call in record.ended() if call.kind is Kind.LLM]
    assert [(Outcome.ERROR, None), (Outcome.OK, 1000)] == [
        (call.outcome, call.usage and call.usage.input_tokens) for call in chats
    ]
    assert 3 == len(record.ended())


def test_a_frameworks_model_call_that_was_shown_already_takes_the_clients_tokens(
    record: Any, foreign: ForeignSpans, framework: Tracer, client: Tracer
) -> None:
    """What was shown as open must end: then the framework's span tells the call."""
    with framework.start_as_current_span("x", attributes=AGENT):
        with framework.start_as_current_span("y", attributes=CHAT):
            record.worker.has_shown = True
            client.start_span("chat", attributes={**CHAT, **TOKENS}).end()

    calls = {call.name: call for call in record.ended()}
    assert {"agent planner": None, "llm gpt-4o-mini": "agent planner"} == tree(record)
    assert (1, 1000) == (calls["planner"].totals.inference_calls, calls["planner"].totals.input_tokens)


@pytest.mark.parametrize("has_shown", [False, True])
def test_of_three_that_tell_one_call_the_innermost_counts_once(
    record: Any, provider: TracerProvider, framework: Tracer, client: Tracer, has_shown: bool
) -> None:
    """A framework, a gateway and the client; where the framework's was shown already, that one has the tokens."""
    runtime = state.current
    assert runtime is not None
    runtime.worker.has_shown = has_shown  # type: ignore[attr-defined]  # the class above
    gateway = provider.get_tracer("gateway")
    with framework.start_as_current_span("outer", attributes=CHAT):
        with gateway.start_as_current_span("middle", attributes={**CHAT, **TOKENS}):
            client.start_span("inner", attributes={**CHAT, **TOKENS}).end()

    (call,) = [one for one in record.ended() if one.kind is Kind.LLM]
    assert ("framework" if has_shown else "client", 1000) == (call.scope, call.usage.input_tokens)


def test_a_clients_stream_that_outlives_a_gateways_call_tells_it(
    record: Any, framework: Tracer, client: Tracer
) -> None:
    """That one was left out already, for the client's; it says so without tokens, too."""
    outer = framework.start_span("gateway", attributes=CHAT)
    with use_span(outer):
        inner = client.start_span("stream", attributes=CHAT)
    outer.end()
    inner.end()

    assert [Kind.LLM] == [call.kind for call in record.ended()]


def test_a_cancelled_client_says_enough(record: Any, framework: Tracer, client: Tracer) -> None:
    """Its span has an error's type, and no failed status."""
    with framework.start_as_current_span("outer", attributes=CHAT):
        client.start_span("inner", attributes={**CHAT, "error.type": "asyncio.exceptions.CancelledError"}).end()

    assert [(Kind.LLM, Outcome.CANCELLED)] == [(call.kind, call.outcome) for call in record.ended()]


def test_a_client_that_tells_no_tokens_leaves_the_frameworks_call(
    record: Any, framework: Tracer, client: Tracer
) -> None:
    """Who knows what it has cost tells the call."""
    with framework.start_as_current_span("y", attributes={**CHAT, **TOKENS}):
        client.start_span("chat mini", attributes=CHAT).end()

    assert {"llm gpt-4o-mini": None, "step chat mini": "llm gpt-4o-mini"} == tree(record)


def test_a_stream_that_outlives_the_call_around_it_keeps_its_tokens(record: Any, client: Tracer) -> None:
    """A decorated function that returns the stream has ended when the stream tells what it took."""
    with foretell.llm("gpt-4o-mini"):
        span = client.start_span("chat", attributes=CHAT)
    span.set_attributes(TOKENS)
    span.end()

    assert [None, 1000] == [call.usage and call.usage.input_tokens for call in record.ended()]


def test_a_protocols_span_inside_a_tool_of_its_name_is_no_second_tool(
    record: Any, framework: Tracer, client: Tracer
) -> None:
    """MCP tells `tools/call` with the same operation; the tool that the agent called is one."""
    with framework.start_as_current_span("x", attributes=AGENT):
        with framework.start_as_current_span("y", attributes=TOOL):
            client.start_span("tools/call search", attributes=TOOL).end()

    calls = {call.name: call for call in record.ended()}
    assert 1 == calls["planner"].totals.tool_calls
    assert "tool search" == tree(record)["step tools/call search"]


def test_a_framework_may_put_a_servers_name_before_its_tools(record: Any, framework: Tracer, client: Tracer) -> None:
    """Only where the protocol says that it is one: a tool may well use another with a similar name."""
    prefixed = {**TOOL, "gen_ai.tool.name": "web_search"}
    with framework.start_as_current_span("a", attributes=AGENT):
        with framework.start_as_current_span("x", attributes=prefixed):
            client.start_span("tools/call search", attributes={**TOOL, "mcp.method.name": "tools/call"}).end()
        with framework.start_as_current_span("y", attributes=prefixed):
            client.start_span("search", attributes=TOOL).end()

    calls = {call.name: call for call in record.ended()}
    assert 3 == calls["planner"].totals.tool_calls
    assert Kind.STEP is calls["tools/call search"].kind


def test_a_foreign_agent_that_still_runs_is_among_the_open_calls(record: Any, framework: Tracer) -> None:
    """It is shown while it runs, and can be held; when it has ended it is gone."""
    runtime = state.current
    assert runtime is not None
    with framework.start_as_current_span("x", attributes=AGENT):
        assert ["planner"] == [call.name for call in runtime.open_calls.values()]

    assert {} == runtime.open_calls


def test_a_conversation_that_an_agent_names_holds_for_what_is_inside(
    record: Any, framework: Tracer, client: Tracer
) -> None:
    """Also for tools of ours; the session around it all is joined to it."""
    with (
        foretell.session("s-1"),
        framework.start_as_current_span("x", attributes={**AGENT, "gen_ai.conversation.id": "c"}),
    ):
        client.start_span("chat", attributes=CHAT).end()
        with foretell.tool("search"):
            pass

    assert {("s-1", "c")} == {(call.session.id, call.session.conversation_id) for call in record.ended()}
