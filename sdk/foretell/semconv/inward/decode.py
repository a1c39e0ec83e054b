"""The way back: makes a call of a span that was read from a backend or came from another instrumentation.

The attributes must be normalised first (`foreign.normalise`). What a call has no place for stays in its attributes, so
encoding the call again gives the same span.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from foretell.model.call import Call
from foretell.model.facts import (
    ErrorFacts,
    Event,
    InferenceFacts,
    Link,
    MemoryFacts,
    RetrievalFacts,
    Session,
    ToolFacts,
)
from foretell.model.kinds import Kind, Outcome
from foretell.model.payload import Payload
from foretell.model.usage import Cost, Usage
from foretell.semconv import genai, own
from foretell.semconv.encode import ERROR, ERROR_TYPE_OF_OUTCOME, span_kind
from foretell.semconv.inward.foreign import is_line
from foretell.semconv.messages.parts import dumps, parse
from foretell.semconv.messages.requests import PARAMETER_OF_ATTRIBUTE, to_float, to_int, to_strings
from foretell.semconv.spans import MODALITIES

Attributes = dict[str, Any]  # attribute values, as spans carry them; readers below take out what they read

KIND_OF_OPERATION = {
    **dict.fromkeys(genai.INFERENCE_OPERATIONS, Kind.LLM),
    **dict.fromkeys(genai.MEMORY_OPERATIONS, Kind.MEMORY),
    "embeddings": Kind.EMBEDDINGS,
    "execute_tool": Kind.TOOL,
    "retrieval": Kind.RETRIEVER,
    "invoke_agent": Kind.AGENT,
    "invoke_workflow": Kind.WORKFLOW,
    "plan": Kind.PLAN,
}
_MCP_METHOD = "mcp.method.name"
_STEP_MARKS = ("openinference.span.kind", "langfuse.observation.type", "agentops.span.kind")
"""Present without an operation of today's, they mean a span that groups (`CHAIN`, `span`, `task` …)."""
_OUTCOMES = {word: outcome for outcome, word in ERROR_TYPE_OF_OUTCOME.items()}


def call_from_span(
    *,
    name: str,
    kind: str,
    trace_id: int,
    span_id: int,
    parent_id: int | None,
    start_ns: int,
    end_ns: int | None,
    status: tuple[int, str],
    attributes: Mapping[str, Any],
    events: Sequence[Event] = (),
    links: Sequence[Link] = (),
    trace_state: str = "",
    run_id: str | None = None,
) -> Call:
    """Return the call that a span records. `run_id` stands in where the span names no run; by default its own id."""
    rest: Attributes = dict(attributes)
    carried = rest.pop(own.RUN_ID, None)
    found_run = carried if isinstance(carried, str) and carried else run_id or f"{span_id:016x}"
    is_answer = kind == "server" and parent_id is not None
    call_kind = _kind_of(rest, is_ours=bool(carried), is_answer=is_answer)
    call = Call(call_kind, name, id=span_id, trace_id=trace_id, run_id=found_run, start_ns=start_ns)
    call.parent_id, call.end_ns, call.trace_state = parent_id, end_ns, trace_state
    call.events, call.links = list(events) or None, list(links) or None
    _read_ending(call, status, rest)
    if call_kind is not Kind.SPAN:
        if call_kind not in (Kind.LLM, Kind.MEMORY):
            rest.pop(genai.OPERATION, None)
        call.step_index = to_int(rest.pop(own.STEP_INDEX, None))
        call.agent_name = _take_text(rest, genai.AGENT_NAME)
        call.session = _read_session(rest)
        _READERS[call_kind](call, rest)
        _read_payloads(call, rest)
    if call_kind is Kind.TOOL and _MCP_METHOD in rest:
        call.title = name  # the protocol's spans are called by its methods
    if call_kind is Kind.SPAN or kind != span_kind(call):
        call.span_kind = kind
    call.attributes = rest or None
    return call


