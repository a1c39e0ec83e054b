"""Small runs made by hand, for what draws and shapes them."""

from __future__ import annotations

from foretell.model.call import Call
from foretell.model.facts import AgentTotals, ErrorFacts, InferenceFacts
from foretell.model.kinds import Kind, Outcome
from foretell.model.run import Run, RunSummary
from foretell.model.usage import Cost, Usage

START_NS = 1_790_000_000_000_000_000
MS = 1_000_000
ROOT_ID = 0xA1B2C3D4E5F60718


def make_call(
    kind: Kind,
    name: str,
    at_ms: int,
    for_ms: int | None,
    *,
    id: int,
    parent: int | None = ROOT_ID,
    outcome: Outcome = Outcome.OK,
) -> Call:
    """Make a call that opened `at_ms` into the run; `for_ms=None` leaves it open."""
    call = Call(kind, name, id=id, trace_id=7, run_id=f"{ROOT_ID:016x}", start_ns=START_NS + at_ms * MS)
    call.parent_id = parent
    call.agent_name = "triage"
    if for_ms is not None:
        call.end_ns = call.start_ns + for_ms * MS
        call.outcome = outcome
    return call


def make_model_call(
    name: str, at_ms: int, for_ms: int, *, id: int, cost_usd: float | None, parent: int = ROOT_ID
) -> Call:
    """Make a finished model call of 100 tokens in and 20 out."""
    call = make_call(Kind.LLM, name, at_ms, for_ms, id=id, parent=parent)
    call.facts = InferenceFacts(provider="openai", request_model=name, response_model=name)
    call.usage = Usage(uncached_input=100, output=20)
    call.cost = None if cost_usd is None else Cost(cost_usd, "genai-prices")
    return call


def make_root(for_ms: int | None = 2000, outcome: Outcome = Outcome.OK) -> Call:
    """Make the agent that is the root of the run."""
    call = make_call(Kind.AGENT, "triage", 0, for_ms, id=ROOT_ID, parent=None, outcome=outcome)
    call.totals = AgentTotals()
    return call


def fail(call: Call, type: str, message: str) -> Call:
    """Turn a finished call into a failed one."""
    call.outcome = Outcome.ERROR
    call.error = ErrorFacts(type, message)
    return call


def make_run(*calls: Call, findings: tuple = (), scores: tuple = (), logs: tuple = (), **facts: object) -> Run:
    """Make a run of calls; its sums are those of the calls unless given."""
    root = calls[0]
    priced = [call.cost.amount_usd for call in calls if call.cost is not None]
    known = {
        "id": root.run_id,
        "name": root.name,
        "agent_name": root.agent_name,
        "service_name": "desk",
        "start_ns": root.start_ns,
        "end_ns": root.end_ns,
        "outcome": root.outcome,
        "call_count": len(calls),
        "error_count": sum(call.outcome is Outcome.ERROR for call in calls),
        "input_tokens": sum(call.usage.input_tokens for call in calls if call.usage),
        "output_tokens": sum(call.usage.output_tokens for call in calls if call.usage),
        "cost_usd": sum(priced) if priced else None,
        "unpriced_calls": sum(call.kind is Kind.LLM and call.cost is None for call in calls),
        "finding_count": len(findings),
        "trace_id": root.trace_id,
    }
    return Run(RunSummary(**{**known, **facts}), tuple(calls), tuple(findings), tuple(scores), tuple(logs))  # type: ignore[arg-type]


def draw(renderable: object, width: int = 100) -> str:
    """Return what a terminal of that width without colours shows."""
    import io

    from rich.console import Console

    console = Console(file=io.StringIO(), width=width, color_system=None, legacy_windows=False)
    console.print(renderable)
    return console.file.getvalue()  # type: ignore[attr-defined]
