"""Notices tasks, threads and agents that wait for each other in a circle."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.detectors.resources.graph import find_cycles
from foretell.model.finding import Verdict
from foretell.model.kinds import Kind
from foretell.model.samples import Wait, WaitSample

Circle = frozenset[tuple[str, str, int]]
"""The waits of a circle: waiter, target, since when. One that was left and entered again is another."""


class Deadlock(Detector):
    """Fires when the same waits close a circle in two samples, and have done so for at least `confirm_s`."""

    trigger: ClassVar[str] = "deadlock"
    kinds: ClassVar[frozenset[Kind]] = frozenset()

    def __init__(self, limits: Mapping[str, float]) -> None:
        """Watch with `confirm_s`."""
        super().__init__(limits)
        self._confirm_ns = limits["confirm_s"] * 1e9
        self._seen: set[Circle] = set()
        self._firing: list[tuple[Wait, ...]] = []

    def take_waits(self, sample: WaitSample) -> None:
        """Find the circles; what is in this sample no more is forgotten."""
        circles = {_name(waits): waits for waits in find_circles(sample.waits)}
        self._firing = [
            waits
            for circle, waits in circles.items()
            # Its waits began when somebody looked first, or are known to have begun then: that is the first of the two.
            if circle in self._seen and sample.time_ns - max(wait.since_ns for wait in waits) >= self._confirm_ns
        ]
        self._seen = set(circles)

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Fire for each circle that was confirmed."""
        return [_describe(waits, self.limits["confirm_s"]) for waits in self._firing]


def find_circles(waits: Iterable[Wait]) -> list[tuple[Wait, ...]]:
    """Return the waits of each circle, in an order in which one leads to the next where that is possible."""
    by_waiter: dict[str, list[Wait]] = {}
    for wait in waits:
        if wait.target is not None and not wait.is_allowed:
            by_waiter.setdefault(wait.waiter, []).append(wait)
    edges = {waiter: [wait.target for wait in own if wait.target] for waiter, own in by_waiter.items()}
    return [_walk(group, by_waiter) for group in find_cycles(edges)]


def _walk(group: frozenset[str], by_waiter: Mapping[str, list[Wait]]) -> tuple[Wait, ...]:
    """Order the waits of a group by following them, from the least name."""
    ordered: list[Wait] = []
    left = sorted(group)
    node = left[0]
    while left:
        if node not in left:
            node = left[0]
        left.remove(node)
        inside = [wait for wait in by_waiter[node] if wait.target in group]
        ordered += inside
        node = inside[0].target or node
    return tuple(ordered)


def _name(waits: Iterable[Wait]) -> Circle:
    return frozenset((wait.waiter, wait.target or "", wait.since_ns) for wait in waits)


def _describe(waits: tuple[Wait, ...], confirm_s: float) -> Judgement:
    told = ", ".join(f"{shorten(wait.waiter)} waits for {wait.what}" for wait in waits[:6])
    count = len({wait.waiter for wait in waits})
    of_run = next((wait for wait in waits if wait.run_id), waits[0])
    return Judgement(
        "+".join(sorted({wait.waiter for wait in waits})),
        Verdict.FIRING,
        # The circle was closed by its last wait.
        onset_ns=max(wait.since_ns for wait in waits),
        explanation=f"{count} {'wait' if count > 1 else 'waits'} in a circle, and none can go on: {told}.",
        evidence={
            "waits": [describe_wait(wait) for wait in waits],
            "confirm_s": confirm_s,
            "runs": sorted({wait.run_id for wait in waits if wait.run_id}),
        },
        run_id=of_run.run_id,
        span_id=of_run.span_id,
        agent_name=of_run.agent_name,
    )


def describe_wait(wait: Wait) -> dict[str, object]:
    """Return a wait as evidence."""
    return {
        "waiter": shorten(wait.waiter),
        "target": shorten(wait.target) if wait.target else None,
        "what": wait.what,
        "agent": wait.agent_name,
        "run": wait.run_id,
        "call": f"{wait.span_id:016x}" if wait.span_id else None,
        "stack": list(wait.stack),
    }


def shorten(name: str) -> str:
    """Return the part of a waiter's name that people gave it: before the `#`."""
    return name.partition("#")[0]
