"""The watchdog's clock: it follows the wall clock, but does not jump with it while a run of before is open."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final

TOLERANCE_NS: Final = 2_000_000_000
"""A wall clock that moved further than this between two looks has been set, or the machine has slept."""


class SteadyClock:
    """Unix nanoseconds. Calls take their times from one reading of the wall clock a run; so must who watches them."""

    def __init__(self, wall_ns: Callable[[], int], tick_ns: Callable[[], int]) -> None:
        """Begin with the wall clock's time and go on with the ticks."""
        self._wall_ns = wall_ns
        self._tick_ns = tick_ns
        self._offset_ns = wall_ns() - tick_ns()
        self._before: frozenset[str] | None = None

    def now_ns(self) -> int:
        """The time."""
        return self._offset_ns + self._tick_ns()

    def follow(self, open_runs: Callable[[], Collection[str]]) -> bool:
        """Follow the wall clock, after a jump only when no run of before is open; True at the moment of a jump."""
        offset_ns = self._wall_ns() - self._tick_ns()
        if abs(offset_ns - self._offset_ns) < TOLERANCE_NS:
            self._offset_ns = offset_ns
            self._before = None
            return False
        has_jumped = self._before is None
        runs = open_runs()
        if self._before is None:
            self._before = frozenset(runs)
        if self._before.isdisjoint(runs):
            self._offset_ns = offset_ns
            self._before = None
        return has_jumped
