"""A loop in a thread of its own, with calls of ours in its tasks, looked at from outside."""

from __future__ import annotations

import asyncio
import threading
from contextlib import contextmanager

from opentelemetry.context import attach, detach, get_current, set_value

from foretell.model.call import Call
from foretell.model.kinds import Kind
from foretell.watchdog.probes.tasks import TaskBook

KEY = "foretell.test"
S = 1_000_000_000
NOW = 1_700_000_000 * S
LONG_S = 20


class Stage:
    """An event loop on a thread, and the calls that are open on it."""

    def __init__(self):
        self.open_calls = {}
        self.book = TaskBook(self.open_calls, KEY)
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, name="stage")
        self.thread.start()
        self.tasks = []
        self._ids = 0

    @contextmanager
    def call(self, name="planner", kind=Kind.AGENT, start_ns=NOW):
        """A call that is open and current inside."""
        self._ids += 1
        call = Call(kind, name, id=self._ids, trace_id=1, run_id=f"{self._ids:016x}", start_ns=start_ns)
        call.agent_name = name
        self.open_calls[call.id] = call
        token = attach(set_value(KEY, call, get_current()))
        try:
            yield call
        finally:
            detach(token)
            self.open_calls.pop(call.id, None)

    def start(self, make, *args, name=None):
        """Start a task on the loop, and wait until it has begun."""

        async def begin():
            task = asyncio.get_running_loop().create_task(make(*args), name=name)
            self.tasks.append(task)
            return task

        return asyncio.run_coroutine_threadsafe(begin(), self.loop).result(LONG_S)

    def start_blocking(self, make, *args):
        """Start a task that will block the loop; nothing is waited for."""
        self.loop.call_soon_threadsafe(lambda: self.tasks.append(self.loop.create_task(make(*args))))

    def settle(self):
        """Let every task go on until it waits."""

        async def turn():
            for _ in range(10):
                await asyncio.sleep(0)

        asyncio.run_coroutine_threadsafe(turn(), self.loop).result(LONG_S)

    def close(self):
        async def cancel():
            for task in self.tasks:
                task.cancel()
            await asyncio.gather(*self.tasks, return_exceptions=True)

        asyncio.run_coroutine_threadsafe(cancel(), self.loop).result(LONG_S)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(LONG_S)
        self.loop.close()
