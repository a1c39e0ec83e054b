"""The worker's first look at a finished operation: what its decorator and its caller said becomes facts and sums."""

from __future__ import annotations

from collections.abc import Sequence

from foretell.instrument.operation import Operation
from foretell.model.call import Call
from foretell.model.facts import AgentTotals, InferenceFacts, MemoryFacts, RetrievalFacts, ToolFacts
from foretell.model.kinds import Kind

_REQUEST_NAMES = {"n": "choice.count", "stop": "stop_sequences"}


Facts = InferenceFacts | ToolFacts | MemoryFacts | RetrievalFacts | None


def complete_facts(calls: Sequence[Call]) -> None:
    """Fill `facts` of our own operations."""
    for call in calls:
        if call.facts is None and isinstance(call, Operation):
            call.facts = facts_of(call)


def facts_of(call: Operation) -> Facts:
    """What an operation's decorator and call said, as the facts of its kind."""
    kind, spec = call.kind, call.spec
    if kind is Kind.TOOL:
        return ToolFacts(description=spec.description)
    if kind is Kind.LLM or kind is Kind.EMBEDDINGS:
        return _inference(call)
    if kind is Kind.MEMORY:
        return MemoryFacts(spec.operation or "search_memory")
    if kind is Kind.RETRIEVER:
        return RetrievalFacts(data_source_id=call.name, provider=spec.provider)
    return None


def _inference(call: Operation) -> InferenceFacts:
    spec = call.spec
    facts = InferenceFacts(spec.provider, spec.operation or "chat", spec.model)
    if call.request is not None:
        _take_request(facts, dict(call.request))
    if call.first_chunk_ns is not None:
        facts.is_stream = True
        facts.time_to_first_chunk_s = (call.first_chunk_ns - call.start_ns) / 1e9
        facts.chunk_gaps_s = [gap / 1e9 for gap in call.chunks or ()]
    return facts


def _take_request(facts: InferenceFacts, request: dict[str, object]) -> None:
    model = request.pop("model", None)
    if isinstance(model, str):
        facts.request_model = model
    facts.is_stream = bool(request.pop("stream", False))
    stop = request.get("stop")
    if isinstance(stop, str):
        request["stop"] = [stop]
    facts.request = {_REQUEST_NAMES.get(name, name): value for name, value in request.items()} or None


def is_priced(call: Call) -> bool:
    """False where the agent around a model call was given `cost_tracking=False`."""
    return not isinstance(call, Operation) or call.is_priced


def add_totals(calls: Sequence[Call]) -> None:
    """Add model and tool calls to the agents and workflows around them, which end later and so come later."""
    for call in calls:
        if not isinstance(call, Operation):
            continue
        if call.kind is Kind.LLM or call.kind is Kind.EMBEDDINGS:
            _add_inference(call)
        elif call.kind is Kind.TOOL and call.agent is not None and call.agent.totals is not None:
            call.agent.totals.tool_calls += 1


def _add_inference(call: Operation) -> None:
    if call.agent is not None and call.agent.totals is not None and call.kind is Kind.LLM:
        call.agent.totals.inference_calls += 1
    group = call.group
    while group is not None:
        if group.totals is not None:
            _add_tokens(group.totals, call)
        group = group.group


def _add_tokens(totals: AgentTotals, call: Call) -> None:
    if call.usage is not None:
        totals.input_tokens += call.usage.input_tokens
        totals.output_tokens += call.usage.output_tokens
        if call.cost is None:
            totals.unpriced_calls += 1
    if call.cost is not None:
        totals.cost_usd += call.cost.amount_usd
