"""Turns a finished call into the conventions' words: span name, kind, attributes, status and span events.

Log records are made in `records`, message contents in `content`. Everything here runs in the worker for every call,
so there is one function a kind, and none of them walks a table.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from foretell.model.call import Call
from foretell.model.facts import ErrorFacts, Event, InferenceFacts, MemoryFacts, RetrievalFacts, Session
from foretell.model.finding import Finding
from foretell.model.kinds import Kind, Outcome
from foretell.model.payload import Kept, Payload
from foretell.model.usage import Cost, Usage
from foretell.semconv import genai, own
from foretell.semconv.messages.requests import add_request
from foretell.semconv.openings import NO_INFERENCE, NO_MEMORY, NO_RETRIEVAL, OPENINGS, Attributes

UNSET, ERROR = 0, 2
"""Status codes, in OTLP and in OpenTelemetry's API alike. OK (1) is never set: the conventions forbid it."""
SPAN_KINDS = {"internal": 1, "server": 2, "client": 3, "producer": 4, "consumer": 5}
"""Span kind → its number in OTLP."""

_CLIENTS = frozenset({Kind.LLM, Kind.EMBEDDINGS, Kind.RETRIEVER})
_FAILURES = frozenset({Outcome.ERROR, Outcome.HALTED, Outcome.ABORTED, Outcome.TIMEOUT, Outcome.THROTTLED})
ERROR_TYPE_OF_OUTCOME = {
    Outcome.ERROR: "_OTHER",
    Outcome.CANCELLED: "cancelled",
    Outcome.HALTED: "halted",
    Outcome.ABORTED: "aborted",
    Outcome.TIMEOUT: "timeout",
    Outcome.THROTTLED: "throttled",
}
"""`error.type` of a call that failed without an exception of its own."""


# -- names, kinds, status -------------------------------------------------------------------------------------------


def span_name(call: Call) -> str:
    """Name the call's span by the conventions' template; steps and foreign spans keep their own name."""
    if call.title is not None:
        return call.title
    kind = call.kind
    facts: Any = call.facts
    if kind is Kind.TOOL:
        return f"execute_tool {call.name}"
    if kind is Kind.LLM:
        facts = facts or NO_INFERENCE
        return f"{facts.operation} {facts.request_model}" if facts.request_model else str(facts.operation)
    if kind is Kind.AGENT:
        return f"invoke_agent {call.name}" if call.name else "invoke_agent"
    if kind is Kind.WORKFLOW:
        return f"invoke_workflow {call.name}" if call.name else "invoke_workflow"
    if kind is Kind.EMBEDDINGS:
        return f"embeddings {facts.request_model}" if facts and facts.request_model else "embeddings"
    if kind is Kind.RETRIEVER:
        return f"retrieval {facts.data_source_id}" if facts and facts.data_source_id else "retrieval"
    if kind is Kind.MEMORY:
        return str((facts or NO_MEMORY).operation)
    if kind is Kind.PLAN:
        return f"plan {call.agent_name}" if call.agent_name else "plan"
    return call.name


def span_kind(call: Call) -> str:
    """Return `client` for calls that leave the process, else `internal`; a foreign span keeps its own kind."""
    if call.span_kind is not None:
        return call.span_kind
    if call.kind in _CLIENTS:
        return "client"
    facts = call.facts
    return "client" if call.kind is Kind.MEMORY and isinstance(facts, MemoryFacts) and facts.provider else "internal"


def span_status(call: Call) -> tuple[int, str]:
    """Return status code and description: ERROR for what failed, UNSET for all else, cancelled calls included."""
    if call.outcome in _FAILURES:
        return ERROR, call.error.message if call.error is not None else ""
    return UNSET, ""


# -- attributes -----------------------------------------------------------------------------------------------------


def start_attributes(call: Call) -> Attributes:
    """Return what samplers may look at: the attributes to set when the span is created."""
    attributes = OPENINGS[call.kind](call)
    attributes[own.RUN_ID] = call.run_id
    return attributes


def span_attributes(call: Call, context_limit: int | None = None) -> Attributes:
    """Return all attributes of a finished call, in a dictionary that the caller owns.

    `context_limit` is the model's window in tokens where it is known. Contents are there only if `content_exported`;
    attributes of the user's never override ours.
    """
    kind = call.kind
    attributes = OPENINGS[kind](call)
    attributes[own.RUN_ID] = call.run_id
    if kind is Kind.SPAN:
        if not call.run_id:
            del attributes[own.RUN_ID]
        return attributes
    if call.step_index is not None:
        attributes[own.STEP_INDEX] = call.step_index
    if kind is not Kind.TOOL:
        _FINISH[kind](call, attributes)
        if context_limit and call.usage is not None:
            attributes[own.CONTEXT_LIMIT] = context_limit
            attributes[own.CONTEXT_UTILIZATION] = context_utilization(call.usage, context_limit)
    if call.session is not None:
        _add_session(attributes, call.session)
    if call.error is not None:
        attributes[genai.ERROR_TYPE] = call.error.type
    elif call.outcome in ERROR_TYPE_OF_OUTCOME:
        attributes[genai.ERROR_TYPE] = ERROR_TYPE_OF_OUTCOME[call.outcome]
    if call.kept_input is not None or call.kept_output is not None:
        _add_payload_facts(attributes, call.kept_input, call.kept_output)
        if call.content_exported:
            from foretell.semconv.messages.content import add_content  # most programs never export contents

            add_content(attributes, call)
    if call.attributes:
        _add_others(attributes, call.attributes.items())
    return attributes


