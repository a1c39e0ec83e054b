"""Every metric that Foretell may emit, by constant and by name: the conventions', our own and those of the process."""

from __future__ import annotations

from foretell.semconv import buckets, genai, own
from foretell.semconv.own import (
    AGENT_ACTIVE,
    AGENT_HEARTBEAT,
    AGENT_OLDEST_START,
    AGENT_RUNS,
    AGENT_UPTIME,
    BUDGET_LIMIT,
    BUDGET_SPENT,
    CALLS,
    CONTEXT_FILL,
    COST,
    DEPENDENCY_CALLS,
    EVENT_LOOP_HEARTBEAT,
    FINDING_ACTIVE,
    FINDING_TIME_TO_RESOLVE,
    FINDINGS,
    REDACTIONS,
    SCORE,
    TELEMETRY_DROPPED,
    TELEMETRY_ENDED,
    TELEMETRY_EXPORTED,
    TELEMETRY_STARTED,
    TELEMETRY_TRUNCATED,
    THREAD_CPU,
    UNPRICED_TOKENS,
)
from foretell.semconv.table import Attribute, Level, Metric

REQUIRED, CONDITIONAL = Level.REQUIRED, Level.CONDITIONAL
RECOMMENDED, OPT_IN = Level.RECOMMENDED, Level.OPT_IN

_OPERATION = Attribute(genai.OPERATION, level=REQUIRED)
_PROVIDER = Attribute(genai.PROVIDER, level=REQUIRED)
_REQUEST_MODEL = Attribute(genai.REQUEST_MODEL, level=CONDITIONAL, condition="available")
_RESPONSE_MODEL = Attribute(genai.RESPONSE_MODEL)
_SERVER = Attribute(genai.SERVER_ADDRESS), Attribute(genai.SERVER_PORT, "int", CONDITIONAL, "address is set")
_ERROR = Attribute(genai.ERROR_TYPE, level=CONDITIONAL, condition="failed")
_AGENT = Attribute(genai.AGENT_NAME, level=CONDITIONAL, condition="available")
_SHARED = (_OPERATION, _PROVIDER, _REQUEST_MODEL, _RESPONSE_MODEL, *_SERVER)
_OPENAI = Attribute(genai.OPENAI_RESPONSE_SERVICE_TIER), Attribute(genai.OPENAI_SYSTEM_FINGERPRINT)
_OPTIONAL_PROVIDER = Attribute(genai.PROVIDER, level=CONDITIONAL, condition="available")
_MODALITY = Attribute(genai.TOKEN_MODALITY, level=REQUIRED)


def _inference(name: str, description: str) -> Metric:
    """Return a duration of the client's inference."""
    attributes = (*_SHARED, *_OPENAI)
    return Metric(f"gen_ai.client.inference.{name}", "histogram", "s", description, attributes, buckets.OPERATION_S)


def _usage(name: str, description: str) -> Metric:
    """Return a token counter: its modalities must add up to the whole."""
    attributes = (*_SHARED, _MODALITY, *_OPENAI)
    return Metric(f"gen_ai.client.inference.usage.{name}", "counter", "{token}", description, attributes)


def _tokens(name: str, description: str) -> Metric:
    """Return a histogram of the tokens of one inference."""
    attributes = (*_SHARED, *_OPENAI)
    return Metric(
        f"gen_ai.client.inference.operation.{name}", "histogram", "{token}", description, attributes, buckets.TOKENS
    )


