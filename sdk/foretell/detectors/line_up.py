"""The detectors, one for each trigger that is judged in the process."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

from foretell.detectors.detector import Detector

if TYPE_CHECKING:
    from foretell.detectors.behaviour.context_overflow import ContextWindow

DETECTORS: Final[Mapping[str, str]] = {
    "agent_loop": "foretell.detectors.behaviour.loops.agent_loop:AgentLoop",
    "stall": "foretell.detectors.behaviour.stall:Stall",
    "context_overflow": "foretell.detectors.behaviour.context_overflow:ContextOverflow",
    "dependency_timeouts": "foretell.detectors.behaviour.dependency_timeouts:DependencyTimeouts",
    "memory_growth": "foretell.detectors.resources.memory_growth:MemoryGrowth",
    "event_loop_blocked": "foretell.detectors.resources.event_loop_blocked:EventLoopBlocked",
    "deadlock": "foretell.detectors.resources.deadlock:Deadlock",
    "agent_blocked": "foretell.detectors.resources.agent_blocked:AgentBlocked",
    "cpu_spin": "foretell.detectors.resources.cpu_spin:CpuSpin",
    "telemetry_gap": "foretell.detectors.resources.telemetry_gap:TelemetryGap",
    "redaction_failure": "foretell.detectors.resources.redaction_failure:RedactionFailure",
    "cost_run_limit": "foretell.detectors.behaviour.cost:CostRunLimit",
    "unpriced_tokens": "foretell.detectors.behaviour.cost:UnpricedTokens",
    "cost_burn": "foretell.detectors.behaviour.cost_burn:CostBurn",
    "error_rate": "foretell.detectors.behaviour.error_rate:ErrorRate",
    "slow_response": "foretell.detectors.behaviour.slow_response:SlowResponse",
    "pattern_anomaly": "foretell.detectors.behaviour.pattern_anomaly:PatternAnomaly",
}
"""Trigger's id → module and class, loaded when it is first needed."""


def make_detectors(
    limits: Mapping[str, Mapping[str, float]], *, context_window: ContextWindow | None = None
) -> list[Detector]:
    """Make a fresh detector for each trigger in `limits` (id → name of a limit → value) that is judged in the process.

    `context_window` tells how many tokens a model can hold; where it is missing, so is that verdict.
    """
    more = {"context_overflow": {"context_window": context_window}}
    made = []
    for trigger, home in DETECTORS.items():
        if trigger in limits:
            module, _, name = home.partition(":")
            made.append(getattr(import_module(module), name)(limits[trigger], **more.get(trigger, {})))
    return made
