"""Facts that only some kinds of call have. Rooms fill them in; `semconv/encode.py` alone names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(slots=True)
class InferenceFacts:
    """What is known of a model call (kinds `llm` and `embeddings`). Mutable: it fills while the call runs."""

    provider: str | None = None
    operation: str = "chat"
    """`chat`, `generate_content`, `text_completion`, `embeddings`."""
    request_model: str | None = None
    response_model: str | None = None
    response_id: str | None = None
    finish_reasons: tuple[str, ...] = ()
    request: dict[str, Any] | None = None
    """Request parameters under the conventions' last word: `max_tokens`, `temperature`, `top_p`, `seed` …"""
    output_type: str | None = None
    conversation_is_compacted: bool = False
    is_stream: bool = False
    time_to_first_chunk_s: float | None = None
    chunk_gaps_s: list[float] | None = None
    """Seconds between one chunk and the next, one per chunk after the first."""
    server_address: str | None = None
    server_port: int | None = None
    dimension_count: int | None = None
    """Of embeddings."""
    service_tier: str | None = None
    system_fingerprint: str | None = None
    api_type: str | None = None
    """OpenAI only: `chat_completions` or `responses`."""
    reported_cost_usd: float | None = None
    """A price that the provider itself put into the response."""


@dataclass(slots=True)
class ToolFacts:
    """What is known of a tool call."""

    type: str = "function"
    call_id: str | None = None
    description: str | None = None


@dataclass(slots=True)
class RetrievalFacts:
    """What is known of a retrieval."""

    data_source_id: str | None = None
    provider: str | None = None
    top_k: int | None = None


@dataclass(slots=True)
class MemoryFacts:
    """What is known of a memory operation."""

    operation: str = "search_memory"
    store_id: str | None = None
    record_id: str | None = None
    record_count: int | None = None
    provider: str | None = None


@dataclass(slots=True)
class AgentTotals:
    """Sums of what happened inside an agent or workflow; sub-agents' own calls are counted by themselves."""

    inference_calls: int = 0
    """Model calls of this agent itself, failed ones too; those of sub-agents are theirs."""
    tool_calls: int = 0
    input_tokens: int = 0
    """Of all inferences below, sub-agents included, as are the next three."""
    output_tokens: int = 0
    cost_usd: float = 0.0
    unpriced_calls: int = 0
    """Inferences below whose price is unknown: the cost is a lower bound while this is not 0."""


@dataclass(frozen=True, slots=True)
class ErrorFacts:
    """Why a call failed."""

    type: str
    """Qualified name of the exception, or a code (`error.type`)."""
    message: str = ""
    stacktrace: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """A named moment inside a call."""

    name: str
    time_ns: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Link:
    """A pointer from one call to another, perhaps in another trace."""

    trace_id: int
    span_id: int
    fields: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Score:
    """Feedback or a task's result: `gen_ai.evaluation.result`."""

    name: str
    value: float | None
    label: str | None = None
    comment: str | None = None
    time_ns: int = 0
    run_id: str | None = None
    span_id: int | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """Whose conversation a call belongs to. Shared by all calls of one `with session(...)` block."""

    id: str | None = None
    user_id: str | None = None
    conversation_id: str | None = None
    tags: tuple[tuple[str, Any], ...] = ()