def context_utilization(usage: Usage, context_limit: int) -> float:
    """Return the share of the model's window that input and output of an inference filled; cached input counts."""
    return (usage.input_tokens + usage.output_tokens) / context_limit


def _finish_llm(call: Call, attributes: Attributes) -> None:
    facts: InferenceFacts = call.facts or NO_INFERENCE  # type: ignore[assignment]  # the kind fits the facts
    if facts.response_model is not None:
        attributes[genai.RESPONSE_MODEL] = facts.response_model
    if facts.response_id is not None:
        attributes[genai.RESPONSE_ID] = facts.response_id
    if facts.finish_reasons:
        attributes[genai.RESPONSE_FINISH_REASONS] = list(facts.finish_reasons)
    if facts.is_stream:
        attributes[genai.REQUEST_STREAM] = True
        if facts.time_to_first_chunk_s is not None:
            attributes[genai.RESPONSE_TIME_TO_FIRST_CHUNK] = facts.time_to_first_chunk_s
    if facts.request:
        add_request(attributes, facts.request)
    if facts.output_type is not None:
        attributes[genai.OUTPUT_TYPE] = facts.output_type
    if facts.conversation_is_compacted:
        attributes[genai.CONVERSATION_COMPACTED] = True
    if facts.provider in genai.OPENAI_PROVIDERS:
        _add_openai(attributes, facts)
    usage = call.usage
    if usage is not None:
        attributes[genai.USAGE_INPUT] = usage.uncached_input + usage.cache_read + usage.cache_write
        attributes[genai.USAGE_OUTPUT] = usage.output + usage.reasoning
        _add_breakdown(attributes, usage)
    if call.cost is not None:
        _add_cost(attributes, call.cost)


def _finish_embeddings(call: Call, attributes: Attributes) -> None:
    facts: InferenceFacts = call.facts or NO_INFERENCE  # type: ignore[assignment]  # the kind fits the facts
    if facts.response_model is not None:
        attributes[genai.RESPONSE_MODEL] = facts.response_model
    if facts.dimension_count is not None:
        attributes[genai.DIMENSION_COUNT] = facts.dimension_count
    if facts.request and (formats := facts.request.get("encoding_formats")):
        attributes[genai.REQUEST_ENCODING_FORMATS] = [formats] if isinstance(formats, str) else list(formats)
    if call.usage is not None:
        attributes[genai.USAGE_INPUT] = call.usage.input_tokens
        if call.usage.is_estimated:
            attributes[own.USAGE_ESTIMATED] = True
    if call.cost is not None:
        _add_cost(attributes, call.cost)


def _finish_agent(call: Call, attributes: Attributes) -> None:
    totals = call.totals
    if totals is not None and (totals.input_tokens or totals.output_tokens):
        attributes[genai.USAGE_INPUT] = totals.input_tokens
        attributes[genai.USAGE_OUTPUT] = totals.output_tokens
    if call.rss_close_bytes is not None:
        attributes[own.PROCESS_RSS] = call.rss_close_bytes


def _finish_retrieval(call: Call, attributes: Attributes) -> None:
    facts: RetrievalFacts = call.facts or NO_RETRIEVAL  # type: ignore[assignment]  # the kind fits the facts
    if facts.top_k is not None:
        attributes[genai.RETRIEVAL_TOP_K] = facts.top_k


def _finish_memory(call: Call, attributes: Attributes) -> None:
    facts: MemoryFacts = call.facts or NO_MEMORY  # type: ignore[assignment]  # the kind fits the facts
    if facts.record_id is not None:
        attributes[genai.MEMORY_RECORD_ID] = facts.record_id
    if facts.record_count is not None:
        attributes[genai.MEMORY_RECORD_COUNT] = facts.record_count


def _finish_nothing(call: Call, attributes: Attributes) -> None:
    """Add nothing: all of these kinds is known when they open."""


_FINISH: dict[Kind, Callable[[Call, Attributes], None]] = {
    Kind.AGENT: _finish_agent,
    Kind.WORKFLOW: _finish_nothing,
    Kind.LLM: _finish_llm,
    Kind.EMBEDDINGS: _finish_embeddings,
    Kind.TOOL: _finish_nothing,
    Kind.RETRIEVER: _finish_retrieval,
    Kind.MEMORY: _finish_memory,
    Kind.PLAN: _finish_nothing,
    Kind.STEP: _finish_nothing,
    Kind.SPAN: _finish_nothing,
}


