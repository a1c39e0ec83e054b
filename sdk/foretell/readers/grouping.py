"""Makes calls of spans, and runs of calls, where a backend knows only traces."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from foretell.model.call import Call
from foretell.model.run import RunSummary
from foretell.readers.otlp_json import SpanRecord
from foretell.readers.rebuild import build_summary
from foretell.semconv import own
from foretell.store.writing.batch import Batch
from foretell.store.writing.columns import RUN_COLUMNS


def make_call(span: SpanRecord, run_id: str) -> Call:
    """Say what a span means: the one place where readers lean on the conventions.

    `run_id` stands in where the span itself names no run.
    """
    from foretell.semconv.inward.decode import call_from_span
    from foretell.semconv.inward.foreign import normalise

    return call_from_span(
        name=span.name,
        kind=span.kind,
        trace_id=span.trace_id,
        span_id=span.span_id,
        parent_id=span.parent_id,
        start_ns=span.start_ns,
        # 0 stands for a span that had not ended when it was written.
        end_ns=span.end_ns or None,
        status=span.status,
        attributes=normalise(span.attributes),
        events=span.events,
        links=span.links,
        trace_state=span.trace_state,
        run_id=run_id,
    )


def make_calls(spans: Sequence[SpanRecord]) -> list[Call]:
    """Calls of all spans, in order of opening, each with its run.

    A span that names no run belongs to the run of its trace's first root.
    """
    runs = _name_runs(spans)
    calls = [make_call(span, runs[span.trace_id]) for span in sorted(spans, key=lambda span: span.start_ns)]
    _find_roots(calls)
    _name_agents(calls)
    return calls


def name_services(spans: Iterable[SpanRecord], calls: Iterable[Call]) -> dict[str, str]:
    """Run id → name of the service that recorded its root, or else its first call."""
    services = {span.span_id: str(span.resource.get("service.name", "")) for span in spans}
    names: dict[str, str] = {}
    for call in calls:
        if call.is_root or call.run_id not in names:
            names[call.run_id] = services.get(call.span_id, "")
    return names


def _name_runs(spans: Iterable[SpanRecord]) -> dict[int, str]:
    known = {(span.trace_id, span.span_id) for span in spans}
    firsts: dict[int, SpanRecord] = {}
    for span in spans:
        is_root = span.parent_id is None or (span.trace_id, span.parent_id) not in known
        first = firsts.get(span.trace_id)
        if is_root and (first is None or span.start_ns < first.start_ns):
            firsts[span.trace_id] = span
    # A trace whose parents form a circle has no root; its run is named after the trace.
    return {span.trace_id: f"{span.trace_id & (1 << 64) - 1:016x}" for span in spans} | {
        trace_id: str(span.attributes.get(own.RUN_ID) or f"{span.span_id:016x}") for trace_id, span in firsts.items()
    }


def _find_roots(calls: Sequence[Call]) -> None:
    """Give each run's first call the run's id, where the run was recorded under another provider's span ids."""
    rooted = {call.run_id for call in calls if call.is_root}
    span_ids = {call.span_id for call in calls}
    for call in calls:
        if call.run_id not in rooted and call.parent_id not in span_ids and _is_id(call.run_id):
            call.id = int(call.run_id, 16)
            rooted.add(call.run_id)


def _name_agents(calls: Sequence[Call]) -> None:
    """Say of each call which agent made it: the nearest above it; of a run, its first agent."""
    names: dict[int, str | None] = {}
    firsts: dict[str, str] = {}
    for call in calls:
        if call.agent_name is None and call.parent_id is not None:
            call.agent_name = names.get(call.parent_id)
        names[call.span_id] = call.agent_name
        if call.agent_name is not None:
            firsts.setdefault(call.run_id, call.agent_name)
    for call in calls:
        if call.agent_name is None and call.is_root:
            call.agent_name = firsts.get(call.run_id)


def _is_id(run_id: str) -> bool:
    return len(run_id) == 16 and all(digit in "0123456789abcdef" for digit in run_id)


def sum_up(calls: Sequence[Call], service_names: dict[str, str]) -> list[RunSummary]:
    """Lines of the runs of `calls`, newest first, by the store's own sums."""
    batch, nothing_open = Batch(), dict[int, bool]()
    for call in calls:
        batch.note_calls((call,), service_names.get(call.run_id, ""), nothing_open)
    lines = [dict(zip(RUN_COLUMNS, line, strict=True)) for line in batch.runs.values()]
    return sorted(map(_to_summary, lines), key=lambda run: (run.start_ns, run.id), reverse=True)


def _to_summary(line: dict[str, Any]) -> RunSummary:
    return build_summary(
        (
            *(line[name] for name in ("run_id", "name", "agent_name", "service_name", "start_ns", "end_ns", "outcome")),
            *(line[name] for name in ("calls", "errors", "input_tokens", "output_tokens", "cost_usd", "unpriced")),
            0,
            *(line[name] for name in ("session_id", "user_id", "error_message", "trace_id")),
        )
    )
