"""An agent fails too often when enough of its runs fail, and chance does not explain it."""

from __future__ import annotations

import pytest

from foretell.detectors.behaviour.error_rate import ErrorRate, wilson_low
from foretell.model.finding import Verdict
from foretell.model.kinds import Kind, Outcome
from tests.unit.detectors.behaviour.agents import World, default_limits, hex_ids


@pytest.fixture
def world() -> World:
    return World(ErrorRate(default_limits("error_rate")))


def run(world: World, *, fails: bool = False, seconds: float = 1.0, name: str = "helper") -> object:
    error = "ValueError" if fails else None
    return world.call(Kind.AGENT, name, run=world.count, seconds=seconds, error=error)


def test_three_failures_of_twenty_runs_fire(world: World) -> None:
    """Just convincing: the lower bound is 5.2 %."""
    failed = []
    for n in range(20):
        if n == 19:
            assert [] == world.judgements()
        call = run(world, fails=n in (3, 11, 19))
        failed += [call] if n in (3, 11, 19) else []

    (judgement,) = world.firing
    assert hex_ids(*failed) == judgement.evidence["calls"]  # type: ignore[arg-type] # calls they are
    assert (3, 20, 0.15, 0.0524) == tuple(
        judgement.evidence[name] for name in ("errors", "run_count", "share", "wilson_low")
    )
    assert "3 of 20 runs of helper failed in the last 5 minutes: 15.0% (limit 5%" in judgement.explanation


def test_one_failure_in_eight_runs_is_no_evidence(world: World) -> None:
    """Nor is the first failure ever."""
    run(world, fails=True)
    for _ in range(7):
        run(world)

    assert [] == world.judgements()


def test_four_percent_are_quiet(world: World) -> None:
    """Every twenty-fifth run fails."""
    for n in range(1, 201):
        run(world, fails=n % 25 == 0)
        assert [] == world.firing


@pytest.mark.parametrize("every", [16, 10, 2])
def test_six_ten_and_fifty_percent_fire(world: World, every: int) -> None:
    """As soon as there is evidence."""
    for n in range(1, 201):
        run(world, fails=n % every == 0)

    assert ["helper"] == [judgement.key for judgement in world.firing]


def test_failures_long_ago_are_forgotten(world: World) -> None:
    """Only the last five minutes count."""
    run(world, fails=True)
    run(world, fails=True)
    world.wait(310)
    run(world, fails=True)

    assert [] == world.judgements()


def test_it_ends_when_the_share_has_halved(world: World) -> None:
    """Hysteresis: just under the limit is not well yet."""
    for n in range(20):
        run(world, fails=n < 3)
    assert 1 == len(world.firing)
    for _ in range(50):
        run(world)
    assert 1 == len(world.firing)

    for _ in range(50):
        run(world)

    assert [] == world.judgements()


def test_an_agent_that_failed_and_fell_silent_is_unknown(world: World) -> None:
    """It is not well only because nobody asks it."""
    for _ in range(4):
        run(world, fails=True)
    assert 1 == len(world.firing)

    world.wait(310)
    (judgement,) = world.judgements()
    assert Verdict.UNKNOWN is judgement.verdict

    run(world)
    assert [] == world.judgements()


def test_stopped_runs_are_no_failures(world: World) -> None:
    """Somebody wanted it so."""
    for outcome in (Outcome.CANCELLED, Outcome.HALTED) * 5:
        world.call(Kind.AGENT, "helper", outcome=outcome)

    assert [] == world.judgements()


def test_each_agent_has_its_own_rate(world: World) -> None:
    """Two failures of each of two agents are no three of one."""
    for name in ("planner", "writer"):
        run(world, fails=True, name=name)
        run(world, fails=True, name=name)

    assert [] == world.judgements()


def test_a_clock_that_jumps_back_loses_no_failure(world: World) -> None:
    """They count as of now."""
    run(world, fails=True)
    world.wait(-3600)
    run(world, fails=True)
    run(world, fails=True)

    assert 1 == len(world.firing)


@pytest.mark.parametrize(("errors", "runs", "low"), [(3, 20, 0.0524), (1, 10, 0.0179), (0, 60, 0.0), (0, 0, 0.0)])
def test_the_lower_bound_is_that_of_wilson(errors: int, runs: int, low: float) -> None:
    """For some numbers that are known."""
    assert low == round(wilson_low(errors, runs), 4)
