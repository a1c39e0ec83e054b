"""Our own eyes: what is lost, and what could not be redacted."""

from __future__ import annotations

from functools import partial

from bench.detection.episode import Truth
from bench.detection.scene import Scene
from bench.detection.suite import Story, Suite

EVERY_S = 1.0


def _count(
    scene: Scene,
    grows: dict[str, list[tuple[float, int]]],
    to_s: float = 60.0,
    silent: tuple[float, float] = (0.0, 0.0),
) -> None:
    """Show our counts each second; each grows at some times by so many. While it is silent nothing is exported."""
    ended, exported, at_s = 0, 0, scene.random.uniform(0.1, EVERY_S)
    while at_s < to_s:
        ended += scene.random.randrange(5)
        if not silent[0] <= at_s < silent[1]:
            exported = ended
        counts = {"started.calls": ended + 3, "ended.calls": ended, "exported.traces": exported}
        counts |= {name: sum(more for from_s, more in steps if from_s <= at_s) for name, steps in grows.items()}
        scene.counts(at_s, counts)
        at_s += EVERY_S


def _silence(scene: Scene) -> Truth:
    """Export nothing any more, while calls end."""
    begin_s = scene.random.uniform(20, 40)
    _count(scene, {}, 720, (begin_s, 720))
    return Truth(begin_s, 720, 601)


def _outage(scene: Scene) -> None:
    """Be without the collector for some minutes: what ends waits in the store, and goes out later."""
    begin_s = scene.random.uniform(20, 40)
    end_s = begin_s + scene.random.uniform(60, 560)
    _count(scene, {"trouble.collector.connection": [(begin_s, 1)]}, 700, (begin_s, end_s))


def _lose(scene: Scene, name: str, at_once: int, times: int = 1) -> Truth:
    """Count something that must not be."""
    begin_s = scene.random.uniform(5, 20)
    _count(scene, {name: [(begin_s + 2 * number, at_once) for number in range(times)]})
    return Truth(begin_s, 60)


def _keep(scene: Scene, **grows: list[tuple[float, int]]) -> None:
    """Count things that are as they should be."""
    _count(scene, {name.replace("__", "."): steps for name, steps in grows.items()}, to_s=120)


MANY = [(float(second), 3) for second in range(5, 100, 5)]

TELEMETRY_GAP = Suite(
    "telemetry_gap",
    (
        Story("mild: one span", partial(_lose, name="dropped.traces.encoding", at_once=1), 12),
        Story(
            "clear: 20 spans that the collector refused", partial(_lose, name="dropped.traces.rejected", at_once=20), 10
        ),
        Story("clear: log lines", partial(_lose, name="dropped.logs.queue_full", at_once=5, times=5), 6),
        Story("clear: nothing goes out for ten minutes", _silence, 6),
        Story("gross: thousands", partial(_lose, name="dropped.calls.queue_full", at_once=2_000, times=10), 6),
    ),
    (
        Story("nothing is lost", _keep, 30),
        Story("contents are shortened", partial(_keep, truncated__logs__redaction=MANY), 20),
        Story("the collector is away for some minutes", _outage, 20),
        Story("redactions", partial(_keep, redacted__email=MANY), 20),
        Story("a hook's fault that lost nothing", partial(_keep, fault__probe=[(20.0, 1)]), 10),
    ),
    doubled="min_dropped",
    note="It is wrong with the first count; silence, after the ten minutes of its window. Counts are looked at each second.",
)

REDACTION_FAILURE = Suite(
    "redaction_failure",
    (
        Story("mild: one failure", partial(_lose, name="errors.redaction.rule", at_once=1), 14),
        Story("clear: every few seconds", partial(_lose, name="errors.redaction.rule", at_once=3, times=8), 10),
        Story("gross: every call", partial(_lose, name="errors.redaction.rule", at_once=500, times=10), 8),
    ),
    (
        Story("nothing fails", _keep, 30),
        Story("matches are replaced", partial(_keep, redacted__email=MANY, redacted__card=MANY), 30),
        Story("calls are dropped", partial(_keep, dropped__calls__queue_full=MANY), 20),
        Story("contents are shortened", partial(_keep, truncated__logs__redaction=MANY), 20),
    ),
    doubled="min_failures",
    note="It is wrong with the first count. Counts are looked at each second.",
)

SUITES = (TELEMETRY_GAP, REDACTION_FAILURE)
