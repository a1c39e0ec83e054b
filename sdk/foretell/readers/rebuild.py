"""Makes calls, runs, findings, scores and lines of logs of the store's rows."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Any

from foretell.model.call import Call
from foretell.model.facts import (
    AgentTotals,
    ErrorFacts,
    Event,
    InferenceFacts,
    Link,
    MemoryFacts,
    RetrievalFacts,
    Score,
    Session,
    ToolFacts,
)
from foretell.model.finding import Finding, Severity, Verdict
from foretell.model.kinds import Kind, Outcome
from foretell.model.log import NO_ATTRIBUTES, LogRecord
from foretell.model.payload import Payload
from foretell.model.run import RunSummary
from foretell.model.usage import Cost, Usage
from foretell.store.queries import Row
from foretell.store.writing.rows import unsigned

_KINDS = {kind.value: kind for kind in Kind}
_OUTCOMES = {outcome.value: outcome for outcome in Outcome}
_FACTS: dict[Kind, Any] = {
    Kind.LLM: InferenceFacts,
    Kind.EMBEDDINGS: InferenceFacts,
    Kind.TOOL: ToolFacts,
    Kind.RETRIEVER: RetrievalFacts,
    Kind.MEMORY: MemoryFacts,
}
_PLAIN = (
    "identity", "rss_open_bytes", "rss_close_bytes", "version", "span_kind", "scope", "title", "parent_is_remote",
    "trace_flags", "trace_state", "attributes",
)  # fmt: skip


def build_summary(row: Row) -> RunSummary:
    """A run's line, from columns `RUN_LINE` (and more, which are left aside)."""
    (
        id, name, agent_name, service_name, start_ns, end_ns, outcome, call_count, error_count, input_tokens,
        output_tokens, cost_usd, unpriced, finding_count, session_id, user_id, error_message, trace_id,
    ) = row[:18]  # fmt: skip
    return RunSummary(
        id, name or "", agent_name, service_name or "", start_ns, end_ns, _OUTCOMES[outcome], call_count, error_count,
        input_tokens, output_tokens, cost_usd, unpriced, finding_count, session_id, user_id, error_message,
        int.from_bytes(trace_id or b"", "big"),
    )  # fmt: skip


def build_call(row: Row, run_id: str) -> Call:
    """A call, from columns `CALL_FIELDS` (and more, which are left aside)."""
    (
        _, _, _, id, trace_id, parent_id, kind, name, agent_name, outcome, start_ns, end_ns, step_index, facts, error,
        input_text, output_text,
    ) = row[:17]  # fmt: skip
    call = Call(
        _KINDS[kind], name, id=unsigned(id), trace_id=int.from_bytes(trace_id, "big"), run_id=run_id, start_ns=start_ns
    )
    call.agent_name = agent_name
    call.outcome = _OUTCOMES[outcome]
    call.end_ns = end_ns
    call.step_index = step_index
    if parent_id is not None:
        call.parent_id = unsigned(parent_id)
    rare = json.loads(facts) if facts else {}
    _add_facts(call, rare.get("facts") or {})
    if error is not None:
        type_, _, message = error.partition("\n")
        call.error = ErrorFacts(type_, message, rare.get("stacktrace", ""))
    if input_text is not None:
        call.input_payload = _payload(input_text, rare.get("input"))
    if output_text is not None:
        call.output_payload = _payload(output_text, rare.get("output"))
    if rare:
        _add_rare(call, rare)
    return call


def build_finding(row: Row) -> Finding:
    """A finding, from columns `FINDING_COLUMNS`."""
    trigger, key, severity, verdict, onset, end, explanation, advice, confidence, evidence, run_id, span_id, agent = row
    return Finding(
        trigger, key, Severity(severity), Verdict(verdict), onset, end, explanation, advice, confidence,
        json.loads(evidence), run_id, None if span_id is None else unsigned(span_id), agent,
    )  # fmt: skip


def build_score(row: Row) -> Score:
    """Feedback, from columns `SCORE_COLUMNS`."""
    name, value, label, comment, time_ns, run_id, span_id = row
    return Score(name, value, label, comment, time_ns, run_id, None if span_id is None else unsigned(span_id))


def build_log(row: Row, trace_ids: Mapping[int, int]) -> LogRecord:
    """A line of a log, from columns `LOG_COLUMNS`; `trace_ids` gives the trace of each span of the run."""
    run_id, time_ns, severity, severity_text, source, span_id, logger, event_name, body, attributes = row
    span_id = None if span_id is None else unsigned(span_id)
    return LogRecord(
        time_ns, severity, severity_text or "", body, event_name, json.loads(attributes) if attributes else NO_ATTRIBUTES,
        source, None if span_id is None else trace_ids.get(span_id), span_id, run_id, logger or "",
    )  # fmt: skip


def _add_facts(call: Call, given: dict[str, Any]) -> None:
    make = _FACTS.get(call.kind)
    if make is not None:
        if "finish_reasons" in given:
            given["finish_reasons"] = tuple(given["finish_reasons"])
        # Facts at their defaults take no place in the store: a tool without facts reads as one with the defaults.
        call.facts = make(**given)


def _usage(rare: dict[str, Any]) -> Usage:
    by_modality = {
        name: rare[name]
        for name in ("input_by_modality", "output_by_modality", "cache_read_by_modality")
        if name in rare
    }
    uncached, read, written, output, reasoning = rare["usage"]
    estimated = rare.get("usage_is_estimated", False)
    return Usage(uncached, read, written, output, reasoning, is_estimated=estimated, **by_modality)


def _payload(text: str, rare: list[Any] | None) -> Payload:
    if rare is None:
        return Payload(text, len(text) if text.isascii() else len(text.encode()))
    size_bytes, redactions, is_truncated, sha256 = rare
    return Payload(text, size_bytes, redactions, is_truncated, sha256)


def _add_rare(call: Call, rare: dict[str, Any]) -> None:
    for name in _PLAIN:
        if name in rare:
            setattr(call, name, rare[name])
    if "session" in rare:
        call.session = _session(*rare["session"])
    if "usage" in rare:
        call.usage = _usage(rare)
    if "cost" in rare:
        amount_usd, source, day = rare["cost"]
        call.cost = Cost(amount_usd, source, _date(day) if day else None)
    call.span_id = rare.get("span_id", call.id)
    call.content_exported = rare.get("content_exported", False)
    if "dropped" in rare:
        call.dropped = tuple(rare["dropped"])
    if "totals" in rare:
        totals = rare["totals"]
        call.totals = AgentTotals(**totals) if isinstance(totals, dict) else AgentTotals(*totals)
    if "events" in rare:
        call.events = [Event(*event) for event in rare["events"]]
    if "links" in rare:
        call.links = [Link(int(trace_id, 16), int(span_id, 16), more) for trace_id, span_id, more in rare["links"]]


def _session(id: str | None, user_id: str | None, conversation_id: str | None, tags: list[list[Any]]) -> Session:
    return Session(id, user_id, conversation_id, tuple((name, value) for name, value in tags))


@lru_cache(maxsize=64)
def _date(text: str) -> date:
    return date.fromisoformat(text)
