"""Locks that know who holds them, so that a deadlock of threads or tasks can be proven and told.

    orders = foretell.watched(threading.Lock(), "orders")
    stock = foretell.watched(asyncio.Lock(), "stock")

They are used like the locks that they are around. `async with` on a plain asyncio.Lock is seen without them.
"""

from __future__ import annotations

import sys
import threading
import time
import weakref
from contextvars import Context, copy_context
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, overload

from foretell.errors import ForetellError

if TYPE_CHECKING:
    import asyncio

MAX_WAITING: Final = 10_000


@dataclass(frozen=True, slots=True)
class ThreadWait:
    """A thread that waits for a lock, until it gets it."""

    lock: WatchedLock
    since_tick: int
    context: Context
    """A copy of the thread's: tells which operation waits."""


WAITING: Final[dict[int, ThreadWait]] = {}
"""Identity of a thread → what it waits for now. Each thread writes its own line."""


class WatchedLock:
    """A lock for threads that knows its holder; as re-entrant as the lock inside. Make one with `foretell.watched`."""

    __slots__ = ("_depth", "_inner", "name", "owner")

    def __init__(self, inner: Any, name: str) -> None:
        """Stand for `inner`, a `threading.Lock` or `RLock`."""
        self._inner = inner
        self._depth = 0
        self.name = name
        self.owner: int | None = None
        """Identity of the thread that holds it."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        """Take the lock; as `threading.Lock.acquire`."""
        inner = self._inner
        if not inner.acquire(False) and (not blocking or not self._wait(timeout)):
            return False
        self.owner = threading.get_ident()
        self._depth += 1
        return True

    def release(self) -> None:
        """Give the lock back."""
        # Before the lock is free: afterwards another thread may have written its own name.
        owner, self._depth = self.owner, self._depth - 1
        if not self._depth:
            self.owner = None
        try:
            self._inner.release()
        except BaseException:  # not held, or not by this thread: the lock says so, and nothing has changed
            self.owner, self._depth = owner, self._depth + 1
            raise

    def locked(self) -> bool:
        """Whether somebody holds it."""
        return self.owner is not None

    def _wait(self, timeout: float) -> bool:
        ident = threading.get_ident()
        if len(WAITING) < MAX_WAITING:
            WAITING[ident] = ThreadWait(self, time.monotonic_ns(), copy_context())
        try:
            return bool(self._inner.acquire(True, timeout))
        finally:
            WAITING.pop(ident, None)

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<WatchedLock {self.name!r} {'held' if self.owner is not None else 'free'}>"


class WatchedAsyncLock:
    """A lock for tasks that knows the task that holds it. Make one with `foretell.watched`."""

    __slots__ = ("_inner", "_owner", "name")

    def __init__(self, inner: asyncio.Lock, name: str) -> None:
        """Stand for `inner`."""
        self._inner = inner
        self._owner: weakref.ref[asyncio.Task[Any]] | None = None
        self.name = name

    @property
    def owner(self) -> asyncio.Task[Any] | None:
        """The task that holds it; None where nobody does, or somebody who took the lock inside."""
        return self._owner() if self._owner is not None else None

    async def acquire(self) -> bool:
        """Take the lock; as `asyncio.Lock.acquire`."""
        await self._inner.acquire()
        from asyncio import current_task

        task = current_task()
        self._owner = weakref.ref(task) if task is not None else None
        return True

    def release(self) -> None:
        """Give the lock back."""
        self._inner.release()
        self._owner = None

    def locked(self) -> bool:
        """Whether somebody holds it."""
        return self._inner.locked()

    async def __aenter__(self) -> None:
        await self.acquire()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def __repr__(self) -> str:
        return f"<WatchedAsyncLock {self.name!r} {'held' if self.locked() else 'free'}>"


@overload
def watched(lock: asyncio.Lock, name: str | None = None) -> WatchedAsyncLock: ...
@overload
def watched(lock: Any, name: str | None = None) -> WatchedLock: ...
def watched(lock: Any, name: str | None = None) -> WatchedLock | WatchedAsyncLock:
    """Return a lock that is used like `lock` and knows its holder, so that a deadlock can be proven and told.

    Takes a `threading.Lock`, `threading.RLock` or `asyncio.Lock`; `name` is what people will read. From now on use what
    is returned: who takes the lock inside by its old name is not known as its holder.
    """
    if isinstance(lock, (WatchedLock, WatchedAsyncLock)):
        return lock
    # Who has an asyncio.Lock has loaded asyncio; nobody else should pay for it.
    if "asyncio" in sys.modules and isinstance(lock, sys.modules["asyncio"].Lock):
        return WatchedAsyncLock(lock, name or _name_caller())
    if isinstance(lock, (type(threading.Lock()), type(threading.RLock()))):
        return WatchedLock(lock, name or _name_caller())
    raise ForetellError(
        f"foretell.watched() was given a {type(lock).__qualname__}, which has no single holder.\n"
        "Give it a threading.Lock(), threading.RLock() or asyncio.Lock()."
    )


def _name_caller() -> str:
    """Name a lock after the place where it is made."""
    from foretell.watchdog.probes.stacks import name_place

    frame = sys._getframe(2)  # noqa: SLF001  # documented; inspect.stack() takes a thousand times as long
    return name_place(frame.f_code, frame.f_lineno).split(" ", 1)[0]
