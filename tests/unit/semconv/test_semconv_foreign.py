"""Spans of other instrumentations under today's names."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from foretell.model.kinds import Kind
from foretell.model.usage import Cost, Usage
from foretell.semconv import genai, own, spans
from foretell.semconv.encode import span_attributes, span_kind
from foretell.semconv.inward.decode import call_from_span
from foretell.semconv.inward.dialects import INDEXED, OPERATIONS, PROVIDERS, ROWS
from foretell.semconv.inward.foreign import detect_dialect, normalise, operation_of

HI = [{"role": "user", "parts": [{"type": "text", "content": "Hi"}]}]
HELLO = [{"role": "assistant", "parts": [{"type": "text", "content": "Hello"}]}]
CALL = {"type": "tool_call", "name": "find", "arguments": {"q": 1}, "id": "c1"}

OPENINFERENCE = {
    "openinference.span.kind": "LLM",
    "llm.model_name": "claude-5",
    "llm.provider": "aws",
    "llm.system": "anthropic",
    "llm.token_count.prompt": 120,
    "llm.token_count.completion": 30,
    "llm.token_count.total": 150,
    "llm.token_count.prompt_details.cache_read": 20,
    "llm.token_count.prompt_details.cache_write": 5,
    "llm.token_count.completion_details.reasoning": 7,
    "llm.invocation_parameters": '{"temperature": 0, "max_tokens": 64, "tool_choice": "auto"}',
    "llm.finish_reason": "stop",
    "llm.cost.total": 0.02,
    "llm.input_messages.0.message.role": "user",
    "llm.input_messages.0.message.contents.0.message_content.type": "text",
    "llm.input_messages.0.message.contents.0.message_content.text": "Hi",
    "llm.output_messages.0.message.role": "assistant",
    "llm.output_messages.0.message.content": "Hello",
    "llm.output_messages.0.message.tool_calls.0.tool_call.id": "c1",
    "llm.output_messages.0.message.tool_calls.0.tool_call.function.name": "find",
    "llm.output_messages.0.message.tool_calls.0.tool_call.function.arguments": '{"q": 1}',
    "llm.tools.0.tool.json_schema": '{"type":"function","function":{"name":"find"}}',
    "input.value": '{"messages": []}',
    "output.value": "{}",
    "session.id": "s-1",
}
OPENLLMETRY = {
    "llm.request.type": "chat",
    "gen_ai.system": "OpenAI",
    "gen_ai.request.model": "gpt-5",
    "gen_ai.usage.prompt_tokens": 120,
    "gen_ai.usage.completion_tokens": 30,
    "llm.usage.total_tokens": 150,
    "gen_ai.usage.cache_read_input_tokens": 20,
    "llm.is_streaming": False,
    "gen_ai.prompt.0.role": "user",
    "gen_ai.prompt.0.content": '[{"type":"text","text":"Hi"}]',
    "gen_ai.completion.0.role": "assistant",
    "gen_ai.completion.0.content": "Hello",
    "gen_ai.completion.0.finish_reason": "tool_calls",
    "gen_ai.completion.0.tool_calls.0.id": "c1",
    "gen_ai.completion.0.tool_calls.0.name": "find",
    "gen_ai.completion.0.tool_calls.0.arguments": '{"q": 1}',
    "llm.request.functions.0.name": "find",
    "gen_ai.prompt.name": "greeting",
    "traceloop.workflow.name": "flow",
    "traceloop.association.properties.session_id": "s-1",
}


def test_openinference_becomes_todays_names():
    """Counts, parameters, cost and the messages that were spread over attributes."""
    found = normalise(OPENINFERENCE)
    answer = [{"role": "assistant", "parts": [HELLO[0]["parts"][0], CALL]}]

    assert {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "claude-5",
        "gen_ai.provider.name": "aws.bedrock",
        "gen_ai.usage.input_tokens": 120,
        "gen_ai.usage.output_tokens": 30,
        "gen_ai.usage.cache_read.input_tokens": 20,
        "gen_ai.usage.cache_write.input_tokens": 5,
        "gen_ai.usage.reasoning.output_tokens": 7,
        "gen_ai.request.temperature": 0.0,
        "gen_ai.request.max_tokens": 64,
        "gen_ai.response.finish_reasons": ["stop"],
        "foretell.cost.amount": 0.02,
        "foretell.cost.source": "reported",
        "foretell.cost.currency": "USD",
        "openinference.span.kind": "LLM",
        "llm.token_count.total": 150,
        "session.id": "s-1",
    } == {name: value for name, value in found.items() if "messages" not in name and "tool.definitions" not in name}
    assert (HI, answer) == (json.loads(found[genai.INPUT_MESSAGES]), json.loads(found[genai.OUTPUT_MESSAGES]))
    assert [{"type": "function", "name": "find"}] == json.loads(found[genai.TOOL_DEFINITIONS])


def test_openllmetry_becomes_todays_names():
    """Older names and numbered prompts go; what is today's name already stays."""
    found = normalise(OPENLLMETRY)
    answer = [{"role": "assistant", "parts": [HELLO[0]["parts"][0], CALL]}]

    assert {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "gpt-5",
        "gen_ai.usage.input_tokens": 120,
        "gen_ai.usage.output_tokens": 30,
        "gen_ai.usage.cache_read.input_tokens": 20,
        "gen_ai.response.finish_reasons": ["tool_calls"],
        "gen_ai.prompt.name": "greeting",
        "session.id": "s-1",
    }.items() <= found.items()
    assert (HI, answer) == (json.loads(found[genai.INPUT_MESSAGES]), json.loads(found[genai.OUTPUT_MESSAGES]))
    assert [] == [name for name in found if name.startswith(("gen_ai.prompt.0", "gen_ai.completion", "gen_ai.system"))]
    assert "gen_ai.request.stream" not in found


