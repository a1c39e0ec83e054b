"""Sees who waits for whom: tasks for tasks and locks, threads for watched locks."""

from __future__ import annotations

import asyncio
import threading
import time
import weakref
from collections.abc import Sequence
from typing import Any, Final

from foretell.detectors.behaviour.roles import Role, find_role
from foretell.model.call import Call
from foretell.model.kinds import Kind
from foretell.model.samples import Stack, Wait, WaitSample
from foretell.watchdog.probes.asyncio_side import (
    Task,
    awaited_by,
    entered_in,
    find_timed,
    follow,
    frame_of,
    lock_under,
)
from foretell.watchdog.probes.locks import WAITING, ThreadWait, WatchedAsyncLock
from foretell.watchdog.probes.reasons import Reason, find_reason, find_shielded, name_tasks
from foretell.watchdog.probes.stacks import name_place, take_stack
from foretell.watchdog.probes.standing import StandingThreads
from foretell.watchdog.probes.tasks import TaskBook

SETTLED_NS: Final = 100_000_000
"""A wait that is younger is not looked into: nearly all are over before."""
INFERENCE: Final = frozenset((Kind.LLM, Kind.EMBEDDINGS))


class Suspended:
    """A task that waits, since it was first seen to; it has not run meanwhile, so what it waits for stays the same."""

    __slots__ = ("facts", "future", "held", "reason", "since_ns", "stack", "task", "waits")

    def __init__(self, task: Task, future: asyncio.Future[Any], now_ns: int) -> None:
        """Begin now."""
        self.task = weakref.ref(task)
        self.future = weakref.ref(future)
        self.since_ns = now_ns
        self.reason: Reason | None = None
        self.stack: Stack = ()
        self.held: list[int] | None = None
        self.waits: tuple[Wait, ...] | None = None
        """As they were told at the last look, and still are while `facts` are the same."""
        self.facts: tuple[object, ...] = ()


class WaitProbe:
    """Builds the wait-for graph of the tasks that work for open calls, and of all that they wait for."""

    def __init__(self, book: TaskBook) -> None:
        """Find tasks through `book`."""
        self._book = book
        self._suspended: dict[int, Suspended] = {}
        self._threads: dict[tuple[int, int], int] = {}
        self._standing = StandingThreads()

    def look(self, now_ns: int) -> Sequence[WaitSample]:
        """Return one sample of all waits that have lasted for a moment; nothing while no call is open."""
        self._book.read(now_ns)
        rows = self._book.rows()
        self._suspended = self._find_suspended(rows, now_ns)
        graph = _Graph(self._suspended, rows, now_ns)
        calls = self._book.open_calls()
        known = {call.id for _, call in rows if call is not None}
        standing = self._standing.look(now_ns, calls, known, WAITING.keys())
        waits = [*graph.build(), *self._wait_threads(now_ns), *standing]
        return (WaitSample(now_ns, tuple(waits)),)

    def after_fork(self) -> None:
        """Forget the parent's tasks and threads."""
        WAITING.clear()
        self.close()

    def close(self) -> None:
        """Forget everything."""
        self._book.forget()
        self._suspended.clear()
        self._threads.clear()
        self._standing.close()

    def _find_suspended(self, rows: Sequence[tuple[Task, Call | None]], now_ns: int) -> dict[int, Suspended]:
        before = self._suspended
        found = {}
        for task, _ in rows:
            future = awaited_by(task)
            if future is None:
                continue
            known = before.get(id(task))
            if known is None or known.future() is not future or known.task() is not task:
                known = Suspended(task, future, now_ns)
            found[id(task)] = known
        return found

    def _wait_threads(self, now_ns: int) -> list[Wait]:
        """Return the waits of threads for watched locks."""
        names = {thread.ident: thread.name for thread in threading.enumerate()}
        # Of a thread that is gone: only a forked child has such lines, of its parent's threads.
        waiting = {(ident, wait.since_tick): (ident, wait) for ident, wait in WAITING.copy().items() if ident in names}
        # The same wait keeps the same beginning, to the nanosecond: by that it is known again.
        self._threads = {key: self._threads.get(key, now_ns - max(0, time.monotonic_ns() - key[1])) for key in waiting}
        return [
            self._wait_thread(ident, wait, self._threads[key], names)
            for key, (ident, wait) in waiting.items()
            if now_ns - self._threads[key] >= SETTLED_NS
        ]

    def _wait_thread(self, ident: int, wait: ThreadWait, since_ns: int, names: dict[int | None, str]) -> Wait:
        call = self._book.find_call(wait.context)
        owner = wait.lock.owner
        return Wait(
            name_thread(ident, names),
            name_thread(owner, names) if owner is not None else None,
            f"the lock {wait.lock.name!r}" + (f", held by thread {names.get(owner, '?')!r}" if owner else ""),
            since_ns,
            run_id=call.run_id if call is not None else None,
            span_id=call.span_id if call is not None else None,
            agent_name=call.agent_name if call is not None else None,
            stack=take_stack(ident),
        )


