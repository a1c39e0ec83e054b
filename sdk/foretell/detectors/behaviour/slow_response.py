"""Notices an agent that takes much longer than it usually does, and a run that does not come to its end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from foretell.detectors.behaviour.board import Board, Table, hex_id, join_key
from foretell.detectors.behaviour.durations import Durations, Slowness
from foretell.detectors.behaviour.roles import Role, find_role
from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.model.finding import Verdict
from foretell.model.kinds import AGENT, OK, TOOL

if TYPE_CHECKING:
    from foretell.model.call import Call

AGENTS: Final = 1_000
OPEN_RUNS: Final = 10_000
SHOWN: Final = 5


class _Agent:
    """What is known of one agent."""

    __slots__ = ("durations", "onset_ns", "open", "slowness", "spans")

    def __init__(self, least: int) -> None:
        self.durations = Durations(least)
        self.slowness: Slowness | None = None
        self.onset_ns = 0
        self.spans: list[tuple[int, int]] = []
        """Span and start of the last runs."""
        self.open: dict[int, tuple[int, str]] = {}
        """Open calls of the agent: span → start and run, in the order in which they were seen."""


class SlowResponse(Detector):
    """Compares the last runs of an agent with those before them, and with its first ones.

    Each version has its own baseline, which learns nothing while the runs are slow. With fewer than `min_samples`
    runs nothing is known. Runs that failed or were stopped do not count: they have triggers of their own.
    """

    trigger = "slow_response"
    kinds = frozenset((AGENT, TOOL))

    def __init__(self, limits: Mapping[str, float]) -> None:
        """Watch with the limits of the catalogue."""
        super().__init__(limits)
        self._factor = limits["factor"]
        self._least = max(2, int(limits["min_samples"]))
        self._floor_s = limits["floor_s"]
        self._hold_s = limits["window_s"]
        """A run is overdue when it is so much later still: one slow run is no trouble, one that hangs is."""
        self._board = Board()
        self._agents: Table[str, _Agent] = Table(lambda: _Agent(self._least), self._forget, AGENTS)
        self._runs: dict[str, dict[int, str]] = {}
        """Run → span and agent of its open calls."""
        self._asked: dict[int, str] = {}
        """Tools that ask a person → run."""

    def take_open(self, call: Call, now_ns: int) -> None:
        """Remember a run that goes on."""
        if call.kind is TOOL:
            if find_role(call.name) is Role.PERSON and len(self._asked) < OPEN_RUNS:
                self._asked[call.span_id] = call.run_id
            return
        agent = self._agents.touch(call.name)
        if call.span_id not in agent.open and len(self._runs) < OPEN_RUNS:
            agent.open[call.span_id] = (call.start_ns, call.run_id)
            self._runs.setdefault(call.run_id, {})[call.span_id] = call.name

    def take_all(self, calls: Sequence[Call], now_ns: int) -> None:
        """Compare runs that ended; tools matter only while a person is asked."""
        for call in calls:
            if call.kind is AGENT or self._asked:
                self.take(call, now_ns)

    def take(self, call: Call, now_ns: int) -> None:
        """Compare a run that ended with those before."""
        if call.kind is TOOL:
            if self._asked:
                self._asked.pop(call.span_id, None)
            return
        name = call.name
        agent = self._agents.touch(name)
        if agent.open and agent.open.pop(call.span_id, None) is not None:
            self._board.clear(join_key(call.run_id, name))
        duration_s = call.duration_s
        if call.outcome is not OK or duration_s is None or duration_s < 0:
            return
        durations = agent.durations
        if call.version != durations.version:
            self._board.clear(name)
            agent.slowness = None
            durations.reset(call.version)
        durations.add(duration_s)
        agent.spans.append((call.span_id, call.start_ns))
        if len(agent.spans) > 4 * self._least:
            del agent.spans[: -2 * self._least]
        self._compare(call, agent)

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Say which agents are slow, and which runs should have ended."""
        if self._runs:
            for name, agent in self._agents.states.items():
                if agent.open and agent.durations.count >= self._least:
                    self._find_overdue(name, agent, now_ns)
        return self._board.report()

    def _compare(self, call: Call, agent: _Agent) -> None:
        name, durations = call.name, agent.durations
        if durations.count < self._least:
            if durations.count == 1:
                text = f"{name} has too few runs yet: {self._least} of one version are needed to know what is usual."
                self._board.doubt(Judgement(name, Verdict.UNKNOWN, explanation=text, agent_name=name))
            return
        self._board.settle(name)
        if durations.is_slow:
            assert agent.slowness is not None
            if durations.find_recovery(self._factor):
                agent.slowness = None
                self._board.clear(name)
            else:
                self._say(call, agent, durations.describe_now(agent.slowness))
            return
        slowness = durations.find_slowness(self._factor, self._floor_s, self.limits["drift_mads"])
        if slowness is not None:
            agent.slowness = slowness
            agent.onset_ns = agent.spans[-min(slowness.runs, len(agent.spans))][1]
            self._say(call, agent, slowness)

    def _say(self, call: Call, agent: _Agent, slowness: Slowness) -> None:
        times = slowness.recent_s / slowness.usual_s if slowness.usual_s else float("inf")
        what = "first" if slowness.rule == "drift" else "earlier"
        text = (
            f"The last {slowness.runs} runs of {call.name} took {slowness.recent_s:.2f} s (median), {times:.1f} times"
            f" the {slowness.usual_s:.2f} s of its {slowness.of} {what} ones (limit {self._factor:g} times)."
        )
        evidence = {
            "rule": slowness.rule, "calls": [hex_id(span) for span, _ in agent.spans[-SHOWN:]],
            "recent_s": round(slowness.recent_s, 4), "usual_s": round(slowness.usual_s, 4), "times": round(times, 3),
            "limit": self._factor, "runs": slowness.runs, "of": slowness.of, "version": call.version,
        }  # fmt: skip
        self._board.fire(
            Judgement(
                call.name,
                Verdict.FIRING,
                agent.onset_ns,
                text,
                "",
                0.9,
                evidence,
                call.run_id,
                call.span_id,
                call.name,
            )
        )

    def _find_overdue(self, name: str, agent: _Agent, now_ns: int) -> None:
        """Runs that began first are first; after one that is in time no other is late."""
        longest_s = agent.durations.longest_s
        limit_s = max(self._floor_s, self._factor * longest_s)
        for span_id, (start_ns, run_id) in agent.open.items():
            age_s = (now_ns - start_ns) / 1e9
            if age_s <= limit_s + self._hold_s:
                return
            key = join_key(run_id, name)
            if self._board.find(key) is None and run_id not in self._asked.values():
                text = (
                    f"A run of {name} goes on for {age_s:.0f} s; the longest of its earlier ones took {longest_s:.1f} s"
                    f" (limit {self._factor:g} times that and {self._hold_s:g} s more)."
                )
                evidence = {
                    "rule": "overdue", "calls": [hex_id(span_id)], "age_s": round(age_s, 1),
                    "longest_s": round(longest_s, 3), "limit_s": round(limit_s + self._hold_s, 3),
                }  # fmt: skip
                advice = "See which call is still open: `foretell show` has it at the end of the tree."
                self._board.fire(
                    Judgement(
                        key,
                        Verdict.FIRING,
                        start_ns + int(longest_s * 1e9),
                        text,
                        advice,
                        0.8,
                        evidence,
                        run_id,
                        span_id,
                        name,
                    )
                )

    def end_run(self, run_id: str, now_ns: int) -> None:
        """Forget what was open in the run."""
        for span_id, name in self._runs.pop(run_id, {}).items():
            agent = self._agents.states.get(name)
            if agent is not None and agent.open.pop(span_id, None) is not None:
                self._board.clear(join_key(run_id, name))

    def _forget(self, name: str, agent: _Agent) -> None:
        self._board.clear(name)
        self._board.settle(name)
        for _, run_id in agent.open.values():
            self._board.clear(join_key(run_id, name))
