"""Notices that money is spent so fast that the budget of the day or the month will not last."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Final, NamedTuple

from foretell.detectors.behaviour.board import Board, end_of, hex_id
from foretell.detectors.behaviour.cost import INFERENCES
from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.model.finding import Verdict

if TYPE_CHECKING:
    from foretell.model.call import Call

MINUTE_NS: Final = 60_000_000_000
FAST_MINUTES: Final = 5
PACE_MINUTES: Final = 60
LINE_MINUTES: Final = 360
"""A straight line is drawn through the last so many minutes."""
LEAST_SHARE: Final = 0.1
"""Of the budget: what is spent before a forecast means something."""
RELEASE: Final = 0.5
"""Of the burn rate's limit."""
LINE_RELEASE: Final = 0.9
"""Of the budget, for the forecast."""
AGENTS: Final = 256
SHOWN: Final = 5
OTHER: Final = "other"
LOOK_NS: Final = 1_000_000_000
"""So often the sums are looked at."""


class _Period:
    """A day or a month (UTC) and what was spent in it by this process."""

    __slots__ = ("by_agent", "end_ns", "limit_usd", "name", "number", "spent_usd", "unpriced")

    def __init__(self, name: str, limit_usd: float) -> None:
        self.name = name
        self.limit_usd = limit_usd
        self.begin(0, -1)

    def begin(self, end_ns: int, number: int) -> None:
        """Begin a new period with nothing spent."""
        self.end_ns, self.number = end_ns, number
        self.spent_usd = 0.0
        self.unpriced = 0
        self.by_agent: dict[str, float] = {}


class _Reason(NamedTuple):
    """Why a period's budget will not last."""

    rule: str
    text: str
    value: float
    limit: float


