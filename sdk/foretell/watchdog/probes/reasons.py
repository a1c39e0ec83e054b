"""Reads off a chain of awaits what a task waits for, and whether that may take long."""

from __future__ import annotations

import asyncio
import os
import weakref
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import Future as ThreadFuture
from dataclasses import dataclass, replace
from types import FrameType
from typing import Any, Final

from foretell.watchdog.probes.asyncio_side import (
    Link,
    Task,
    callbacks_of,
    children_of,
    frame_of,
    has_deadline,
    tasks_of_group,
)
from foretell.watchdog.probes.stacks import name_place

ASYNCIO_DIR: Final = os.path.dirname(asyncio.__file__) + os.sep  # noqa: PTH120  # compared with co_filename, a text
STDLIB_DIR: Final = os.path.dirname(os.__file__) + os.sep  # noqa: PTH120  # as above
PRIMITIVES: Final[Mapping[tuple[str, str], str]] = {
    ("locks.py", "acquire"): "a semaphore",
    ("locks.py", "wait"): "an event",
    ("locks.py", "_wait"): "a barrier",
    ("queues.py", "get"): "a queue that is empty",
    ("queues.py", "put"): "a queue that is full",
    ("queues.py", "join"): "a queue whose items are not done",
}
"""What tasks of a program tell each other with. Everything else that asyncio waits for is a timer or the network."""
IO_PACKAGES: Final = frozenset(
    (
        *("httpx", "httpcore", "aiohttp", "anyio", "sniffio", "websockets", "h2", "h11", "urllib3", "requests", "grpc"),
        *("openai", "anthropic", "google", "litellm", "ollama", "mistralai", "cohere", "groq", "botocore", "mcp"),
        *("aiobotocore", "uvloop", "uvicorn", "hypercorn", "starlette", "playwright", "pyppeteer", "aiofiles"),
        *("redis", "asyncpg", "psycopg", "psycopg_pool", "aiomysql", "aiosqlite", "motor", "pymongo", "aiokafka"),
        *("aio_pika", "aiormq", "nats", "asyncssh", "aiosmtplib", "qdrant_client", "weaviate", "elastic_transport"),
    )
)
"""What these wait for inside themselves comes over a network, from a disk or from another process."""


GATES: Final = "foretell.instrument."
"""A paused run waits here, because somebody wanted it to."""


Timed = Callable[[], Collection[int]]


@dataclass(frozen=True, slots=True)
class Reason:
    """What a task waits for."""

    what: str
    """For people."""
    is_allowed: bool = False
    lock: Any = None
    """The lock, where it is one."""
    is_unknown: bool = False
    """It is a future of which nothing tells who will set it."""
    may_sleep: bool = False
    """Under a time-out it is how a program sleeps until it is woken; a queue or a lock is a wait all the same."""
    is_limited: bool = False
    """A time-out will end it."""
    is_entering: bool = False
    """It waits for the lock in order to enter `async with`."""
    waited: tuple[weakref.ref[Task], ...] = ()
    """Tasks all of which it waits for, held weakly: a wait is remembered from one look to the next."""

    @property
    def targets(self) -> list[Task]:
        """Those of the tasks that are not done."""
        tasks = [reference() for reference in self.waited]
        return [task for task in tasks if task is not None and not task.done()]


def find_reason(task: Task, chain: Sequence[Link], future: asyncio.Future[Any], timed: Timed) -> Reason:
    """Say what a suspended task waits for.

    `chain` as `asyncio_side.follow` gives it; `timed` gives the identities of what timers will act on.
    """
    frames = [frame for frame in map(frame_of, chain) if frame is not None]
    reason = _read_frames(frames, future)
    if reason.is_allowed or _waits_inside_library(frames):
        return replace(reason, is_allowed=True)
    if not reason.may_sleep and not reason.waited:
        return reason
    if not has_deadline(chain) and not _ends_by_itself(frames, timed(), task, future):
        return reason
    return replace(reason, is_limited=True, is_allowed=reason.may_sleep)


def _read_frames(frames: Sequence[FrameType], future: asyncio.Future[Any]) -> Reason:
    inner = frames[-1] if frames else None
    if inner is not None and inner.f_code.co_filename.startswith(ASYNCIO_DIR):
        return _read_asyncio(inner, frames, future)
    return _read_future(future, inner)


def _read_asyncio(inner: FrameType, frames: Sequence[FrameType], future: asyncio.Future[Any]) -> Reason:
    """Read what one of asyncio's own coroutines waits for."""
    file, name = inner.f_code.co_filename[len(ASYNCIO_DIR) :], inner.f_code.co_name
    if (file, name) == ("tasks.py", "_wait"):
        return _read_wait(inner)
    if (file, name) == ("tasks.py", "wait_for") and isinstance(inner.f_locals.get("fut"), asyncio.Task):
        return name_tasks([inner.f_locals["fut"]])  # until 3.11 it makes a task of what it waits for
    if file in {"tasks.py", "timeouts.py"} and name != "sleep":
        return _read_future(future, inner)  # iterators over tasks
    if file == "taskgroups.py":
        return name_tasks(tasks_of_group(inner.f_locals.get("self")))
    if file == "locks.py" and name == "acquire" and isinstance(inner.f_locals.get("self"), asyncio.Lock):
        return read_lock(inner.f_locals["self"], frames)
    if (file, name) in PRIMITIVES:
        is_condition = isinstance(inner.f_locals.get("self"), asyncio.Condition)
        return Reason("a condition" if is_condition else PRIMITIVES[file, name], may_sleep=name == "wait")
    if file == "threads.py":
        return Reason("work in a thread", is_allowed=True)
    return Reason("a timer" if name == "sleep" else "the network or a process", is_allowed=True)


