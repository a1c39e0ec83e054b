"""What a process takes: memory and CPU."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import sin, tau

from bench.detection.episode import Truth
from bench.detection.scene import MAIN, Scene
from bench.detection.suite import Story, Suite
from foretell.model.kinds import Kind
from foretell.model.samples import Stack

HOUR_S = 3_600.0

# -- memory_growth ---------------------------------------------------------------------------------------------------

QUIET_EVERY_S = 5.0
"""Memory is looked at each second; of quiet hours every fifth look tells the same story in a fifth of the time."""
MIN_AGE_S = 1_800.0

Curve = Callable[[float], float]
"""MB over what the process took at its start, by seconds since then."""


def _watch(scene: Scene, curve: Curve, hours: float, noise_mb: float = 3.0, every_s: float = 1.0) -> float:
    base_mb = scene.random.uniform(120, 400)
    at_s = scene.random.uniform(0, every_s)
    while at_s < hours * HOUR_S:
        scene.process(at_s, base_mb + curve(at_s) + abs(scene.random.gauss(0, noise_mb)), {MAIN: at_s * 0.02})
        at_s += every_s
    return at_s


def _saw(height_mb: float, period_s: float) -> Curve:
    """A garbage collector's saw-tooth."""
    return lambda at_s: height_mb * (at_s % period_s) / period_s


def _leak(scene: Scene, rate_mb_h: float, *, saw_mb: float = 0.0, after_h: float = 0.0) -> Truth:
    """Leak from the beginning on, or after a time in which nothing leaked."""
    rate = rate_mb_h * scene.random.uniform(1, 1.1)
    saw = _saw(saw_mb, scene.random.uniform(40, 90))
    begin_s = after_h * HOUR_S
    end_s = _watch(
        scene, lambda at_s: max(at_s - begin_s, 0) / HOUR_S * rate + saw(at_s), after_h + (1.3 if after_h else 0.8)
    )
    # From the start on the rule waits for its age; later it judges the last hour, which must have been one of leaking.
    return Truth(begin_s, end_s, HOUR_S if after_h else MIN_AGE_S)


def _steady(scene: Scene, curve: Callable[[Scene], Curve], hours: float = 1.6, noise_mb: float = 3.0) -> None:
    _watch(scene, curve(scene), hours, noise_mb, QUIET_EVERY_S)


def _forty(scene: Scene) -> Curve:
    rate = scene.random.uniform(36, 40)
    return lambda at_s: at_s / HOUR_S * rate


def _step(scene: Scene) -> Curve:
    at, size = scene.random.uniform(120, 3_000), scene.random.uniform(80, 400)
    return lambda at_s: size if at_s >= at else 0.0


def _teeth(scene: Scene) -> Curve:
    return _saw(scene.random.uniform(40, 150), scene.random.uniform(60, 600))


def _spikes(scene: Scene) -> Curve:
    moments = [scene.random.uniform(0, 5_000) for _ in range(4)]
    return lambda at_s: 500.0 if any(moment <= at_s < moment + 40 for moment in moments) else 0.0


def _daily(scene: Scene) -> Curve:
    phase = scene.random.random()
    return lambda at_s: 30 * sin(tau * (at_s / 900 + phase))


def _young(scene: Scene) -> Curve:
    return lambda at_s: at_s / HOUR_S * 400


def _restarted(scene: Scene) -> Curve:
    """Grow for less than half an hour, again and again from the start: a worker that is replaced."""
    life_s = scene.random.uniform(900, 1_500)
    return lambda at_s: 300 + (at_s % life_s) / HOUR_S * 400 if at_s % life_s > 5 else -100.0


def _warm_up(scene: Scene) -> Curve:
    """Fill a cache in the first minutes."""
    full_s, size = scene.random.uniform(60, 240), scene.random.uniform(100, 300)
    return lambda at_s: size * min(at_s / full_s, 1)


