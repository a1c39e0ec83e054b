"""Notices a run that got a tool's result and then did nothing more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from foretell.detectors.behaviour.board import OPEN_RUNS, Board, Table, end_of, hex_id
from foretell.detectors.behaviour.roles import Role, find_role
from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.model.finding import Verdict
from foretell.model.kinds import AGENT, EMBEDDINGS, LLM, MEMORY, PLAN, RETRIEVER, SPAN, STEP, TOOL, WORKFLOW, Kind

if TYPE_CHECKING:
    from foretell.model.call import Call

OPEN_CALLS: Final = 256
"""So many open calls of one run are remembered."""
_RESULTS = frozenset((TOOL, RETRIEVER))
"""Kinds whose result the agent has to go on with."""
_SMALL = frozenset((STEP, SPAN, MEMORY, EMBEDDINGS))
"""Kinds after which the agent is still at the tool's result: they only show that it was alive."""
_ENDS = frozenset((AGENT, WORKFLOW))
"""Kinds after which nothing is left to go on with."""
_OUTWARD = frozenset(("client", "producer"))
"""Foreign spans that are in flight themselves; others only stand around."""
_AROUND = frozenset((AGENT, WORKFLOW, STEP, PLAN))
"""Kinds that are open as long as there is something inside: no sign that something is in flight."""


class _Run:
    """What is open in one run, and since when it should have gone on."""

    __slots__ = ("agent_name", "armed_ns", "is_told", "open", "tool", "tool_parent", "tool_span")

    def __init__(self) -> None:
        self.open: dict[int, tuple[Kind, int | None]] = {}
        """Span → kind and parent."""
        self.armed_ns = 0
        """When the timer began; 0 while it is off."""
        self.tool = ""
        """Whose result the agent has; empty where it has none to go on with."""
        self.tool_span = 0
        self.tool_parent: int | None = None
        self.agent_name: str | None = None
        self.is_told = False


class _Result(NamedTuple):
    """A tool's result that was delivered."""

    tool: str
    span: int
    parent: int | None
    agent_name: str | None
    armed_ns: int