class CostBurn(Detector):
    """Adds up what this process spends by day and month and compares it with the budget: now, in pace, in forecast.

    Pace: the last hour and the last five minutes both run at more than `burn_factor` times the even pace of the day's
    budget. Forecast: a straight line from the last six hours crosses the budget before the period ends.
    """

    trigger = "cost_burn"
    kinds = INFERENCES

    def __init__(self, limits: Mapping[str, float]) -> None:
        """Watch with the limits of the catalogue."""
        super().__init__(limits)
        self._factor = limits["burn_factor"]
        self._day = _Period("day", limits["day_usd"])
        self._month = _Period("month", limits["month_usd"])
        self._minutes: deque[list[float]] = deque()
        """Minute and USD, of the last hours."""
        self._dearest: list[tuple[float, int]] = []
        self._dear_usd = 0.0
        """What a call has to cost to be among them."""
        self._looked_ns = 0
        self._is_new = False
        self._board = Board()

    def take(self, call: Call, now_ns: int) -> None:
        """Add what the call cost."""
        end_ns = end_of(call)
        minute = end_ns // MINUTE_NS
        if not self._minutes or minute > self._minutes[-1][0]:
            self._turn_page(minute, end_ns)
        cost = call.cost
        if cost is None:
            if call.usage is not None:
                self._day.unpriced += 1
                self._month.unpriced += 1
                self._is_new = True
            return
        amount = cost.amount_usd
        self._minutes[-1][1] += amount
        agent = call.agent_name or "-"
        for period in (self._day, self._month):
            period.spent_usd += amount
            spent = period.by_agent
            if agent not in spent and len(spent) >= AGENTS:
                agent = OTHER
            spent[agent] = spent.get(agent, 0.0) + amount
        if amount > self._dear_usd:
            self._dearest = sorted([*self._dearest, (amount, call.span_id)])[-SHOWN:]
            self._dear_usd = self._dearest[0][0] if len(self._dearest) == SHOWN else 0.0
        self._is_new = True

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Say which budgets will not last."""
        if self._minutes and (self._is_new or self._board.firing_count) and abs(now_ns - self._looked_ns) >= LOOK_NS:
            self._looked_ns, self._is_new = now_ns, False
            minute = now_ns // MINUTE_NS
            if minute > self._minutes[-1][0]:
                self._turn_page(minute, now_ns)
            for period in (self._day, self._month):
                self._judge(period, now_ns)
        return self._board.report()

    def _turn_page(self, minute: int, at_ns: int) -> None:
        """Begin a minute, and with it perhaps a day and a month."""
        self._minutes.append([minute, 0.0])
        while self._minutes[0][0] <= minute - LINE_MINUTES:
            self._minutes.popleft()
        if at_ns < self._day.end_ns:
            return
        day = datetime.fromtimestamp(at_ns / 1e9, timezone.utc).replace(hour=0, minute=0, second=0, microsecond=0)
        self._dearest, self._dear_usd = [], 0.0
        self._day.begin(_to_ns(day + timedelta(days=1)), day.toordinal())
        self._board.clear("day")
        month = day.year * 12 + day.month
        if month != self._month.number:
            following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
            self._month.begin(_to_ns(following), month)
            self._board.clear("month")

    def _judge(self, period: _Period, now_ns: int) -> None:
        is_firing = self._board.find(period.name) is not None
        reason = self._find_reason(period, now_ns, is_firing)
        if reason is not None:
            self._say(period, reason, now_ns)
        elif is_firing:
            self._board.clear(period.name)
        if reason is None and period.unpriced:
            text = f"{period.unpriced} calls of the {period.name} have no known price: ${period.spent_usd:.2f} is a lower bound."
            self._board.doubt(Judgement(period.name, Verdict.UNKNOWN, explanation=text))
        else:
            self._board.settle(period.name)

    def _find_reason(self, period: _Period, now_ns: int, is_firing: bool) -> _Reason | None:
        spent, limit = period.spent_usd, period.limit_usd
        if spent > limit:
            text = f"${spent:.2f} is spent this {period.name} by this process, of a budget of ${limit:g}."
            return _Reason("spent", text, round(spent, 6), limit)
        if period is self._day:
            pace = self._find_pace(limit, now_ns, RELEASE if is_firing else 1.0)
            if pace is not None:
                return pace
        return self._find_line(period, now_ns, LINE_RELEASE if is_firing else 1.0)

    def _find_pace(self, limit_usd: float, now_ns: int, ease: float) -> _Reason | None:
        """What was really spent counts, not what a few minutes would make of an hour."""
        hour_usd = self._sum(now_ns, PACE_MINUTES)
        fast_usd = self._sum(now_ns, FAST_MINUTES) * PACE_MINUTES / FAST_MINUTES
        even_usd = limit_usd / 24
        if min(hour_usd, fast_usd) <= self._factor * even_usd * ease:
            return None
        text = (
            f"${hour_usd:.2f} were spent in the last hour, {hour_usd / even_usd:.1f} times the even pace of"
            f" ${limit_usd:g} a day (limit {self._factor:g} times)."
        )
        return _Reason("pace", text, round(hour_usd / even_usd, 3), self._factor)

    def _find_line(self, period: _Period, now_ns: int, ease: float) -> _Reason | None:
        spent, limit = period.spent_usd, period.limit_usd
        if spent < LEAST_SHARE * limit:
            return None
        left = max(0, period.end_ns - now_ns) / MINUTE_NS
        # A younger process spent nothing before: a batch in its first hour is no trend.
        forecast = spent + self._sum(now_ns, LINE_MINUTES) / LINE_MINUTES * left
        if forecast <= limit * ease:
            return None
        text = (
            f"${spent:.2f} is spent this {period.name}; at the pace of the last {LINE_MINUTES / 60:g} h it will be"
            f" ${forecast:.2f} by its end (budget ${limit:g})."
        )
        return _Reason("forecast", text, round(forecast, 4), limit)

    def _sum(self, now_ns: int, minutes: int) -> float:
        first = now_ns // MINUTE_NS - minutes
        return sum([usd for minute, usd in self._minutes if minute > first])

    def _say(self, period: _Period, reason: _Reason, now_ns: int) -> None:
        before = self._board.find(period.name)
        agents = sorted(period.by_agent.items(), key=lambda item: -item[1])[:SHOWN]
        evidence = {
            "rule": reason.rule, "calls": [hex_id(span) for _, span in sorted(self._dearest, reverse=True)],
            "value": reason.value, "limit": reason.limit, "spent_usd": round(period.spent_usd, 6),
            "budget_usd": period.limit_usd, "agents_usd": {name: round(usd, 6) for name, usd in agents},
            "unpriced_calls": period.unpriced,
        }  # fmt: skip
        confidence = {"spent": 1.0, "pace": 0.95}.get(reason.rule, 0.75)
        onset_ns = now_ns if before is None else before.onset_ns
        agent_name = agents[0][0] if len(agents) == 1 and agents[0][0] != "-" else None
        self._board.fire(
            Judgement(
                period.name,
                Verdict.FIRING,
                onset_ns,
                reason.text,
                confidence=confidence,
                evidence=evidence,
                agent_name=agent_name,
            )
        )


def _to_ns(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000_000