# -- parts of them --------------------------------------------------------------------------------------------------


def _add_breakdown(attributes: Attributes, usage: Usage) -> None:
    if usage.cache_read:
        attributes[genai.USAGE_CACHE_READ] = usage.cache_read
    if usage.cache_write:
        attributes[genai.USAGE_CACHE_WRITE] = usage.cache_write
    if usage.reasoning:
        attributes[genai.USAGE_REASONING] = usage.reasoning
    if usage.is_estimated:
        attributes[own.USAGE_ESTIMATED] = True
    if usage.input_by_modality or usage.output_by_modality or usage.cache_read_by_modality:
        _add_modalities(attributes, usage)


def _add_modalities(attributes: Attributes, usage: Usage) -> None:
    for modality, tokens in usage.input_by_modality.items():
        attributes[f"gen_ai.usage.{modality}.input_tokens"] = tokens
    for modality, tokens in usage.output_by_modality.items():
        attributes[f"gen_ai.usage.{modality}.output_tokens"] = tokens
    for modality, tokens in usage.cache_read_by_modality.items():
        attributes[f"gen_ai.usage.{modality}.cache_read.input_tokens"] = tokens


def _add_cost(attributes: Attributes, cost: Cost) -> None:
    attributes[own.COST_AMOUNT] = cost.amount_usd
    attributes[own.COST_CURRENCY] = own.CURRENCY
    attributes[own.COST_SOURCE] = cost.source
    if cost.price_date is not None:
        attributes[own.COST_PRICE_DATE] = cost.price_date.isoformat()


def _add_openai(attributes: Attributes, facts: InferenceFacts) -> None:
    """Other providers have service tiers too, but the conventions have words for OpenAI's only."""
    if facts.request and (tier := facts.request.get("service_tier")) is not None:
        attributes[genai.OPENAI_REQUEST_SERVICE_TIER] = str(tier)
    if facts.api_type is not None:
        attributes[genai.OPENAI_API_TYPE] = facts.api_type
    if facts.service_tier is not None:
        attributes[genai.OPENAI_RESPONSE_SERVICE_TIER] = facts.service_tier
    if facts.system_fingerprint is not None:
        attributes[genai.OPENAI_SYSTEM_FINGERPRINT] = facts.system_fingerprint


def _add_session(attributes: Attributes, session: Session) -> None:
    if session.id is not None:
        attributes[genai.SESSION_ID] = session.id
    if session.user_id is not None:
        attributes[genai.USER_ID] = session.user_id
    if session.conversation_id is not None:
        attributes[genai.CONVERSATION_ID] = session.conversation_id
    if session.tags:
        _add_others(attributes, session.tags)


def _add_payload_facts(attributes: Attributes, given: Kept | None, returned: Kept | None) -> None:
    """Say where the whole content lies and what is missing from it; the content itself is `add_content`'s."""
    redactions = 0
    truncated = []
    for kept, word, ref in ((given, "input", own.INPUT_REF), (returned, "output", own.OUTPUT_REF)):
        if isinstance(kept, Payload):
            redactions += sum(kept.redactions.values())
            if kept.is_truncated:
                truncated.append(word)
            if kept.blob_sha256 is not None:
                attributes[ref] = kept.blob_sha256
    if redactions:
        attributes[own.REDACTIONS_COUNT] = redactions
    if truncated:
        attributes[own.TRUNCATED_FIELDS] = truncated


def _add_others(attributes: Attributes, others: Any) -> None:  # pairs of key and attribute value
    for key, value in others:
        if key not in attributes:
            attributes[key] = value


# -- span events ----------------------------------------------------------------------------------------------------


def span_events(call: Call) -> Sequence[Event]:
    """Return the user's events and, for a failure, the exception event last; belongs to the call, do not change it.

    A foreign span has its own exception event among its events.
    """
    events: Sequence[Event] = call.events or ()
    error = call.error
    if error is None or call.outcome not in _FAILURES or call.kind is Kind.SPAN or error.type == "_OTHER":
        return events
    if not error.stacktrace and any(
        event.name == "exception" and event.fields.get(genai.EXCEPTION_TYPE) == error.type for event in events
    ):
        return events  # the program recorded it itself
    return (*events, Event("exception", call.end_ns or call.start_ns, exception_fields(error)))


def exception_fields(error: ErrorFacts) -> Attributes:
    """Return the attributes of an exception, without those that are empty."""
    fields = {genai.EXCEPTION_TYPE: error.type}
    if error.message:
        fields[genai.EXCEPTION_MESSAGE] = error.message
    if error.stacktrace:
        fields[genai.EXCEPTION_STACKTRACE] = error.stacktrace
    return fields


def finding_event(finding: Finding) -> Event:
    """Return the span event that marks a finding on the call it is about."""
    fields = {"trigger": finding.trigger, "severity": finding.severity.value, "summary": finding.explanation}
    return Event(own.FINDING_EVENT, finding.onset_ns, fields)
