"""Sees threads that stand still, and what the synchronous code of a call waits for there."""

from __future__ import annotations

import linecache
import queue
import re
import sys
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import thread as executor
from types import FrameType
from typing import Final

from foretell.model.call import Call
from foretell.model.samples import Stack, Wait
from foretell.watchdog.probes.process import OWN_NAMES, read_thread_cpu
from foretell.watchdog.probes.reasons import is_library
from foretell.watchdog.probes.stacks import read_stack

SETTLED_NS: Final = 2_000_000_000
"""A thread that stands still for less is not looked into."""
MAX_FRAMES: Final = 200
WAITING_FILES: Final[Mapping[str, Mapping[str, str]]] = {
    threading.__file__: {"wait": "an event or a condition", "acquire": "a semaphore", "_wait": "a barrier"},
    queue.__file__: {"get": "a queue that is empty", "put": "a queue that is full", "join": "a queue that is not done"},
}
"""What threads of a program tell each other with."""
LOCK_LINE: Final = re.compile(r"\.acquire\(|^\s*with\s+[\w.\[\]\"']+\s*(?:as\s+\w+\s*)?:\s*(?:#.*)?$")
"""A line that takes a lock and does nothing else: `lock.acquire()`, `with self.lock:`."""


class StandingThreads:
    """Knows threads that have not run at all for a while, by the clock of the CPU time that each has used.

    Only where the system tells that clock. A thread works for the call whose wrapper or `as` name is found on its
    stack; where one call and one thread are left over, they belong together.
    """

    def __init__(self, read_cpu: Callable[[int], float | None] = read_thread_cpu) -> None:
        """Read a thread's clock with `read_cpu`, by the kernel's id of it."""
        self._read_cpu = read_cpu
        self._clocks: dict[int, tuple[float, int]] = {}

    def look(self, now_ns: int, calls: Mapping[int, Call], known: Collection[int], told: Collection[int]) -> list[Wait]:
        """Return the waits of threads that stand still and work for one of `calls`.

        `known` are calls that tasks work for, `told` are threads whose wait is known by other means.
        """
        if not calls:
            self._clocks.clear()
            return []
        threads = {
            thread.ident: thread
            for thread in threading.enumerate()
            if thread.ident is not None and not thread.name.startswith(OWN_NAMES)
        }
        standing = self._find_standing(threads.values(), now_ns)
        if not any(ident not in told for ident in standing):
            return []
        frames = sys._current_frames()  # noqa: SLF001  # documented; the underscore warns of its price
        stacks = {ident: list_frames(frames[ident]) for ident in threads if ident in frames}
        owners = find_owners(stacks, calls, known)
        return [
            describe(threads[ident], stacks[ident], calls[owners[ident]], since_ns)
            for ident, since_ns in standing.items()
            if ident in owners and ident not in told
        ]

    def _find_standing(self, threads: Collection[threading.Thread], now_ns: int) -> dict[int, int]:
        """Return which threads have used no CPU since when: identity → first look at which that was so."""
        clocks = {}
        for thread in threads:
            used_s = self._read_cpu(thread.native_id) if thread.native_id is not None else None
            if used_s is None or thread.ident is None:
                continue
            before = self._clocks.get(thread.ident)
            clocks[thread.ident] = before if before is not None and before[0] == used_s else (used_s, now_ns)
        self._clocks = clocks
        return {ident: since_ns for ident, (_, since_ns) in clocks.items() if now_ns - since_ns >= SETTLED_NS}

    def close(self) -> None:
        """Forget everything."""
        self._clocks.clear()


def list_frames(frame: FrameType | None) -> list[FrameType]:
    """Return the frames of a stack, innermost first."""
    frames: list[FrameType] = []
    while frame is not None and len(frames) < MAX_FRAMES:
        frames.append(frame)
        frame = frame.f_back
    return frames


def find_owners(
    stacks: Mapping[int, Sequence[FrameType]], calls: Mapping[int, Call], known: Collection[int]
) -> dict[int, int]:
    """Return which thread works for which call: identity → the innermost call that is found on its stack."""
    owners: dict[int, int] = {}
    free: list[int] = []
    for ident, frames in stacks.items():
        if is_idle(frames):
            continue
        found = next((call_id for frame in frames for call_id in _calls_in(frame, calls)), None)
        if found is not None:
            owners[ident] = found
        elif not all(map(is_library, frames)):  # a timer, a server of the standard library: no code of a program
            free.append(ident)
    busy = {*owners.values(), *known}
    parents = {call.parent_id for call in calls.values()}
    left = [call_id for call_id, call in calls.items() if call_id not in busy and call.span_id not in parents]
    if len(left) == len(free) == 1:
        owners[free[0]] = left[0]
    return owners


def _calls_in(frame: FrameType, calls: Mapping[int, Call]) -> list[int]:
    """Return the open calls that a frame names: the wrapper of a decorated function, or `with ... as op`."""
    # A list of them, for the names of a module may change meanwhile. Not isinstance: it asks `__class__`, which may be
    # the program's own code.
    found = [value for value in list(frame.f_locals.values()) if issubclass(type(value), Call) and value.id in calls]
    return [call.id for call in sorted(found, key=lambda call: -call.start_ns)]


def is_idle(frames: Sequence[FrameType]) -> bool:
    """Return whether a thread is one of an executor's that waits for work."""
    return bool(frames) and frames[0].f_code.co_filename == executor.__file__


def describe(thread: threading.Thread, frames: Sequence[FrameType], call: Call, since_ns: int) -> Wait:
    """Say what a thread that stands still waits for; only what is certain is not allowed."""
    what = read_reason(frames)
    stack: Stack = read_stack(frames[0])
    return Wait(
        f"thread {thread.name!r}#{thread.ident:x}",
        None,
        what or "something outside of Python",
        since_ns,
        is_allowed=what is None,
        run_id=call.run_id,
        span_id=call.span_id,
        agent_name=call.agent_name,
        stack=stack,
    )


def read_reason(frames: Sequence[FrameType]) -> str | None:
    """Return what a thread waits for; None for anything that may last: files, networks, processes, timers, people."""
    found, sleeps = None, False
    for frame in frames:
        names = WAITING_FILES.get(frame.f_code.co_filename)
        if names is None:
            if is_library(frame):
                return None  # a future's result, a pool of connections: somebody else is at work
            return None if sleeps else found or _read_line(frame)
        found = names.get(frame.f_code.co_name)
        if found is None:
            return None
        # `event.wait(60)` is how a program sleeps until it is woken; a queue or a lock is a wait all the same.
        sleeps = frame.f_code.co_name == "wait" and frame.f_locals.get("timeout") is not None
    return None


def _read_line(frame: FrameType) -> str | None:
    """Read the line that is at work: C code leaves no frame, and a lock is taken by C code."""
    line = linecache.getline(frame.f_code.co_filename, frame.f_lineno or 0)
    return "a lock" if LOCK_LINE.search(line) else None
