"""The JSON that `--json` prints: versioned shapes, made from the model's words and nothing else.

docs/reference/json.md describes each shape. A field may be added to a shape at any time; one that changes its meaning or
goes away makes the number after the slash grow.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from foretell.cli.render.logs import choose_logs
from foretell.cli.render.words import format_timestamp
from foretell.model.facts import InferenceFacts

if TYPE_CHECKING:
    from foretell.model.call import Call
    from foretell.model.facts import AgentTotals, Event, Score
    from foretell.model.finding import Finding
    from foretell.model.log import LogRecord
    from foretell.model.payload import Payload
    from foretell.model.run import Run, RunSummary
    from foretell.model.usage import Usage

Shape = dict[str, Any]  # JSON


def shape_runs(runs: Iterable[RunSummary]) -> Shape:
    """Make `foretell.runs/1`: a list of runs without their calls."""
    return {"schema": "foretell.runs/1", "runs": [shape_summary(run) for run in runs]}


def shape_run(run: Run, has_content: bool = False, has_logs: bool = False) -> Shape:
    """Make `foretell.run/1`: a run with its calls in order of opening, findings, scores and logs.

    Of the logs warnings and worse, unless `has_logs` asks for all.
    """
    return {
        "schema": "foretell.run/1",
        "run": shape_summary(run.summary),
        "calls": [shape_call(call, has_content) for call in run.calls],
        "findings": [shape_finding(finding) for finding in run.findings],
        "scores": [shape_score(score) for score in run.scores],
        "logs": [shape_log(record) for record in choose_logs(run.logs, has_logs)],
    }


def shape_call_line(call: Call, has_content: bool = False) -> Shape:
    """Make `foretell.call/1`: one call by itself, as `tail --json` prints it."""
    return {"schema": "foretell.call/1", "run_id": call.run_id, **shape_call(call, has_content)}


def shape_finding_line(finding: Finding) -> Shape:
    """Make `foretell.finding/1`: one finding by itself, as `tail --json` prints it when it begins and when it ends."""
    return {"schema": "foretell.finding/1", **shape_finding(finding)}


def shape_summary(run: RunSummary) -> Shape:
    """Make the part of a shape that describes a run in one line."""
    return {
        "id": run.id,
        "name": run.name,
        "agent": run.agent_name,
        "service": run.service_name,
        "trace_id": f"{run.trace_id:032x}" if run.trace_id else None,
        "start": format_timestamp(run.start_ns),
        "end": None if run.end_ns is None else format_timestamp(run.end_ns),
        "duration_s": None if run.end_ns is None else (run.end_ns - run.start_ns) / 1e9,
        "outcome": run.outcome.value,
        "paused_by": run.paused_by,
        "error": run.error_message,
        "calls": run.call_count,
        "errors": run.error_count,
        "input_tokens": run.input_tokens,
        "output_tokens": run.output_tokens,
        "cost_usd": run.cost_usd,
        "unpriced_calls": run.unpriced_calls,
        "findings": run.finding_count,
        "session": run.session_id,
        "user": run.user_id,
    }


def shape_call(call: Call, has_content: bool = False) -> Shape:
    """Make the part of a shape that describes a call; inputs and outputs only where `has_content`."""
    shape: Shape = {
        "id": f"{call.id:016x}",
        "span_id": f"{call.span_id:016x}",
        "parent_id": None if call.parent_id is None else f"{call.parent_id:016x}",
        "trace_id": f"{call.trace_id:032x}",
        "kind": call.kind.value,
        "name": call.name,
        "agent": call.agent_name,
        "start": format_timestamp(call.start_ns),
        "end": None if call.end_ns is None else format_timestamp(call.end_ns),
        "duration_s": call.duration_s,
        "outcome": call.outcome.value,
        "step_index": call.step_index,
        "inference": _shape_inference(call.facts) if isinstance(call.facts, InferenceFacts) else None,
        "tokens": None if call.usage is None else _shape_usage(call.usage),
        "cost_usd": None if call.cost is None else call.cost.amount_usd,
        "cost_source": None if call.cost is None else call.cost.source,
        "totals": None if call.totals is None else _shape_totals(call.totals),
        "error": None if call.error is None else {"type": call.error.type, "message": call.error.message},
        "events": [_shape_event(event) for event in call.events or ()],
        "attributes": dict(call.attributes or {}),
    }
    if has_content:
        shape["input"] = None if call.input_payload is None else _shape_payload(call.input_payload)
        shape["output"] = None if call.output_payload is None else _shape_payload(call.output_payload)
        shape["stacktrace"] = None if call.error is None else call.error.stacktrace or None
    return shape


def shape_finding(finding: Finding) -> Shape:
    """Make the part of a shape that says what is about to go wrong."""
    return {
        "trigger": finding.trigger,
        "key": finding.key,
        "severity": finding.severity.value,
        "verdict": finding.verdict.value,
        "onset": format_timestamp(finding.onset_ns),
        "end": None if finding.end_ns is None else format_timestamp(finding.end_ns),
        "explanation": finding.explanation,
        "advice": finding.advice,
        "confidence": finding.confidence,
        "evidence": finding.evidence,
        "run_id": finding.run_id,
        "span_id": None if finding.span_id is None else f"{finding.span_id:016x}",
        "agent": finding.agent_name,
    }


def shape_score(score: Score) -> Shape:
    """Make the part of a shape that gives feedback or a task's result."""
    return {
        "name": score.name,
        "value": score.value,
        "label": score.label,
        "comment": score.comment,
        "time": format_timestamp(score.time_ns) if score.time_ns else None,
        "span_id": None if score.span_id is None else f"{score.span_id:016x}",
    }


