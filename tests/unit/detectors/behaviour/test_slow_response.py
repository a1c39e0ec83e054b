"""An agent is slow when its runs take more than twice as long as they usually do."""

from __future__ import annotations

from random import Random

import pytest

from foretell.detectors.behaviour.slow_response import SlowResponse
from foretell.model.finding import Verdict
from foretell.model.kinds import Kind
from tests.unit.detectors.behaviour.agents import World, default_limits


@pytest.fixture
def world() -> World:
    return World(SlowResponse(default_limits("slow_response")))


def run(world: World, seconds: float, **more: object) -> None:
    world.call(Kind.AGENT, "helper", run=world.count, seconds=seconds, **more)  # type: ignore[arg-type] # by name


def settle_in(world: World, *, noise: float = 0.05, runs: int = 30, usual_s: float = 2.0) -> Random:
    """Let the agent run as usual for a while."""
    random = Random(7)
    for _ in range(runs):
        run(world, usual_s * random.lognormvariate(0, noise))
    return random


@pytest.mark.parametrize("times", [2.2, 3])
def test_most_of_twenty_runs_at_more_than_twice_the_usual_time_fire(world: World, times: float) -> None:
    """Their median against that of the runs before."""
    random = settle_in(world)
    for _ in range(10):
        run(world, 2 * times * random.lognormvariate(0, 0.05))
    assert [] == world.judgements()

    for _ in range(10):
        run(world, 2 * times * random.lognormvariate(0, 0.05))

    (judgement,) = world.firing
    assert ("helper", "step") == (judgement.key, judgement.evidence["rule"])
    assert 5 == len(judgement.evidence["calls"])
    assert "(limit 2 times)" in judgement.explanation


def test_gross_slowness_needs_half_of_the_evidence(world: World) -> None:
    """Most of ten runs at five times the usual."""
    settle_in(world)
    for _ in range(5):
        run(world, 10)
    assert [] == world.judgements()

    run(world, 10)

    assert 1 == len(world.firing)


def test_ten_slow_runs_that_pass_are_no_trouble(world: World) -> None:
    """Something else was busy."""
    random = settle_in(world)
    for n in range(60):
        run(world, (6 if n < 10 else 2) * random.lognormvariate(0, 0.15))
        assert [] == world.judgements()


def test_nearly_twice_the_usual_time_is_quiet(world: World) -> None:
    """1.8 times, for long."""
    random = settle_in(world, noise=0.2)
    for _ in range(100):
        run(world, 3.6 * random.lognormvariate(0, 0.2))
        assert [] == world.judgements()


def test_where_runs_differ_much_a_small_excess_needs_more_runs(world: World) -> None:
    """2.5 times is seen all the same."""
    random = settle_in(world, noise=0.4, runs=60)
    fired = False
    for _ in range(60):
        run(world, 5 * random.lognormvariate(0, 0.4))
        fired = fired or bool(world.firing)

    assert fired


def test_one_slow_run_is_no_trouble(world: World) -> None:
    """Nor are two."""
    settle_in(world)
    for seconds in (40, 2, 2, 40, 2):
        run(world, seconds)

    assert [] == world.judgements()


def test_a_ramp_is_seen_though_the_baseline_rises_with_it(world: World) -> None:
    """From once to three times the usual in a hundred and fifty runs."""
    random = settle_in(world, runs=30)
    rules = set()
    for n in range(150):
        run(world, 2 * (1 + 2 * n / 150) * random.lognormvariate(0, 0.05))
        rules |= {judgement.evidence["rule"] for judgement in world.firing}

    assert {"drift"} == rules


def test_runs_below_the_floor_are_never_slow(world: World) -> None:
    """From 10 to 900 milliseconds."""
    settle_in(world, usual_s=0.01)
    for _ in range(20):
        run(world, 0.9)

    assert [] == world.judgements()


def test_equal_durations_do_not_make_every_change_infinite(world: World) -> None:
    """A series without any deviation."""
    for seconds in (*[2.0] * 40, *[3.9] * 40):
        run(world, seconds)

    assert [] == world.judgements()


def test_it_learns_nothing_while_it_is_slow_and_ends_when_it_is_fast_again(world: World) -> None:
    """However long that takes; half way back is not enough."""
    settle_in(world)
    for _ in range(300):
        run(world, 8)
    assert 1 == len(world.firing)
    for _ in range(10):
        run(world, 3.5)
    assert 1 == len(world.firing)

    for _ in range(5):
        run(world, 2)

    assert [] == world.judgements()


def test_another_version_has_its_own_pace(world: World) -> None:
    """It may be slow and right."""
    settle_in(world)
    for _ in range(40):
        run(world, 8, version="2")

    assert [] == world.judgements()


def test_with_few_runs_it_is_unknown(world: World) -> None:
    """Until there are twenty."""
    for _ in range(19):
        run(world, 2)
    (judgement,) = world.judgements()
    assert Verdict.UNKNOWN is judgement.verdict

    run(world, 2)

    assert [] == world.judgements()


def test_runs_that_failed_do_not_count(world: World) -> None:
    """Time-outs are slow for another reason."""
    settle_in(world)
    for _ in range(20):
        run(world, 60, error="TimeoutError")

    assert [] == world.judgements()


def test_a_run_that_does_not_end_is_told_before_it_ends(world: World) -> None:
    """At twice the longest one and five minutes more."""
    settle_in(world, noise=0)
    call = world.show_open(world.open(Kind.AGENT, "helper", run=9))
    world.wait(303.9)
    assert [] == world.judgements()

    world.wait(0.2)

    (judgement,) = world.firing
    assert ("overdue", call.run_id, call.span_id) == (
        judgement.evidence["rule"],
        judgement.run_id,
        judgement.span_id,
    )
    assert "goes on for 304 s" in judgement.explanation


def test_the_end_of_an_overdue_run_ends_it(world: World) -> None:
    """It was one slow run after all."""
    settle_in(world, noise=0)
    call = world.show_open(world.open(Kind.AGENT, "helper", run=9))
    world.wait(400)
    assert 1 == len(world.firing)

    world.detector.end_run(call.run_id, world.now_ns)

    assert [] == world.judgements()


def test_a_run_that_waits_for_a_person_is_not_overdue(world: World) -> None:
    """Ten minutes for an approval."""
    settle_in(world, noise=0)
    world.show_open(world.open(Kind.AGENT, "helper", run=9))
    world.show_open(world.open(Kind.TOOL, "request_approval", run=9))
    world.wait(600)

    assert [] == world.judgements()


def test_a_clock_that_jumps_back_makes_no_run_slow(world: World) -> None:
    """A run that ended before it began has no duration."""
    settle_in(world)
    for _ in range(10):
        run(world, -3600)
        world.wait(3602)

    assert [] == world.judgements()
