"""Every type of span and event that the GenAI conventions define, as rows pinned to `genai.COMMIT`."""

from __future__ import annotations

from foretell.semconv import genai
from foretell.semconv.table import Attribute, EventShape, Level, SpanShape, ValueType

REQUIRED, CONDITIONAL = Level.REQUIRED, Level.CONDITIONAL
OPT_IN = Level.OPT_IN

EVERYWHERE = frozenset({genai.AGENT_NAME, genai.CONVERSATION_ID})
"""Added to every span of ours where known, so that one search finds all of an agent or conversation.

The conventions let an attribute of the registry stand on any span, save where a table's `forbidden` takes it off.
"""


def _must(name: str, type: ValueType = "string", *, start: bool = False) -> Attribute:
    return Attribute(name, type, REQUIRED, is_sampling_relevant=start)


def _when(name: str, condition: str, type: ValueType = "string", *, start: bool = False) -> Attribute:
    return Attribute(name, type, CONDITIONAL, condition, start)


def _may(name: str, type: ValueType = "string", *, start: bool = False) -> Attribute:
    return Attribute(name, type, is_sampling_relevant=start)


def _opt(name: str, type: ValueType = "structured") -> Attribute:
    return Attribute(name, type, OPT_IN)


FAILED = _when(genai.ERROR_TYPE, "failed")
_SERVER_START = (
    _may(genai.SERVER_ADDRESS, start=True),
    _when(genai.SERVER_PORT, "address is set", "int", start=True),
)
_SERVER = (_may(genai.SERVER_ADDRESS), _when(genai.SERVER_PORT, "address is set", "int"))
_OPERATION_START = _must(genai.OPERATION, start=True)
_OPERATION = _must(genai.OPERATION)
_PROVIDER_START = _must(genai.PROVIDER, start=True)
_MODEL_START = _when(genai.REQUEST_MODEL, "available", start=True)
_CONVERSATION = _when(genai.CONVERSATION_ID, "a real one is available")
_AGENT_START = _when(genai.AGENT_NAME, "available", start=True)
_INSTRUCTIONS = _opt(genai.SYSTEM_INSTRUCTIONS)
_OUTPUT = _opt(genai.OUTPUT_MESSAGES)
_TOOLS = _opt(genai.TOOL_DEFINITIONS)
_CONTENT = (_INSTRUCTIONS, _opt(genai.INPUT_MESSAGES), _OUTPUT, _TOOLS)

_CHOICES = (
    _when(genai.OUTPUT_TYPE, "requested"),
    _when(genai.REQUEST_CHOICE_COUNT, "not 1", "int"),
    _when(genai.REQUEST_SEED, "given", "int"),
)
_PARAMETERS = (
    _may(genai.REQUEST_MAX_TOKENS, "int"),
    _may(genai.REQUEST_TEMPERATURE, "double"),
    _may(genai.REQUEST_TOP_P, "double"),
    _may(genai.REQUEST_FREQUENCY_PENALTY, "double"),
    _may(genai.REQUEST_PRESENCE_PENALTY, "double"),
    _may(genai.REQUEST_STOP_SEQUENCES, "string[]"),
)
_SUMS = (_may(genai.USAGE_INPUT, "int"), _may(genai.USAGE_OUTPUT, "int"))
MODALITIES = ("text", "image", "audio")
_BREAKDOWN = (
    _may(genai.USAGE_REASONING, "int"),
    _may(genai.USAGE_CACHE_READ, "int"),
    _may(genai.USAGE_CACHE_WRITE, "int"),
    *(
        _may(f"gen_ai.usage.{modality}.{part}", "int")
        for modality in MODALITIES
        for part in ("input_tokens", "output_tokens", "cache_read.input_tokens")
    ),
)
_FINISH = _may(genai.RESPONSE_FINISH_REASONS, "string[]")

