"""How long runs of one agent take: what is usual, and whether the last ones are slower than that."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from math import log, sqrt
from statistics import median, median_low
from typing import Final, NamedTuple

HISTORY: Final = 250
"""So many of the last runs are compared."""
ANCHORS: Final = 3
"""So many times the least number of runs are kept as they were at first."""
GROSS: Final = 2.0
"""Times the limit: so slow are runs that half of the evidence is enough."""
NOW: Final = 5
"""Median of so many runs tells whether they are as usual again."""
LOOK: Final = 0.75
"""Of the limit: a run below it is not looked at any further."""
CERTAIN: Final = 1.65
"""Standard errors above the limit: one false alarm in twenty where the runs are just at the limit."""
MEDIAN_NOISE: Final = 1.25
"""The standard error of a median is so much that of a mean."""
TO_SIGMA: Final = 1.4826
"""Median absolute deviations to standard deviations."""
LEAST_NOISE: Final = 0.02
"""A series of equal durations has no deviation at all, and the least change would be infinite."""
RELEASE: Final = 0.75
"""Of the factor: below it the runs are as usual again."""


class Slowness(NamedTuple):
    """The last runs against what is usual."""

    rule: str
    usual_s: float
    recent_s: float
    runs: int
    """How many of the last ones were compared."""
    of: int
    """With how many before them."""


class Durations:
    """The durations of one agent's runs, in the order in which they ended. Learns nothing while they are slow."""

    __slots__ = ("_anchor", "_anchor_s", "_history", "_least", "_recent", "count", "usual_s", "version")

    def __init__(self, least: int) -> None:
        """Begin with no run; `least` are needed to know what is usual."""
        self._least = least
        self.reset(None)

    def reset(self, version: str | None) -> None:
        """Begin anew: another version has its own pace."""
        self.version = version
        self._history: deque[float] = deque(maxlen=HISTORY)
        self._recent: deque[float] | None = None
        """The last runs while they are slow; None while they are not."""
        self._anchor: list[float] = []
        """The first runs of the version stay as they were: what creeps is measured against them."""
        self._anchor_s = 0.0
        self.count = 0
        self.usual_s = 0.0

    @property
    def is_slow(self) -> bool:
        """True from `find_slowness` to `find_recovery`."""
        return self._recent is not None

    @property
    def longest_s(self) -> float:
        """The longest run that was usual."""
        return max(self._history, default=0.0)

    def add(self, duration_s: float) -> None:
        """Note a run."""
        self.count += 1
        if self._recent is not None:
            self._recent.append(duration_s)
            return
        self._history.append(duration_s)
        if len(self._anchor) < ANCHORS * self._least:
            self._anchor.append(duration_s)
            self._anchor_s = median(self._anchor)
        if self.count % 25 == 0 or not self.usual_s:
            self.usual_s = median(self._history)

    def find_slowness(self, factor: float, floor_s: float, mads: float) -> Slowness | None:
        """How much slower the last runs are, if they are; from then on nothing is learnt."""
        # Only a slow run can bring something new, and most runs end here.
        if self._history[-1] <= max(floor_s, LOOK * factor * min(self.usual_s, self._anchor_s)):
            return None
        history = list(self._history)
        found = self._find_step(history, factor, floor_s) or self._find_drift(history, factor, floor_s, mads)
        if found is not None:
            self._recent = deque(history[-found.runs :], maxlen=2 * self._least)
            for _ in range(found.runs):
                self._history.pop()
            self.usual_s = found.usual_s
        return found

    def find_recovery(self, factor: float) -> bool:
        """True once the last runs are as usual again; learning goes on with them."""
        assert self._recent is not None
        last = list(self._recent)[-NOW:]
        if median(last) >= self.usual_s * max(1.0, factor * RELEASE):
            return False
        self._recent = None
        self._history.extend(last)
        return True

    def describe_now(self, before: Slowness) -> Slowness:
        """The slowness as it is by now."""
        last = list(self._recent or ())
        return before._replace(recent_s=median(last), runs=len(last)) if last else before

    def _find_step(self, history: Sequence[float], factor: float, floor_s: float) -> Slowness | None:
        """Few runs tell where the difference is gross; where it is small, more are needed than usual."""
        least = self._least
        for size, times in ((least // 2, GROSS), (least, 1.0), (2 * least, 1.0)):
            before, last = history[:-size], history[-size:]
            if len(before) < least:
                return None
            usual_s, recent_s = median(before), median_low(last)
            limit_s = times * factor * usual_s
            if recent_s > max(floor_s, limit_s) and _is_certain(recent_s, limit_s, before, size):
                return Slowness("step", usual_s, recent_s, size, len(before))
        return None

    def _find_drift(self, history: Sequence[float], factor: float, floor_s: float, mads: float) -> Slowness | None:
        """What creeps takes its own baseline along; the first runs stay where they were."""
        for size in (self._least, 2 * self._least):
            anchor = self._anchor[: max(0, self.count - size)]
            if len(anchor) < self._least or len(history) < size:
                return None
            usual_s, recent_s = median(anchor), median_low(history[-size:])
            if recent_s <= max(floor_s, factor * usual_s):
                continue
            deviation_s = TO_SIGMA * median([abs(value - usual_s) for value in anchor])
            is_far = recent_s > usual_s + mads * max(deviation_s, LEAST_NOISE * usual_s)
            if is_far and _is_certain(recent_s, factor * usual_s, anchor, size):
                return Slowness("drift", usual_s, recent_s, size, len(anchor))
        return None


def _is_certain(recent_s: float, limit_s: float, before: Sequence[float], size: int) -> bool:
    """True where chance alone would hardly lift the median of so many runs so far above the limit."""
    noise = max(LEAST_NOISE, _spread(before)) * MEDIAN_NOISE * sqrt(1 / size + 1 / len(before))
    return limit_s <= 0 or log(recent_s / limit_s) > CERTAIN * noise


def _spread(values: Sequence[float]) -> float:
    """Robust standard deviation of the logarithms."""
    logs = [log(max(value, 1e-9)) for value in values]
    middle = median(logs)
    return TO_SIGMA * median([abs(value - middle) for value in logs])
