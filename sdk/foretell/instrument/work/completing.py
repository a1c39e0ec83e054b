"""The worker's first look at a finished operation: what its decorator and its caller said becomes facts and sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from foretell.cost.estimating import estimate_stream
from foretell.cost.responses import add_response
from foretell.instrument.operation import Operation
from foretell.instrument.otel.foreign_call import ForeignCall, read_foreign
from foretell.model.call import Call
from foretell.model.facts import AgentTotals, InferenceFacts, MemoryFacts, RetrievalFacts, ToolFacts
from foretell.model.kinds import EMBEDDINGS, LLM, MEMORY, OK, RETRIEVER, TOOL
from foretell.model.payload import is_cut, value_of
from foretell.model.usage import Usage

INFERENCES = frozenset((LLM, EMBEDDINGS))
_REQUEST_NAMES = {"n": "choice_count", "stop": "stop_sequences"}


Facts = InferenceFacts | ToolFacts | MemoryFacts | RetrievalFacts | None


def complete_facts(calls: Sequence[Call]) -> None:
    """Fill `facts` of our own operations."""
    for call in calls:
        if isinstance(call, Operation):
            if call.facts is None:
                call.facts = facts_of(call)
            if call.output is not None and not is_cut(call.output) and call.kind in INFERENCES:
                call.response = call.response or []
                add_response(call.response, value_of(call.output))
            if call.spec.describe is not None and call.chunk_times is not None:
                _estimate_cut_stream(call)


def _estimate_cut_stream(call: Operation) -> None:
    """A client's stream that ended before its provider had counted it has the tokens of what went out and came in."""
    if not any("usage" in said or "finish" in said for said in call.response or ()):
        estimate_stream(call)


def facts_of(call: Operation) -> Facts:
    """What an operation's decorator and call said, as the facts of its kind."""
    kind, spec = call.kind, call.spec
    if kind is TOOL:
        return ToolFacts(description=spec.description)
    if kind is LLM or kind is EMBEDDINGS:
        return _inference(call)
    if kind is MEMORY:
        return MemoryFacts(spec.operation or "search_memory")
    if kind is RETRIEVER:
        return RetrievalFacts(data_source_id=call.name, provider=spec.provider)
    return None


def _inference(call: Operation) -> InferenceFacts:
    spec = call.spec
    facts = InferenceFacts(spec.provider, spec.operation or "chat", spec.model)
    if call.request is not None:
        request = dict(call.request)
        if spec.describe is not None:
            spec.describe(facts, request, call)
        _take_request(facts, request)
    if times := call.chunk_times:
        facts.is_stream = True
        facts.time_to_first_chunk_s = (times[0] - call.start_ns) / 1e9
        facts.chunk_gaps_s = [max(later - sooner, 0) / 1e9 for sooner, later in pairwise(times)]
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
    nearest = call if isinstance(call, Operation) else call.group
    return not isinstance(nearest, Operation) or nearest.is_priced


def adopt_inner(calls: Sequence[Call]) -> None:
    """Give a model call without tokens those that a foreign instrumentor told about the same call."""
    for call in calls:
        if isinstance(call, (Operation, ForeignCall)) and call.inner:
            inner, call.inner = call.inner, None
            read_foreign(inner)
            if call.usage is None:
                _adopt(call, inner)


def _adopt(call: Call, inner: Sequence[Call]) -> None:
    usages = [one.usage for one in inner if one.usage is not None]
    costs = [one.cost for one in inner if one.cost is not None]
    call.usage = _sum_usages(usages)
    if usages and len(costs) == len(usages) and is_priced(call):
        call.cost = replace(costs[-1], amount_usd=sum(cost.amount_usd for cost in costs))
    facts, told = call.facts, inner[-1].facts
    if isinstance(facts, InferenceFacts) and isinstance(told, InferenceFacts):
        for name in ("provider", "request_model", "response_model", "response_id"):
            if getattr(facts, name) is None:
                setattr(facts, name, getattr(told, name))
        facts.finish_reasons = facts.finish_reasons or told.finish_reasons


def _sum_usages(usages: Sequence[Usage]) -> Usage | None:
    """Several of them are tries of one call: all were paid for."""
    if len(usages) < 2:
        return usages[0] if usages else None
    return Usage(
        uncached_input=sum(usage.uncached_input for usage in usages),
        cache_read=sum(usage.cache_read for usage in usages),
        cache_write=sum(usage.cache_write for usage in usages),
        output=sum(usage.output for usage in usages),
        reasoning=sum(usage.reasoning for usage in usages),
        cache_write_1h=sum(usage.cache_write_1h for usage in usages),
        is_estimated=any(usage.is_estimated for usage in usages),
    )


def add_totals(calls: Sequence[Call]) -> None:
    """Add model and tool calls to the agents and workflows around them, which end later and so come later."""
    for call in calls:
        if call.kind is LLM or call.kind is EMBEDDINGS:
            _add_inference(call)
        elif call.kind is TOOL and call.agent is not None and call.agent.totals is not None:
            call.agent.totals.tool_calls += 1


def _add_inference(call: Call) -> None:
    if call.agent is not None and call.agent.totals is not None and call.kind is LLM:
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
    if call.cost is not None:
        totals.cost_usd += call.cost.amount_usd
    elif call.usage is not None or call.outcome is OK:
        totals.unpriced_calls += 1
