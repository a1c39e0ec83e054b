"""Notices a process that takes more and more memory and gives none back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar, Final

from foretell.detectors.detector import Detector
from foretell.detectors.judgement import Judgement
from foretell.detectors.resources.statistics import find_trend, lower_decile
from foretell.model.finding import Verdict
from foretell.model.kinds import Kind
from foretell.model.process import ProcessSample

MAX_POINTS: Final = 120
MB: Final = 2**20
KEY: Final = "process"
PARTS: Final = 6
RISING_PARTS: Final = 4
"""Of the five steps from one sixth of the window to the next: a leak rises all the time, a model that is loaded once."""
RELEASE_SHARE: Final = 0.8
"""What fires goes on until the growth falls below so much of the limit."""


@dataclass(frozen=True, slots=True)
class Growth:
    """What a window of points says."""

    slope_mb_per_h: float
    floor_mb_per_h: float
    """Rise of the lower decile from the first third to the last."""
    chance: float
    """That there is no trend."""
    rising_parts: int


NO_GROWTH: Final = Growth(0.0, 0.0, 1.0, 0)


class MemoryGrowth(Detector):
    """Fires where slope, trend and floor agree that memory grows faster than `growth_mb_per_h`."""

    trigger: ClassVar[str] = "memory_growth"
    kinds: ClassVar[frozenset[Kind]] = frozenset()

    def __init__(self, limits: Mapping[str, float]) -> None:
        """Watch with `growth_mb_per_h`, `min_age_s`, `window_s`, `min_samples` and `p`."""
        super().__init__(limits)
        self._window_ns = limits["window_s"] * 1e9
        self._step_ns = self._window_ns / MAX_POINTS
        self._points: list[tuple[int, int]] = []
        self._began_ns = self._last_ns = self._count = 0
        self._growth: Growth | None = None
        self._is_firing = self._is_blind = False

    def take_process(self, sample: ProcessSample) -> None:
        """Keep the floor of each step of the window; judge anew when a step is complete."""
        self._is_blind = sample.rss_bytes is None
        if sample.rss_bytes is None:
            return
        if self._is_fresh_start(sample.time_ns, sample.rss_bytes):
            self._restart(sample.time_ns)
        self._last_ns = sample.time_ns
        self._count += 1
        if not self._points or sample.time_ns - self._points[-1][0] >= self._step_ns:
            self._points.append((sample.time_ns, sample.rss_bytes))
            while len(self._points) > MAX_POINTS or self._points[0][0] < sample.time_ns - self._window_ns:
                self._points.pop(0)
            self._growth = None
        elif sample.rss_bytes < self._points[-1][1]:
            self._points[-1] = (self._points[-1][0], sample.rss_bytes)

    def judge(self, now_ns: int) -> Iterable[Judgement]:
        """Say whether the process leaks; unknown where the system does not tell its memory."""
        if self._is_blind:
            return [Judgement(KEY, Verdict.UNKNOWN)]
        age_s = (self._last_ns - self._began_ns) / 1e9
        if age_s < self.limits["min_age_s"] or self._count < self.limits["min_samples"]:
            return ()
        if self._growth is None:
            # The newest point is a floor still in the making: it counts once it is complete.
            least = self.limits["growth_mb_per_h"] * (RELEASE_SHARE if self._is_firing else 1.0)
            self._growth = measure_growth(self._points[:-1], least)
            self._is_firing = self._leaks(self._growth, least)
        return [self._describe(self._growth, age_s)] if self._is_firing else ()

    def _is_fresh_start(self, time_ns: int, rss_bytes: int) -> bool:
        """True at the first sample, after a jump of the clock, and where most of the memory is gone: a restart."""
        if not self._points:
            return True
        return not 0 <= time_ns - self._last_ns <= self._window_ns / 4 or rss_bytes < self._points[-1][1] / 2

    def _restart(self, time_ns: int) -> None:
        self._points.clear()
        self._began_ns = time_ns
        self._count = 0
        self._growth = None
        self._is_firing = False

    def _leaks(self, growth: Growth, least_mb_per_h: float) -> bool:
        return (
            growth.slope_mb_per_h > least_mb_per_h
            and growth.floor_mb_per_h > least_mb_per_h
            and growth.chance < self.limits["p"]
            and growth.rising_parts >= RISING_PARTS
        )

    def _describe(self, growth: Growth, age_s: float) -> Judgement:
        first, last = self._points[0], self._points[-1]
        limit = self.limits["growth_mb_per_h"]
        minutes = (last[0] - first[0]) / 60e9
        return Judgement(
            KEY,
            Verdict.FIRING,
            onset_ns=first[0],
            explanation=(
                f"Memory grows by {growth.slope_mb_per_h:.0f} MB an hour (limit {limit:g}), its floor by "
                f"{growth.floor_mb_per_h:.0f}: from {first[1] / MB:.0f} to {last[1] / MB:.0f} MB in {minutes:.0f} minutes."
            ),
            confidence=min(0.99, 0.8 + 0.05 * (growth.slope_mb_per_h / limit)),
            evidence={
                "slope_mb_per_h": round(growth.slope_mb_per_h, 1),
                "floor_mb_per_h": round(growth.floor_mb_per_h, 1),
                "growth_mb_per_h": limit,
                "p": growth.chance,
                "age_s": round(age_s),
                "first_mb": round(first[1] / MB, 1),
                "last_mb": round(last[1] / MB, 1),
                "points": len(self._points),
            },
        )


def measure_growth(points: Sequence[tuple[int, int]], least_mb_per_h: float = 0.0) -> Growth:
    """Return what the points (Unix nanoseconds, bytes) say of a trend; too few say that there is none.

    The slope takes milliseconds, so it is only measured where the floor has risen by more than `least_mb_per_h`.
    """
    if len(points) < 2 * PARTS:
        return NO_GROWTH
    hours = [(time_ns - points[0][0]) / 3.6e12 for time_ns, _ in points]
    sizes = [size / MB for _, size in points]
    third = len(points) // 3
    # From the middle of the first third to the middle of the last.
    span_h = sum(hours[-third:]) / third - sum(hours[:third]) / third
    rise = lower_decile(sizes[-third:]) - lower_decile(sizes[:third])
    rising_parts = _count_rising(sizes, rise) if rise > 0 else 0
    if span_h <= 0 or rise / span_h <= least_mb_per_h or rising_parts < RISING_PARTS:
        return NO_GROWTH
    slope, chance = find_trend(hours, sizes)
    return Growth(slope, rise / span_h, chance, rising_parts)


def _count_rising(sizes: Sequence[float], rise: float) -> int:
    """Count from how many parts of the window to the next the floor rises by its share of the whole.

    0 where it falls by half of the whole from one part to the next: what gives so much back is a wave, not a leak.
    """
    size = len(sizes) // PARTS
    floors = [lower_decile(sizes[-(part + 1) * size : len(sizes) - part * size]) for part in range(PARTS)][::-1]
    if any(before - after > rise / 2 for before, after in pairwise(floors)):
        return 0
    share = rise / PARTS / 4
    return sum(after - before > share for before, after in pairwise(floors))
