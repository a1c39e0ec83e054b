"""Loops that do not turn."""

from __future__ import annotations

import pytest

from foretell.detectors.resources.event_loop_blocked import EventLoopBlocked
from foretell.model.finding import Verdict
from foretell.model.samples import LoopSample

S = 1_000_000_000
NOW = 1_700_000_000 * S
STACK = ("app.py:3 main", "app.py:9 fetch", "socket.py:700 recv")


@pytest.fixture
def detector():
    return EventLoopBlocked({"heartbeat_s": 10})


def see(detector, at_s, *, loop_id=1, asked_s=None, **more):
    at_ns = NOW + int(at_s * S)
    asked_ns = NOW + int(asked_s * S) if asked_s is not None else 0
    detector.take_loop(
        LoopSample(at_ns, loop_id, at_ns, 77, asked_ns=asked_ns, run_ids=("aa", "bb"), agent_name="planner", **more)
    )
    return list(detector.judge(at_ns))


def test_a_loop_that_is_asked_in_vain_for_ten_seconds_is_blocked(detector):
    """The stack says by what, and the newest run is named."""
    (found,) = see(detector, 12, asked_s=2, stack=STACK)

    assert (
        "The event loop has not turned for 10.0 s (limit 10 s). Its thread is at socket.py:700 recv."
        == found.explanation
    )
    assert (NOW + 2 * S, "bb", "planner", 1.0) == (found.onset_ns, found.run_id, found.agent_name, found.confidence)
    assert list(STACK) == found.evidence["stack"]


def test_a_loop_that_is_late_for_less_is_not(detector):
    """Just under the limit."""
    assert [] == see(detector, 11.9, asked_s=2, stack=STACK)


def test_an_answer_ends_it(detector):
    """It turns again."""
    see(detector, 12, asked_s=2)

    assert [] == see(detector, 12.5)


def test_a_loop_that_is_closed_is_not_blocked(detector):
    """Nothing more comes from it."""
    see(detector, 12, asked_s=2)

    assert [] == see(detector, 13, asked_s=2, is_ended=True)


def test_each_loop_is_judged_by_itself(detector):
    """One that turns does not speak for the other."""
    see(detector, 12, loop_id=1, asked_s=2)
    found = see(detector, 12, loop_id=2)

    assert ["planner/loop-1"] == [one.key for one in found]


@pytest.mark.parametrize("proof", [{"missed_cpu_ns": 11 * S}, {"missed_is_held": True}])
def test_c_code_that_held_the_interpreter_is_told_when_it_returns(detector, proof):
    """Nobody could look meanwhile; the stack of now says where it was called."""
    (found,) = see(detector, 20, missed_ns=12 * S, stack=STACK, **proof)

    assert found.explanation.startswith("Nothing of this process ran for 12.0 s (limit 10 s): C code held the GIL.")
    assert found.evidence["gil_was_held"]
    assert [] == see(detector, 20.5)


def test_a_process_that_was_stopped_blocked_nothing(detector):
    """It used no CPU, and its own watchdog did not ask for the interpreter either."""
    assert [] == see(detector, 620, missed_ns=600 * S, missed_cpu_ns=S, stack=STACK)


def test_a_blocked_loop_that_nobody_looks_at_any_more_is_unknown(detector):
    """Neither blocked nor well."""
    see(detector, 12, asked_s=2)
    later = list(detector.judge(NOW + 100 * S))

    assert [("planner/loop-1", Verdict.UNKNOWN)] == [(one.key, one.verdict) for one in later]


def test_a_clock_that_is_set_back_changes_nothing(detector):
    """How late a loop is stands in its sample."""
    see(detector, 5_000)

    assert [] == see(detector, 100)


def test_memory_stays_bounded(detector):
    """A program that makes loops without end is watched in its newest ones."""
    for loop_id in range(3_000):
        detector.take_loop(LoopSample(NOW + 12 * S, loop_id, NOW, 77, asked_ns=NOW))

    assert 1_000 == len(list(detector.judge(NOW + 12 * S)))
