"""Notices an agent that waits too long for something that it should not wait for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, Final

from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.detectors.resources.deadlock import describe_wait, find_circles, shorten
from foretell.model.finding import Verdict
from foretell.model.kinds import Kind
from foretell.model.samples import Stack, Wait, WaitSample

WAITING_FILES: Final = frozenset(("locks.py", "queues.py", "tasks.py", "threading.py", "queue.py"))
MAX_TOLD: Final = 1_000
"""Of calls that are blocked at once; where more are, those that were found first tell enough."""


class AgentBlocked(Detector):
    """Fires for a wait of a call of ours that lasts `blocked_s`, is not allowed, and is no part of a deadlock.

    Who waits for a task that itself waits is not blamed: the last in the row is, where it works for a call of ours.
    """

    trigger: ClassVar[str] = "agent_blocked"
    kinds: ClassVar[frozenset[Kind]] = frozenset()

    def __init__(self, limits: Mapping[str, float]) -> None:
        """Watch with `blocked_s`."""
        super().__init__(limits)
        self._limit_ns = limits["blocked_s"] * 1e9
        self._blocked: list[tuple[Wait, int]] = []

    def take_waits(self, sample: WaitSample) -> None:
        """Find the waits that last too long."""
        old = [wait for wait in sample.waits if sample.time_ns - wait.since_ns >= self._limit_ns]
        self._blocked = []
        if any(not wait.is_allowed for wait in old):
            blocked = find_blocked(sample.waits, old)[:MAX_TOLD]
            self._blocked = [(wait, sample.time_ns - wait.since_ns) for wait in blocked]

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Fire for each call that is blocked."""
        return [self._describe(wait, lasted_ns) for wait, lasted_ns in self._blocked]

    def _describe(self, wait: Wait, lasted_ns: int) -> Judgement:
        limit_s = self.limits["blocked_s"]
        who = f"agent {wait.agent_name!r} ({shorten(wait.waiter)})" if wait.agent_name else shorten(wait.waiter)
        where = f" It stands at {find_place(wait.stack)}." if wait.stack else ""
        return Judgement(
            wait.waiter,
            Verdict.FIRING,
            onset_ns=wait.since_ns,
            explanation=(
                f"{who[0].upper()}{who[1:]} has waited {lasted_ns / 1e9:.1f} s (limit {limit_s:g} s) for "
                f"{wait.what}.{where}"
            ),
            confidence=0.9,
            evidence={"waited_s": round(lasted_ns / 1e9, 1), "blocked_s": limit_s, **describe_wait(wait)},
            run_id=wait.run_id,
            span_id=wait.span_id,
            agent_name=wait.agent_name,
        )


def find_place(stack: Stack) -> str:
    """Return the innermost frame that is not of Python's own ways to wait."""
    own = [frame for frame in stack if frame.partition(":")[0] not in WAITING_FILES]
    return (own or stack)[-1]


def find_blocked(waits: Sequence[Wait], old: Iterable[Wait]) -> list[Wait]:
    """Return the old waits that nothing excuses, each task once."""
    by_waiter: dict[str, list[Wait]] = {}
    for wait in waits:
        by_waiter.setdefault(wait.waiter, []).append(wait)
    locked = {wait.waiter for circle in find_circles(waits) for wait in circle}
    found: dict[str, Wait] = {}
    for wait in old:
        if wait.run_id is not None and not _is_excused(wait, by_waiter, locked):
            found.setdefault(wait.waiter, wait)
    return list(found.values())


def _is_excused(wait: Wait, by_waiter: Mapping[str, list[Wait]], locked: set[str]) -> bool:
    """True for a wait that may last, and one for a task that works or whose own wait says enough."""
    seen: set[str] = set()
    while True:
        if wait.is_allowed or wait.waiter in seen or not locked.isdisjoint((wait.waiter, wait.target)):
            return True
        seen.add(wait.waiter)
        if wait.target is None or not _is_task(wait):
            return False
        further = by_waiter.get(wait.target)
        if not further:
            return True  # the task that is waited for is at work
        if any(other.run_id is not None for other in further):
            return True  # it works for a call of ours, and is judged by itself
        wait = further[0]


def _is_task(wait: Wait) -> bool:
    """True for who waits for a task's end, not for something that the task holds."""
    return wait.what.startswith("task ")