INFERENCE = SpanShape(
    id="gen_ai.client.inference",
    operations=("chat", "generate_content", "text_completion"),
    kinds=("client", "internal"),
    name="{gen_ai.operation.name}[ {gen_ai.request.model}]",
    attributes=(
        _OPERATION_START,
        _PROVIDER_START,
        _MODEL_START,
        *_SERVER_START,
        FAILED,
        _CONVERSATION,
        _may(genai.CONVERSATION_COMPACTED, "bool"),
        *_CHOICES,
        _when("gen_ai.prompt.name", "a named template was used"),
        _when("gen_ai.prompt.version", "the template has a version"),
        _when(genai.REQUEST_STREAM, "streaming", "bool"),
        _when(genai.REQUEST_TOP_K, "applicable", "int"),
        *_PARAMETERS,
        _may(genai.REQUEST_REASONING_LEVEL),
        _may(genai.REQUEST_PREVIOUS_RESPONSE),
        _may(genai.RESPONSE_ID),
        _may(genai.RESPONSE_MODEL),
        _FINISH,
        _may(genai.RESPONSE_TIME_TO_FIRST_CHUNK, "double"),
        *_SUMS,
        *_BREAKDOWN,
        *_CONTENT,
        _when(genai.OPENAI_REQUEST_SERVICE_TIER, "OpenAI: given"),
        _when(genai.OPENAI_RESPONSE_SERVICE_TIER, "OpenAI: given"),
        _may(genai.OPENAI_SYSTEM_FINGERPRINT),
        _may(genai.OPENAI_API_TYPE),
        _may("aws.bedrock.guardrail.id"),
        _may("aws.bedrock.knowledge_base.id"),
    ),
    prefixes=("gen_ai.prompt.variable.",),
)
EMBEDDINGS = SpanShape(
    id="gen_ai.embeddings.client",
    operations=("embeddings",),
    kinds=("client",),
    name="embeddings[ {gen_ai.request.model}]",
    attributes=(
        _OPERATION_START,
        _PROVIDER_START,
        _MODEL_START,
        *_SERVER_START,
        FAILED,
        _may(genai.REQUEST_ENCODING_FORMATS, "string[]"),
        _may(genai.USAGE_INPUT, "int"),
        _may(genai.DIMENSION_COUNT, "int"),
        _may(genai.RESPONSE_MODEL),
    ),
)
RETRIEVAL = SpanShape(
    id="gen_ai.retrieval.client",
    operations=("retrieval",),
    kinds=("client",),
    name="retrieval[ {gen_ai.data_source.id}]",
    attributes=(
        _OPERATION,
        FAILED,
        _when(genai.REQUEST_MODEL, "available"),
        _when(genai.PROVIDER, "available"),
        _when(genai.DATA_SOURCE_ID, "available"),
        _may(genai.RETRIEVAL_TOP_K, "int"),
        *_SERVER,
        _opt(genai.RETRIEVAL_QUERY, "string"),
        _opt(genai.RETRIEVAL_DOCUMENTS),
    ),
)
FETCH_RESPONSE = SpanShape(
    id="gen_ai.fetch_response.client",
    operations=("fetch_response",),
    kinds=("client",),
    name="fetch_response",
    attributes=(
        _OPERATION,
        _must(genai.PROVIDER),
        _must(genai.RESPONSE_ID),
        FAILED,
        _when("gen_ai.request.stream_cursor", "given"),
        _may(genai.RESPONSE_MODEL),
        _may("gen_ai.response.status"),
        _FINISH,
        *_SERVER,
        _INSTRUCTIONS,
        _OUTPUT,
        _TOOLS,
    ),
)
MEMORY = SpanShape(
    id="gen_ai.memory.client",
    operations=tuple(sorted(genai.MEMORY_OPERATIONS)),
    kinds=("client", "internal"),
    name="{gen_ai.operation.name}",
    attributes=(
        _OPERATION,
        FAILED,
        _when(genai.PROVIDER, "external service"),
        _when(genai.MEMORY_STORE_ID, "available"),
        _when(genai.MEMORY_RECORD_ID, "available"),
        _may(genai.MEMORY_RECORD_COUNT, "int"),
        *_SERVER,
        _opt(genai.MEMORY_QUERY, "string"),
        _opt(genai.MEMORY_RECORDS),
    ),
)
CREATE_AGENT = SpanShape(
    id="gen_ai.create_agent.client",
    operations=("create_agent",),
    kinds=("client",),
    name="create_agent[ {gen_ai.agent.name}]",
    attributes=(
        _OPERATION_START,
        _PROVIDER_START,
        FAILED,
        _MODEL_START,
        _when(genai.AGENT_ID, "available"),
        _AGENT_START,
        _when(genai.AGENT_DESCRIPTION, "available"),
        _when(genai.AGENT_VERSION, "available"),
        *_SERVER,
        _INSTRUCTIONS,
    ),
)
_AGENT_SHARED = (
    _OPERATION_START,
    _AGENT_START,
    _when(genai.AGENT_DESCRIPTION, "available"),
    _may(genai.REQUEST_MODEL, start=True),
    _CONVERSATION,
    _when(genai.DATA_SOURCE_ID, "available"),
    FAILED,
    *_CHOICES,
    *_PARAMETERS,
    _FINISH,
    *_SUMS,
    *_CONTENT,
)
INVOKE_AGENT = SpanShape(
    id="gen_ai.invoke_agent.internal",
    operations=("invoke_agent",),
    kinds=("internal",),
    name="invoke_agent[ {gen_ai.agent.name}]",
    attributes=_AGENT_SHARED,
    forbidden=frozenset(
        {
            genai.PROVIDER,
            genai.AGENT_ID,
            genai.AGENT_VERSION,
            genai.SERVER_ADDRESS,
            genai.SERVER_PORT,
            *(attribute.name for attribute in _BREAKDOWN),
        }
    ),
)
INVOKE_REMOTE_AGENT = SpanShape(
    id="gen_ai.invoke_agent.client",
    operations=("invoke_agent",),
    kinds=("client",),
    name="invoke_agent[ {gen_ai.agent.name}]",
    attributes=(
        *_AGENT_SHARED,
        _PROVIDER_START,
        _when(genai.AGENT_ID, "a hosted resource"),
        _when(genai.AGENT_VERSION, "available"),
        _may(genai.REQUEST_PREVIOUS_RESPONSE),
        *_BREAKDOWN,
        *_SERVER_START,
    ),
)
EXECUTE_TOOL = SpanShape(
    id="gen_ai.execute_tool.internal",
    operations=("execute_tool",),
    kinds=("internal",),
    name="execute_tool {gen_ai.tool.name}",
    attributes=(
        _OPERATION_START,
        _must(genai.TOOL_NAME, start=True),
        _AGENT_START,
        _CONVERSATION,
        FAILED,
        _may(genai.TOOL_CALL_ID),
        _may(genai.TOOL_DESCRIPTION),
        _may(genai.TOOL_TYPE, start=True),
        _opt(genai.TOOL_ARGUMENTS),
        _opt(genai.TOOL_RESULT),
    ),
    prefixes=("gen_ai.skill.",),
)
INVOKE_WORKFLOW = SpanShape(
    id="gen_ai.invoke_workflow.internal",
    operations=("invoke_workflow",),
    kinds=("internal",),
    name="invoke_workflow[ {gen_ai.workflow.name}]",
    attributes=(
        _OPERATION_START,
        FAILED,
        _when(genai.WORKFLOW_NAME, "meaningful"),
        _CONVERSATION,
        _opt(genai.INPUT_MESSAGES),
        _OUTPUT,
    ),
)
PLAN = SpanShape(
    id="gen_ai.plan.internal",
    operations=("plan",),
    kinds=("internal",),
    name="plan[ {gen_ai.agent.name}]",
    attributes=(_OPERATION_START, FAILED, _AGENT_START),
)