def shape_log(record: LogRecord) -> Shape:
    """Make the part of a shape that is a line of a log."""
    return {
        "time": format_timestamp(record.time_ns),
        "level": record.severity_text,
        "severity": record.severity_number,
        "message": record.body,
        "event": record.event_name,
        "source": record.source,
        "logger": record.logger,
        "trace_id": f"{record.trace_id:032x}" if record.trace_id else None,
        "span_id": f"{record.span_id:016x}" if record.span_id else None,
        "attributes": dict(record.attributes),
    }


def _shape_inference(facts: InferenceFacts) -> Shape:
    return {
        "provider": facts.provider,
        "operation": facts.operation,
        "request_model": facts.request_model,
        "response_model": facts.response_model,
        "response_id": facts.response_id,
        "finish_reasons": list(facts.finish_reasons),
        "is_stream": facts.is_stream,
        "time_to_first_chunk_s": facts.time_to_first_chunk_s,
    }


def _shape_usage(usage: Usage) -> Shape:
    return {
        "input": usage.input_tokens,
        "output": usage.output_tokens,
        "uncached_input": usage.uncached_input,
        "cache_read": usage.cache_read,
        "cache_write": usage.cache_write,
        "reasoning": usage.reasoning,
        "is_estimated": usage.is_estimated,
    }


def _shape_totals(totals: AgentTotals) -> Shape:
    return {
        "inference_calls": totals.inference_calls,
        "tool_calls": totals.tool_calls,
        "input_tokens": totals.input_tokens,
        "output_tokens": totals.output_tokens,
        # A sum of 0 in which nothing had a price is not known to be 0.
        "cost_usd": None if totals.unpriced_calls and not totals.cost_usd else totals.cost_usd,
        "unpriced_calls": totals.unpriced_calls,
    }


def _shape_event(event: Event) -> Shape:
    return {"name": event.name, "time": format_timestamp(event.time_ns), "fields": event.fields}


def _shape_payload(payload: Payload) -> Shape:
    try:
        value = json.loads(payload.text)
    except ValueError:
        value = payload.text
    return {
        "value": value,
        "size_bytes": payload.size_bytes,
        "is_truncated": payload.is_truncated,
        "redactions": dict(payload.redactions),
        "blob_sha256": payload.blob_sha256,
    }
