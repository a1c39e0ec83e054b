"""Trends in noisy numbers."""

from __future__ import annotations

import pytest

from foretell.detectors.resources.statistics import chance_of_no_trend, find_trend, lower_decile


def test_a_spike_does_not_move_the_slope():
    """Least squares would give another one."""
    xs = list(range(20))
    ys = [2.0 * x for x in xs]
    ys[10] = 10_000.0

    assert 2.0 == find_trend(xs, ys)[0]


def test_what_always_rises_is_no_chance():
    """Ten points in order come so by chance once in 3.6 million times; the normal curve says it less sharply."""
    slope, chance = find_trend(range(10), range(10))

    assert 1.0 == slope
    assert chance < 0.001


@pytest.mark.parametrize("ys", [[1.0] * 10, [1.0, 2.0] * 5])
def test_what_stands_still_or_sways_has_no_trend(ys):
    """Neither is told from chance."""
    assert find_trend(range(10), ys)[1] > 0.3


def test_too_few_points_tell_nothing():
    """Three points may be anything."""
    assert (0.0, 1.0) == find_trend([1, 2, 3], [1, 2, 3])


def test_the_chance_is_that_of_mann_and_kendall():
    """By hand: S = 17 of 10 points has a spread of sqrt(125), so z = 1.431 and p = 0.1524."""
    assert 0.1524 == pytest.approx(chance_of_no_trend(17, 10), abs=1e-4)
    assert chance_of_no_trend(17, 10) == chance_of_no_trend(-17, 10)


def test_the_floor_lies_under_the_spikes():
    """A tenth of the values may lie below it."""
    assert 10.0 == lower_decile([500.0, *[10.0] * 18, 1.0])
