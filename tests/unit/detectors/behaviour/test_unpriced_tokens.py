"""Tokens without a price are told by model, until there is a price."""

from __future__ import annotations

import pytest

from foretell.detectors.behaviour.cost import UnpricedTokens
from foretell.model.usage import Usage
from tests.unit.detectors.behaviour.agents import World, default_limits, hex_ids


@pytest.fixture
def world() -> World:
    return World(UnpricedTokens(default_limits("unpriced_tokens")))


def test_the_first_tokens_without_a_price_fire(world: World) -> None:
    """The cost that is shown is too low from then on."""
    call = world.llm("my-own", tokens=90)

    (judgement,) = world.firing
    assert "openai/my-own" == judgement.key
    assert (hex_ids(call), 100) == (judgement.evidence["calls"], judgement.evidence["tokens"])
    assert "100 tokens in 1 calls of openai/my-own have no known price" in judgement.explanation


def test_tokens_with_a_price_are_quiet(world: World) -> None:
    """A price of nothing is a price."""
    world.llm(tokens=100, usd=0.0)

    assert [] == world.judgements()


def test_calls_without_tokens_are_quiet(world: World) -> None:
    """Those that failed took none."""
    world.llm(error="ValueError")
    world.llm(usage=Usage())

    assert [] == world.judgements()


def test_each_model_is_told_once(world: World) -> None:
    """However many calls it has."""
    for _ in range(10):
        world.llm("one", tokens=100)
        world.llm("two", tokens=100, run=2)

    assert {"openai/one", "openai/two"} == {judgement.key for judgement in world.firing}


def test_a_price_ends_it(world: World) -> None:
    """Somebody has set one."""
    world.llm("my-own", tokens=100)
    assert 1 == len(world.firing)

    world.llm("my-own", tokens=100, usd=0.01)

    assert [] == world.judgements()


def test_it_is_over_when_the_model_is_asked_no_more(world: World) -> None:
    """After ten minutes."""
    world.llm("my-own", tokens=100)
    world.wait(599)
    assert 1 == len(world.firing)

    world.wait(2)

    assert [] == world.judgements()
