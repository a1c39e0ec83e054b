"""What a detector says about a run."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class Verdict(str, Enum):
    """A detector's answer. Unknown never reads as healthy."""

    FIRING = "firing"
    QUIET = "quiet"
    UNKNOWN = "unknown"


class Severity(str, Enum):
    """How urgent a finding is."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is about to go wrong, with its evidence."""

    trigger: str
    key: str
    """What it is about, so that the same trouble is one finding: agent, run, dependency …"""
    severity: Severity
    verdict: Verdict
    onset_ns: int
    end_ns: int | None
    explanation: str
    advice: str
    confidence: float
    """0 to 1."""
    evidence: dict[str, Any] = field(default_factory=dict)
    run_id: str | None = None
    span_id: int | None = None
    agent_name: str | None = None
    trace_id: int | None = None
    """Of the call or run that it is about, also when that has ended; None where it is about neither."""
