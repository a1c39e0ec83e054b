"""Threads that stand still, with real threads and a clock that is told."""

from __future__ import annotations

import queue
import sys
import threading
from concurrent.futures import Future
from functools import partial

import pytest

from foretell.model.call import Call
from foretell.model.kinds import Kind
from foretell.watchdog.probes.standing import StandingThreads, find_owners
from tests.unit.watchdog.some_tasks import LONG_S, NOW, S

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="other systems tell no clock of threads")


class Desk:
    """Threads that work for calls, at one place each."""

    def __init__(self):
        self.calls = {}
        self.threads = []
        self.release = threading.Event()
        self.probe = StandingThreads()

    def open(self, kind=Kind.TOOL):
        call = Call(kind, "tool", id=len(self.calls) + 1, trace_id=1, run_id="aa", start_ns=NOW)
        call.agent_name = "desk"
        self.calls[call.id] = call
        return call

    def start(self, wait, name="T"):
        """Let a thread wait, and wait until it does."""

        def work():
            call = self.open()
            wait()
            return call

        thread = threading.Thread(target=work, name=name, daemon=True)
        self.threads.append(thread)
        thread.start()
        return thread

    def look(self):
        """Look until all stand still, as if seconds passed from one look to the next."""
        for number in range(2_000):
            waits = self.probe.look(NOW + number * 5 * S, self.calls, (), ())
            if len(waits) == len(self.threads):
                break
            self.threads[0].join(0.001)
        return {wait.waiter.partition("#")[0]: wait for wait in waits}


@pytest.fixture
def desk():
    desk = Desk()
    yield desk
    desk.release.set()
    for thread in desk.threads:
        thread.join(LONG_S)


def test_a_thread_that_waits_for_an_event_is_seen_with_its_call(desk):
    """By the name under which its code holds the call."""
    desk.start(desk.release.wait)
    wait = desk.look()["thread 'T'"]

    assert ("an event or a condition", False, 1, "desk") == (wait.what, wait.is_allowed, wait.span_id, wait.agent_name)
    assert any(frame.endswith(" work") for frame in wait.stack)


def test_each_kind_of_wait_is_named(desk):
    """Queues, locks, semaphores."""
    full, empty, lock, gate = queue.Queue(1), queue.Queue(), threading.Lock(), threading.Semaphore(0)
    full.put(1)
    lock.acquire()

    def take():
        lock.acquire()

    def enter():
        with lock:
            pass

    desk.start(partial(full.put, 2), "full")
    desk.start(empty.get, "empty")
    desk.start(gate.acquire, "gate")
    desk.start(take, "take")
    desk.start(enter, "enter")
    waits = desk.look()
    full.get()
    empty.put(1)
    gate.release()
    lock.release()
    desk.threads[3].join(LONG_S)
    lock.release()

    assert {
        "thread 'full'": "a queue that is full",
        "thread 'empty'": "a queue that is empty",
        "thread 'gate'": "a semaphore",
        "thread 'take'": "a lock",
        "thread 'enter'": "a lock",
    } == {name: wait.what for name, wait in waits.items()}


def test_what_ends_by_itself_or_comes_from_outside_is_allowed(desk):
    """A limit of time, a pipe, another thread's work."""
    import os

    reading, writing = os.pipe()
    work = Future()
    desk.start(partial(desk.release.wait, LONG_S), "limit")
    desk.start(lambda: os.read(reading, 1), "pipe")
    desk.start(work.result, "result")
    other = threading.Thread(target=desk.release.wait, daemon=True)
    other.start()
    desk.start(other.join, "join")
    waits = desk.look()
    os.write(writing, b"x")
    desk.threads[1].join(LONG_S)
    os.close(reading)
    os.close(writing)

    work.set_result(1)

    assert dict.fromkeys((f"thread '{name}'" for name in ("limit", "pipe", "result", "join")), True) == {
        name: wait.is_allowed for name, wait in waits.items()
    }


def test_a_thread_that_works_for_no_call_is_left_alone(desk):
    """Every program has threads that wait all day."""
    done = threading.Event()
    thread = threading.Thread(target=done.wait, name="idle", daemon=True)
    thread.start()
    desk.start(desk.release.wait, "T")
    waits = desk.look()
    done.set()
    thread.join(LONG_S)

    assert {"thread 'T'"} == set(waits)


def test_a_thread_that_runs_again_stands_no_more(desk):
    """Its clock goes on, however little it did."""
    used_s = [1.0]
    desk.start(desk.release.wait)
    probe = StandingThreads(lambda native_id: used_s[0])
    probe.look(NOW, desk.calls, (), ())
    looks = [probe.look(NOW + 5 * S, desk.calls, (), ())]
    used_s[0] += 1e-6
    looks.append(probe.look(NOW + 10 * S, desk.calls, (), ()))

    assert [1, 0] == [len(waits) for waits in looks]


def test_a_thread_whose_wait_is_known_is_not_told_again(desk):
    """A watched lock tells more."""
    thread = desk.start(desk.release.wait)
    probe = StandingThreads(lambda native_id: 1.0)
    probe.look(NOW, desk.calls, (), ())

    assert [] == probe.look(NOW + 5 * S, desk.calls, (), {thread.ident})


def standing_still():
    """A frame that names no call."""
    yield sys._getframe()


def test_one_call_and_one_thread_that_are_left_over_belong_together():
    """`with foretell.agent()` without a name leaves no trace on the stack."""
    agent = Call(Kind.AGENT, "desk", id=1, trace_id=1, run_id="aa", start_ns=NOW)
    tool = Call(Kind.TOOL, "find", id=2, trace_id=1, run_id="aa", start_ns=NOW)
    tool.parent_id = agent.span_id
    calls = {1: agent, 2: tool}
    frames = [next(standing_still())]

    assert {7: 2} == find_owners({7: frames}, calls, ())
    assert {} == find_owners({7: frames, 8: frames}, calls, ())
    assert {} == find_owners({7: frames}, calls, {2})


def test_without_open_calls_nobody_looks(desk):
    """Nothing is asked of the system."""
    assert [] == StandingThreads(None).look(NOW, {}, (), ())
