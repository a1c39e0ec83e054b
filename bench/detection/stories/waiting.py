"""Waiting: on something that does not come, on each other, on a blocked event loop."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from bench.detection.episode import Truth
from bench.detection.scene import LOOK_S, Scene, ns
from bench.detection.suite import Story, Suite
from foretell.model.call import Call
from foretell.model.kinds import Kind
from foretell.model.samples import Wait

FRAMES = ("app.py:10 main", "app.py:44 serve", "desk.py:7 handle", "time.py:1 sleep")


def _sample(scene: Scene, waits: Sequence[tuple[Wait, float, float]], to_s: float, every_s: float = LOOK_S) -> None:
    """Look at the waits, each of which lasts from one time to another."""
    at_s = scene.random.uniform(0.1, every_s)
    while at_s < to_s:
        scene.waits(at_s, *(wait for wait, from_s, until_s in waits if from_s <= at_s < until_s))
        at_s += every_s


def _wait(waiter: str, target: str | None, what: str, since_s: float, run: Call, *, is_allowed: bool = False) -> Wait:
    return Wait(waiter, target, what, ns(since_s), is_allowed, run.run_id, run.span_id, run.agent_name, FRAMES)


def _begin(scene: Scene, agents: int = 1) -> list[Call]:
    """Open runs that go on until the end of the scene."""
    return [scene.run(0.05 + 0.01 * number, agent=f"desk-{number}") for number in range(agents)]


# -- deadlock --------------------------------------------------------------------------------------------------------


def _circle(scene: Scene, size: int, lasts_s: float, what: str = "lock") -> Truth:
    """Let tasks wait for each other in a circle; the last of them closes it."""
    runs = _begin(scene, size)
    closed_s = scene.random.uniform(3, 8)
    end_s = closed_s + lasts_s
    names = [f"task '{what}-{number}'" for number in range(size)]
    waits = []
    for at, name in enumerate(names):
        since_s = closed_s - (0 if at == size - 1 else scene.random.uniform(0.2, 2))
        waits.append((_wait(name, names[(at + 1) % size], f"{what} '{at}'", since_s, runs[at]), since_s, end_s))
    onlooker = _wait("task 'onlooker'", names[0], "task", closed_s + 0.1, runs[0])
    waits.append((onlooker, closed_s + 0.1, end_s))
    _sample(scene, waits, end_s + 3)
    for run in runs:
        scene.end(run, end_s + 2)
    return Truth(closed_s, end_s, 1.0)


def _chain(scene: Scene, size: int, lasts_s: float) -> None:
    """Let tasks wait in a row; the last one works and waits for nobody."""
    runs = _begin(scene, size)
    waits = [
        (_wait(f"t{at}", f"t{at + 1}", "lock", 2 + at * 0.1, runs[at]), 2 + at * 0.1, 2 + lasts_s - at * 0.2)
        for at in range(size - 1)
    ]
    _sample(scene, waits, lasts_s + 4)
    for run in runs:
        scene.end(run, lasts_s + 3)


def _passing(scene: Scene) -> None:
    """Take turns with a lock so fast that a look may see a circle that never was: the waits are always new."""
    runs = _begin(scene, 2)
    at_s = scene.random.uniform(0.1, LOOK_S)
    while at_s < 20:
        since_s = at_s - 0.01
        waits = [_wait("a", "b", "lock 'x'", since_s, runs[0]), _wait("b", "a", "lock 'y'", since_s, runs[1])]
        scene.waits(at_s, *(waits if scene.random.random() < 0.5 else waits[: scene.random.randrange(2)]))
        at_s += LOOK_S
    for run in runs:
        scene.end(run, 21)


def _with_outside(scene: Scene, what: str) -> None:
    """Wait for a model, a person or a timer, and for each other, but in no circle."""
    runs = _begin(scene, 2)
    waits = [
        (_wait("a", "b", "task 'b'", 2, runs[0], is_allowed=True), 2.0, 40.0),
        (_wait("b", None, what, 2, runs[1], is_allowed=True), 2.0, 40.0),
    ]
    _sample(scene, waits, 42)
    for run in runs:
        scene.end(run, 41)


def _one_resource(scene: Scene) -> None:
    """Let many wait for one that works."""
    runs = _begin(scene, 5)
    waits = [(_wait(f"t{at}", "owner", "lock 'pool'", 1 + at, runs[at]), 1.0 + at, 9.0 + at) for at in range(5)]
    _sample(scene, waits, 16)
    for run in runs:
        scene.end(run, 15)


DEADLOCK = Suite(
    "deadlock",
    (
        Story(
            "mild: two locks in the wrong order, 2.2 s until one gives up", partial(_circle, size=2, lasts_s=2.2), 12
        ),
        Story("clear: tasks that await each other", partial(_circle, size=2, lasts_s=30, what="task"), 10),
        Story("clear: a circle of 3", partial(_circle, size=3, lasts_s=30), 8),
        Story("gross: a circle of 7, for good", partial(_circle, size=7, lasts_s=120), 6),
    ),
    (
        Story("a chain of 4", partial(_chain, size=4, lasts_s=8), 20),
        Story("a long chain that moves", partial(_chain, size=9, lasts_s=9), 15),
        Story("circles that are never the same twice", _passing, 20),
        Story("waiting for a model", partial(_with_outside, what="model"), 15),
        Story("waiting for a person", partial(_with_outside, what="input"), 15),
        Story("five wait for one", _one_resource, 15),
    ),
    doubled="confirm_s",
    note="The rule's minimum is the second between its two looks.",
)


# -- agent_blocked ---------------------------------------------------------------------------------------------------


def _blocked(scene: Scene, lasts_s: float, what: str) -> Truth:
    """Wait for something that nobody gives."""
    [run] = _begin(scene)
    tool = scene.open(run, Kind.TOOL, "fetch_order", 1.0, {"order": 7})
    since_s = scene.random.uniform(2, 6)
    wait = Wait("task 'desk'", None, what, ns(since_s), False, run.run_id, tool.span_id, run.agent_name, FRAMES)
    _sample(scene, [(wait, since_s, since_s + lasts_s)], since_s + lasts_s + 3)
    scene.end(tool, since_s + lasts_s + 0.1)
    scene.end(run, since_s + lasts_s + 2)
    return Truth(since_s, since_s + lasts_s, 10.0)


def _patient(scene: Scene, lasts_s: float, what: str, *, is_allowed: bool = True, again: int = 1) -> None:
    """Wait, but for something that may take its time, or not for long."""
    [run] = _begin(scene)
    waits, at_s = [], 2.0
    for number in range(again):
        taken_s = lasts_s * scene.random.uniform(0.9, 1)
        waits.append((_wait(f"task {number}", None, what, at_s, run, is_allowed=is_allowed), at_s, at_s + taken_s))
        at_s += taken_s + scene.random.uniform(0.1, 2)
    _sample(scene, waits, at_s)
    scene.end(run, at_s)


def _same_task_waits_anew(scene: Scene) -> None:
    """Wait eight seconds for one thing after another, always in the same task."""
    [run] = _begin(scene)
    waits, at_s = [], 2.0
    for number in range(5):
        waits.append((_wait("task 'desk'", None, f"queue.get {number % 2}", at_s, run), at_s, at_s + 8.0))
        at_s += 8.05
    _sample(scene, waits, at_s)
    scene.end(run, at_s)


AGENT_BLOCKED = Suite(
    "agent_blocked",
    (
        Story(
            "mild: a full queue for 11 to 19 s",
            lambda scene: _blocked(scene, scene.random.uniform(11.5, 19), "queue.put"),
            12,
        ),
        Story("clear: a lock for 40 s", partial(_blocked, lasts_s=40, what="lock 'orders'"), 12),
        Story("gross: an event for 5 minutes", partial(_blocked, lasts_s=300, what="event.wait"), 10),
    ),
    (
        Story("9 s on a lock", partial(_patient, lasts_s=9, what="lock 'orders'", is_allowed=False, again=3), 20),
        Story("one task waits 8 s, again and again", _same_task_waits_anew, 20),
        Story("a model for 60 s", partial(_patient, lasts_s=60, what="model"), 15),
        Story("a person for 10 minutes", partial(_patient, lasts_s=600, what="input"), 15),
        Story("a timer for 5 minutes", partial(_patient, lasts_s=300, what="sleep"), 15),
        Story("nothing", partial(_patient, lasts_s=0.2, what="lock", is_allowed=False, again=10), 10),
    ),
    doubled="blocked_s",
    note="The rule's minimum is its ten seconds.",
)


# -- event_loop_blocked ----------------------------------------------------------------------------------------------


def _turn(scene: Scene, blocks: Sequence[tuple[float, float]], to_s: float) -> Call:
    """Look at a loop that does not turn from some times to others: it is asked at each look, and answers when it can."""
    [run] = _begin(scene)
    at_s = scene.random.uniform(0.1, LOOK_S)
    answered_s, asked_s = at_s, None
    while at_s < to_s:
        is_blocked = any(block[0] <= at_s < block[1] for block in blocks)
        if not is_blocked:
            answered_s, asked_s = at_s - scene.random.uniform(0.0005, 0.02), None
        # What is late for a second is said to be late, and its stack is taken.
        is_late = asked_s is not None and at_s - asked_s >= 1
        scene.loop(at_s, answered_s, FRAMES if is_late else (), (run,), asked_ns=ns(asked_s or 0) if is_late else 0)
        if is_blocked and asked_s is None:
            asked_s = at_s
        at_s += LOOK_S
    return run


def _unseen(scene: Scene, lasts_s: float, cpu_share: float) -> tuple[float, float]:
    """Let nothing of the process run for a while: it is seen when it does again."""
    [run] = _begin(scene)
    begin_s = scene.random.uniform(3, 20)
    back_s = begin_s + lasts_s
    for at_s in (begin_s - 1.0, begin_s - 0.5, begin_s):
        scene.loop(at_s, at_s - 0.002, (), (run,))
    missed_ns = int((lasts_s - LOOK_S) * 1e9)
    scene.loop(back_s, begin_s, FRAMES, (run,), missed_ns=missed_ns, missed_cpu_ns=int(missed_ns * cpu_share))
    scene.loop(back_s + LOOK_S, back_s + LOOK_S - 0.002, (), (run,))
    scene.end(run, back_s + 2)
    scene.looks(back_s + 3, from_s=back_s + LOOK_S)
    return begin_s, back_s


def _hold_interpreter(scene: Scene) -> Truth:
    """Block the loop with C code that holds the interpreter, so that nobody can look either."""
    begin_s, back_s = _unseen(scene, scene.random.uniform(12, 60), 1.0)
    return Truth(begin_s, back_s, back_s - begin_s, is_exempt=True)


def _stopped(scene: Scene) -> None:
    """Stop the process for a while, as a closed laptop does: it used no CPU, so nothing blocked it."""
    _unseen(scene, scene.random.uniform(20, 600), 0.0)


def _block(scene: Scene, lasts_s: float) -> Truth:
    """Block the loop with a synchronous call."""
    begin_s = scene.random.uniform(3, 20)
    run = _turn(scene, [(begin_s, begin_s + lasts_s)], begin_s + lasts_s + 3)
    scene.end(run, begin_s + lasts_s + 2)
    return Truth(begin_s, begin_s + lasts_s, 10.0)


def _hiccups(scene: Scene, lasts_s: float, times: int) -> None:
    """Block the loop for less than ten seconds, again and again."""
    blocks, at_s = [], 3.0
    for _ in range(times):
        blocks.append((at_s, at_s + lasts_s * scene.random.uniform(0.8, 1)))
        at_s += lasts_s + scene.random.uniform(0.6, 2)
    scene.end(_turn(scene, blocks, at_s), at_s)


def _closed(scene: Scene) -> None:
    """Close the loop, and go on without one."""
    run = _turn(scene, [], 5)
    scene.loop(5.2, 5.1, is_ended=True)
    scene.looks(60, from_s=5.3)
    scene.end(run, 60)


def _set_clock(scene: Scene) -> None:
    """Set the clock forward by an hour: the loop answers before and after it."""
    [run] = _begin(scene)
    for number in range(40):
        at_s = number * LOOK_S + 0.2 + (3_600 if number >= 20 else 0)
        scene.loop(at_s, at_s - 0.003, (), (run,))
    scene.end(run, 3_625)


EVENT_LOOP_BLOCKED = Suite(
    "event_loop_blocked",
    (
        Story("mild: 11 to 19 s", lambda scene: _block(scene, scene.random.uniform(11.5, 19)), 14),
        Story("clear: 40 s", partial(_block, lasts_s=40), 12),
        Story("gross: 5 minutes", partial(_block, lasts_s=300), 10),
        Story("clear: C code that holds the interpreter", _hold_interpreter, 6),
    ),
    (
        Story("9 s, again and again", partial(_hiccups, lasts_s=9, times=4), 25),
        Story("2 s, again and again", partial(_hiccups, lasts_s=2, times=12), 20),
        Story("the loop turns", partial(_hiccups, lasts_s=0.05, times=20), 20),
        Story("the loop is closed", _closed, 20),
        Story("the clock is set forward by an hour", _set_clock, 15),
        Story("the process is stopped", _stopped, 10),
    ),
    doubled="heartbeat_s",
    note="The rule's minimum is its ten seconds. Where C code holds the interpreter it is noticed when it returns, and exempt "
    "from the second.",
)

SUITES = (DEADLOCK, AGENT_BLOCKED, EVENT_LOOP_BLOCKED)