_MCP = (
    _must("mcp.method.name"),
    _when(genai.TOOL_NAME, "concerns a tool"),
    _may(genai.OPERATION),
    _when("gen_ai.prompt.name", "concerns a prompt"),
    FAILED,
    _when("rpc.response.status_code", "an error code is present"),
    _may("mcp.protocol.version"),
    _may("network.transport"),
    _may("network.protocol.name"),
    _may("network.protocol.version"),
    _may("jsonrpc.protocol.version"),
    _may("mcp.session.id"),
    _when("mcp.resource.uri", "concerns a resource"),
    _when("jsonrpc.request.id", "a request, not a notification"),
    _opt(genai.TOOL_ARGUMENTS),
    _opt(genai.TOOL_RESULT),
)
MCP_CLIENT = SpanShape(
    id="mcp.client",
    operations=(),
    kinds=("client",),
    name="{mcp.method.name}[ {target}]",
    attributes=(*_MCP, *_SERVER),
    prefixes=("gen_ai.prompt.variable.",),
)
MCP_SERVER = SpanShape(
    id="mcp.server",
    operations=(),
    kinds=("server",),
    name="{mcp.method.name}[ {target}]",
    attributes=(*_MCP, _may("client.address"), _may("client.port", "int")),
    prefixes=("gen_ai.prompt.variable.",),
)

ALL: tuple[SpanShape, ...] = (
    INFERENCE,
    EMBEDDINGS,
    RETRIEVAL,
    FETCH_RESPONSE,
    MEMORY,
    CREATE_AGENT,
    INVOKE_AGENT,
    INVOKE_REMOTE_AGENT,
    EXECUTE_TOOL,
    INVOKE_WORKFLOW,
    PLAN,
    MCP_CLIENT,
    MCP_SERVER,
)


def find_shape(attributes: dict[str, object], kind: str) -> SpanShape | None:
    """Return the row that a span with these attributes and this span kind must follow; None for spans of no row."""
    if "mcp.method.name" in attributes:
        return MCP_SERVER if kind == "server" else MCP_CLIENT
    operation = attributes.get(genai.OPERATION)
    fitting = [shape for shape in ALL if operation in shape.operations]
    return next((shape for shape in fitting if kind in shape.kinds), fitting[0] if fitting else None)


DETAILS = EventShape("gen_ai.client.inference.operation.details", "DEBUG", 5, Level.RECOMMENDED, INFERENCE.attributes)
EXCEPTION = EventShape(
    "gen_ai.client.operation.exception",
    "WARN",
    13,
    Level.RECOMMENDED,
    (
        _when(genai.EXCEPTION_TYPE, "no message"),
        _when(genai.EXCEPTION_MESSAGE, "no type"),
        _may(genai.EXCEPTION_STACKTRACE),
    ),
    any_of=(genai.EXCEPTION_TYPE, genai.EXCEPTION_MESSAGE),
)
EVALUATION = EventShape(
    "gen_ai.evaluation.result",
    None,
    None,
    Level.RECOMMENDED,
    (
        _must(genai.EVALUATION_NAME),
        _when(genai.EVALUATION_VALUE, "there is a number", "double"),
        _when(genai.EVALUATION_LABEL, "there is a label"),
        _may(genai.EVALUATION_EXPLANATION),
        _may(genai.RESPONSE_ID),
        FAILED,
    ),
)
EVENTS: tuple[EventShape, ...] = (DETAILS, EXCEPTION, EVALUATION)
