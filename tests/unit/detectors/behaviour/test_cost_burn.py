"""A budget burns when it is spent, is being spent far too fast, or will not last by a straight line."""

from __future__ import annotations

from datetime import datetime, timezone

import pytest

from foretell.detectors.behaviour.cost_burn import CostBurn
from foretell.detectors.judgement import Judgement
from foretell.model.finding import Verdict
from tests.unit.detectors.behaviour.agents import SECOND_NS, World, default_limits

HOUR_S = 3600.0


@pytest.fixture
def world() -> World:
    """Nine in the evening of an ordinary day."""
    return world_at(21)


def world_at(hour: int) -> World:
    world = World(CostBurn(default_limits("cost_burn")))
    world.now_ns = int(datetime(2026, 3, 10, hour, tzinfo=timezone.utc).timestamp()) * SECOND_NS
    return world


def spend(world: World, usd: float, minutes: int) -> None:
    """Spend evenly, one call a minute."""
    for _ in range(minutes):
        world.llm(usd=usd / minutes, seconds=60)


def only(world: World) -> tuple[str, str]:
    (judgement,) = world.firing
    return judgement.key, judgement.evidence["rule"]


def test_six_times_the_even_pace_fires(world: World) -> None:
    """$2.50 in an hour, of $10 a day."""
    spend(world, 2.4, 25)
    assert [] == world.judgements()

    spend(world, 0.2, 2)

    assert ("day", "pace") == only(world)
    (judgement,) = world.firing
    assert "6.2 times the even pace of $10 a day (limit 6 times)" in judgement.explanation


def test_an_hour_that_was_dear_but_is_over_is_quiet(world: World) -> None:
    """Nothing was spent in the last five minutes."""
    spend(world, 2.4, 20)
    world.wait(360)
    world.llm(usd=0.15)

    assert [] == world.judgements()


def test_a_pace_that_falls_by_half_ends_it(world: World) -> None:
    """Hysteresis: a little less is not enough."""
    spend(world, 2.6, 20)
    assert ("day", "pace") == only(world)
    world.wait(60)
    spend(world, 0.5, 5)
    assert ("day", "pace") == only(world)

    world.wait(400)

    assert [] == world.judgements()


def test_a_slow_burn_is_forecast() -> None:
    """$0.75 an hour from midnight on will be $18 by the next one: seen before $4 are spent."""
    world = world_at(0)
    spend(world, 1.5, 120)
    assert [] == world.judgements()

    spend(world, 2.25, 180)

    assert ("day", "forecast") == only(world)
    (judgement,) = world.firing
    assert "at the pace of the last 6 h it will be $1" in judgement.explanation
    assert "(budget $10)" in judgement.explanation


def test_a_pace_that_lasts_is_quiet() -> None:
    """$0.40 an hour are $9.60 a day."""
    world = world_at(0)
    for _ in range(24):
        spend(world, 0.4, 60)
        assert [] == world.judgements()


def test_a_batch_in_the_morning_is_no_trend() -> None:
    """$2 in the first hour, and nothing after it."""
    world = world_at(0)
    spend(world, 1.9, 60)
    assert [] == world.judgements()

    world.wait(4 * HOUR_S)

    assert [] == world.judgements()


def test_a_spent_budget_fires_until_midnight(world: World) -> None:
    """The next day has a new one."""
    world.llm(usd=11)
    assert ("day", "spent") == only(world)
    (judgement,) = world.firing
    assert "$11.00 is spent this day" in judgement.explanation

    world.wait(3 * HOUR_S)

    assert [] == world.judgements()


def test_the_month_has_a_budget_of_its_own() -> None:
    """Days within their budgets may be too much for a month's."""
    world = World(CostBurn(default_limits("cost_burn", month_usd=20)))
    world.now_ns = int(datetime(2026, 3, 1, 1, tzinfo=timezone.utc).timestamp()) * SECOND_NS
    keys = set()
    for _ in range(5):
        for _ in range(12):
            world.llm(usd=0.4, seconds=HOUR_S)
            keys |= {(judgement.key, judgement.evidence["rule"]) for judgement in world.firing}
        world.wait(12 * HOUR_S)

    assert {("month", "forecast"), ("month", "spent")} == keys


def test_the_agents_that_spend_are_named(world: World) -> None:
    """The dearest first."""
    world.llm(usd=3, agent="writer")
    world.llm(usd=8, agent="planner", seconds=2)

    (judgement,) = world.firing
    assert ["planner", "writer"] == list(judgement.evidence["agents_usd"])


def test_calls_without_a_price_leave_it_unknown(world: World) -> None:
    """What is known is a lower bound, of the day and of the month."""
    world.llm(usd=1)
    world.llm(tokens=100)

    assert {"day", "month"} == {judgement.key for judgement in world.unknown}


def test_over_the_budget_is_over_the_budget_whatever_is_unknown(world: World) -> None:
    """It can only be more."""
    world.llm(tokens=100)
    world.llm(usd=11)

    days: list[Judgement] = [judgement for judgement in world.judgements() if judgement.key == "day"]
    assert [Verdict.FIRING] == [judgement.verdict for judgement in days]


def test_a_clock_that_jumps_back_keeps_the_sums(world: World) -> None:
    """What is spent is spent."""
    world.llm(usd=6)
    world.wait(-HOUR_S)
    world.llm(usd=6)

    assert ("day", "spent") == only(world)
