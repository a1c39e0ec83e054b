"""Notices that counts rise which should stand still."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Final

MAX_NAMES: Final = 256
BUCKETS: Final = 60
"""What rises within a sixtieth of the window is one entry: memory stays small however often something is looked at."""


class RisingCounts:
    """How much each of some counts rose within a window of time. They begin at 0 with the process."""

    def __init__(self, prefixes: Sequence[str], window_ns: float) -> None:
        """Watch the counts whose names begin with one of `prefixes`."""
        self._prefixes = tuple(prefixes)
        self._window_ns = window_ns
        self._last: dict[str, int] = {}
        self._rises: dict[str, deque[tuple[int, int]]] = {}

    def take(self, counts: Mapping[str, int], time_ns: int) -> None:
        """See the counts as they are; one that fell was begun anew, in a forked child."""
        for name, count in counts.items():
            if not name.startswith(self._prefixes):
                continue
            rise = count - self._last.get(name, 0)
            self._last[name] = count
            if rise > 0 and (name in self._rises or len(self._rises) < MAX_NAMES):
                self._add(name, rise, time_ns)

    def rises(self, now_ns: int) -> dict[str, tuple[int, int]]:
        """Return those that rose: name → (by how much, since when)."""
        for name, rises in list(self._rises.items()):
            # A time that lies ahead is of a clock that was set back meanwhile.
            while rises and not now_ns - self._window_ns <= rises[0][0] <= now_ns + self._window_ns:
                rises.popleft()
            if not rises:
                del self._rises[name]
        return {name: (sum(rise for _, rise in rises), rises[0][0]) for name, rises in self._rises.items()}

    def _add(self, name: str, rise: int, time_ns: int) -> None:
        rises = self._rises.setdefault(name, deque())
        if rises and 0 <= time_ns - rises[-1][0] < self._window_ns / BUCKETS:
            rises[-1] = (rises[-1][0], rises[-1][1] + rise)
        else:
            rises.append((time_ns, rise))
        if len(rises) > 2 * BUCKETS:
            rises.popleft()