class Stall(Detector):
    """Begins to wait when a tool's result was delivered with nothing in flight; any start of a call ends that.

    Silence alone is no stall: a model that thinks, a tool that runs and a person who is asked may take long. Where
    the next start was not seen in time (a recorded run), the gap is told afterwards.
    """

    trigger = "stall"

    def __init__(self, limits: Mapping[str, float]) -> None:
        """Watch with the limits of the catalogue."""
        super().__init__(limits)
        self._limit_ns = int(limits["after_tool_s"] * 1e9)
        self._board = Board()
        self._runs: Table[str, _Run] = Table(_Run, self._forget)
        self._results: dict[str, _Result] = {}
        """Of runs that are too young to have been seen open."""
        self._armed: dict[str, _Run] = {}
        """Runs whose timer is on, in the order in which it began."""

    def take_open(self, call: Call, now_ns: int) -> None:
        """Something runs: the timer is off."""
        self._recall(call.run_id)
        run = self._runs.touch(call.run_id)
        if call.span_id in run.open:
            return
        if len(run.open) < OPEN_CALLS:
            kind = call.kind
            if kind is SPAN and call.span_kind not in _OUTWARD:
                kind = STEP
            run.open[call.span_id] = (kind, call.parent_id)
        if call.start_ns >= run.armed_ns > 0:
            self._go_on(call.run_id, run, call.start_ns)

    def take(self, call: Call, now_ns: int) -> None:
        """Arm after a tool's result, go on after anything else."""
        run_id, kind = call.run_id, call.kind
        run = self._runs.touch(run_id)
        run.open.pop(call.span_id, None)
        if kind in _RESULTS:
            if call.start_ns >= run.armed_ns > 0:
                self._go_on(run_id, run, call.start_ns)
            if find_role(call.name) is Role.PERSON:
                self._rest(run_id, run)
            else:
                run.tool, run.tool_span, run.tool_parent = call.name, call.span_id, call.parent_id
                run.agent_name = call.agent_name
                self._arm(run_id, run, end_of(call))
        elif run.tool:
            if call.start_ns >= run.armed_ns > 0:
                self._go_on(run_id, run, call.start_ns)
            if kind in _SMALL or (run.armed_ns and kind not in _ENDS):
                # Of another branch, or too small to be what the agent goes on with: it still has to.
                self._arm(run_id, run, end_of(call))
            else:
                self._rest(run_id, run)

    def take_all(self, calls: Sequence[Call], now_ns: int) -> None:
        """The same, of runs nothing of which was seen open, by remembering no more than their last result."""
        runs, results = self._runs.states, self._results
        for call in calls:
            run_id, kind = call.run_id, call.kind
            last = results.get(run_id)
            if run_id in runs or (last is not None and call.start_ns - last.armed_ns > self._limit_ns):
                self._recall(run_id)
                self.take(call, now_ns)
            elif kind in _RESULTS and find_role(call.name) is not Role.PERSON:
                if last is not None or len(results) < OPEN_RUNS:
                    results[run_id] = _Result(call.name, call.span_id, call.parent_id, call.agent_name, end_of(call))
            elif last is not None:
                if kind in _SMALL or (call.start_ns < last.armed_ns and kind not in _ENDS and kind not in _RESULTS):
                    results[run_id] = last._replace(armed_ns=end_of(call))
                else:
                    del results[run_id]

    def _recall(self, run_id: str) -> None:
        """Go on with a run of which so far only the last result is known."""
        last = self._results.pop(run_id, None)
        if last is not None:
            run = self._runs.touch(run_id)
            run.tool, run.tool_span, run.tool_parent, run.agent_name = last[:4]
            self._arm(run_id, run, last.armed_ns)

    def end_run(self, run_id: str, now_ns: int) -> None:
        """Forget the run."""
        self._results.pop(run_id, None)
        run = self._runs.pop(run_id)
        if run is not None:
            self._forget(run_id, run)

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Say which runs have done nothing for too long."""
        busy = []
        for run_id, run in self._armed.items():
            if now_ns - run.armed_ns <= self._limit_ns:
                break
            # Where nothing at all is open, the agent is in another process: only its tools are here.
            if run.is_told or not run.open:
                continue
            if self._has_work(run):
                busy.append(run_id)
            else:
                run.is_told = True
                self._board.fire(self._describe(run_id, run, now_ns - run.armed_ns, "has done nothing for"))
        for run_id in busy:
            # The end of what is in flight arms it anew; until then it need not be looked at.
            del self._armed[run_id]
        return self._board.report()

    def _has_work(self, run: _Run) -> bool:
        """True where a call is in flight that is not just around the tool that ended."""
        around = set()
        parent = run.tool_parent
        while parent is not None and parent in run.open and parent not in around:
            around.add(parent)
            parent = run.open[parent][1]
        for span_id, (kind, _) in run.open.items():
            if kind is LLM or (kind not in _AROUND and span_id not in around):
                return True
        return False

    def _arm(self, run_id: str, run: _Run, at_ns: int) -> None:
        if run.is_told:
            self._disarm(run_id, run)
        self._armed.pop(run_id, None)
        run.armed_ns = at_ns
        self._armed[run_id] = run

    def _go_on(self, run_id: str, run: _Run, at_ns: int) -> None:
        """Something began: the timer is off; a gap that nobody was asked about is told now."""
        gap_ns = at_ns - run.armed_ns
        if gap_ns > self._limit_ns and not run.is_told and not self._has_work(run):
            self._board.tell_late(self._describe(run_id, run, gap_ns, "did nothing for"))
        self._disarm(run_id, run)

    def _rest(self, run_id: str, run: _Run) -> None:
        """The agent has gone on, or waits for a person."""
        self._disarm(run_id, run)
        run.tool = ""

    def _disarm(self, run_id: str, run: _Run) -> None:
        if run.armed_ns:
            run.armed_ns = 0
            self._armed.pop(run_id, None)
            if run.is_told:
                run.is_told = False
                self._board.clear(run_id)

    def _describe(self, run_id: str, run: _Run, gap_ns: int, verb: str) -> Judgement:
        gap_s = gap_ns / 1e9
        who = run.agent_name or "The run"
        limit_s = self.limits["after_tool_s"]
        text = f"{who} got the result of {run.tool} and {verb} {gap_s:.0f} s (limit {limit_s:g} s), with nothing in flight."
        evidence = {"calls": [hex_id(run.tool_span)], "tool": run.tool, "silent_s": round(gap_s, 3), "limit_s": limit_s}
        return Judgement(
            run_id, Verdict.FIRING, run.armed_ns, text,
            confidence=0.9, evidence=evidence, run_id=run_id, span_id=run.tool_span, agent_name=run.agent_name,
        )  # fmt: skip

    def _forget(self, run_id: str, run: _Run) -> None:
        self._disarm(run_id, run)
