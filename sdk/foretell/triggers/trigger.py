"""What a trigger is: an id, a meaning, its limits, and where and how it is judged."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from foretell.model.finding import Severity


class Where(str, Enum):
    """Who judges a trigger."""

    PROCESS = "process"
    """A detector beside the agent; the fleet hears of it by `foretell_finding_active`."""
    FLEET = "fleet"
    """Prometheus alone."""
    BOTH = "both"


@dataclass(frozen=True, slots=True)
class Limit:
    """One number of a trigger that a team may set to its own."""

    name: str
    """Unit included, as in `window_s`."""
    default: float
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert of Prometheus."""

    name: str
    rule: str
    """PromQL; `{limit}` stands for a limit of the trigger."""
    hold_s: float = 0.0
    keep_firing_s: float = 0.0
    severity: Severity | None = None
    """None for the trigger's own."""
    summary: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """Something that can go wrong. Its id is the stem of detector, alert, runbook, rule tests and panel."""

    id: str
    severity: Severity
    meaning: str
    """One sentence for the person who is paged."""
    where: Where
    limits: tuple[Limit, ...] = ()
    alerts: tuple[Alert, ...] = ()
    advice: str = ""
    """What to do first, in one sentence."""

    def variable_of(self, limit: Limit) -> str:
        """Name of the environment variable that sets a limit: `FORETELL_TRIGGER_AGENT_LOOP_REPEATS`."""
        return f"FORETELL_TRIGGER_{self.id.upper()}_{limit.name.upper()}"
