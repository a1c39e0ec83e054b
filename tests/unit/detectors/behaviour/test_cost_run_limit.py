"""A run is too dear as soon as its model calls together cost more than a run may."""

from __future__ import annotations

import pytest

from foretell.detectors.behaviour.cost import CostRunLimit
from foretell.model.finding import Verdict
from foretell.model.kinds import Kind
from foretell.model.usage import Cost
from tests.unit.detectors.behaviour.agents import World, default_limits, hex_ids

RUN = f"{1:016x}"


@pytest.fixture
def world() -> World:
    return World(CostRunLimit(default_limits("cost_run_limit")))


def test_the_call_that_passes_the_limit_fires(world: World) -> None:
    """At the limit nothing happens yet."""
    cheap = world.llm(usd=0.04)
    dear = world.llm(usd=0.06)
    assert [] == world.judgements()

    last = world.llm(usd=0.001)

    (judgement,) = world.firing
    assert hex_ids(dear, cheap, last) == judgement.evidence["calls"]
    assert (RUN, last.end_ns, last.span_id) == (judgement.key, judgement.onset_ns, judgement.span_id)
    assert "$0.1010 in 3 model calls (limit $0.1)" in judgement.explanation


def test_embeddings_cost_too(world: World) -> None:
    """Every inference does."""
    world.call(Kind.EMBEDDINGS, "e", cost=Cost(0.2, "override"))

    assert 1 == len(world.firing)


def test_what_agents_sum_up_is_not_counted_again(world: World) -> None:
    """Only inferences have costs of their own."""
    world.llm(usd=0.09)
    world.call(Kind.AGENT, "helper", cost=Cost(0.09, "override"))

    assert [] == world.judgements()


def test_each_run_has_its_own_bill(world: World) -> None:
    """Many cheap runs are no dear one."""
    for run in range(20):
        world.llm(usd=0.09, run=run)

    assert [] == world.judgements()


def test_a_call_without_a_price_leaves_it_unknown(world: World) -> None:
    """What is known is a lower bound."""
    world.llm(usd=0.05)
    world.llm(tokens=100)

    (judgement,) = world.judgements()
    assert Verdict.UNKNOWN is judgement.verdict
    assert "At least $0.0500" in judgement.explanation


def test_a_lower_bound_over_the_limit_fires(world: World) -> None:
    """It can only be more."""
    world.llm(tokens=100)
    world.llm(usd=0.11)

    (judgement,) = world.judgements()
    assert Verdict.FIRING is judgement.verdict
    assert "at least $0.1100" in judgement.explanation


def test_the_end_of_the_run_ends_it(world: World) -> None:
    """And of what was unknown about it."""
    world.llm(usd=0.11)
    world.llm(tokens=100, run=2)
    assert 2 == len(world.judgements())

    world.detector.end_run(RUN, world.now_ns)
    world.detector.end_run(f"{2:016x}", world.now_ns)

    assert [] == world.judgements()


def test_a_dear_run_that_ended_at_once_is_still_told(world: World) -> None:
    """Once."""
    world.llm(usd=0.11)
    world.detector.end_run(RUN, world.now_ns)

    assert 1 == len(world.firing)
    assert [] == world.judgements()