MEMORY_GROWTH = Suite(
    "memory_growth",
    (
        Story("mild: 60 MB an hour", partial(_leak, rate_mb_h=60), 8),
        Story("mild: 70 MB an hour under a saw-tooth", partial(_leak, rate_mb_h=70, saw_mb=10), 6),
        Story("clear: 100 MB an hour", partial(_leak, rate_mb_h=100), 8),
        Story("gross: 300 MB an hour", partial(_leak, rate_mb_h=300), 6),
        Story("clear: 120 MB an hour after an hour of none", partial(_leak, rate_mb_h=120, after_h=1.0), 6),
    ),
    (
        Story("40 MB an hour", partial(_steady, curve=_forty), 20),
        Story("a step when a cache or a model loads", partial(_steady, curve=_step), 15),
        Story("a garbage collector's saw-tooth", partial(_steady, curve=_teeth), 15),
        Story("spikes", partial(_steady, curve=_spikes), 10),
        Story("waves", partial(_steady, curve=_daily), 10),
        Story("a young process, 400 MB an hour", partial(_steady, curve=_young, hours=0.45), 10),
        Story("a process that is restarted each 15 to 25 minutes", partial(_steady, curve=_restarted), 10),
        Story("a cache that fills in the first minutes", partial(_steady, curve=_warm_up), 10),
        Story("nothing but noise", partial(_steady, curve=lambda _: lambda _: 0.0, noise_mb=20.0), 10),
    ),
    doubled="growth_mb_per_h",
    note="The rule's minimum is its age of half an hour for a leak from the start on, and its window of an hour for one "
    "that begins later. In quiet episodes memory is shown every 5 s instead of every second.",
)


# -- cpu_spin --------------------------------------------------------------------------------------------------------

HOLD_S = 30.0
PYTHON: Stack = ("app.py:3 main", "desk.py:20 serve", "desk.py:31 wait_for_order", "desk.py:35 is_ready")
REGEX: Stack = ("app.py:3 main", "desk.py:20 serve", "desk.py:50 find_order", "re/__init__.py:190 match")
C_CODE: Stack = ("app.py:3 main", "desk.py:20 serve", "desk.py:61 hash_all")
HELPER = 4_002


def _run_cpu(
    scene: Scene,
    share: Callable[[float], float],
    stack: Callable[[float], Stack],
    to_s: float,
    *,
    unseen: tuple[float, float] = (0.0, 0.0),
    thread: int = MAIN,
) -> None:
    """Burn a share of one core in one thread, seen each second but for a time in which nobody can look."""
    at_s, spent_s, seen_s = scene.random.uniform(0.1, 1), 0.0, 0.0
    idle_s = 0.0
    while at_s < to_s:
        spent_s += share(at_s) * (at_s - seen_s)
        idle_s += 0.01 * (at_s - seen_s)
        seen_s = at_s
        if not unseen[0] <= at_s < unseen[1]:
            threads = {thread: spent_s, HELPER if thread == MAIN else MAIN: idle_s}
            scene.process(at_s, 200, threads, {MAIN: "main", HELPER: "executor"})
            scene.stacks(at_s, {thread: stack(at_s)})
        at_s += 1


def _spin(scene: Scene, lasts_s: float, share: float, stack: Stack, thread: int = MAIN) -> Truth:
    """Burn a core at one place while a call is open and none ends."""
    run = scene.run(0.5)
    begin_s = scene.random.uniform(5, 15)
    scene.ask(run, 1.0, lasts_s=2)
    tool = scene.open(run, Kind.TOOL, "find_order", begin_s - 0.5, {"order": 7})
    end_s = begin_s + lasts_s

    def share_at(at_s: float) -> float:
        return share * scene.random.uniform(0.99, 1.0) if begin_s <= at_s < end_s else 0.03

    _run_cpu(
        scene,
        share_at,
        lambda at_s: stack if begin_s <= at_s < end_s else ("app.py:3 main", "selectors.py:9 select"),
        end_s + 5,
        thread=thread,
    )
    scene.end(tool, end_s + 0.2)
    scene.end(run, end_s + 3)
    return Truth(begin_s, end_s, HOLD_S)


