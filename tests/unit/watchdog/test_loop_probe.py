"""The pulse of event loops, felt on real loops."""

from __future__ import annotations

import asyncio
import threading

import pytest

from foretell.watchdog.probes.loops import LoopProbe
from tests.unit.watchdog.some_tasks import LONG_S, NOW, S


class Ticks:
    """Goes on only when told."""

    def __init__(self):
        self.now = 100 * S

    def __call__(self):
        return self.now


@pytest.fixture
def ticks():
    return Ticks()


@pytest.fixture
def probe(stage, ticks):
    return LoopProbe(stage.book, every_ns=S // 2, tick_ns=ticks)


async def work(stage, name="planner"):
    with stage.call(name):
        await asyncio.Event().wait()


async def block(stage, began, done):
    with stage.call():
        began.set()
        done.wait(LONG_S)
        await asyncio.Event().wait()


def test_a_process_without_open_calls_has_no_loops_to_watch(stage, probe):
    """Whoever has a loop and no call of ours is left alone."""
    stage.start(asyncio.Event().wait)

    assert [] == list(probe.look(NOW))


def test_a_loop_that_answers_is_in_time(stage, probe, ticks):
    """The answer is newer than the question, and no stack is taken."""
    stage.start(work, stage)
    stage.settle()
    probe.look(NOW)
    stage.settle()
    ticks.now += S // 2
    (sample,) = probe.look(NOW + S // 2)

    assert (0, 0, ()) == (sample.asked_ns, sample.missed_ns, sample.stack)
    assert NOW == sample.answered_ns
    assert stage.thread.native_id == sample.thread_id
    assert ("0000000000000001",) == sample.run_ids
    assert "planner" == sample.agent_name


def test_a_loop_that_does_not_answer_shows_the_blocking_stack(stage, probe, ticks):
    """The stack is taken while the loop is blocked, and names the call that blocks it."""
    began, done = threading.Event(), threading.Event()
    stage.start_blocking(block, stage, began, done)
    assert began.wait(LONG_S)
    try:
        probe.look(NOW)
        ticks.now += S // 2
        probe.look(NOW + S // 2)
        ticks.now += S
        (sample,) = probe.look(NOW + S // 2 + S)
    finally:
        done.set()

    assert NOW == sample.asked_ns
    assert any(frame.startswith("test_loop_probe.py:") and frame.endswith(" block") for frame in sample.stack)
    assert stage.thread.native_id == sample.thread_id


def test_a_loop_that_turns_again_is_in_time_again(stage, probe, ticks):
    """What was asked in vain is answered when the blocking call is over."""
    began, done = threading.Event(), threading.Event()
    stage.start_blocking(block, stage, began, done)
    assert began.wait(LONG_S)
    probe.look(NOW)
    ticks.now += 3 * S
    probe.look(NOW + 3 * S)
    done.set()
    stage.settle()
    ticks.now += S // 2
    (sample,) = probe.look(NOW + 3 * S + S // 2)

    assert 0 == sample.asked_ns


def test_the_last_call_that_ends_ends_the_loop_for_us(stage, probe):
    """A last sample says that nothing more will come."""
    task = stage.start(work, stage)
    stage.settle()
    probe.look(NOW)
    stage.loop.call_soon_threadsafe(task.cancel)
    stage.settle()
    (sample,) = probe.look(NOW + S)

    assert sample.is_ended
    assert [] == list(probe.look(NOW + 2 * S))


def test_a_look_that_came_too_late_is_a_gap(stage, probe, ticks):
    """A call was open all the time and nobody could look: something held the interpreter."""
    stage.start(work, stage)
    stage.settle()
    probe.look(NOW)
    stage.settle()
    ticks.now += 13 * S
    (sample,) = probe.look(NOW + 13 * S)

    assert 12.5 * S == sample.missed_ns
    assert sample.stack


def test_a_pause_between_two_calls_is_no_gap(stage, probe, ticks):
    """While nothing is open nobody looks, and nothing is missed."""
    task = stage.start(work, stage)
    stage.settle()
    probe.look(NOW)
    stage.loop.call_soon_threadsafe(task.cancel)
    ticks.now += 100 * S

    async def later():
        with stage.call("writer", start_ns=NOW + 100 * S):
            await asyncio.Event().wait()

    stage.start(later)
    stage.settle()
    (sample,) = probe.look(NOW + 100 * S)

    assert 0 == sample.missed_ns


def test_a_first_call_that_is_old_already_was_held_up(stage, probe, ticks):
    """C code that holds the interpreter from the first moment on lets nobody look before it is done."""
    stage.start(work, stage)
    stage.settle()
    (sample,) = probe.look(NOW + 15 * S)

    assert 14.5 * S == sample.missed_ns


def test_each_loop_has_a_sample_of_its_own(stage, probe, ticks):
    """Two loops in two threads are two."""
    from tests.unit.watchdog.some_tasks import Stage

    other = Stage()
    try:
        other.book, other.open_calls = stage.book, stage.open_calls
        other._ids = 1_000
        stage.start(work, stage)
        other.start(work, other, "writer")
        stage.settle()
        other.settle()
        samples = probe.look(NOW)

        assert {"planner", "writer"} == {sample.agent_name for sample in samples}
        assert 2 == len({sample.loop_id for sample in samples})
    finally:
        other.close()
