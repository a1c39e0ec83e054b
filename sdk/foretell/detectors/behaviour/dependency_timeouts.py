"""Notices something that an agent depends on and that does not answer, again and again."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from foretell.detectors.behaviour.board import Board, Table, end_of, hex_id
from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.model.dependency import is_broken, judge_dependency, name_dependency
from foretell.model.finding import Verdict
from foretell.model.kinds import CANCELLED, ERROR, OK, THROTTLED, TIMEOUT

if TYPE_CHECKING:
    from foretell.model.call import Call

KEYS: Final = 4_096
"""So many pairs of agent and dependency are watched for failures at once."""
BESIDE_NS: Final = 250_000_000
"""What is cancelled so soon after another call of its run ended was a sibling of that: it lost a race, or shared its fall."""
RECENT: Final = 256
"""So many calls are remembered for that."""
NO_ANSWER: Final = "time-outs or broken connections"
REFUSED: Final = "refusals for rate (429)"
UNTOLD: Final = "failures of an unknown kind"
_FAULTS: Final = {NO_ANSWER: "did not answer", REFUSED: "refused for rate (429)", UNTOLD: "failed, nobody told how,"}

_Key = tuple[str | None, str, str]
"""Agent, dependency, class of failure."""


class _Row:
    """Failures of one class in a row."""

    __slots__ = ("count", "ends", "resets", "spans")

    def __init__(self) -> None:
        self.ends: list[int] = []
        self.spans: list[int] = []
        self.count = 0
        self.resets = 0
        """How many of them were broken connections."""


class DependencyTimeouts(Detector):
    """Counts time-outs and broken connections per agent and dependency, with no success between; 429 by itself.

    One success ends a row; an ordinary error neither counts nor ends one. A row whose last failure is older than the
    window is over. A call that was cancelled while its run went on was given up: `asyncio.wait_for` does that.
    """

    trigger = "dependency_timeouts"

    def __init__(self, limits: Mapping[str, float]) -> None:
        """Watch with the limits of the catalogue."""
        super().__init__(limits)
        self._count = max(1, int(limits["consecutive"]))
        self._window_ns = int(limits["window_s"] * 1e9)
        self._board = Board()
        self._rows: Table[_Key, _Row] = Table(_Row, self._forget, KEYS)
        self._given_up: dict[str, list[Call]] = {}
        """Run → its cancelled calls, until it is known whether the run itself was cancelled."""
        self._recent: deque[Call] = deque(maxlen=RECENT)

    def take(self, call: Call, now_ns: int) -> None:
        """Count a failure, or end a row with a success."""
        self._recent.append(call)
        self._take(call)

    def take_all(self, calls: Sequence[Call], now_ns: int) -> None:
        """Pass over successes while nothing fails."""
        self._recent.extend(calls)
        rows, given_up = self._rows.states, self._given_up
        for call in calls:
            if rows or given_up or call.outcome is not OK:
                self._take(call)

    def _take(self, call: Call) -> None:
        outcome = call.outcome
        if outcome is CANCELLED:
            self._note_cancelled(call)
            return
        if call.run_id in self._given_up:
            self._settle_cancelled(call)
        if outcome is OK:
            if self._rows.states and (name := name_dependency(call)) is not None:
                for fault in _FAULTS:
                    self._end((call.agent_name, name, fault))
            return
        failed = _class_of(call)
        if failed is not None and (name := name_dependency(call)) is not None:
            self._count_failure(call, (call.agent_name, name, failed))

    def end_run(self, run_id: str, now_ns: int) -> None:
        """Forget what was cancelled with the run."""
        self._given_up.pop(run_id, None)

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Say what does not answer."""
        if self._rows.states:
            # In the order of their last failure.
            for key in [key for key, row in self._firing_rows() if now_ns - row.ends[-1] > self._window_ns]:
                self._end(key)
        return self._board.report()

    def _note_cancelled(self, call: Call) -> None:
        """Remember a call that may have been given up, unless it ended because of another one beside it."""
        if name_dependency(call) is None or any(_is_beside(one, call) for one in self._recent):
            return
        calls = self._given_up.setdefault(call.run_id, [])
        if len(calls) < self._count:
            calls.append(call)
        if len(self._given_up) > KEYS:
            del self._given_up[next(iter(self._given_up))]

    def _settle_cancelled(self, call: Call) -> None:
        """The run goes on, or fails with a time-out: its cancelled calls were given up for want of an answer."""
        calls = self._given_up.pop(call.run_id, ())
        if call.outcome is ERROR and name_dependency(call) is None and _class_of(call) != NO_ANSWER:
            return
        for one in calls:
            self._count_failure(one, (one.agent_name, name_dependency(one) or "", NO_ANSWER))

    def _firing_rows(self) -> list[tuple[_Key, _Row]]:
        if not self._board.firing_count:
            return []
        return [(key, row) for key, row in self._rows.states.items() if len(row.ends) >= self._count]

    def _count_failure(self, call: Call, key: _Key) -> None:
        row = self._rows.touch(key)
        end_ns = end_of(call)
        if row.ends and end_ns - row.ends[-1] > self._window_ns:
            self._end(key)
            row = self._rows.touch(key)
        row.count += 1
        row.resets += call.error is not None and is_broken(call.error.type)
        row.ends.append(end_ns)
        row.spans.append(call.span_id)
        del row.ends[: -self._count], row.spans[: -self._count]
        if len(row.ends) >= self._count and abs(row.ends[-1] - row.ends[0]) <= self._window_ns:
            self._say(call, key, row)

    def _say(self, call: Call, key: _Key, row: _Row) -> None:
        agent, name, fault = key
        window_s = self.limits["window_s"]
        text = (
            f"{name} {_FAULTS[fault]} {row.count} times in a row for {agent or 'the program'}, with no success between"
            f" (limit {self._count} in {window_s:g} s)."
        )
        evidence = {
            "calls": [hex_id(span) for span in row.spans], "dependency": name, "failures": row.count,
            "class": fault, "resets": row.resets, "limit": self._count, "window_s": window_s,
        }  # fmt: skip
        said = _join(key)
        judgement = Judgement(
            said, Verdict.FIRING, row.ends[0], text, ADVICE.get(fault, ""), 0.9, evidence,
            span_id=call.span_id, run_id=call.run_id, agent_name=agent,
        )  # fmt: skip
        if fault == UNTOLD:
            self._board.doubt(Judgement(said, Verdict.UNKNOWN, explanation=text, evidence=evidence, agent_name=agent))
        else:
            self._board.fire(judgement)

    def _end(self, key: _Key) -> None:
        row = self._rows.pop(key)
        if row is not None:
            self._forget(key, row)

    def _forget(self, key: _Key, row: _Row) -> None:
        said = _join(key)
        self._board.clear(said)
        self._board.settle(said)


ADVICE: Final[Mapping[str, str]] = {
    REFUSED: "Send less at once: back off as the answer's Retry-After says, or ask for a higher rate.",
}


def _is_beside(other: Call, call: Call) -> bool:
    """True where the other one ended by itself just before this one was cancelled."""
    return (
        other.run_id == call.run_id and other.outcome is not CANCELLED and 0 <= end_of(call) - end_of(other) < BESIDE_NS
    )


def _class_of(call: Call) -> str | None:
    """Which row a failure belongs to; None for one that is an answer too, such as a bad request."""
    outcome = judge_dependency(call)
    if outcome is TIMEOUT:
        return NO_ANSWER
    if outcome is THROTTLED:
        return REFUSED
    if outcome is not ERROR:
        return None
    if call.error is None or call.error.type in ("", "_OTHER"):
        return UNTOLD
    return NO_ANSWER if is_broken(call.error.type) else None


def _join(key: _Key) -> str:
    agent, name, fault = key
    end = {NO_ANSWER: "", REFUSED: "/429", UNTOLD: "/unknown"}[fault]
    return f"{agent or '-'}/{name}{end}"
