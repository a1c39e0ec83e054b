"""Waits that last too long."""

from __future__ import annotations

import pytest

from foretell.detectors.resources.agent_blocked import AgentBlocked
from foretell.model.samples import Wait, WaitSample

S = 1_000_000_000
NOW = 1_700_000_000 * S


@pytest.fixture
def detector():
    return AgentBlocked({"blocked_s": 10})


def wait(waiter, target=None, what="a queue that is full", since_s=0.0, *, run="00000000000000aa", **more):
    return Wait(waiter, target, what, NOW + int(since_s * S), run_id=run, agent_name=run and "planner", **more)


def see(detector, at_s, *waits):
    at_ns = NOW + int(at_s * S)
    detector.take_waits(WaitSample(at_ns, waits))
    return list(detector.judge(at_ns))


def test_a_wait_of_ten_seconds_is_told_with_its_place(detector):
    """What for, how long, and where."""
    (found,) = see(detector, 10, wait("task 'A'#1", stack=("app.py:3 main", "app.py:9 put"), span_id=255))

    assert (
        "Agent 'planner' (task 'A') has waited 10.0 s (limit 10 s) for a queue that is full. It stands at app.py:9 put."
        == found.explanation
    )
    assert (NOW, "00000000000000aa", 255, "planner") == (found.onset_ns, found.run_id, found.span_id, found.agent_name)
    assert "00000000000000ff" == found.evidence["call"]


def test_a_shorter_wait_is_quiet(detector):
    """Just under the limit."""
    assert [] == see(detector, 9.9, wait("A"))


def test_it_is_over_when_the_wait_is(detector):
    """The next wait of the same task begins anew."""
    see(detector, 12, wait("A"))

    assert [] == see(detector, 13, wait("A", since_s=12.5))


def test_what_is_allowed_may_last(detector):
    """A model, a person, a timer."""
    assert [] == see(detector, 600, wait("A", what="a timer", is_allowed=True))


def test_what_works_for_no_call_of_ours_is_left_alone(detector):
    """Every program has tasks that wait all day."""
    assert [] == see(detector, 600, wait("A", run=None))


def test_a_circle_is_a_deadlock_and_nothing_else(detector):
    """Neither are those who wait for somebody in it."""
    circle = (wait("A", "B", "task 'B'"), wait("B", "A", "task 'A'"), wait("C", "A", "a lock"))

    assert [] == see(detector, 60, *circle)


@pytest.mark.parametrize(
    "inner", [(), (wait("B", what="the network or a process", is_allowed=True),), (wait("B", what="an event"),)]
)
def test_who_waits_for_a_task_is_not_blamed_while_that_says_enough(detector, inner):
    """It works, or waits for the network, or is told of itself."""
    found = see(detector, 60, wait("A", "B", "task 'B'"), *inner)

    assert ["B"] * (inner != () and not inner[0].is_allowed) == [one.key for one in found]


def test_who_waits_for_a_task_of_the_program_that_is_stuck_is_blocked(detector):
    """The task has no call of ours: nobody else would tell."""
    found = see(detector, 60, wait("A", "B", "task 'B'"), wait("B", what="an event", run=None))

    assert ["A"] == [one.key for one in found]


def test_who_waits_for_a_lock_is_blocked_whatever_its_holder_is_at(detector):
    """The holder sleeps, or works: either way nobody else can go on."""
    found = see(detector, 60, wait("A", "B", "a lock, held by task 'B'"), wait("B", what="a timer", is_allowed=True))

    assert ["A"] == [one.key for one in found]


def test_who_waits_for_several_is_told_once(detector):
    """Each wait is an edge, the trouble is one."""
    stuck = [wait(name, what="an event", run=None) for name in "BC"]

    assert ["A"] == [
        one.key for one in see(detector, 60, *(wait("A", name, f"task {name!r}") for name in "BC"), *stuck)
    ]
