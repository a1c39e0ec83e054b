"""A run: one root operation and all below it, in whatever process."""

from __future__ import annotations

from dataclasses import dataclass, field

from foretell.model.call import Call
from foretell.model.facts import Score
from foretell.model.finding import Finding
from foretell.model.kinds import Outcome
from foretell.model.log import LogRecord


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One line about a run: what a list shows without loading its calls. Sums are over inferences only."""

    id: str
    name: str
    agent_name: str | None
    service_name: str
    start_ns: int
    end_ns: int | None
    outcome: Outcome
    call_count: int
    error_count: int
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    """None when nothing in the run could be priced; a lower bound while `unpriced_calls` is not 0."""
    unpriced_calls: int
    finding_count: int = 0
    session_id: str | None = None
    user_id: str | None = None
    error_message: str | None = None
    trace_id: int = 0
    paused_by: str | None = None
    """The trigger for which the run waits to be let go on; None while it does not."""


@dataclass(frozen=True, slots=True)
class Run:
    """A run with everything in it."""

    summary: RunSummary
    calls: tuple[Call, ...]
    """In order of opening."""
    findings: tuple[Finding, ...] = ()
    scores: tuple[Score, ...] = field(default=())
    logs: tuple[LogRecord, ...] = ()
    """In order of time."""


@dataclass(frozen=True, slots=True)
class RunQuery:
    """What to look for; every field that is None is no condition."""

    id_prefix: str | None = None
    agent_name: str | None = None
    session_id: str | None = None
    outcome: Outcome | None = None
    text: str | None = None
    """Words to find in names, errors, redacted content and logs."""
    since_ns: int | None = None
    until_ns: int | None = None
    limit: int = 20