def test_a_foreign_inference_is_a_call_of_ours():
    """After normalising, another instrumentation's span decodes like one of ours."""
    call = call_from_span(
        name="ChatAnthropic",
        kind="internal",
        trace_id=1,
        span_id=2,
        parent_id=None,
        start_ns=1,
        end_ns=2,
        status=(0, ""),
        attributes=normalise(OPENINFERENCE),
    )

    assert (Kind.LLM, "claude-5", "aws.bedrock") == (call.kind, call.name, call.facts.provider)
    assert Usage(uncached_input=95, cache_read=20, cache_write=5, output=23, reasoning=7) == call.usage
    assert Cost(0.02, "reported") == call.cost


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        (
            {"openinference.span.kind": "TOOL", "tool.name": "find", "input.value": '{"q":1}', "output.value": "2"},
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "find",
                "gen_ai.tool.call.arguments": '{"q":1}',
                "gen_ai.tool.call.result": "2",
            },
        ),
        (
            {
                "openinference.span.kind": "RETRIEVER",
                "input.value": "cats",
                "retrieval.documents.0.document.content": "a",
                "retrieval.documents.1.document.content": "b",
                "retrieval.documents.1.document.score": 0.5,
            },
            {
                "gen_ai.operation.name": "retrieval",
                "gen_ai.retrieval.query.text": "cats",
                "gen_ai.retrieval.documents": '[{"content":"a"},{"content":"b","score":0.5}]',
            },
        ),
        (
            {"openinference.span.kind": "EMBEDDING", "embedding.model_name": "e-1"},
            {"gen_ai.operation.name": "embeddings", "gen_ai.request.model": "e-1"},
        ),
        (
            {"openinference.span.kind": "AGENT", "agent.name": "planner"},
            {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "planner"},
        ),
        (
            {"traceloop.span.kind": "workflow", "traceloop.entity.name": "flow"},
            {"gen_ai.operation.name": "invoke_workflow", "gen_ai.workflow.name": "flow"},
        ),
        (
            {"traceloop.span.kind": "tool", "traceloop.entity.name": "find", "traceloop.entity.input": "{}"},
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "find",
                "gen_ai.tool.call.arguments": "{}",
            },
        ),
        (
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.system": "az.ai.openai",
                "gen_ai.usage.cache_creation.input_tokens": 3,
                "gen_ai.openai.request.response_format": "json_schema",
                "gen_ai.openai.response.service_tier": "default",
            },
            {
                "gen_ai.provider.name": "azure.ai.openai",
                "gen_ai.usage.cache_write.input_tokens": 3,
                "gen_ai.output.type": "json",
                "openai.response.service_tier": "default",
            },
        ),
        (
            {
                "langfuse.observation.type": "generation",
                "langfuse.observation.model.name": "gpt-5",
                "langfuse.observation.usage_details": '{"input": 80, "input_cached_tokens": 20, "output": 25, '
                '"output_reasoning_tokens": 5, "total": 130}',
                "langfuse.observation.cost_details": '{"input": 0.01, "output": 0.02}',
                "langfuse.observation.input": '[{"role":"user","content":"Hi"}]',
            },
            {
                "gen_ai.operation.name": "chat",
                "gen_ai.request.model": "gpt-5",
                "gen_ai.usage.input_tokens": 100,
                "gen_ai.usage.output_tokens": 30,
                "gen_ai.usage.cache_read.input_tokens": 20,
                "gen_ai.usage.reasoning.output_tokens": 5,
                "foretell.cost.amount": 0.03,
                "gen_ai.input.messages": '[{"role":"user","parts":[{"type":"text","content":"Hi"}]}]',
            },
        ),
        (
            {"agentops.span.kind": "tool", "tool.name": "find", "tool.parameters": "{}", "tool.result": "1"},
            {
                "gen_ai.operation.name": "execute_tool",
                "gen_ai.tool.name": "find",
                "gen_ai.tool.call.arguments": "{}",
                "gen_ai.tool.call.result": "1",
            },
        ),
        (
            {"gen_ai.operation.name": "chat", "operation.cost": 0.5},
            {"foretell.cost.amount": 0.5, "foretell.cost.source": "reported"},
        ),
        (
            {"gen_ai.operation.name": "invoke_agent", "gen_ai.aggregated_usage.input_tokens": 9, "agent_name": "a"},
            {"gen_ai.usage.input_tokens": 9, "gen_ai.agent.name": "a"},
        ),
        (
            {"gen_ai.operation.name": "chat", "gen_ai.cost.total_cost": 0.25},
            {"foretell.cost.amount": 0.25},
        ),
        (
            {"gen_ai.operation.name": "chat", "gen_ai.context.window_size": 1000},
            {"foretell.context.limit": 1000},
        ),
    ],
)
def test_each_dialect_is_read(attributes, expected):
    """Every instrumentation's words have one name today."""
    found = normalise(attributes)

    assert expected == {name: found[name] for name in expected}


