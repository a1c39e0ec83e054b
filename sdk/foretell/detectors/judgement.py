"""What a detector says at one moment about one thing it watches."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from foretell.model.finding import Verdict


@dataclass(frozen=True, slots=True)
class Judgement:
    """Firing, quiet or unknown, with the evidence. `key` names what it is about: a run, an agent, a dependency."""

    key: str
    verdict: Verdict
    onset_ns: int = 0
    """When the trouble began, as far as the evidence tells; of firing judgements."""
    explanation: str = ""
    """One or two sentences with the values against their limits."""
    advice: str = ""
    """Empty for the trigger's own advice."""
    confidence: float = 1.0
    """0 to 1."""
    evidence: Mapping[str, Any] = field(default_factory=dict)
    """JSON-like; calls by their ids in 16 hex digits."""
    run_id: str | None = None
    span_id: int | None = None
    """The call that the finding is attached to, where it is about one."""
    agent_name: str | None = None
