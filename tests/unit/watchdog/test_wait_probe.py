"""Who waits for whom, seen on real tasks and threads."""

from __future__ import annotations

import asyncio
import socket
import sys
import threading
from contextlib import asynccontextmanager
from functools import partial

import pytest

from foretell.detectors.resources.deadlock import find_circles
from foretell.model.kinds import Kind
from foretell.watchdog.probes.asyncio_side import follow, has_deadline
from foretell.watchdog.probes.locks import WAITING, watched
from foretell.watchdog.probes.waits import WaitProbe
from tests.unit.watchdog.some_tasks import LONG_S, NOW, S


@pytest.fixture
def probe(stage):
    probe = WaitProbe(stage.book)
    yield probe
    probe.after_fork()


@pytest.fixture
def look(stage, probe):
    """Look twice, a second apart: what is there both times has lasted."""

    def look():
        stage.settle()
        probe.look(NOW)
        (sample,) = probe.look(NOW + S)
        return sample.waits

    return look


async def within(stage, make, name="planner", kind=Kind.AGENT):
    """Do something inside a call."""
    with stage.call(name, kind):
        await make()


def waits_of(waits, name):
    return [wait for wait in waits if wait.waiter.startswith(f"task '{name}'")]


def target_of(wait):
    return wait.target.partition("#")[0]


# -- what is waited for ------------------------------------------------------------------------------------------------


def test_a_task_waits_for_a_task(stage, look):
    """The edge leads from one to the other, and tells run, call and agent of the one that waits."""
    inner = stage.start(asyncio.Event().wait, name="inner")

    async def outer():
        await inner

    stage.start(within, stage, outer, name="outer")
    (wait,) = waits_of(look(), "outer")

    assert "task 'inner'" == target_of(wait)
    assert "task 'inner'" == wait.what
    assert ("0000000000000001", 1, "planner") == (wait.run_id, wait.span_id, wait.agent_name)
    assert not wait.is_allowed
    assert wait.stack[-1].startswith("test_wait_probe.py:")


@pytest.mark.parametrize("many", [2, 5])
def test_who_gathers_waits_for_all(stage, look, many):
    """One edge for each task that is gathered, also of those that have no call of ours."""
    inner = [stage.start(asyncio.Event().wait, name=f"inner-{i}") for i in range(many)]

    async def outer():
        await asyncio.gather(*inner)

    stage.start(within, stage, outer, name="outer")

    assert {f"task 'inner-{i}'" for i in range(many)} == {target_of(wait) for wait in waits_of(look(), "outer")}


def test_a_shield_is_seen_through(stage, look):
    """Who waits for a shielded task waits for that task."""
    inner = stage.start(asyncio.Event().wait, name="inner")

    async def outer():
        await asyncio.shield(inner)

    stage.start(within, stage, outer, name="outer")

    assert ["task 'inner'"] == [target_of(wait) for wait in waits_of(look(), "outer")]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="task groups came with 3.11")
def test_a_group_waits_for_its_tasks(stage, look):
    """At the end of its block."""

    async def outer():
        async with asyncio.TaskGroup() as group:
            group.create_task(asyncio.Event().wait(), name="inner")

    stage.start(within, stage, outer, name="outer")

    assert ["task 'inner'"] == [target_of(wait) for wait in waits_of(look(), "outer")]


def test_who_waits_for_all_waits_for_each(stage, look):
    """As `asyncio.wait` does by default."""
    inner = [stage.start(asyncio.Event().wait, name=f"inner-{i}") for i in range(2)]

    async def outer():
        await asyncio.wait(inner)

    stage.start(within, stage, outer, name="outer")

    assert {"task 'inner-0'", "task 'inner-1'"} == {target_of(wait) for wait in waits_of(look(), "outer")}


def test_the_first_of_several_is_no_certain_wait(stage, look):
    """One of them may be enough: nothing is proven."""
    inner = [stage.start(asyncio.Event().wait, name=f"inner-{i}") for i in range(2)]

    async def outer():
        await asyncio.wait(inner, return_when=asyncio.FIRST_COMPLETED)

    stage.start(within, stage, outer, name="outer")

    assert [(None, True)] == [(wait.target, wait.is_allowed) for wait in waits_of(look(), "outer")]


