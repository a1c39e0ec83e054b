"""Leaks, and what only looks like one."""

from __future__ import annotations

from math import sin, tau
from random import Random

import pytest

from foretell.detectors.resources.memory_growth import MAX_POINTS, MemoryGrowth, measure_growth
from foretell.model.finding import Verdict
from foretell.model.process import ProcessSample

S = 1_000_000_000
NOW = 1_700_000_000 * S
MB = 2**20
LIMITS = {"growth_mb_per_h": 50, "min_age_s": 1800, "window_s": 3600, "min_samples": 60, "p": 0.01}
HOUR_S = 3_600


@pytest.fixture
def detector():
    return MemoryGrowth(LIMITS)


def sample(at_s, rss_mb):
    rss = None if rss_mb is None else int(rss_mb * MB)
    return ProcessSample(NOW + int(at_s * S), rss, 0, 0, None, 1, {}, {}, {}, None, None, None, None)


def live(detector, curve, from_s=0, to_s=HOUR_S, every_s=10):
    """Let time pass; what fired at the end, and when it fired first."""
    first_s, found = None, []
    for at_s in range(from_s, to_s + 1, every_s):
        detector.take_process(sample(at_s, curve(at_s)))
        found = list(detector.judge(NOW + at_s * S))
        if found and first_s is None and found[0].verdict is Verdict.FIRING:
            first_s = at_s
    return first_s, found


def leak(mb_per_h, base_mb=200):
    return lambda at_s: base_mb + mb_per_h * at_s / HOUR_S


def test_a_leak_is_told_once_the_process_is_old_enough(detector):
    """With the slope, the floor, and from where to where."""
    first_s, (found,) = live(detector, leak(100))

    assert 1_800 == first_s
    assert found.explanation.startswith(
        "Memory grows by 100 MB an hour (limit 50), its floor by 100: from 201 to 300 MB"
    )
    assert 100 == pytest.approx(found.evidence["slope_mb_per_h"], abs=2)
    assert found.evidence["p"] < 0.01


def test_a_leak_under_noise_and_a_saw_tooth_is_found(detector):
    """The floor rises under it."""
    random = Random(7)
    first_s, _ = live(detector, lambda at_s: leak(70)(at_s) + 10 * (at_s % 60) / 60 + abs(random.gauss(0, 3)))

    assert first_s is not None


QUIET = {
    "40 MB an hour": leak(40),
    "nothing": lambda at_s: 200,
    "a step in the middle": lambda at_s: 200 if at_s < 1_700 else 700,
    "a step early": lambda at_s: 200 if at_s < 600 else 700,
    "a step late": lambda at_s: 200 if at_s < 2_600 else 700,
    "two steps": lambda at_s: 200 + 150 * (at_s > 1_200) + 150 * (at_s > 2_400),
    "a saw-tooth": lambda at_s: 200 + 150 * (at_s % 400) / 400,
    "a warm-up": lambda at_s: 200 + 300 * min(at_s / 240, 1),
    "spikes": lambda at_s: 1_000 if at_s % 900 < 40 else 200,
    "waves": lambda at_s: 200 + 30 * sin(tau * (at_s / 900 + 0.425)) + leak(8)(at_s),
    "what is given back": lambda at_s: 700 - leak(100)(at_s),
}


@pytest.mark.parametrize("curve", QUIET.values(), ids=QUIET.keys())
def test_what_only_looks_like_a_leak_is_quiet(detector, curve):
    """At every moment of an hour and a half."""
    assert None is live(detector, curve, to_s=5_400)[0]


def test_a_young_process_is_still_warming_up(detector):
    """However fast it grows."""
    assert None is live(detector, leak(1_000), to_s=1_790)[0]


def test_a_leak_that_is_mended_falls_quiet(detector):
    """When the window has seen enough of it."""
    live(detector, leak(100))
    _, found = live(detector, lambda at_s: 300, from_s=HOUR_S + 10, to_s=2 * HOUR_S)

    assert [] == found


def test_a_leak_near_the_limit_does_not_flap(detector):
    """What fires goes on until it is well below the limit."""
    live(detector, leak(52), to_s=HOUR_S)
    _, found = live(detector, lambda at_s: 252 + 45 * (at_s - HOUR_S) / HOUR_S, from_s=HOUR_S + 10, to_s=2 * HOUR_S)

    assert 1 == len(found)


def test_a_restart_begins_anew(detector):
    """Most of the memory is gone at once: what was before says nothing about what comes."""
    live(detector, leak(100), to_s=1_700)
    first_s, _ = live(detector, lambda at_s: 90 + 100 * (at_s - 1_700) / HOUR_S, from_s=1_700, to_s=5_000)

    assert 3_500 == first_s


@pytest.mark.parametrize("jump_s", [-7_200, 86_400])
def test_a_clock_that_is_set_makes_no_leak(detector, jump_s):
    """What is measured begins anew."""
    live(detector, leak(10), to_s=2_000)
    first_s, _ = live(detector, leak(10), from_s=2_000 + jump_s, to_s=4_000 + jump_s)

    assert None is first_s


def test_a_system_that_does_not_tell_leaves_it_unknown(detector):
    """Which is not the same as well."""
    _, (found,) = live(detector, lambda at_s: None, to_s=100)

    assert Verdict.UNKNOWN is found.verdict


def test_too_few_looks_are_no_evidence():
    """A window of an hour with a look every five minutes."""
    assert None is live(MemoryGrowth(LIMITS), leak(500), every_s=300, to_s=2 * HOUR_S)[0]


def test_few_points_are_kept(detector):
    """However often somebody looks."""
    live(detector, leak(100), to_s=3 * HOUR_S, every_s=1)
    (found,) = detector.judge(NOW + 3 * HOUR_S * S)

    assert MAX_POINTS >= found.evidence["points"]


def test_hardly_any_points_show_no_growth():
    """The parts of the window could not be told apart."""
    assert 0.0 == measure_growth([(i * S, i * MB) for i in range(11)]).slope_mb_per_h
