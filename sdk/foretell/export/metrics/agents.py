"""Which agents live in this process: their heartbeat, their open runs, what is found about them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

from foretell.model.finding import Verdict
from foretell.model.kinds import ABORTED, AGENT, CANCELLED, ERROR, HALTED, OK
from foretell.semconv import genai
from foretell.semconv import metrics as table

if TYPE_CHECKING:
    from foretell.export.metrics.points import Attributes
    from foretell.export.metrics.registry import Metrics
    from foretell.model.call import Call
    from foretell.model.finding import Finding

AGENT_LIMIT: Final = 500
"""So many agents of one process have a heartbeat; names made at run time would have no end."""
RUN_OUTCOMES: Final = (OK, ERROR, CANCELLED, HALTED, ABORTED)


class AgentMetrics:
    """Keeps the gauges of agents. An agent is seen when it opens or ends a call, and lives until the process says goodbye."""

    def __init__(self, metrics: Metrics) -> None:
        """Know no agent yet."""
        self._metrics = metrics
        self._first_seen_ns: dict[str, int] = {}
        self._open: dict[Attributes, set[tuple[str, str | None]]] = {}
        self._held_until_ns: dict[Attributes, int] = {}

    def see(self, agent_name: str, now_ns: int) -> None:
        """Note an agent; all outcomes of its runs start at 0, so that its first failure is an increase."""
        if agent_name in self._first_seen_ns or len(self._first_seen_ns) >= AGENT_LIMIT:
            return
        self._first_seen_ns[agent_name] = now_ns
        for outcome in RUN_OUTCOMES:
            self._metrics.sum_series(table.AGENT_RUNS, (*_label(agent_name), ("outcome", outcome.value)))

    def refresh(self, now_ns: int, open_calls: Iterable[Call]) -> None:
        """Set every gauge to what is true now."""
        oldest_ns: dict[str, int] = {}
        active: dict[str, int] = {}
        for call in open_calls:
            if call.kind is AGENT:
                self.see(call.name, now_ns)
                active[call.name] = active.get(call.name, 0) + 1
                oldest_ns[call.name] = min(oldest_ns.get(call.name, call.start_ns), call.start_ns)
        for name, first_ns in self._first_seen_ns.items():
            label = _label(name)
            self._metrics.set(table.AGENT_ACTIVE, label, active.get(name, 0))
            self._metrics.set(table.AGENT_OLDEST_START, label, oldest_ns.get(name, 0) / 1e9)
            self._metrics.set(table.AGENT_HEARTBEAT, label, now_ns / 1e9)
            self._metrics.set(table.AGENT_UPTIME, label, (now_ns - first_ns) / 1e9)
        self._release(now_ns)

    def take_finding(self, finding: Finding, hold_until_ns: int) -> None:
        """Count a finding that fires, or note that it ended; its gauge stays up until `hold_until_ns` at least."""
        if finding.verdict is not Verdict.FIRING and finding.end_ns is None:
            return
        name = _label(finding.agent_name) if finding.agent_name is not None else ()
        labels = (*name, ("trigger", finding.trigger), ("severity", finding.severity.value))
        firing = self._open.setdefault(labels, set())
        identity = (finding.key, finding.run_id)
        if finding.end_ns is None:
            if identity not in firing:
                firing.add(identity)
                self._metrics.add(table.FINDINGS, labels, 1)
            self._metrics.set(table.FINDING_ACTIVE, labels, 1)
        else:
            duration_s = (finding.end_ns - finding.onset_ns) / 1e9
            self._metrics.record(table.FINDING_TIME_TO_RESOLVE, (*name, ("trigger", finding.trigger)), duration_s)
            firing.discard(identity)
        self._held_until_ns[labels] = hold_until_ns

    def say_goodbye(self) -> None:
        """Mark every agent as gone on purpose."""
        for name in self._first_seen_ns:
            self._metrics.set(table.AGENT_HEARTBEAT, _label(name), 0)
            self._metrics.set(table.AGENT_ACTIVE, _label(name), 0)
            self._metrics.set(table.AGENT_OLDEST_START, _label(name), 0)
        for labels in self._open:
            self._metrics.set(table.FINDING_ACTIVE, labels, 0)

    def after_fork(self) -> None:
        """Forget the parent's agents and findings."""
        self._first_seen_ns.clear()
        self._open.clear()
        self._held_until_ns.clear()

    def _release(self, now_ns: int) -> None:
        for labels, until_ns in list(self._held_until_ns.items()):
            if not self._open[labels] and now_ns >= until_ns:
                self._metrics.set(table.FINDING_ACTIVE, labels, 0)
                del self._held_until_ns[labels]


def _label(agent_name: str) -> Attributes:
    return ((genai.AGENT_NAME, agent_name),)