async def full_queue():
    queue = asyncio.Queue(1)
    await queue.put(1)
    await queue.put(2)


async def empty_queue():
    await asyncio.Queue().get()


async def event():
    await asyncio.Event().wait()


async def condition():
    waiting = asyncio.Condition()
    async with waiting:
        await waiting.wait()


async def semaphore():
    gate = asyncio.Semaphore(1)
    await gate.acquire()
    async with gate:
        pass


async def future():
    await asyncio.get_running_loop().create_future()


@pytest.mark.parametrize(
    ("wait", "what"),
    [
        (full_queue, "a queue that is full"),
        (empty_queue, "a queue that is empty"),
        (event, "an event"),
        (condition, "a condition"),
        (semaphore, "a semaphore"),
        (future, "a future that nobody has set"),
    ],
)
def test_what_nobody_owns_is_named(stage, look, wait, what):
    """It is no edge to anybody, and not allowed."""
    stage.start(within, stage, wait, name="one")
    (found,) = look()

    assert found.what.startswith(what)
    assert (None, False) == (found.target, found.is_allowed)


async def sleep():
    await asyncio.sleep(LONG_S)


async def in_thread(done):
    await asyncio.to_thread(done.wait, LONG_S)


async def in_executor(done):
    await asyncio.get_running_loop().run_in_executor(None, done.wait, LONG_S)


async def with_limit():
    await asyncio.wait_for(asyncio.Event().wait(), LONG_S)


async def under_timeout():
    async with asyncio.timeout(LONG_S):
        await asyncio.Event().wait()


async def event_by_timer():
    turn = asyncio.Event()
    timer = asyncio.get_running_loop().call_later(LONG_S, turn.set)
    try:
        await turn.wait()
    finally:
        timer.cancel()


async def future_by_timer():
    turn = asyncio.get_running_loop().create_future()
    timer = asyncio.get_running_loop().call_later(LONG_S, turn.set_result, None)
    try:
        await turn
    finally:
        timer.cancel()


async def queue_for_a_time():
    await asyncio.wait_for(asyncio.Queue().get(), LONG_S)


async def lock_for_a_time():
    lock = asyncio.Lock()
    await lock.acquire()
    await asyncio.wait_for(lock.acquire(), LONG_S)


async def network():
    near, far = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=near)
    try:
        await reader.read(1)
    finally:
        writer.close()
        far.close()


@pytest.mark.parametrize("wait", [sleep, event_by_timer, future_by_timer, network])
def test_timers_and_the_network_are_allowed(stage, look, wait):
    """They end by themselves, or it is not ours to say when."""
    stage.start(within, stage, wait, name="one")
    stage.settle()

    assert [True] == [found.is_allowed for found in waits_of(look(), "one")]


@pytest.mark.parametrize("wait", [with_limit, future_by_timer])
def test_an_event_for_a_limited_time_is_a_sleep(stage, look, wait):
    """Whether the time-out is the task's own or that of the one that awaits it."""
    stage.start(within, stage, wait, name="one")

    assert all(found.is_allowed or found.target for found in look())


@pytest.mark.parametrize("wait", [queue_for_a_time, lock_for_a_time])
def test_a_queue_or_a_lock_is_waited_for_all_the_same(stage, look, wait):
    """However long it may last at most."""
    stage.start(within, stage, wait, name="one")

    assert [False] == [found.is_allowed for found in look() if found.target is None]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout came with 3.11")
def test_a_block_with_a_time_out_is_allowed(stage, look):
    """It ends by itself."""
    stage.start(within, stage, under_timeout, name="one")

    assert [True] == [found.is_allowed for found in waits_of(look(), "one")]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="asyncio.timeout came with 3.11")
def test_a_block_with_a_time_out_tells_of_it_itself(stage):
    """For loops whose timers cannot be read."""

    async def later():
        async with asyncio.timeout(None):
            await asyncio.Event().wait()

    tasks = [stage.start(under_timeout), stage.start(later)]
    stage.settle()

    assert [True, False] == [has_deadline(follow(task)) for task in tasks]


@pytest.mark.parametrize("wait", [in_thread, in_executor])
def test_work_in_a_thread_is_allowed(stage, look, wait):
    """Somebody is at work."""
    done = threading.Event()
    stage.start(within, stage, partial(wait, done), name="one")
    try:
        assert [("work in a thread", True)] == [(found.what, found.is_allowed) for found in waits_of(look(), "one")]
    finally:
        done.set()


