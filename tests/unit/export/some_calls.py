"""Finished calls of every kind, for tests of what is sent."""

from __future__ import annotations

from datetime import date
from typing import Any

from foretell.model.call import Call
from foretell.model.facts import ErrorFacts, Event, InferenceFacts, Link, Session, ToolFacts
from foretell.model.kinds import Kind, Outcome
from foretell.model.usage import Cost, Usage

START_NS = 1_700_000_000_000_000_000


def make_call(kind: Kind = Kind.TOOL, name: str = "search", number: int = 1, **changes: Any) -> Call:
    """A finished call; `changes` are set on it."""
    call = Call(kind, name, id=number, trace_id=(7 << 64) + number, run_id=f"{1:016x}", start_ns=START_NS)
    call.end_ns, call.outcome, call.step_index = START_NS + 1_500_000_000, Outcome.OK, number
    if kind is Kind.LLM:
        call.facts = InferenceFacts(provider="openai", request_model="gpt-4o", finish_reasons=("stop",))
        call.usage, call.cost = Usage(100, 20, 0, 30, 5), Cost(0.00125, "genai-prices", date(2026, 1, 2))
    elif kind is Kind.TOOL:
        call.facts = ToolFacts(call_id="c-1")
    for field, value in changes.items():
        setattr(call, field, value)
    return call


def make_calls() -> list[Call]:
    """One call of each kind, and some with errors, events, links, sessions and odd attributes."""
    calls = [make_call(kind, f"name of {kind.value}", n) for n, kind in enumerate(Kind, 1)]
    error = ErrorFacts("ValueError", "bad \ud800 input", "Traceback …")
    calls.append(make_call(Kind.LLM, "m", 20, parent_id=3, outcome=Outcome.ERROR, error=error, trace_state="a=b"))
    odd = {"n": float("nan"), "big": 2**70, "raw": b"\x00\xff", "map": {"a": [1, "x", None, True]}, "neg": -5}
    calls.append(make_call(Kind.STEP, "s", 21, attributes=odd, parent_id=2**64 - 1))
    calls.append(make_call(Kind.AGENT, "a", 22, events=[Event("seen", START_NS + 1, {"k": 1.5})]))
    calls.append(make_call(Kind.AGENT, "a", 23, links=[Link(5, 6, {"why": "retry"})], session=Session("s-1", "u-1")))
    return calls
