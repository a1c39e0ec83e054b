"""The one table of other people's attribute names and what they are called today.

Each row is plain data, so that the same table serves the SDK's normaliser (`foreign`) and a collector's statements.
Where several rows give the same new name, the earlier row wins; a name of today that is there already always wins.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from foretell.semconv import genai, own

Dialect = Literal[
    "openinference", "openllmetry", "older_gen_ai", "langfuse", "agentops", "pydantic_ai", "litellm", "sentry"
]
Conversion = Literal[
    "copy", "int", "double", "text", "strings", "true", "cost", "provider", "operation", "output_type",
    "request_messages", "response_messages", "request_parameters", "usage_details", "cost_details",
]  # fmt: skip
"""How the value changes. The last five read JSON and give more than one attribute or a structure: SDK only."""


@dataclass(frozen=True, slots=True)
class Row:
    """One foreign attribute and its name today."""

    dialect: Dialect
    old: str
    new: str
    conversion: Conversion = "copy"
    operations: frozenset[str] = frozenset()
    """Only on spans of these operations; empty for all."""
    note: str = ""


MODEL_CALLS = genai.INFERENCE_OPERATIONS
TOOLS = frozenset({"execute_tool"})
AGENTS = frozenset({"invoke_agent"})
WORKFLOWS = frozenset({"invoke_workflow"})
DIALOGUES = MODEL_CALLS | AGENTS | WORKFLOWS
RETRIEVALS = frozenset({"retrieval"})
ANY = DIALOGUES | TOOLS | RETRIEVALS | genai.MEMORY_OPERATIONS | {"embeddings", "plan"}
"""Of names that other programs use for other things: only on spans that are known to be an agent's work."""

_OI: Dialect = "openinference"
_TL: Dialect = "openllmetry"
_OLD: Dialect = "older_gen_ai"
_LF: Dialect = "langfuse"
_AO: Dialect = "agentops"
_PA: Dialect = "pydantic_ai"
_LL: Dialect = "litellm"

KINDS: tuple[Row, ...] = (
    Row(_OI, "openinference.span.kind", genai.OPERATION, "operation"),
    Row(_TL, "traceloop.span.kind", genai.OPERATION, "operation"),
    Row(_TL, "llm.request.type", genai.OPERATION, "operation"),
    Row(_LF, "langfuse.observation.type", genai.OPERATION, "operation"),
    Row(_AO, "agentops.span.kind", genai.OPERATION, "operation"),
    Row(_AO, "gen_ai.request.type", genai.OPERATION, "operation"),
)
"""Rows that say what a span is; they are read first, because other rows depend on it."""