@pytest.mark.parametrize(
    ("name", "kind"), [("chat", Kind.LLM), ("ask_human", Kind.TOOL), ("wait for approval", Kind.STEP)]
)
def test_models_and_people_may_take_long(stage, look, name, kind):
    """Whatever the call waits with."""
    stage.start(within, stage, event, name, kind, name="one")

    assert [True] == [wait.is_allowed for wait in look()]


def test_a_wait_that_goes_on_keeps_its_beginning(stage, probe):
    """By that it is known again; a new wait of the same task begins anew."""
    turn = asyncio.Event()

    async def twice():
        await turn.wait()
        await asyncio.Event().wait()

    stage.start(within, stage, twice, name="one")
    stage.settle()
    looks = [probe.look(NOW + i * S)[0].waits for i in range(3)]
    stage.loop.call_soon_threadsafe(turn.set)
    stage.settle()
    probe.look(NOW + 3 * S)
    looks.append(probe.look(NOW + 4 * S)[0].waits)

    assert [[], [NOW], [NOW], [NOW + 3 * S]] == [[wait.since_ns for wait in waits] for waits in looks]


def test_without_open_calls_nothing_is_looked_at(stage, look):
    """A program's own tasks are its own."""
    stage.start(event)

    assert () == look()


# -- who holds what ----------------------------------------------------------------------------------------------------


def test_the_holder_of_a_lock_is_who_is_inside_async_with(stage, look):
    """A plain asyncio.Lock knows nothing of it, and nothing was wrapped."""
    lock = asyncio.Lock()

    async def hold():
        async with lock:
            await asyncio.Event().wait()

    async def want():
        async with lock:
            pass

    stage.start(hold, name="holder")
    stage.settle()
    stage.start(within, stage, want, name="waiter")
    (wait,) = waits_of(look(), "waiter")

    assert "task 'holder'" == target_of(wait)
    assert wait.what.endswith("held by task 'holder'")


def cross(first, second, met, turn):
    """Take two locks, one after the other, the second when the other task has its first."""

    async def take():
        async with first:
            met.append(1)
            if len(met) == 2:
                turn.set()
            await turn.wait()
            async with second:
                pass

    return take


@pytest.mark.parametrize("name", [None, "named"])
def test_locks_taken_in_two_orders_are_a_circle(stage, look, name):
    """The classic: each holds what the other one wants."""
    one, two = asyncio.Lock(), asyncio.Lock()
    if name:
        one, two = watched(one, "one"), watched(two, "two")
    met, turn = [], asyncio.Event()
    stage.start(within, stage, cross(one, two, met, turn), name="A")
    stage.start(within, stage, cross(two, one, met, turn), "writer", name="B")
    (circle,) = find_circles(look())

    assert ["task 'A'", "task 'B'"] == [wait.waiter.partition("#")[0] for wait in circle]
    assert {"planner", "writer"} == {wait.agent_name for wait in circle}
    if name:
        assert ["the lock 'two', held by task 'B'", "the lock 'one', held by task 'A'"] == [w.what for w in circle]


def test_a_lock_inside_a_context_manager_of_the_program_has_a_holder(stage, look):
    """`@asynccontextmanager` hides the block in a generator."""
    lock = asyncio.Lock()

    @asynccontextmanager
    async def session():
        async with lock:
            yield

    async def hold():
        async with session():
            await asyncio.Event().wait()

    async def want():
        async with session():
            pass

    stage.start(hold, name="holder")
    stage.settle()
    stage.start(within, stage, want, name="waiter")

    assert ["task 'holder'"] == [target_of(wait) for wait in waits_of(look(), "waiter")]


def test_a_lock_inside_an_asynchronous_generator_has_a_holder(stage, look):
    """The generator holds it while its consumer waits for something else inside it."""
    lock = asyncio.Lock()

    async def pieces():
        async with lock:
            await asyncio.Event().wait()
            yield 1

    async def hold():
        async for _ in pieces():
            pass

    async def want():
        async with lock:
            pass

    stage.start(hold, name="holder")
    stage.settle()
    stage.start(within, stage, want, name="waiter")

    assert ["task 'holder'"] == [target_of(wait) for wait in waits_of(look(), "waiter")]