def _hold_interpreter(scene: Scene) -> Truth:
    """Hold the interpreter in C code: nobody can look until it returns."""
    run = scene.run(0.5)
    begin_s, lasts_s = 8.0, scene.random.uniform(35, 60)
    tool = scene.open(run, Kind.TOOL, "hash_all", begin_s - 0.1, {"n": 7})
    end_s = begin_s + lasts_s
    share = lambda at_s: 1.0 if begin_s <= at_s < end_s else 0.03  # noqa: E731  # a curve
    _run_cpu(scene, share, lambda at_s: C_CODE if at_s < end_s + 1 else PYTHON[:2], end_s + 5, unseen=(begin_s, end_s))
    scene.end(tool, end_s + 2.5)
    scene.end(run, end_s + 3)
    return Truth(begin_s, end_s + 3, lasts_s, is_exempt=True)


def _work(scene: Scene, share: float, lasts_s: float, *, progress_s: float = 0.0, moving: bool = False) -> None:
    """Compute honestly: calls end meanwhile, or the code moves on, or it does not take a whole core, or not for long."""
    run = scene.run(0.5)
    begin_s = 6.0
    end_s = begin_s + lasts_s
    at_s, number = begin_s, 0
    while progress_s and at_s + progress_s < end_s:
        at_s = scene.tool(run, at_s, "infer", {"n": number}, f"{number}", lasts_s=progress_s * 0.9) + progress_s * 0.1
        number += 1
    busy = None if progress_s else scene.open(run, Kind.TOOL, "crunch", begin_s, {"n": 1})

    def stack(at_s: float) -> Stack:
        return (
            (*PYTHON[:2], f"crunch.py:{scene.random.randrange(400)} part_{scene.random.randrange(20)}")
            if moving
            else PYTHON
        )

    _run_cpu(scene, lambda at_s: share if begin_s <= at_s < end_s else 0.02, stack, end_s + 5)
    if busy is not None:
        scene.end(busy, end_s + 0.1)
    scene.end(run, end_s + 3)


def _two_threads(scene: Scene) -> None:
    """Take more than one core with two threads, none of them a whole one."""
    run = scene.run(0.5)
    for second in range(60):
        at_s = second + 0.7
        scene.process(at_s, 200, {MAIN: second * 0.6, HELPER: second * 0.6}, {MAIN: "main", HELPER: "executor"})
        scene.stacks(at_s, {MAIN: PYTHON, HELPER: REGEX})
    scene.end(run, 62)


CPU_SPIN = Suite(
    "cpu_spin",
    (
        Story("mild: Python, 33 to 58 s", lambda scene: _spin(scene, scene.random.uniform(33, 58), 0.98, PYTHON), 12),
        Story("clear: a regular expression, 90 s", partial(_spin, lasts_s=90, share=1.0, stack=REGEX), 10),
        Story(
            "clear: Python in another thread, 80 s",
            partial(_spin, lasts_s=80, share=0.97, stack=PYTHON, thread=HELPER),
            6,
        ),
        Story("gross: Python, 5 minutes", partial(_spin, lasts_s=300, share=1.0, stack=PYTHON), 6),
        Story("clear: C code that holds the interpreter", _hold_interpreter, 4),
    ),
    (
        Story("25 s", partial(_work, share=1.0, lasts_s=25), 20),
        Story("80 % of a core for 2 minutes", partial(_work, share=0.8, lasts_s=120), 15),
        Story("local inference at 100 % with progress", partial(_work, share=1.0, lasts_s=120, progress_s=5), 20),
        Story("crunching numbers: the code moves on", partial(_work, share=1.0, lasts_s=120, moving=True), 15),
        Story("two threads at 60 % each", _two_threads, 15),
        Story("idle", partial(_work, share=0.01, lasts_s=120), 15),
    ),
    doubled="hold_s",
    note="The rule's minimum is its half minute. C code that holds the interpreter is noticed when it returns and is exempt "
    "from the second.",
)

SUITES = (CPU_SPIN, MEMORY_GROWTH)