def read_lock(lock: Any, frames: Sequence[FrameType]) -> Reason:
    """Name a lock that a task waits for; one that is watched by its name, any other by where it is taken."""
    outer = [frame for frame in frames if not frame.f_code.co_filename.startswith(ASYNCIO_DIR)]
    is_entering = any(frame.f_code.co_name == "__aenter__" for frame in frames[-4:])
    if outer and _is_watched(outer[-1]):
        watched = outer[-1].f_locals["self"]
        return Reason(f"the lock {watched.name!r}", lock=watched, is_entering=is_entering)
    where = f" at {name_place(outer[-1].f_code, outer[-1].f_lineno)}" if outer else ""
    return Reason(f"a lock{where}", lock=lock, is_entering=is_entering)


def _is_watched(frame: FrameType) -> bool:
    from foretell.watchdog.probes.locks import WatchedAsyncLock

    return isinstance(frame.f_locals.get("self"), WatchedAsyncLock)


def _read_wait(inner: FrameType) -> Reason:
    """Read `asyncio.wait`: only who waits for all, or for a single one, waits for a task for certain."""
    held = inner.f_locals
    tasks = [item for item in held.get("fs", ()) if isinstance(item, asyncio.Task)]
    is_one_of_many = held.get("return_when") != asyncio.ALL_COMPLETED and len(tasks) != 1
    if held.get("timeout") is not None or is_one_of_many or not tasks:
        return Reason("one of several tasks", is_allowed=True)
    return name_tasks(tasks)


def _read_future(future: asyncio.Future[Any], inner: FrameType | None) -> Reason:
    """Find the tasks or the thread behind a future."""
    if isinstance(future, asyncio.Task):
        return name_tasks([future])
    children = children_of(future)
    if children:
        return name_tasks([child for child in children if isinstance(child, asyncio.Task)], "something gathered")
    for held in _tied_to(future):
        if issubclass(type(held), ThreadFuture):
            return Reason("work in a thread", is_allowed=True)
    where = f" at {name_place(inner.f_code, inner.f_lineno)}" if inner is not None else ""
    return Reason(f"a future that nobody has set{where}", is_unknown=True, may_sleep=True)


def _tied_to(future: asyncio.Future[Any]) -> list[Any]:
    """Return what the callbacks of a future hold: the other future that it is chained to."""
    found = []
    for callback in callbacks_of(future):
        for cell in getattr(callback, "__closure__", None) or ():
            try:
                found.append(cell.cell_contents)
            except ValueError:  # an empty cell
                continue
    return found


def find_shielded(tasks: Iterable[Task]) -> dict[int, list[Task]]:
    """Return what `asyncio.shield` shields: identity of a future → the tasks that will set it when they are done."""
    found: dict[int, list[Task]] = {}
    for task in tasks:
        for held in _tied_to(task):
            if issubclass(type(held), asyncio.Future):
                found.setdefault(id(held), []).append(task)
    return found


def name_tasks(tasks: Sequence[Task], otherwise: str = "tasks that are done") -> Reason:
    """Say that somebody waits for all of these tasks; those that are done hold nobody up."""
    waited = [task for task in tasks if not task.done()]
    if not waited:
        return Reason(otherwise, is_allowed=True)
    names = ", ".join(f"task {task.get_name()!r}" for task in waited[:3])
    return Reason(
        f"{names} and {len(waited) - 3} more" if len(waited) > 3 else names, waited=tuple(map(weakref.ref, waited))
    )


def _ends_by_itself(
    frames: Sequence[FrameType], timed: Collection[int], task: Task, future: asyncio.Future[Any]
) -> bool:
    """True under a time-out, and for what a timer will set."""
    if id(task) in timed or id(future) in timed:
        return True
    inner = frames[-1] if frames else None
    if inner is not None and _is_stdlib(inner) and id(inner.f_locals.get("self")) in timed:
        return True
    return any(  # until 3.11 the time-out of `wait_for` knows neither the task nor what it waits for
        frame.f_code.co_name == "wait_for"
        and frame.f_code.co_filename.startswith(ASYNCIO_DIR)
        and frame.f_locals.get("timeout") is not None
        for frame in frames
    )


def _waits_inside_library(frames: Sequence[FrameType]) -> bool:
    """True where the innermost code that is not Python's own belongs to a library for input and output."""
    own = next((frame for frame in reversed(frames) if not _is_stdlib(frame) and not _is_anyio_primitive(frame)), None)
    return own is not None and is_library(own)


def is_library(frame: FrameType) -> bool:
    """Return whether a frame is Python's own, of a library for input and output, or the gate of a paused run."""
    module = frame.f_globals.get("__name__")
    if _is_stdlib(frame) or not isinstance(module, str):
        return _is_stdlib(frame)
    return module.partition(".")[0] in IO_PACKAGES or module.startswith(GATES)


def _is_anyio_primitive(frame: FrameType) -> bool:
    """True for anyio's events, locks and memory streams: with them the tasks of a program tell each other."""
    module = frame.f_globals.get("__name__", "")
    return module == "anyio.streams.memory" or (
        module in {"anyio._backends._asyncio", "anyio._core._synchronization"}
        and frame.f_code.co_name in {"wait", "acquire", "acquire_on_behalf_of", "__aenter__"}
    )


def _is_stdlib(frame: FrameType) -> bool:
    path = frame.f_code.co_filename
    return path.startswith((STDLIB_DIR, "<frozen ")) and "-packages" not in path
