"""Reads what asyncio does not tell in public. Every private name that Foretell uses of it stands in this file.

Proven on Python 3.10 to 3.13; each use has a way out, so that a version that drops a name only makes us see less.

| name | why | without it |
|---|---|---|
| `asyncio.tasks._all_tasks` (3.10, 3.11), `_scheduled_tasks`, `_eager_tasks` (3.12, 3.13) | `asyncio.all_tasks(loop)` wants a loop, and nothing tells which loops there are | no loop is found |
| `Task._fut_waiter` | the one thing that a task waits for; 3.14 tells awaiters in public, these versions do not | a task waits for nothing |
| `_GatheringFuture._children` | `gather` hides its tasks behind one future | a gather waits for nothing known |
| `BaseEventLoop._thread_id` | the thread of a loop that never answered; one that answers tells it itself | its stack is unknown |
| `BaseEventLoop._scheduled`, `TimerHandle._callback`, `._args` | a wait under a time-out ends by itself, and only the loop's timers know of the time-out | such a wait may count as blocked |
| `Future._callbacks` | `shield` and executors tie futures together by callbacks | such a wait is one that nobody owns |
| `TaskGroup._tasks` | a group waits at its end for its tasks | a group waits for nothing known |
| `Condition._lock` | a condition may share its lock with others | whoever holds it as a condition is not seen |
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterable
from contextvars import Context
from math import isfinite
from types import AsyncGeneratorType, CoroutineType, FrameType, GeneratorType, MethodType
from typing import Any, Final

REGISTRIES: Final = ("_all_tasks", "_scheduled_tasks", "_eager_tasks")
MAX_TRIES: Final = 20
MAX_DEPTH: Final = 200
"""A chain of awaits is followed no further."""
CODE_TYPES: Final = (CoroutineType, AsyncGeneratorType, GeneratorType)

EXITS: Final = ("__aexit__", "__exit__")

TIMER_MODULES: Final = ("asyncio.timeouts", "anyio.", "async_timeout")
"""Attributes are asked of objects of these only: those of a program may run its own code when they are asked."""

Task = asyncio.Task[Any]
Link = Any
"""What a coroutine awaits: a coroutine, a generator, an asynchronous generator, or a wrapper of C around one."""


def list_tasks() -> list[Task]:
    """Return every task of every loop in this process, in no order."""
    found: list[Task] = []
    for name in REGISTRIES:
        registry = getattr(asyncio.tasks, name, None)
        if registry is not None:
            found += _copy(registry)
    return found


def _copy(registry: Iterable[Any]) -> list[Task]:
    # The set under a WeakSet is copied in one step; to iterate the WeakSet itself takes five times as long.
    items = getattr(registry, "data", registry)
    for _ in range(MAX_TRIES):
        try:
            copied = list(items)
        except RuntimeError:  # the cycle collector took a task out meanwhile
            continue
        if items is registry:
            return copied
        return [task for task in [reference() for reference in copied] if task is not None]
    return []


def awaited_by(task: Task) -> asyncio.Future[Any] | None:
    """Return the future or task that a task waits for; None while it runs, is ready to run, or is done."""
    return getattr(task, "_fut_waiter", None)


def children_of(future: asyncio.Future[Any]) -> list[asyncio.Future[Any]]:
    """Return what a `gather` gathers; nothing for any other future."""
    return list(getattr(future, "_children", ()))


def callbacks_of(future: asyncio.Future[Any]) -> list[Any]:
    """Return what is called when a future is done."""
    return [callback for callback, _ in getattr(future, "_callbacks", None) or ()]


def tasks_of_group(group: Any) -> list[Task]:
    """Return the tasks that an `asyncio.TaskGroup` waits for."""
    return list(getattr(group, "_tasks", ()))


def lock_under(entered: Any) -> Any:
    """Return the lock of a condition; anything else is returned as it is."""
    return getattr(entered, "_lock", entered) if issubclass(type(entered), asyncio.Condition) else entered


def context_of(task: Task) -> Context | None:
    """Return the context variables of a task."""
    if hasattr(task, "get_context"):
        told: Context = task.get_context()
        return told
    # Until 3.11 nothing tells, but the collector sees what an object holds.
    for held in gc.get_referents(task):
        if type(held) is Context:
            return held
    found = getattr(task, "_context", None)  # of tasks written in Python
    return found if isinstance(found, Context) else None


def thread_of(loop: asyncio.AbstractEventLoop) -> int | None:
    """Return the identity of the thread that a loop runs in, where it says."""
    found = getattr(loop, "_thread_id", None)
    return found if isinstance(found, int) else None


def follow(task: Task) -> list[Link]:
    """Return the chain of awaits of a task that is suspended, outermost first."""
    chain: list[Link] = []
    link: Link = task.get_coro()
    while link is not None and len(chain) < MAX_DEPTH:
        if isinstance(link, CODE_TYPES):
            chain.append(link)
            link = _next(link)
        else:
            link = _inside(link, chain)
    return chain


def _next(link: Link) -> Link:
    if isinstance(link, CoroutineType):
        return link.cr_await
    return link.ag_await if isinstance(link, AsyncGeneratorType) else link.gi_yieldfrom


def _inside(link: Link, chain: list[Link]) -> Link:
    """Look through `agen.__anext__()`, `coro.__await__()` and the like: C objects around the next of the chain."""
    if isinstance(link, asyncio.Future):
        return None
    for held in gc.get_referents(link):
        if isinstance(held, CODE_TYPES) and held not in chain:
            return held
    return None


def frame_of(link: Link) -> FrameType | None:
    """Return where one of a chain stands."""
    for name in ("cr_frame", "ag_frame", "gi_frame"):
        frame = getattr(link, name, None)
        if frame is not None:
            return frame  # type: ignore[no-any-return]  # these attributes are frames
    return None


def entered_by(link: Link) -> list[Any]:
    """Return the objects whose `async with` or `with` a suspended coroutine is inside of, or is just entering.

    Python keeps their bound `__aexit__` on the frame's stack until the block is left. Nothing has to be wrapped for
    that, locks that were taken before anybody watched are seen too, and it costs the program nothing.
    """
    held = gc.get_referents(link)
    frame = frame_of(link)
    if frame is not None:
        held = held + gc.get_referents(frame)  # until 3.10 the stack is the frame's, later the coroutine's
    return [item.__self__ for item in held if isinstance(item, MethodType) and item.__name__ in EXITS]


def entered_in(chain: Iterable[Link]) -> list[Any]:
    """Return what a whole chain is inside of, or is just entering, each as often as it is."""
    found: list[Any] = []
    left, seen = list(chain), set()
    while left:
        link = left.pop()
        if id(link) in seen:
            continue
        seen.add(id(link))
        for entered in entered_by(link):
            found.append(entered)
            # Of a function under `@asynccontextmanager`: what it has entered itself.
            if type(entered).__module__ == "contextlib" and isinstance(
                inner := getattr(entered, "gen", None), CODE_TYPES
            ):
                left.append(inner)
    return found


def has_deadline(chain: Iterable[Link]) -> bool:
    """Return whether a chain is inside of a block that will end it: `asyncio.timeout`, anyio's scopes, `async_timeout`.

    As the objects themselves tell, for loops whose timers cannot be read.
    """
    for entered in entered_in(chain):
        if type(entered).__module__.startswith(TIMER_MODULES):
            when = entered.when() if hasattr(entered, "when") else getattr(entered, "deadline", None)
            if isinstance(when, (int, float)) and isfinite(when):
                return True
    return False


def find_timed(loops: Iterable[asyncio.AbstractEventLoop]) -> set[int]:
    """Return the identities of all that a timer of these loops will act on: tasks, futures, events.

    `asyncio.timeout`, `async_timeout` and anyio's scopes hold the task that they will cancel; `call_later` knows the
    method that it will call.
    """
    found: set[int] = set()
    for loop in loops:
        for handle in list(getattr(loop, "_scheduled", ())):
            owner = getattr(getattr(handle, "_callback", None), "__self__", None)
            if owner is None or handle.cancelled():
                continue
            found.add(id(owner))
            if type(owner).__module__.startswith(TIMER_MODULES):
                found.update(id(getattr(owner, name, None)) for name in ("_task", "_host_task"))
            found.update(id(item) for item in getattr(handle, "_args", None) or () if isinstance(item, asyncio.Task))
    found.discard(id(None))
    return found