INFERENCE_DURATION = Metric(
    "gen_ai.client.inference.duration",
    "histogram",
    "s",
    "Duration of an inference.",
    (*_SHARED, _ERROR, *_OPENAI),
    buckets.OPERATION_S,
)
TIME_TO_FIRST_CHUNK = _inference("time_to_first_chunk", "From the request to the first chunk of a stream.")
TIME_PER_OUTPUT_CHUNK = _inference("time_per_output_chunk", "From one chunk of a stream to the next.")
OPERATION_DURATION = Metric(
    "gen_ai.client.operation.duration",
    "histogram",
    "s",
    "Duration of a client operation other than inference.",
    (_OPERATION, _OPTIONAL_PROVIDER, _REQUEST_MODEL, _RESPONSE_MODEL, *_SERVER, _ERROR, *_OPENAI),
    buckets.OPERATION_S,
)
INPUT_TOKENS = _usage("input_tokens", "Tokens of input, cached ones included.")
OUTPUT_TOKENS = _usage("output_tokens", "Tokens of output, reasoning included.")
CACHE_READ_TOKENS = _usage("cache_read.input_tokens", "Tokens of input that came from the provider's cache.")
CACHE_WRITE_TOKENS = _usage("cache_write.input_tokens", "Tokens of input that went into the provider's cache.")
REASONING_TOKENS = _usage("reasoning.output_tokens", "Tokens of output that were reasoning.")
OPERATION_INPUT_TOKENS = _tokens("input_tokens", "Tokens of input of one inference.")
OPERATION_OUTPUT_TOKENS = _tokens("output_tokens", "Tokens of output of one inference.")
INVOKE_AGENT_DURATION = Metric(
    "gen_ai.invoke_agent.duration",
    "histogram",
    "s",
    "Duration of an agent's invocation.",
    (_ERROR, _AGENT, Attribute(genai.REQUEST_MODEL)),
    buckets.AGENT_S,
)
INFERENCE_CALLS = Metric(
    "gen_ai.invoke_agent.inference_calls",
    "histogram",
    "{inference_call}",
    "Inferences that an agent made in one invocation.",
    (Attribute(genai.AGENT_NAME),),
    buckets.CALL_COUNT,
)
TOOL_CALLS = Metric(
    "gen_ai.invoke_agent.tool_calls",
    "histogram",
    "{tool_call}",
    "Tools that an agent called in one invocation.",
    (Attribute(genai.AGENT_NAME),),
    buckets.CALL_COUNT,
)
EXECUTE_TOOL_DURATION = Metric(
    "gen_ai.execute_tool.duration",
    "histogram",
    "s",
    "Duration of a tool call.",
    (Attribute(genai.TOOL_NAME, level=REQUIRED), Attribute(genai.TOOL_TYPE), _AGENT, _ERROR),
    buckets.OPERATION_S,
)
INVOKE_WORKFLOW_DURATION = Metric(
    "gen_ai.invoke_workflow.duration",
    "histogram",
    "s",
    "Duration of a workflow.",
    (Attribute(genai.WORKFLOW_NAME, level=CONDITIONAL, condition="available"), _ERROR),
    buckets.WORKFLOW_S,
)
SERVER_REQUEST_DURATION = Metric(
    "gen_ai.server.request.duration",
    "histogram",
    "s",
    "Duration of a request inside a model server.",
    (*_SHARED, _ERROR),
    buckets.OPERATION_S,
)
SERVER_FIRST_TOKEN = Metric(
    "gen_ai.server.time_to_first_token",
    "histogram",
    "s",
    "From a model server's request to its first token.",
    _SHARED,
    buckets.FIRST_TOKEN_S,
)
SERVER_OUTPUT_TOKEN = Metric(
    "gen_ai.server.time_per_output_token",
    "histogram",
    "s",
    "A model server's time for each token after the first.",
    _SHARED,
    buckets.OUTPUT_TOKEN_S,
)

_NETWORK = (
    Attribute("mcp.protocol.version"),
    Attribute("network.transport"),
    Attribute("network.protocol.name"),
    Attribute("network.protocol.version"),
)
_MCP_OPERATION = (
    Attribute("mcp.method.name", level=REQUIRED),
    Attribute(genai.TOOL_NAME, level=CONDITIONAL, condition="concerns a tool"),
    Attribute(genai.OPERATION),
    Attribute("gen_ai.prompt.name", level=CONDITIONAL, condition="concerns a prompt"),
    _ERROR,
    Attribute("rpc.response.status_code", level=CONDITIONAL, condition="an error code is present"),
    *_NETWORK,
    Attribute("jsonrpc.protocol.version"),
    Attribute("mcp.resource.uri", level=OPT_IN),
)
_MCP_SESSION = (*_NETWORK, _ERROR)

MCP_CLIENT_OPERATION = Metric(
    "mcp.client.operation.duration",
    "histogram",
    "s",
    "Duration of an MCP request, seen by the client.",
    (*_MCP_OPERATION, *_SERVER),
    buckets.MCP_S,
)
MCP_SERVER_OPERATION = Metric(
    "mcp.server.operation.duration",
    "histogram",
    "s",
    "Duration of an MCP request, seen by the server.",
    _MCP_OPERATION,
    buckets.MCP_S,
)
MCP_CLIENT_SESSION = Metric(
    "mcp.client.session.duration",
    "histogram",
    "s",
    "Duration of an MCP session, seen by the client.",
    (*_MCP_SESSION, *_SERVER),
    buckets.MCP_S,
)
MCP_SERVER_SESSION = Metric(
    "mcp.server.session.duration",
    "histogram",
    "s",
    "Duration of an MCP session, seen by the server.",
    _MCP_SESSION,
    buckets.MCP_S,
)

