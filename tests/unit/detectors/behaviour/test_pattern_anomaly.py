"""A run strays when it uses its tools in an order that successful runs do not show."""

from __future__ import annotations

from random import Random

import pytest

from foretell.detectors.behaviour.pattern_anomaly import PatternAnomaly
from foretell.model.finding import Verdict
from foretell.model.kinds import Kind
from tests.unit.detectors.behaviour.agents import World, default_limits


@pytest.fixture
def world() -> World:
    return World(PatternAnomaly(default_limits("pattern_anomaly")))


def run(world: World, *tools: str, version: str | None = None, error: str | None = None) -> list[str]:
    """One run with these tools; returns what it says about it."""
    number = world.count
    for tool in tools:
        world.tool(tool, run=number)
    world.call(Kind.AGENT, "helper", run=number, version=version, error=error)
    said = [judgement.explanation for judgement in world.firing]
    world.detector.end_run(f"{number:016x}", world.now_ns)
    return said


def usual(random: Random) -> list[str]:
    """Look, perhaps read a few pages, write; now and then check."""
    tools = ["search", *["read"] * random.randint(0, 4), "write"]
    return [*tools, "check"] if random.random() < 0.2 else tools


def learn(world: World, runs: int = 150) -> Random:
    random = Random(3)
    for _ in range(runs):
        run(world, *usual(random))
    return random


def test_an_order_that_no_successful_run_shows_fires(world: World) -> None:
    """Writing first, and deleting."""
    learn(world)

    (said,) = run(world, "write", "delete", "search", "delete", "write")

    assert "successful runs of helper (p = 0.00" in said
    assert "limit 0.01" in said


def test_the_evidence_names_the_strange_steps(world: World) -> None:
    """The calls and the transitions."""
    learn(world)
    number = world.count
    world.tool("search", run=number)
    strange = world.tool("delete", run=number)
    world.call(Kind.AGENT, "helper", run=number)

    (judgement,) = world.firing
    assert f"{strange.span_id:016x}" in judgement.evidence["calls"]
    assert {"search → delete", "delete → end"} <= set(judgement.evidence["steps"])
    assert judgement.evidence["p"] < 0.01
    assert f"{number:016x}" == judgement.run_id


def test_it_is_told_once(world: World) -> None:
    """A run that is over strays no more."""
    learn(world)
    run(world, "delete", "delete", "delete")

    assert [] == world.judgements()


def test_usual_runs_hardly_ever_fire(world: World) -> None:
    """At most one in a hundred."""
    random = learn(world)

    alarms = sum(bool(run(world, *usual(random))) for _ in range(500))

    assert alarms <= 5


def test_fewer_than_a_hundred_references_leave_it_unknown(world: World) -> None:
    """Whatever the run does."""
    learn(world, runs=99)
    assert [] == run(world, "delete", "delete", "delete")
    assert [Verdict.UNKNOWN] == [judgement.verdict for judgement in world.judgements()]

    run(world, "search", "write")

    assert [] == world.judgements()


def test_runs_that_failed_are_no_reference(world: World) -> None:
    """They may be what is strange."""
    for _ in range(200):
        run(world, "delete", error="ValueError")
    learn(world, runs=100)

    assert 1 == len(run(world, "delete"))


def test_another_version_has_its_own_ways(world: World) -> None:
    """Nothing is known of it yet."""
    learn(world)

    assert [] == run(world, "delete", "delete", "delete", version="2")


def test_runs_without_tools_are_runs_too(world: World) -> None:
    """An agent that used to work and now only answers."""
    for _ in range(120):
        run(world, "search", "write")

    assert 1 == len(run(world))


def test_equal_runs_are_not_strange_to_each_other(world: World) -> None:
    """An agent that always does the same."""
    for _ in range(200):
        assert [] == run(world, "search", "write")