def _kind_of(attributes: Attributes, *, is_ours: bool, is_answer: bool) -> Kind:
    operation = attributes.get(genai.OPERATION)
    if is_line(attributes):
        return Kind.SPAN
    if is_answer and _MCP_METHOD in attributes:
        return Kind.SPAN  # whoever asked tells the tool: one call is not two
    found = KIND_OF_OPERATION.get(str(operation))
    if found is not None:
        return found
    if genai.USAGE_OUTPUT in attributes and genai.REQUEST_MODEL in attributes:
        return Kind.LLM
    if operation is not None or _MCP_METHOD in attributes:
        return Kind.SPAN
    if any(mark in attributes for mark in _STEP_MARKS) or attributes.get("traceloop.span.kind") == "task":
        return Kind.STEP
    return Kind.STEP if is_ours and own.STEP_INDEX in attributes else Kind.SPAN


# -- ending ----------------------------------------------------------------------------------------------------------


def _read_ending(call: Call, status: tuple[int, str], attributes: Attributes) -> None:
    """Fill outcome and error. A cancelled call is one that has an `error.type` but no failed status."""
    code, description = status
    error_type = attributes.get(genai.ERROR_TYPE)
    if code != ERROR and error_type is None:
        call.outcome = Outcome.OPEN if call.end_ns is None else Outcome.OK
        return
    call.outcome = _outcome_of(code, str(error_type or ""))
    if call.kind is not Kind.SPAN:
        attributes.pop(genai.ERROR_TYPE, None)
    fields = _take_exception(call)
    message = str(fields.get(genai.EXCEPTION_MESSAGE) or description)
    stacktrace = str(fields.get(genai.EXCEPTION_STACKTRACE) or "")
    if error_type in (None, *_OUTCOMES):
        error_type = fields.get(genai.EXCEPTION_TYPE) or (error_type if message else None)
    if error_type or message:
        call.error = ErrorFacts(str(error_type or "_OTHER"), message, stacktrace)


def _outcome_of(code: int, error_type: str) -> Outcome:
    if error_type in _OUTCOMES:
        return _OUTCOMES[error_type]
    if error_type.endswith("RunHalted"):
        return Outcome.HALTED
    is_cancelled = code != ERROR or error_type.endswith("CancelledError")
    return Outcome.CANCELLED if is_cancelled else Outcome.ERROR


def _take_exception(call: Call) -> Mapping[str, Any]:
    """Take the last exception event off the call; a foreign span keeps its own."""
    events = call.events or []
    for index in range(len(events) - 1, -1, -1):
        if events[index].name == "exception":
            fields = events[index].fields
            if call.kind is not Kind.SPAN:
                call.events = [*events[:index], *events[index + 1 :]] or None
            return fields
    return {}


def _take_text(rest: Attributes, name: str) -> str | None:
    """Take a string out of the attributes; what others wrote there in another type stays, and is unknown."""
    return rest.pop(name) if isinstance(rest.get(name), str) else None


# -- facts by kind ---------------------------------------------------------------------------------------------------


def _read_inference(call: Call, rest: Attributes) -> None:
    pop = rest.pop

    def text(name: str) -> str | None:
        return _take_text(rest, name)

    facts = InferenceFacts(operation=_take_text(rest, genai.OPERATION) or "chat")
    if call.kind is Kind.EMBEDDINGS:
        facts.operation = "embeddings"
    provider = text(genai.PROVIDER)
    facts.provider = None if provider == genai.UNKNOWN_PROVIDER else provider
    facts.request_model = text(genai.REQUEST_MODEL)
    facts.response_model = text(genai.RESPONSE_MODEL)
    facts.response_id = text(genai.RESPONSE_ID)
    facts.finish_reasons = tuple(to_strings(pop(genai.RESPONSE_FINISH_REASONS, None)) or ())
    facts.output_type = text(genai.OUTPUT_TYPE)
    facts.conversation_is_compacted = bool(pop(genai.CONVERSATION_COMPACTED, False))
    facts.time_to_first_chunk_s = to_float(pop(genai.RESPONSE_TIME_TO_FIRST_CHUNK, None))
    facts.is_stream = bool(pop(genai.REQUEST_STREAM, False)) or facts.time_to_first_chunk_s is not None
    facts.server_address = text(genai.SERVER_ADDRESS)
    facts.server_port = to_int(pop(genai.SERVER_PORT, None))
    facts.dimension_count = to_int(pop(genai.DIMENSION_COUNT, None))
    facts.api_type = text(genai.OPENAI_API_TYPE)
    facts.service_tier = text(genai.OPENAI_RESPONSE_SERVICE_TIER)
    facts.system_fingerprint = text(genai.OPENAI_SYSTEM_FINGERPRINT)
    request = {key: pop(name) for name, key in PARAMETER_OF_ATTRIBUTE.items() if name in rest}
    facts.request = request or None
    call.facts = facts
    call.name = facts.request_model or call.name
    call.usage = _read_usage(rest)
    call.cost = _read_cost(rest)


