"""Gauges that the metrics know nothing of by themselves: budgets with what is spent of them, and the pulse of event loops."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import TYPE_CHECKING, Final

from foretell.semconv import metrics as table

if TYPE_CHECKING:
    from foretell.export.metrics.registry import Metrics
    from foretell.model.samples import LoopSample
    from foretell.store.store import Store

BUDGET_NS: Final = 30_000_000_000
"""How old the sums of what is spent may be."""


class Budgets:
    """Tells the budgets of the day and the month (UTC), and what all processes on this store have spent of them."""

    def __init__(self, limits: Mapping[str, float], store: Store | None) -> None:
        """`limits`: `day_usd` and `month_usd`. Without a store nobody knows what is spent."""
        self._limits = limits
        self._store = store
        self._due_ns = 0

    def observe(self, metrics: Metrics, now_ns: int) -> None:
        """Set the gauges, twice a minute."""
        if now_ns < self._due_ns:
            return
        self._due_ns = now_ns + BUDGET_NS
        for period, since_ns in (("day", start_of_day(now_ns)), ("month", start_of_month(now_ns))):
            label = (("period", period),)
            metrics.set(table.BUDGET_LIMIT, label, self._limits[f"{period}_usd"])
            if self._store is not None:
                metrics.set(table.BUDGET_SPENT, label, sum_costs(self._store, since_ns))


class Pulses:
    """Tells when the event loops of the process last answered; 0 once they have ended."""

    def __init__(self) -> None:
        """Know no loop yet."""
        self._answered_ns: dict[int, tuple[str, int]] = {}
        self._ended: set[str] = set()

    def note(self, sample: LoopSample, role: str) -> None:
        """Take what was seen of a loop, whose thread has this role."""
        if sample.is_ended:
            self._answered_ns.pop(sample.loop_id, None)
            self._ended.add(role)
        else:
            self._answered_ns[sample.loop_id] = (role, sample.answered_ns)

    def observe(self, metrics: Metrics, now_ns: int) -> None:
        """Set a gauge for each role of a thread: the loop that has been silent longest speaks for all."""
        oldest_ns = dict.fromkeys(self._ended, 0)
        self._ended.clear()
        for role, answered_ns in self._answered_ns.values():
            oldest_ns[role] = min(oldest_ns.get(role) or answered_ns, answered_ns)
        for role, answered_ns in oldest_ns.items():
            metrics.set(table.EVENT_LOOP_HEARTBEAT, (("thread.role", role),), answered_ns / 1e9)

    def after_fork(self) -> None:
        """Forget the parent's loops."""
        self._answered_ns.clear()
        self._ended.clear()


def sum_costs(store: Store, since_ns: int) -> float:
    """What the runs that began since then have cost, in USD, as far as their prices are known."""
    with store.reading() as connection:
        sql = "SELECT ifnull(sum(cost_usd), 0) FROM runs WHERE start_ns >= ?"
        return float(connection.execute(sql, (since_ns,)).fetchone()[0])


def start_of_day(now_ns: int) -> int:
    """Midnight (UTC) before a time."""
    return now_ns - now_ns % 86_400_000_000_000


def start_of_month(now_ns: int) -> int:
    """Midnight (UTC) before the first of the month."""
    now = datetime.fromtimestamp(now_ns // 1_000_000_000, timezone.utc)
    return int(now.replace(day=1, hour=0, minute=0, second=0).timestamp()) * 1_000_000_000
