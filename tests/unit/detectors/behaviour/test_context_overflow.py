"""A conversation overflows when it fills its model's window, will soon, or was refused."""

from __future__ import annotations

import pytest

from foretell.detectors.behaviour.context_overflow import ContextOverflow
from foretell.model.facts import ErrorFacts, InferenceFacts
from foretell.model.finding import Verdict
from tests.unit.detectors.behaviour.agents import World, default_limits, hex_ids


def window_of(provider: str | None, model: str) -> int | None:
    return {"gpt-4o": 100_000, "small": 1_000}.get(model)


@pytest.fixture
def world() -> World:
    return World(ContextOverflow(default_limits("context_overflow"), window_of))


def test_more_than_nine_tenths_of_the_window_fire(world: World) -> None:
    """Exactly nine tenths do not."""
    world.llm(tokens=90_000)
    assert [] == world.judgements()

    call = world.llm(tokens=90_001)

    (judgement,) = world.firing
    assert (hex_ids(call), 90_001, 100_000) == (
        judgement.evidence["calls"],
        judgement.evidence["input_tokens"],
        judgement.evidence["window_tokens"],
    )
    assert "90.0% of the 100000 that gpt-4o can hold (limit 90%)" in judgement.explanation


def test_eighty_eight_percent_are_quiet(world: World) -> None:
    """However often."""
    for _ in range(10):
        world.llm(tokens=88_000)

    assert [] == world.judgements()


def test_a_conversation_that_will_be_full_in_three_turns_fires(world: World) -> None:
    """It grows by a tenth of the window each turn."""
    for tokens in (40_000, 50_000, 60_000, 70_000):
        world.llm(tokens=tokens)
        assert [] == world.judgements()

    world.llm(tokens=80_000)

    (judgement,) = world.firing
    assert 2 == judgement.evidence["turns_left"]
    assert "in 2.0 turns" in judgement.explanation


def test_growth_below_half_of_the_window_is_no_forecast(world: World) -> None:
    """A few large documents at the beginning are no trend."""
    for tokens in (1_000, 17_000, 33_000, 49_000):
        world.llm(tokens=tokens)

    assert [] == world.judgements()


def test_a_conversation_that_stopped_growing_is_quiet(world: World) -> None:
    """It has its size and keeps it."""
    for tokens in (50_000, 70_000, 85_000, 85_000, 85_000):
        world.llm(tokens=tokens)

    assert [] == world.judgements()


def test_compaction_ends_it(world: World) -> None:
    """The input is much smaller now."""
    world.llm(tokens=95_000)
    assert 1 == len(world.firing)

    world.llm(tokens=20_000)

    assert [] == world.judgements()


def test_a_little_less_does_not_end_it(world: World) -> None:
    """Hysteresis: it fires until there is room again."""
    world.llm(tokens=95_000)
    world.llm(tokens=85_000)
    assert 1 == len(world.firing)

    world.llm(tokens=80_000)

    assert [] == world.judgements()


@pytest.mark.parametrize(
    "error",
    [
        ErrorFacts("openai.BadRequestError", "This model's maximum context length is 128000 tokens."),
        ErrorFacts("openai.BadRequestError", "Error code: 400 - {'code': 'context_length_exceeded'}"),
        ErrorFacts("anthropic.BadRequestError", "prompt is too long: 210000 tokens > 200000 maximum"),
        ErrorFacts(
            "google.ClientError", "The input token count (1200000) exceeds the maximum number of tokens allowed"
        ),
        ErrorFacts("litellm.ContextWindowExceededError", ""),
    ],
    ids=lambda error: error.type,
)
def test_the_providers_own_error_always_fires(world: World, error: ErrorFacts) -> None:
    """Of a model whose window nobody knows, too."""
    world.llm("unheard-of", error=error)

    (judgement,) = world.judgements()
    assert Verdict.FIRING is judgement.verdict
    assert "refused the input" in judgement.explanation


def test_a_model_that_stopped_at_its_window_fires(world: World) -> None:
    """Some say so as the reason why they finished."""
    facts = InferenceFacts("anthropic", request_model="m", finish_reasons=("model_context_window_exceeded",))
    world.llm("m", facts=facts, tokens=10)

    assert 1 == len(world.firing)


def test_other_errors_are_quiet(world: World) -> None:
    """A refusal for rate says tokens too."""
    world.llm(error=ErrorFacts("openai.RateLimitError", "Rate limit reached: 30000 tokens per minute"))

    assert [] == world.judgements()


def test_an_unknown_window_is_unknown_once_for_all_runs(world: World) -> None:
    """Never healthy."""
    for run in range(5):
        world.llm("unheard-of", tokens=500_000, run=run)

    (judgement,) = world.judgements()
    assert Verdict.UNKNOWN is judgement.verdict
    assert "The window of unheard-of is unknown" in judgement.explanation


def test_without_tokens_it_is_unknown_until_some_are_told(world: World) -> None:
    """A stream without usage."""
    world.llm()
    assert 1 == len(world.unknown)

    world.llm(tokens=10)

    assert [] == world.judgements()


def test_each_agent_has_a_conversation_of_its_own(world: World) -> None:
    """Only the one that is full fires."""
    world.llm(tokens=95_000, agent="planner")
    world.llm(tokens=1_000, agent="writer")

    assert ["planner"] == [judgement.agent_name for judgement in world.firing]


def test_the_end_of_the_run_ends_it(world: World) -> None:
    """And before that it is still told once."""
    world.llm(tokens=95_000)
    world.detector.end_run(f"{1:016x}", world.now_ns)

    assert 1 == len(world.firing)
    assert [] == world.judgements()