ROWS: tuple[Row, ...] = (
    *KINDS,
    # Names of OpenInference.
    Row(_OI, "llm.request.model_name", genai.REQUEST_MODEL),
    Row(_OI, "llm.model_name", genai.REQUEST_MODEL),
    Row(_OI, "embedding.model_name", genai.REQUEST_MODEL),
    Row(_OI, "llm.response.model_name", genai.RESPONSE_MODEL),
    Row(_OI, "llm.provider", genai.PROVIDER, "provider", note="who serves the model"),
    Row(_OI, "llm.system", genai.PROVIDER, "provider", note="whose model it is; the weaker of the two"),
    Row(_OI, "llm.token_count.prompt", genai.USAGE_INPUT, "int", note="cached tokens included"),
    Row(_OI, "llm.token_count.completion", genai.USAGE_OUTPUT, "int", note="reasoning included"),
    Row(_OI, "llm.token_count.prompt_details.cache_read", genai.USAGE_CACHE_READ, "int"),
    Row(_OI, "llm.token_count.prompt_details.cache_input", genai.USAGE_CACHE_READ, "int"),
    Row(_OI, "llm.token_count.prompt_details.cache_write", genai.USAGE_CACHE_WRITE, "int"),
    Row(_OI, "llm.token_count.prompt_details.audio", "gen_ai.usage.audio.input_tokens", "int"),
    Row(_OI, "llm.token_count.completion_details.audio", "gen_ai.usage.audio.output_tokens", "int"),
    Row(_OI, "llm.token_count.completion_details.reasoning", genai.USAGE_REASONING, "int"),
    Row(_OI, "llm.finish_reason", genai.RESPONSE_FINISH_REASONS, "strings"),
    Row(_OI, "llm.invocation_parameters", "gen_ai.request.*", "request_parameters"),
    Row(_OI, "embedding.invocation_parameters", "gen_ai.request.*", "request_parameters"),
    Row(_OI, "llm.cost.total", own.COST_AMOUNT, "cost"),
    Row(_OI, "input.value", genai.TOOL_ARGUMENTS, operations=TOOLS),
    Row(_OI, "output.value", genai.TOOL_RESULT, operations=TOOLS),
    Row(_OI, "input.value", genai.RETRIEVAL_QUERY, operations=RETRIEVALS),
    Row(_OI, "input.value", genai.INPUT_MESSAGES, "request_messages", DIALOGUES),
    Row(_OI, "output.value", genai.OUTPUT_MESSAGES, "response_messages", DIALOGUES),
    Row(_OI, "tool.name", genai.TOOL_NAME, operations=TOOLS),
    Row(_OI, "tool.description", genai.TOOL_DESCRIPTION, operations=TOOLS),
    Row(_OI, "tool_call.id", genai.TOOL_CALL_ID, operations=TOOLS),
    Row(_OI, "agent.name", genai.AGENT_NAME, operations=ANY),
    # Names of OpenLLMetry (Traceloop).
    Row(_TL, "traceloop.entity.name", genai.TOOL_NAME, operations=TOOLS),
    Row(_TL, "traceloop.entity.name", genai.AGENT_NAME, operations=AGENTS),
    Row(_TL, "traceloop.entity.name", genai.WORKFLOW_NAME, operations=WORKFLOWS),
    Row(_TL, "traceloop.workflow.name", genai.WORKFLOW_NAME, operations=WORKFLOWS),
    Row(_TL, "traceloop.entity.input", genai.TOOL_ARGUMENTS, operations=TOOLS),
    Row(_TL, "traceloop.entity.output", genai.TOOL_RESULT, operations=TOOLS),
    Row(_TL, "traceloop.entity.input", genai.INPUT_MESSAGES, "request_messages", AGENTS | WORKFLOWS),
    Row(_TL, "traceloop.entity.output", genai.OUTPUT_MESSAGES, "response_messages", AGENTS | WORKFLOWS),
    Row(_TL, "traceloop.association.properties.session_id", genai.SESSION_ID, "text"),
    Row(_TL, "traceloop.association.properties.user_id", genai.USER_ID, "text"),
    Row(_TL, "traceloop.prompt.key", "gen_ai.prompt.name"),
    Row(_TL, "traceloop.prompt.version", "gen_ai.prompt.version", "text"),
    Row(_TL, "llm.usage.reasoning_tokens", genai.USAGE_REASONING, "int"),
    Row(_TL, "gen_ai.usage.reasoning_tokens", genai.USAGE_REASONING, "int"),
    Row(_TL, "llm.is_streaming", genai.REQUEST_STREAM, "true"),
    Row(_TL, "gen_ai.is_streaming", genai.REQUEST_STREAM, "true"),
    Row(_TL, "llm.frequency_penalty", genai.REQUEST_FREQUENCY_PENALTY, "double"),
    Row(_TL, "llm.presence_penalty", genai.REQUEST_PRESENCE_PENALTY, "double"),
    Row(_TL, "llm.top_k", genai.REQUEST_TOP_K, "int"),
    Row(_TL, "llm.chat.stop_sequences", genai.REQUEST_STOP_SEQUENCES, "strings"),
    Row(_TL, "llm.request.reasoning_effort", genai.REQUEST_REASONING_LEVEL, "text"),
    Row(_TL, "gen_ai.request.reasoning_effort", genai.REQUEST_REASONING_LEVEL, "text"),
    Row(_TL, "gen_ai.request.max_completion_tokens", genai.REQUEST_MAX_TOKENS, "int"),
    Row(_TL, "gen_ai.request.n", genai.REQUEST_CHOICE_COUNT, "int"),
    Row(_TL, "gen_ai.response.finish_reason", genai.RESPONSE_FINISH_REASONS, "strings"),
    Row(_TL, "gen_ai.response.stop_reason", genai.RESPONSE_FINISH_REASONS, "strings"),
    Row(_TL, "llm.response.finish_reason", genai.RESPONSE_FINISH_REASONS, "strings"),
    Row(_TL, "llm.response.stop_reason", genai.RESPONSE_FINISH_REASONS, "strings"),
    Row(_TL, "gen_ai.openai.system_fingerprint", genai.OPENAI_SYSTEM_FINGERPRINT),
    Row(_TL, "gen_ai.user", genai.USER_ID, "text"),
    Row(_TL, "llm.user", genai.USER_ID, "text"),
    # Names of older versions of the conventions.
    Row(_OLD, "gen_ai.system", genai.PROVIDER, "provider"),
    Row(_OLD, "gen_ai.usage.prompt_tokens", genai.USAGE_INPUT, "int"),
    Row(_OLD, "gen_ai.usage.completion_tokens", genai.USAGE_OUTPUT, "int"),
    Row(_OLD, "gen_ai.usage.cache_creation.input_tokens", genai.USAGE_CACHE_WRITE, "int"),
    Row(_OLD, "gen_ai.usage.cache_creation_input_tokens", genai.USAGE_CACHE_WRITE, "int"),
    Row(_OLD, "gen_ai.usage.cache_write_input_tokens", genai.USAGE_CACHE_WRITE, "int"),
    Row(_OLD, "gen_ai.usage.cache_read_input_tokens", genai.USAGE_CACHE_READ, "int"),
    Row(_OLD, "gen_ai.request.is_stream", genai.REQUEST_STREAM, "true"),
    Row(_OLD, "gen_ai.openai.request.seed", genai.REQUEST_SEED, "int"),
    Row(_OLD, "gen_ai.openai.request.response_format", genai.OUTPUT_TYPE, "output_type"),
    Row(_OLD, "gen_ai.openai.request.service_tier", genai.OPENAI_REQUEST_SERVICE_TIER),
    Row(_OLD, "gen_ai.openai.response.service_tier", genai.OPENAI_RESPONSE_SERVICE_TIER),
    Row(_OLD, "gen_ai.openai.response.system_fingerprint", genai.OPENAI_SYSTEM_FINGERPRINT),
    Row(_OLD, "gen_ai.prompt", genai.INPUT_MESSAGES, "request_messages"),
    Row(_OLD, "gen_ai.completion", genai.OUTPUT_MESSAGES, "response_messages"),
    # Names of Langfuse.
    Row(_LF, "langfuse.observation.model.name", genai.REQUEST_MODEL),
    Row(_LF, "langfuse.observation.model.parameters", "gen_ai.request.*", "request_parameters"),
    Row(_LF, "langfuse.observation.usage_details", "gen_ai.usage.*", "usage_details"),
    Row(_LF, "langfuse.observation.cost_details", own.COST_AMOUNT, "cost_details"),
    Row(_LF, "langfuse.observation.input", genai.TOOL_ARGUMENTS, operations=TOOLS),
    Row(_LF, "langfuse.observation.output", genai.TOOL_RESULT, operations=TOOLS),
    Row(_LF, "langfuse.observation.input", genai.RETRIEVAL_QUERY, operations=RETRIEVALS),
    Row(_LF, "langfuse.observation.input", genai.INPUT_MESSAGES, "request_messages", DIALOGUES),
    Row(_LF, "langfuse.observation.output", genai.OUTPUT_MESSAGES, "response_messages", DIALOGUES),
    Row(_LF, "langfuse.observation.prompt.name", "gen_ai.prompt.name"),
    Row(_LF, "langfuse.observation.prompt.version", "gen_ai.prompt.version", "text"),
    Row(_LF, "langfuse.session.id", genai.SESSION_ID, "text"),
    Row(_LF, "langfuse.user.id", genai.USER_ID, "text"),
    # Names of AgentOps.
    Row(_AO, "agentops.entity.name", genai.TOOL_NAME, operations=TOOLS),
    Row(_AO, "agentops.entity.name", genai.AGENT_NAME, operations=AGENTS),
    Row(_AO, "agentops.entity.name", genai.WORKFLOW_NAME, operations=WORKFLOWS),
    Row(_AO, "workflow.name", genai.WORKFLOW_NAME, operations=WORKFLOWS),
    Row(_AO, "agentops.entity.input", genai.TOOL_ARGUMENTS, operations=TOOLS),
    Row(_AO, "agentops.entity.output", genai.TOOL_RESULT, operations=TOOLS),
    Row(_AO, "tool.parameters", genai.TOOL_ARGUMENTS, operations=TOOLS),
    Row(_AO, "tool.result", genai.TOOL_RESULT, operations=TOOLS),
    Row(_AO, "agentops.entity.input", genai.INPUT_MESSAGES, "request_messages", AGENTS | WORKFLOWS),
    Row(_AO, "agentops.entity.output", genai.OUTPUT_MESSAGES, "response_messages", AGENTS | WORKFLOWS),
    Row(_AO, "gen_ai.request.streaming", genai.REQUEST_STREAM, "true"),
    Row(_AO, "gen_ai.request.candidate_count", genai.REQUEST_CHOICE_COUNT, "int"),
    Row(_AO, "gen_ai.streaming.time_to_first_token", genai.RESPONSE_TIME_TO_FIRST_CHUNK, "double"),
    Row(_AO, "gen_ai.usage.total_cost", own.COST_AMOUNT, "cost"),
    # Names of Pydantic AI.
    Row(_PA, "operation.cost", own.COST_AMOUNT, "cost", MODEL_CALLS | {"embeddings"}),
    Row(_PA, "gen_ai.aggregated_usage.input_tokens", genai.USAGE_INPUT, "int", AGENTS),
    Row(_PA, "gen_ai.aggregated_usage.output_tokens", genai.USAGE_OUTPUT, "int", AGENTS),
    Row(_PA, "gen_ai.usage.details.reasoning_tokens", genai.USAGE_REASONING, "int"),
    Row(_PA, "agent_name", genai.AGENT_NAME, operations=ANY),
    Row(_PA, "tool_arguments", genai.TOOL_ARGUMENTS, operations=TOOLS),
    Row(_PA, "tool_response", genai.TOOL_RESULT, operations=TOOLS),
    Row(_PA, "pydantic_ai.all_messages", genai.INPUT_MESSAGES, "request_messages", AGENTS),
    Row(_PA, "final_result", genai.OUTPUT_MESSAGES, "response_messages", AGENTS),
    # Names of LiteLLM.
    Row(_LL, "gen_ai.usage.cost", own.COST_AMOUNT, "cost"),
    Row(_LL, "gen_ai.cost.total_cost", own.COST_AMOUNT, "cost"),
    Row(_LL, "llm.user_id", genai.USER_ID, "text"),
    # Names of Sentry.
    Row("sentry", "gen_ai.context.window_size", own.CONTEXT_LIMIT, "int"),
    Row("sentry", "gen_ai.context.utilization", own.CONTEXT_UTILIZATION, "double"),
    Row("sentry", "gen_ai.usage.input_tokens.cached", genai.USAGE_CACHE_READ, "int"),
    Row("sentry", "gen_ai.usage.output_tokens.reasoning", genai.USAGE_REASONING, "int"),
)

