"""When a collector that was lost is tried again."""

from __future__ import annotations

from typing import Final

PROBE_S: Final = (1.0, 2.0, 4.0, 5.0)
"""Waits before each new try. A refused connection costs a fifth of a millisecond, a program that ends while its collector
has long been back costs its telemetry a second program: so the waits stay short."""


class Backoff:
    """Tries in a row that failed, and when the next one is due. Times are the exporter's monotonic seconds."""

    __slots__ = ("_failed_s", "failures", "probe_s")

    def __init__(self) -> None:
        """Suppose that the collector is there."""
        self.failures = 0
        """In a row; 0 while it answers."""
        self.probe_s = 0.0
        """Nothing is tried before, while it is lost."""
        self._failed_s = 0.0

    def fail(self, now_s: float, retry_after_s: float | None) -> None:
        """Nobody answered: wait, each time longer, and at least as long as was asked for."""
        pause_s = PROBE_S[min(self.failures, len(PROBE_S) - 1)]
        self.failures += 1
        self._failed_s = now_s
        self.probe_s = now_s + max(pause_s, retry_after_s or 0.0)

    def succeed(self) -> None:
        """Somebody answered."""
        self.failures = 0

    def is_waiting(self, now_s: float) -> bool:
        """The collector is lost, and it is not yet time to try it."""
        return self.failures > 0 and now_s < self.probe_s

    def hurry(self, now_s: float) -> None:
        """Try once more now, since somebody waits for it; not where it was tried within a second."""
        if now_s - self._failed_s >= PROBE_S[0]:
            self.probe_s = 0.0