def _read_usage(rest: Attributes) -> Usage | None:
    """Return additive buckets of the conventions' sums; None where there is no sum.

    Where the parts are more than their sum, the sum was not one: the instrumentation left them out of it.
    """
    if genai.USAGE_INPUT not in rest and genai.USAGE_OUTPUT not in rest:
        return None

    def take(name: str) -> int:
        return max(to_int(rest.pop(name, None)) or 0, 0)

    cache_read, cache_write = take(genai.USAGE_CACHE_READ), take(genai.USAGE_CACHE_WRITE)
    reasoning = take(genai.USAGE_REASONING)
    given, made = take(genai.USAGE_INPUT), take(genai.USAGE_OUTPUT)
    if not (given or made or cache_read or cache_write):
        return None  # no call has no tokens at all: DSPy and AutoGen write zeros where nobody told them any
    return Usage(
        uncached_input=given - cache_read - cache_write if given >= cache_read + cache_write else given,
        cache_read=cache_read,
        cache_write=cache_write,
        output=made - reasoning if made >= reasoning else made,
        reasoning=reasoning,
        input_by_modality=_read_modalities(rest, "input_tokens"),
        output_by_modality=_read_modalities(rest, "output_tokens"),
        cache_read_by_modality=_read_modalities(rest, "cache_read.input_tokens"),
        is_estimated=bool(rest.pop(own.USAGE_ESTIMATED, False)),
    )


def _read_modalities(rest: Attributes, part: str) -> dict[str, int]:
    names = {modality: f"gen_ai.usage.{modality}.{part}" for modality in MODALITIES}
    return {modality: to_int(rest.pop(name)) or 0 for modality, name in names.items() if name in rest}


def _read_cost(rest: Attributes) -> Cost | None:
    amount = to_float(rest.get(own.COST_AMOUNT))
    if amount is None:
        return None
    del rest[own.COST_AMOUNT]
    rest.pop(own.COST_CURRENCY, None)
    try:
        day = date.fromisoformat(str(rest.pop(own.COST_PRICE_DATE, "")))
    except ValueError:
        day = None
    return Cost(amount, _take_text(rest, own.COST_SOURCE) or "reported", day)


def _read_tool(call: Call, rest: Attributes) -> None:
    call.name = _take_text(rest, genai.TOOL_NAME) or call.name.removeprefix("execute_tool ")
    call.facts = ToolFacts(
        type=_take_text(rest, genai.TOOL_TYPE) or "function",
        call_id=_take_text(rest, genai.TOOL_CALL_ID),
        description=_take_text(rest, genai.TOOL_DESCRIPTION),
    )


def _read_agent(call: Call, rest: Attributes) -> None:
    """Sums of tokens stay in the attributes: without the other totals they would claim that nothing was called."""
    bare = call.name.removeprefix("invoke_agent").strip()
    call.name = call.agent_name = call.agent_name or bare
    call.version = _take_text(rest, own.AGENT_VERSION)
    call.rss_close_bytes = to_int(rest.pop(own.PROCESS_RSS, None))


def _read_workflow(call: Call, rest: Attributes) -> None:
    call.name = _take_text(rest, genai.WORKFLOW_NAME) or call.name.removeprefix("invoke_workflow").strip()


def _read_retrieval(call: Call, rest: Attributes) -> None:
    call.facts = RetrievalFacts(
        data_source_id=_take_text(rest, genai.DATA_SOURCE_ID),
        provider=_take_text(rest, genai.PROVIDER),
        top_k=to_int(rest.pop(genai.RETRIEVAL_TOP_K, None)),
    )