INDEXED: dict[str, tuple[Dialect, str]] = {
    "llm.input_messages.": (_OI, genai.INPUT_MESSAGES),
    "llm.output_messages.": (_OI, genai.OUTPUT_MESSAGES),
    "llm.prompts.": (_OI, genai.INPUT_MESSAGES),
    "llm.choices.": (_OI, genai.OUTPUT_MESSAGES),
    "llm.tools.": (_OI, genai.TOOL_DEFINITIONS),
    "retrieval.documents.": (_OI, genai.RETRIEVAL_DOCUMENTS),
    "gen_ai.prompt.": (_TL, genai.INPUT_MESSAGES),
    "gen_ai.completion.": (_TL, genai.OUTPUT_MESSAGES),
    "llm.completions.": (_TL, genai.OUTPUT_MESSAGES),
    "llm.request.functions.": (_TL, genai.TOOL_DEFINITIONS),
    "gen_ai.request.tools.": (_AO, genai.TOOL_DEFINITIONS),
}
"""Lists that are spread over numbered attributes (`gen_ai.prompt.0.content`) → the one attribute that holds them."""

OPERATIONS: dict[str, str | None] = {
    "llm": "chat",
    "chat": "chat",
    "generation": "chat",
    "completion": "text_completion",
    "embedding": "embeddings",
    "tool": "execute_tool",
    "agent": "invoke_agent",
    "retriever": "retrieval",
    "workflow": "invoke_workflow",
    "session": "invoke_workflow",
    "chain": None,
    "task": None,
    "operation": None,
    "span": None,
    "event": None,
    "reranker": None,
    "rerank": None,
    "guardrail": None,
    "evaluator": None,
    "prompt": None,
    "decision": None,
    "unknown": None,
}
"""Kind of span, in lower case → operation. None: it groups or has no word in the conventions, so it is a step."""

PROVIDERS: dict[str, str] = {
    "azure": "azure.ai.openai",
    "azure_openai": "azure.ai.openai",
    "azure openai": "azure.ai.openai",
    "az.ai.openai": "azure.ai.openai",
    "az.ai.inference": "azure.ai.inference",
    "azure_ai": "azure.ai.inference",
    "google": "gcp.gen_ai",
    "google_genai": "gcp.gen_ai",
    "gemini": "gcp.gemini",
    "vertexai": "gcp.vertex_ai",
    "vertex_ai": "gcp.vertex_ai",
    "google_vertexai": "gcp.vertex_ai",
    "aws": "aws.bedrock",
    "bedrock": "aws.bedrock",
    "aws_bedrock": "aws.bedrock",
    "mistralai": "mistral_ai",
    "mistral": "mistral_ai",
    "xai": "x_ai",
    "watsonx": "ibm.watsonx.ai",
    "moonshot": "moonshot_ai",
}
"""Provider, in lower case → the conventions' word. What is not listed keeps its own, in lower case."""