def test_a_line_of_a_log_is_no_call():
    """Logfire writes one when a stream is over, with all that its call has told."""
    line = {"logfire.span_type": "log", genai.OPERATION: "chat", genai.REQUEST_MODEL: "gpt-4o", genai.USAGE_OUTPUT: 3}
    call = call_from_span(
        name="streaming response",
        kind="client",
        trace_id=1,
        span_id=2,
        parent_id=None,
        start_ns=1,
        end_ns=1,
        status=(0, ""),
        attributes=normalise(line),
    )

    assert (Kind.SPAN, "") == (call.kind, operation_of(line))


def test_todays_name_wins():
    """A span that speaks both gets no second value, and the old name goes."""
    attributes = {"gen_ai.provider.name": "groq", "gen_ai.system": "openai"}

    assert {"gen_ai.provider.name": "groq"} == normalise(attributes)


def test_what_is_unknown_is_kept():
    """Nothing is lost that has no new name, nor what could not be read."""
    attributes = {"db.system": "x", "llm.token_count.prompt": "many", "llm.cost.total": 0.0}

    assert attributes == normalise(attributes)


def test_a_span_of_today_is_copied():
    """The result belongs to the caller even when nothing changes."""
    attributes = {"gen_ai.operation.name": "chat"}

    assert attributes == normalise(attributes)
    assert attributes is not normalise(attributes)


