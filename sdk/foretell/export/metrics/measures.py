"""Durations that a program's threads measure, handed to the one thread that may add to the metrics."""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from foretell.export.metrics.points import Attributes
    from foretell.export.metrics.registry import Metrics
    from foretell.semconv.table import Metric

WAITING_LIMIT: Final = 10_000
"""So many values wait for the next export; older ones are forgotten, never kept for ever."""


class Measures:
    """Values that no call tells: take them anywhere, add them where metrics are made."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: deque[tuple[int, Metric, Attributes, float]] = deque(maxlen=WAITING_LIMIT)

    def take(self, metric: Metric, attributes: Attributes, value: float) -> None:
        """Keep a value of a histogram until the next export. Any thread may call it; it costs an append."""
        self._waiting.append((os.getpid(), metric, attributes, value))

    def observe(self, metrics: Metrics, now_ns: int) -> None:
        """Add what waits to the metrics; what a parent process measured before it forked is the parent's to tell."""
        pid = os.getpid()
        while self._waiting:
            measured_by, metric, attributes, value = self._waiting.popleft()
            if measured_by == pid:
                metrics.record(metric, attributes, value)

    def clear(self) -> None:
        """Forget what waits: it was measured before recording began."""
        self._waiting.clear()


MEASURES: Final = Measures()
"""The process's."""