PROCESS_MEMORY = Metric("process.memory.usage", "updown", "By", "Physical memory in use.")
PROCESS_CPU = Metric("process.cpu.time", "counter", "s", "CPU time of the process.", (Attribute("cpu.mode"),))
PROCESS_NETWORK = Metric(
    "process.network.io",
    "counter",
    "By",
    "Bytes sent and received.",
    (Attribute("network.io.direction"), Attribute("network.interface.name")),
)
PROCESS_DISK = Metric("process.disk.io", "counter", "By", "Bytes read and written.", (Attribute("disk.io.direction"),))
PROCESS_FILES = Metric(
    "process.open_file_descriptor.count", "updown", "{file_descriptor}", "File descriptors that are open."
)
PROCESS_THREADS = Metric("process.thread.count", "updown", "{thread}", "Threads of the process.")

GENAI: tuple[Metric, ...] = (
    INFERENCE_DURATION,
    TIME_TO_FIRST_CHUNK,
    TIME_PER_OUTPUT_CHUNK,
    OPERATION_DURATION,
    INPUT_TOKENS,
    OUTPUT_TOKENS,
    CACHE_READ_TOKENS,
    CACHE_WRITE_TOKENS,
    REASONING_TOKENS,
    OPERATION_INPUT_TOKENS,
    OPERATION_OUTPUT_TOKENS,
    INVOKE_AGENT_DURATION,
    INFERENCE_CALLS,
    TOOL_CALLS,
    EXECUTE_TOOL_DURATION,
    INVOKE_WORKFLOW_DURATION,
    SERVER_REQUEST_DURATION,
    SERVER_FIRST_TOKEN,
    SERVER_OUTPUT_TOKEN,
    MCP_CLIENT_OPERATION,
    MCP_SERVER_OPERATION,
    MCP_CLIENT_SESSION,
    MCP_SERVER_SESSION,
)
"""Those of the GenAI and MCP conventions, at the pinned commit."""
PROCESS: tuple[Metric, ...] = (
    PROCESS_MEMORY,
    PROCESS_CPU,
    PROCESS_NETWORK,
    PROCESS_DISK,
    PROCESS_FILES,
    PROCESS_THREADS,
)
"""Those of the core conventions that one sampler takes once a second. They are the process's, so no agent is named."""
ALL: tuple[Metric, ...] = (*GENAI, *own.METRICS, *PROCESS)
"""All of them, without the older names of `legacy`."""

_BY_NAME = {metric.name: metric for metric in ALL}


def find_metric(name: str) -> Metric | None:
    """Return the metric of that name, or None."""
    return _BY_NAME.get(name)


__all__ = [
    "AGENT_ACTIVE",
    "AGENT_HEARTBEAT",
    "AGENT_OLDEST_START",
    "AGENT_RUNS",
    "AGENT_UPTIME",
    "ALL",
    "BUDGET_LIMIT",
    "BUDGET_SPENT",
    "CACHE_READ_TOKENS",
    "CACHE_WRITE_TOKENS",
    "CALLS",
    "CONTEXT_FILL",
    "COST",
    "DEPENDENCY_CALLS",
    "EVENT_LOOP_HEARTBEAT",
    "EXECUTE_TOOL_DURATION",
    "FINDINGS",
    "FINDING_ACTIVE",
    "FINDING_TIME_TO_RESOLVE",
    "GENAI",
    "INFERENCE_CALLS",
    "INFERENCE_DURATION",
    "INPUT_TOKENS",
    "INVOKE_AGENT_DURATION",
    "INVOKE_WORKFLOW_DURATION",
    "MCP_CLIENT_OPERATION",
    "MCP_CLIENT_SESSION",
    "MCP_SERVER_OPERATION",
    "MCP_SERVER_SESSION",
    "OPERATION_DURATION",
    "OPERATION_INPUT_TOKENS",
    "OPERATION_OUTPUT_TOKENS",
    "OUTPUT_TOKENS",
    "PROCESS",
    "PROCESS_CPU",
    "PROCESS_DISK",
    "PROCESS_FILES",
    "PROCESS_MEMORY",
    "PROCESS_NETWORK",
    "PROCESS_THREADS",
    "REASONING_TOKENS",
    "REDACTIONS",
    "SCORE",
    "SERVER_FIRST_TOKEN",
    "SERVER_OUTPUT_TOKEN",
    "SERVER_REQUEST_DURATION",
    "TELEMETRY_DROPPED",
    "TELEMETRY_ENDED",
    "TELEMETRY_EXPORTED",
    "TELEMETRY_STARTED",
    "TELEMETRY_TRUNCATED",
    "THREAD_CPU",
    "TIME_PER_OUTPUT_CHUNK",
    "TIME_TO_FIRST_CHUNK",
    "TOOL_CALLS",
    "UNPRICED_TOKENS",
    "Metric",
    "find_metric",
]