def test_words_that_others_use_too_are_left_alone_elsewhere():
    """A web request with an `agent.name` is not an agent."""
    attributes = {"agent.name": "elastic", "agent_name": "x", "tool.name": "hammer", "input.value": "1"}

    assert attributes == normalise(attributes)
    assert detect_dialect(attributes) is None


@pytest.mark.parametrize(
    ("attributes", "dialect"),
    [
        (OPENINFERENCE, "openinference"),
        (OPENLLMETRY, "openllmetry"),
        ({"gen_ai.prompt.0.role": "user"}, "openllmetry"),
        ({"gen_ai.system": "openai"}, "older_gen_ai"),
        ({"gen_ai.system": "openai", "langfuse.observation.type": "generation"}, "langfuse"),
        ({"agentops.span.kind": "agent"}, "agentops"),
        ({"logfire.msg": "x"}, "pydantic_ai"),
        ({"gen_ai.cost.total_cost": 1.0}, "litellm"),
        ({"gen_ai.provider.name": "openai", "gen_ai.prompt.name": "greeting"}, None),
        ({"http.request.method": "GET"}, None),
    ],
)
def test_the_dialect_is_recognised(attributes, dialect):
    """It is told by its own prefixes first, by older names else."""
    assert dialect == detect_dialect(attributes)


def test_the_table_leads_to_todays_names_only():
    """Each row ends at a name that the conventions or we define, and starts at none of them."""
    today = {row.name for shape in spans.ALL for row in shape.attributes}
    today |= {row.name for row in own.ATTRIBUTES} | {genai.SESSION_ID, genai.USER_ID}
    targets = {row.new for row in ROWS if not row.new.endswith("*")} | {new for _, new in INDEXED.values()}

    assert set() == targets - today
    assert set() == {row.old for row in ROWS} & today
    assert set() == set(PROVIDERS.values()) - genai.PROVIDERS
    assert {operation for operation in OPERATIONS.values() if operation} <= {
        operation for shape in spans.ALL for operation in shape.operations
    }


TAILS = some.sampled_from(
    [
        "0",
        "0.role",
        "0.content",
        "1.content",
        "0.message",
        "0.message.role",
        "0.message.content",
        "0.message.contents.0",
        "0.tool_calls.0.name",
        "0.message.contents.0.message_content.image",
        "0.message.contents.0.message_content.image.image.url",
        "0.tool_calls",
        "0.message.tool_calls.0.tool_call.function",
        "0.message.tool_calls.x",
        "0.finish_reason",
        "0.tool",
        "0.document",
        "0.prompt.text",
        "0.document.metadata",
        "0.tool.json_schema",
        "name",
        "x.y",
    ]
)
KNOWN = [row.old for row in ROWS] + [row.name for shape in spans.ALL for row in shape.attributes]
NAMES = some.sampled_from([*KNOWN, *(row.name for row in own.ATTRIBUTES)]) | some.builds(
    str.__add__, some.sampled_from(list(INDEXED)), TAILS
)
VALUES = (
    some.sampled_from(["", "x", "12", "[]", "{}", "null", "[1]", '{"a":1}', '[{"role":"user"}]', "LLM", "chat", "tool"])
    | some.integers(-3, 10)
    | some.floats(allow_nan=True)
    | some.booleans()
    | some.lists(some.sampled_from(["a", "b"]), max_size=2)
)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(some.dictionaries(NAMES, VALUES, max_size=12))
def test_no_foreign_span_breaks_the_reader(attributes):
    """Whatever others put under these names, a call comes out, and encoding it again loses no name that is kept."""
    call = call_from_span(
        name="x",
        kind="client",
        trace_id=1,
        span_id=2,
        parent_id=None,
        start_ns=1,
        end_ns=2,
        status=(0, ""),
        attributes=normalise(attributes),
    )

    assert (call.attributes or {}).keys() <= span_attributes(call).keys()
    assert "client" == span_kind(call)
