"""Locks that know who holds them are used like the locks that they are around."""

from __future__ import annotations

import asyncio
import threading

import pytest

from foretell.errors import ForetellError
from foretell.watchdog.probes.locks import WAITING, watched
from tests.unit.watchdog.some_tasks import LONG_S


@pytest.mark.parametrize("make", [threading.Lock, threading.RLock])
def test_a_lock_knows_its_holder_while_it_is_held(make):
    """And nobody before and after."""
    lock = watched(make(), "orders")
    owners = [lock.owner]
    with lock:
        owners.append(lock.owner)
        assert lock.locked()
    owners.append(lock.owner)

    assert [None, threading.get_ident(), None] == owners


def test_a_re_entrant_lock_stays_so():
    """It is free when the outermost block is left."""
    lock = watched(threading.RLock())
    with lock:
        with lock:
            pass
        assert lock.locked()

    assert not lock.locked()


def test_taking_a_held_lock_may_fail_as_it_does_without_us():
    """At once, or after a time."""
    lock = watched(threading.Lock())
    lock.acquire()

    assert [False, False] == [lock.acquire(False), lock.acquire(timeout=0.001)]
    assert {} == WAITING


def test_a_free_lock_cannot_be_given_back():
    """The lock inside says so, and stays as it is."""
    lock = watched(threading.Lock())
    with pytest.raises(RuntimeError):
        lock.release()
    with lock:
        pass

    assert not lock.locked()


def test_a_lock_of_another_thread_cannot_be_given_back():
    """A re-entrant one keeps its holder."""
    lock = watched(threading.RLock())
    errors = []

    def release():
        try:
            lock.release()
        except RuntimeError as error:
            errors.append(error)

    with lock:
        thread = threading.Thread(target=release)
        thread.start()
        thread.join(LONG_S)

        assert (1, threading.get_ident()) == (len(errors), lock.owner)


def test_a_condition_may_stand_on_a_watched_lock():
    """As on any lock."""
    lock = watched(threading.Lock())
    ready = threading.Condition(lock)
    told = []

    def tell():
        with ready:
            told.append(1)
            ready.notify()

    thread = threading.Thread(target=tell)
    with ready:
        thread.start()
        assert ready.wait_for(lambda: told, LONG_S)
    thread.join(LONG_S)


def test_many_threads_take_turns():
    """Nothing is lost that the lock guards."""
    lock, total = watched(threading.Lock()), [0]

    def add():
        for _ in range(500):
            with lock:
                before = total[0]
                total[0] = before + 1

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LONG_S)

    assert 2_000 == total[0]
    assert (None, {}) == (lock.owner, WAITING)


async def test_a_lock_for_tasks_knows_its_task():
    """With `async with`, and by hand."""
    lock = watched(asyncio.Lock(), "stock")
    async with lock:
        owners = [lock.owner]
    owners.append(lock.owner)
    await lock.acquire()
    owners.append(lock.owner)
    lock.release()

    assert [asyncio.current_task(), None, asyncio.current_task()] == owners
    assert not lock.locked()


async def test_a_task_that_is_cancelled_while_it_waits_holds_nothing():
    """The holder stays the holder."""
    lock = watched(asyncio.Lock())
    async with lock:
        waiting = asyncio.create_task(lock.acquire())
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

        assert asyncio.current_task() is lock.owner


def test_a_name_is_made_of_the_place():
    """Where nobody gave one."""
    assert watched(threading.Lock()).name.startswith("test_watched_locks.py:")


def test_a_watched_lock_is_watched_once():
    """A second time changes nothing."""
    lock = watched(threading.Lock(), "one")

    assert lock is watched(lock, "two")


def test_what_has_no_single_holder_is_refused_with_what_to_give():
    """A semaphore has many."""
    with pytest.raises(ForetellError, match=r"Give it a threading\.Lock\(\)"):
        watched(threading.Semaphore(2))
