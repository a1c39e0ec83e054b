"""Knows which task works for which operation."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Mapping
from contextvars import Context
from typing import Any, Final

from opentelemetry.context import get_current

from foretell.model.call import Call
from foretell.watchdog.probes.asyncio_side import Task, awaited_by, context_of, list_tasks

MAX_TRIES: Final = 20
MAX_TASKS: Final = 10_000
"""More than these are not looked at in one look."""


class _Row:
    """One task as it was at the last look."""

    __slots__ = ("call_id", "future", "task")

    def __init__(self, task: Task, future: asyncio.Future[Any] | None, call_id: int | None) -> None:
        # Neither tasks nor calls are held from one look to the next: nothing lives longer for being watched.
        self.task = weakref.ref(task)
        self.future = weakref.ref(future) if future is not None else None
        self.call_id = call_id


class TaskBook:
    """The tasks of this process and the open calls they work for, read anew at each look.

    Operations carry nothing for it: the current operation stands in the task's context variables already, and a copy of
    them can be read from any thread without entering the task's own.
    """

    def __init__(self, open_calls: Mapping[int, Call], context_key: str) -> None:
        """Read `open_calls` (id → call) and find the operation of a context under `context_key`."""
        self._open_calls = open_calls
        self._context_key = context_key
        self._rows: dict[int, _Row] = {}
        self._read_ns: int | None = None

    def read(self, now_ns: int) -> None:
        """Look at the tasks, once for each `now_ns`."""
        if self._read_ns == now_ns:
            return
        self._read_ns = now_ns
        before, self._rows = self._rows, {}
        if self._open_calls:
            for task in list_tasks()[:MAX_TASKS]:
                if not task.done():
                    self._rows[id(task)] = self._read_task(task, before.get(id(task)))

    def _read_task(self, task: Task, known: _Row | None) -> _Row:
        future = awaited_by(task)
        if (
            known is not None
            and future is not None
            and known.future is not None
            and known.future() is future
            and known.task() is task
            and (known.call_id is None or known.call_id in self._open_calls)
        ):
            return known  # it has not run since, so it still works for the same call
        context = context_of(task)
        # A copy is read, not the context itself: to enter that would keep its task from running.
        return _Row(task, future, self._find(context.copy()) if context is not None else None)

    def rows(self) -> list[tuple[Task, Call | None]]:
        """Return the tasks that are not done, each with the innermost open call that it works for, if any."""
        found = []
        for row in self._rows.values():
            task = row.task()
            if task is not None:
                found.append((task, self._open_calls.get(row.call_id) if row.call_id is not None else None))
        return found

    def loops(self) -> dict[int, tuple[asyncio.AbstractEventLoop, list[Call]]]:
        """Return the loops that run our calls: identity → loop and the open calls on it."""
        found: dict[int, tuple[asyncio.AbstractEventLoop, list[Call]]] = {}
        for task, call in self.rows():
            if call is not None:
                loop = task.get_loop()
                found.setdefault(id(loop), (loop, []))[1].append(call)
        return found

    def open_calls(self) -> dict[int, Call]:
        """Return the calls that are open now: id → call; the caller owns it."""
        for _ in range(MAX_TRIES):
            try:
                return dict(self._open_calls)
            except RuntimeError:  # one was opened meanwhile
                continue
        return {}

    def find_call(self, context: Context) -> Call | None:
        """Return the innermost open call of a context that nobody has entered."""
        call_id = self._find(context)
        return self._open_calls.get(call_id) if call_id is not None else None

    def forget(self) -> None:
        """Know no task."""
        self._rows = {}
        self._read_ns = None

    def _find(self, context: Context) -> int | None:
        current: Any = context.run(get_current)
        call: Any = current.get(self._context_key)
        while call is not None and call.id not in self._open_calls:
            # It has ended, or its block was left behind by a generator: what is around it may still be open.
            outside = getattr(call, "outside", None)
            call = outside.get(self._context_key) if outside is not None else None
        return call.id if call is not None else None
