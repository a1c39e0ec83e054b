"""What the watchdog's probes see besides calls: stacks, event loops, waits, and our own counts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Stack = tuple[str, ...]
"""Frames as `module.py:12 function`, outermost first."""


@dataclass(frozen=True, slots=True)
class StackSample:
    """What threads were at."""

    time_ns: int
    stacks: Mapping[int, Stack]
    """Kernel's thread id → stack."""


@dataclass(frozen=True, slots=True)
class LoopSample:
    """One event loop: when it last answered, and what its thread is at while it does not."""

    time_ns: int
    loop_id: int
    answered_ns: int
    """When the loop last ran something of ours."""
    thread_id: int
    """Kernel's id of the loop's thread."""
    asked_ns: int = 0
    """Since when it has been asked in vain: it surely has not turned since then. 0 while it answers."""
    missed_ns: int = 0
    """How long nothing of this process's Python ran, the watchdog included, until just now: C code that held the GIL,
    or a process that was stopped. 0 where the watchdog came in time."""
    missed_cpu_ns: int = 0
    """CPU that the process used meanwhile: next to none where it was stopped."""
    missed_is_held: bool = False
    """It is proven that the interpreter was held: threads kept asking the system for it."""
    stack: Stack = ()
    """Of the loop's thread, taken at this moment; empty while it answers in time."""
    run_ids: tuple[str, ...] = ()
    """Runs that have calls open on this loop."""
    agent_name: str | None = None
    """Of the newest of them."""
    is_ended: bool = False
    """The loop has been closed: nothing more comes from it."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One edge of the wait-for graph."""

    waiter: str
    """Names the task, thread or agent that waits."""
    target: str | None
    """What it waits for, by the name under which that may be a waiter itself; None for something nobody owns."""
    what: str
    """For people: `lock 'orders'`, `task 'planner'`, `queue.get`."""
    since_ns: int
    is_allowed: bool = False
    """A model, HTTP, a person or a timer: may take long, and is no part of a deadlock."""
    run_id: str | None = None
    span_id: int | None = None
    """The call that waits."""
    agent_name: str | None = None
    stack: Stack = ()


@dataclass(frozen=True, slots=True)
class WaitSample:
    """Who waits for whom in this process."""

    time_ns: int
    waits: tuple[Wait, ...]


@dataclass(frozen=True, slots=True)
class TelemetrySample:
    """Our own counts."""

    time_ns: int
    counts: Mapping[str, int]
    """Flat names such as `dropped.spans.queue_full`, `errors.redaction.rule`, `fault.store`."""
