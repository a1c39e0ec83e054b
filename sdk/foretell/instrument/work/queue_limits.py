"""How much may wait for the worker, and how often it looks."""

from __future__ import annotations

from dataclasses import dataclass

BATCH = 512
"""Calls refined at once: long enough to share one RE2 call and one SQLite statement, short enough to hold the lock."""
DRAIN_BATCH = 128
"""The same while somebody waits for the end: fewer at once are fewer for the garbage collector to look through."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much may wait, and how often it is looked at."""

    max_items: int = 32_768
    max_bytes: int = 16 * 2**20
    tick_s: float = 0.06
    idle_s: float = 1.0
    """How often sinks may act (heartbeat, metrics) while calls are open but nothing ends."""
    asleep_s: float = 5.0
    """The same while nothing is open."""


DEFAULT_LIMITS = Limits()