def test_who_takes_its_own_lock_again_waits_for_itself(stage, look):
    """asyncio.Lock is not re-entrant."""
    lock = asyncio.Lock()

    async def twice():
        async with lock, lock:
            pass

    stage.start(within, stage, twice, name="one")
    (circle,) = find_circles(look())

    assert circle[0].waiter == circle[0].target


def test_two_that_wait_for_a_lock_are_not_its_holders(stage, look):
    """Both stand at the door of `async with`; only the one inside holds it."""
    lock = asyncio.Lock()

    async def hold():
        async with lock:
            await asyncio.Event().wait()

    async def want():
        async with lock:
            pass

    stage.start(hold, name="holder")
    stage.settle()
    for name in ("first", "second"):
        stage.start(within, stage, want, name=name)
    waits = look()

    assert ["task 'holder'"] * 2 == [target_of(wait) for name in ("first", "second") for wait in waits_of(waits, name)]
    assert [] == find_circles(waits)


def test_who_waits_on_a_condition_does_not_hold_its_lock(stage, look):
    """`wait()` gives the lock back meanwhile."""
    ready = asyncio.Condition()
    hold = asyncio.Event()

    async def wait():
        async with ready:
            await ready.wait()

    async def keep():
        async with ready:
            await hold.wait()

    async def want():
        async with ready:
            pass

    stage.start(wait, name="waits")
    stage.settle()
    stage.start(keep, name="keeps")
    stage.settle()
    stage.start(within, stage, want, name="wants")

    assert ["task 'keeps'"] == [target_of(wait) for wait in waits_of(look(), "wants")]


def test_a_lock_taken_by_hand_has_a_holder_only_where_it_is_watched(stage, look):
    """What nobody can see is not guessed."""
    plain, known = asyncio.Lock(), watched(asyncio.Lock(), "orders")

    async def hold():
        await plain.acquire()
        await known.acquire()
        await asyncio.Event().wait()

    async def want(lock):
        async with lock:
            pass

    stage.start(hold, name="holder")
    stage.settle()
    stage.start(within, stage, partial(want, plain), name="one")
    stage.start(within, stage, partial(want, known), name="two")
    waits = look()

    assert [None] == [wait.target for wait in waits_of(waits, "one")]
    assert ["the lock 'orders', held by task 'holder'"] == [wait.what for wait in waits_of(waits, "two")]


def test_a_queue_for_a_model_is_allowed(stage, look):
    """The holder of the lock waits for a model: the others may wait for their turn as long."""
    lock = asyncio.Lock()

    async def chat():
        with stage.call("chat", Kind.LLM):
            await asyncio.Event().wait()

    async def hold():
        async with lock:
            await chat()

    async def want():
        async with lock:
            pass

    stage.start(hold, name="holder")
    stage.settle()
    stage.start(within, stage, want, name="waiter")

    assert [True] == [wait.is_allowed for wait in waits_of(look(), "waiter")]


# -- threads -----------------------------------------------------------------------------------------------------------


def test_threads_that_take_two_locks_in_two_orders_are_a_circle(stage, probe):
    """With locks that know their holders; each wait tells the operation that waits."""
    one, two = watched(threading.Lock(), "one"), watched(threading.RLock(), "two")
    both = threading.Barrier(2)

    def cross_over(first, second, name):
        with stage.call(name), first:
            both.wait(LONG_S)
            second.acquire()
            second.release()

    threads = [
        threading.Thread(target=cross_over, args=(one, two, "planner"), name="A", daemon=True),
        threading.Thread(target=cross_over, args=(two, one, "writer"), name="B", daemon=True),
    ]
    for thread in threads:
        thread.start()
    while len(WAITING) < 2:
        threads[0].join(0.001)
    probe.look(NOW)
    (sample,) = probe.look(NOW + S)
    (circle,) = find_circles(sample.waits)

    assert {"planner", "writer"} == {wait.agent_name for wait in circle}
    assert {"the lock 'two', held by thread 'B'", "the lock 'one', held by thread 'A'"} == {w.what for w in circle}
    assert all(wait.stack for wait in circle)