def _read_memory(call: Call, rest: Attributes) -> None:
    call.facts = MemoryFacts(
        operation=_take_text(rest, genai.OPERATION) or "search_memory",
        store_id=_take_text(rest, genai.MEMORY_STORE_ID),
        record_id=_take_text(rest, genai.MEMORY_RECORD_ID),
        record_count=to_int(rest.pop(genai.MEMORY_RECORD_COUNT, None)),
        provider=_take_text(rest, genai.PROVIDER),
    )


def _read_nothing(call: Call, rest: Attributes) -> None:
    """Read nothing: these kinds have no facts of their own."""


_READERS: dict[Kind, Callable[[Call, Attributes], None]] = {
    Kind.AGENT: _read_agent,
    Kind.WORKFLOW: _read_workflow,
    Kind.LLM: _read_inference,
    Kind.EMBEDDINGS: _read_inference,
    Kind.TOOL: _read_tool,
    Kind.RETRIEVER: _read_retrieval,
    Kind.MEMORY: _read_memory,
    Kind.PLAN: _read_nothing,
    Kind.STEP: _read_nothing,
}


# -- session and payloads --------------------------------------------------------------------------------------------


def _read_session(rest: Attributes) -> Session | None:
    session_id, user_id = _take_text(rest, genai.SESSION_ID), _take_text(rest, genai.USER_ID)
    conversation_id = _take_text(rest, genai.CONVERSATION_ID)
    if session_id is None and user_id is None and conversation_id is None:
        return None
    return Session(session_id, user_id, conversation_id)


_DIALOGUE = ((genai.INPUT_MESSAGES,), (genai.OUTPUT_MESSAGES,))
_CONTENTS: dict[Kind, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Kind.LLM: _DIALOGUE,
    Kind.AGENT: _DIALOGUE,
    Kind.WORKFLOW: _DIALOGUE,
    Kind.TOOL: ((genai.TOOL_ARGUMENTS,), (genai.TOOL_RESULT,)),
    Kind.RETRIEVER: ((genai.RETRIEVAL_QUERY,), (genai.RETRIEVAL_DOCUMENTS,)),
    Kind.MEMORY: ((genai.MEMORY_QUERY, genai.MEMORY_RECORDS), (genai.MEMORY_RECORDS,)),
}
_BESIDE = {genai.SYSTEM_INSTRUCTIONS: "system", genai.TOOL_DEFINITIONS: "tools"}


def _read_payloads(call: Call, rest: Attributes) -> None:
    """Fill the payloads of content attributes; facts about a content that is not there stay in the attributes."""
    inputs, outputs = _CONTENTS.get(call.kind, ((), ()))
    if isinstance(call.facts, MemoryFacts) and call.facts.operation != "search_memory":
        outputs = ()
    given = _take_content(rest, inputs[:1] if outputs else inputs)
    if given is not None and call.kind is Kind.LLM and any(name in rest for name in _BESIDE):
        beside = {key: parse(rest.pop(name)) for name, key in _BESIDE.items() if name in rest}
        given = dumps({"messages": parse(given), **beside})
    returned = _take_content(rest, outputs)
    if given is None and returned is None:
        return
    call.content_exported = True
    truncated = to_strings(rest.pop(own.TRUNCATED_FIELDS, None)) or ()
    count = to_int(rest.pop(own.REDACTIONS_COUNT, None)) or 0
    if given is not None:
        call.input_payload = _payload(given, _take_text(rest, own.INPUT_REF), "input" in truncated, count)
        count = 0
    if returned is not None:
        call.output_payload = _payload(returned, _take_text(rest, own.OUTPUT_REF), "output" in truncated, count)


def _take_content(rest: Attributes, names: Sequence[str]) -> str | None:
    """Return the first content there is, as valid JSON."""
    for name in names:
        if name in rest:
            value = rest.pop(name)
            is_plain = name in (genai.RETRIEVAL_QUERY, genai.MEMORY_QUERY)
            text = value if isinstance(value, str) and not is_plain else dumps(value)
            return text if is_plain or not isinstance(parse(text), str) or text[:1] == '"' else dumps(text)
    return None


def _payload(text: str, ref: str | None, is_truncated: bool, redactions: int) -> Payload:
    """A span tells how many redactions there were, not by which rule."""
    rules = {"unknown": redactions} if redactions else {}
    return Payload(text, len(text.encode()), rules, is_truncated, ref)