class _Graph:
    """The waits at one look, from the tasks that work for our calls outwards."""

    def __init__(self, suspended: dict[int, Suspended], rows: Sequence[tuple[Task, Call | None]], now_ns: int) -> None:
        self._suspended = suspended
        self._rows = rows
        self._calls = {id(task): call for task, call in rows}
        self._now_ns = now_ns
        self._holders: dict[int, list[Task]] | None = None
        self._timed: set[int] | None = None
        self._limited: set[int] = set()
        """Tasks that somebody awaits for a limited time."""
        self._shielded: dict[int, list[Task]] | None = None

    def build(self) -> list[Wait]:
        """Follow every wait that has lasted."""
        left = [task for task, call in self._rows if call is not None]
        done: set[int] = set()
        found: list[tuple[Task, Suspended, Reason, list[Task]]] = []
        while left:
            task = left.pop()
            known = self._suspended.get(id(task))
            if id(task) in done or known is None or self._now_ns - known.since_ns < SETTLED_NS:
                continue
            done.add(id(task))
            reason = self._explain(known, task)
            targets = reason.targets or (self._find_owners(reason) if reason.lock is not None else [])
            left += targets
            found.append((task, known, reason, targets))
            if reason.is_limited:
                self._limited.update(map(id, targets))
        return [wait for row in found for wait in self._make_waits(*row)]

    def _explain(self, known: Suspended, task: Task) -> Reason:
        if known.reason is None:
            future = known.future()
            chain = follow(task)
            known.stack = tuple(
                name_place(frame.f_code, frame.f_lineno) for frame in map(frame_of, chain) if frame is not None
            )
            known.reason = (
                find_reason(task, chain, future, self._find_timed) if future is not None else Reason("nothing", True)
            )
            if future is not None and known.reason.is_unknown:
                shielded = self._find_shielded(future)
                if shielded:
                    known.reason = name_tasks(shielded)
        return known.reason

    def _find_timed(self) -> set[int]:
        if self._timed is None:
            self._timed = find_timed({task.get_loop() for task, _ in self._rows})
        return self._timed

    def _find_shielded(self, future: asyncio.Future[Any]) -> list[Task]:
        if self._shielded is None:
            self._shielded = find_shielded(task for task, _ in self._rows)
        return self._shielded.get(id(future), [])

    def _find_owners(self, reason: Reason) -> list[Task]:
        if isinstance(reason.lock, WatchedAsyncLock) and reason.lock.owner is not None:
            return [reason.lock.owner]
        if self._holders is None:
            self._holders = self._find_holders()
        inner = getattr(reason.lock, "_inner", reason.lock)
        found = self._holders.get(id(inner)) or self._holders.get(id(reason.lock)) or []
        return found[:1] if len(found) == 1 else []

    def _find_holders(self) -> dict[int, list[Task]]:
        """Return which tasks are inside which `async with`: identity of the lock → tasks."""
        holders: dict[int, list[Task]] = {}
        for task, _ in self._rows:
            known = self._suspended.get(id(task))
            if known is None:
                continue
            if known.held is None:
                known.held = self._find_held(known, task)
            for lock_id in known.held:
                holders.setdefault(lock_id, []).append(task)
        return holders

    def _find_held(self, known: Suspended, task: Task) -> list[int]:
        chain = follow(task)
        held = [id(lock_under(entered)) for entered in entered_in(chain)]
        reason = self._explain(known, task)
        if reason.is_entering and id(reason.lock) in held:
            held.remove(id(reason.lock))
        waited_on = chain and (frame := frame_of(chain[-1])) is not None and frame.f_locals.get("self")
        if isinstance(waited_on, asyncio.Condition) and id(lock_under(waited_on)) in held:
            held.remove(id(lock_under(waited_on)))  # `wait()` gives the lock back for as long as it waits
        return held

    def _make_waits(self, task: Task, known: Suspended, reason: Reason, targets: Sequence[Task]) -> tuple[Wait, ...]:
        call = self._calls.get(id(task))
        is_sleep = reason.may_sleep and id(task) in self._limited
        is_allowed = reason.is_allowed or is_sleep or _may_wait(call) or self._serves_model(reason, targets)
        facts = (call.id if call is not None else None, is_allowed, *map(id, targets))
        if known.waits is None or known.facts != facts:
            known.facts = facts
            known.waits = self._describe(task, known, reason, targets, is_allowed)
        return known.waits

    def _describe(
        self, task: Task, known: Suspended, reason: Reason, targets: Sequence[Task], is_allowed: bool
    ) -> tuple[Wait, ...]:
        call = self._calls.get(id(task))
        what = reason.what
        if reason.lock is not None and targets:
            what += f", held by task {targets[0].get_name()!r}"
        return tuple(
            Wait(
                name_task(task),
                name_task(target) if target is not None else None,
                what,
                known.since_ns,
                is_allowed,
                call.run_id if call is not None else None,
                call.span_id if call is not None else None,
                call.agent_name if call is not None else None,
                known.stack,
            )
            for target in (targets or (None,))
        )

    def _serves_model(self, reason: Reason, owners: Sequence[Task]) -> bool:
        """True where the holder of a lock waits for a model: others may queue for their turn as long as that takes."""
        if reason.lock is None or not owners:
            return False
        owner = owners[0]
        call = self._calls.get(id(owner))
        return id(owner) in self._suspended and call is not None and call.kind in INFERENCE


def _may_wait(call: Call | None) -> bool:
    """True for calls that wait for a model or a person."""
    return call is not None and (call.kind in INFERENCE or find_role(call.name) is Role.PERSON)


def name_task(task: Task) -> str:
    """Name a task as a node of the graph: what people see, then what tells it from others of that name."""
    return f"task {task.get_name()!r}#{id(task):x}"


def name_thread(ident: int, names: dict[int | None, str]) -> str:
    """Name a thread as a node of the graph."""
    return f"thread {names.get(ident, '?')!r}#{ident:x}"
