"""A dependency that does not answer four times in a row is told; one that answers in between is not."""

from __future__ import annotations

import pytest

from foretell.detectors.behaviour.dependency_timeouts import DependencyTimeouts
from foretell.model.facts import ErrorFacts
from foretell.model.finding import Verdict
from foretell.model.kinds import Kind, Outcome
from tests.unit.detectors.behaviour.agents import World, default_limits, hex_ids


@pytest.fixture
def world() -> World:
    return World(DependencyTimeouts(default_limits("dependency_timeouts")))


def test_the_fourth_time_out_in_a_row_fires(world: World) -> None:
    """Three may be retries."""
    calls = [world.llm(error="openai.APITimeoutError") for _ in range(3)]
    assert [] == world.judgements()

    calls.append(world.llm(error="openai.APITimeoutError"))

    (judgement,) = world.firing
    assert "helper/openai" == judgement.key
    assert (hex_ids(*calls), 4, 0) == tuple(judgement.evidence[name] for name in ("calls", "failures", "resets"))
    assert "openai did not answer 4 times in a row for helper" in judgement.explanation


def test_two_retries_then_success_are_quiet(world: World) -> None:
    """Again and again."""
    for _ in range(10):
        world.tool("search", error="TimeoutError")
        world.tool("search", error="TimeoutError")
        world.tool("search")

    assert [] == world.judgements()


@pytest.mark.parametrize(
    "error",
    [
        "TimeoutError", "httpx.ReadTimeout", "asyncio.exceptions.TimeoutError", "504", "408", "ConnectionResetError",
        "ConnectionRefusedError", "httpx.ConnectError", "openai.APIConnectionError", "BrokenPipeError",
        "httpx.RemoteProtocolError", "requests.exceptions.ConnectionError", "socket.gaierror",
    ],
)  # fmt: skip
def test_what_counts_as_no_answer(world: World, error: str) -> None:
    """Time-outs and broken connections."""
    for _ in range(4):
        world.retrieve(error=error)

    assert ["helper/pinecone"] == [judgement.key for judgement in world.firing]


@pytest.mark.parametrize("error", ["ValueError", "500", "openai.BadRequestError", "KeyError"])
def test_an_error_is_an_answer(world: World, error: str) -> None:
    """However often."""
    for _ in range(10):
        world.tool("search", error=error)

    assert [] == world.judgements()


def test_resets_are_counted(world: World) -> None:
    """They tell another story than time-outs."""
    for error in ("TimeoutError", "ConnectionResetError", "TimeoutError", "ConnectionResetError"):
        world.tool("search", error=error)

    (judgement,) = world.firing
    assert 2 == judgement.evidence["resets"]


def test_an_ordinary_error_neither_counts_nor_ends_a_row(world: World) -> None:
    """The next time-out still has no success before it."""
    for error in ("TimeoutError", "TimeoutError", "ValueError", "TimeoutError"):
        world.tool("search", error=error)
    assert [] == world.judgements()

    world.tool("search", error="TimeoutError")

    assert 1 == len(world.firing)


def test_refusals_for_rate_are_a_class_of_their_own(world: World) -> None:
    """Three of each are no four of either."""
    for _ in range(3):
        world.llm(error="openai.APITimeoutError")
        world.llm(error="openai.RateLimitError")
    assert [] == world.judgements()

    world.llm(error="openai.RateLimitError")

    (judgement,) = world.firing
    assert "helper/openai/429" == judgement.key
    assert "Retry-After" in judgement.advice


def test_a_success_ends_it(world: World) -> None:
    """It answers again."""
    for _ in range(5):
        world.tool("search", error="TimeoutError")
    assert 1 == len(world.firing)

    world.tool("search")

    assert [] == world.judgements()


def test_a_success_of_something_else_does_not_end_it(world: World) -> None:
    """Another tool works."""
    for _ in range(4):
        world.tool("search", error="TimeoutError")
        world.tool("clock")
        world.tool("search", agent="other")

    assert ["helper/search"] == [judgement.key for judgement in world.firing]


def test_time_outs_far_apart_are_quiet(world: World) -> None:
    """Four within five minutes are needed."""
    for _ in range(8):
        world.tool("search", error="TimeoutError")
        world.wait(101)

    assert [] == world.judgements()


def test_it_is_over_when_nobody_asks_any_more(world: World) -> None:
    """Five minutes after the last failure."""
    for _ in range(4):
        world.tool("search", error="TimeoutError")
    world.wait(299)
    assert 1 == len(world.firing)

    world.wait(2)

    assert [] == world.judgements()


def test_each_try_of_a_foreign_client_counts(world: World) -> None:
    """Its spans name the server."""
    for n in range(4):
        attributes = {"server.address": "api.example.com", "http.request.resend_count": n}
        world.call(Kind.SPAN, "POST", span_kind="client", attributes=attributes, error="ReadTimeout")

    assert ["helper/api.example.com"] == [judgement.key for judgement in world.firing]


def cancel(world: World, kind: Kind = Kind.TOOL, name: str = "search", run: int = 1, seconds: float = 1) -> None:
    error = ErrorFacts("asyncio.exceptions.CancelledError")
    world.call(kind, name, run=run, error=error, outcome=Outcome.CANCELLED, seconds=seconds)


def test_a_call_that_was_cancelled_while_its_run_went_on_was_given_up(world: World) -> None:
    """A time-out around the tool cancels it, and the agent goes on."""
    for _ in range(4):
        cancel(world)
        world.llm()

    assert ["helper/search"] == [judgement.key for judgement in world.firing]


def test_a_run_that_failed_with_a_time_out_gave_its_call_up(world: World) -> None:
    """The time-out passed through the agent."""
    for run in range(1, 5):
        cancel(world, run=run)
        world.call(Kind.AGENT, "helper", run=run, error="TimeoutError")
        world.detector.end_run(f"{run:016x}", world.now_ns)

    assert ["helper/search"] == [judgement.key for judgement in world.firing]


def test_a_run_that_was_cancelled_says_nothing_about_its_calls(world: World) -> None:
    """A user who stops it again and again."""
    for run in range(1, 9):
        cancel(world, run=run)
        cancel(world, Kind.AGENT, "helper", run=run)
        world.detector.end_run(f"{run:016x}", world.now_ns)

    assert [] == world.judgements()


def test_who_asks_two_at_once_and_cancels_the_slower_one_is_answered(world: World) -> None:
    """The one that lost the race is no failure."""
    for _ in range(8):
        world.tool("fast_search")
        cancel(world, seconds=0.01)
        world.llm()

    assert [] == world.judgements()


def test_what_falls_with_another_call_is_no_failure_of_its_own(world: World) -> None:
    """A group of tasks cancels all of them when one fails."""
    for run in range(1, 9):
        world.tool("read", run=run, error="ValueError")
        cancel(world, run=run, seconds=0.01)
        world.call(Kind.AGENT, "helper", run=run, error="ExceptionGroup")

    assert [] == world.judgements()


def test_failures_that_nobody_explains_leave_it_unknown(world: World) -> None:
    """They may be time-outs."""
    for _ in range(4):
        world.tool("search", error=ErrorFacts("_OTHER"))

    (judgement,) = world.judgements()
    assert Verdict.UNKNOWN is judgement.verdict


def test_memory_is_bounded(world: World) -> None:
    """Names made in a loop push out the oldest."""
    for _ in range(4):
        world.tool("search", error="TimeoutError")
    for n in range(4_096):
        world.tool(f"tool {n}", error="TimeoutError", seconds=0.001)

    assert ["helper/search"] == [judgement.key for judgement in world.firing]
    assert [] == world.judgements()
