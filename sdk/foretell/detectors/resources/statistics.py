"""Finds a trend in noisy numbers: a slope that spikes cannot move, and how likely it is to be chance."""

from __future__ import annotations

from collections.abc import Sequence
from math import erfc, sqrt
from statistics import median


def find_trend(xs: Sequence[float], ys: Sequence[float]) -> tuple[float, float]:
    """Return Theil-Sen's slope (the median of all pairs') and Mann-Kendall's two-sided chance that there is no trend.

    Fewer than four points tell nothing: slope 0 and chance 1.
    """
    count = len(xs)
    if count < 4:
        return 0.0, 1.0
    slopes = []
    rising = falling = 0
    for i in range(count - 1):
        x, y = xs[i], ys[i]
        for j in range(i + 1, count):
            rise = ys[j] - y
            if rise > 0:
                rising += 1
            elif rise < 0:
                falling += 1
            if xs[j] > x:
                slopes.append(rise / (xs[j] - x))
    return (median(slopes) if slopes else 0.0), chance_of_no_trend(rising - falling, count)


def chance_of_no_trend(score: int, count: int) -> float:
    """Return Mann-Kendall's p of a score (pairs that rise less pairs that fall) among `count` points."""
    if score == 0:
        return 1.0
    spread = sqrt(count * (count - 1) * (2 * count + 5) / 18)
    # One step towards 0: the score is a whole number, the normal curve is not.
    return erfc((abs(score) - 1) / spread / sqrt(2))


def lower_decile(values: Sequence[float]) -> float:
    """Return the value that nine of ten are not below: the floor under spikes and saw-teeth."""
    return sorted(values)[len(values) // 10]
