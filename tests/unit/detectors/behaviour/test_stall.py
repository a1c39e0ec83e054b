"""A run stalls when it has a tool's result and does nothing; silence alone is no stall."""

from __future__ import annotations

import pytest

from foretell.detectors.behaviour.stall import Stall
from foretell.model.kinds import Kind
from tests.unit.detectors.behaviour.agents import World, default_limits, hex_ids

RUN = f"{1:016x}"


@pytest.fixture
def world() -> World:
    """A world in which an agent is open and was seen."""
    world = World(Stall(default_limits("stall")))
    world.show_open(world.open(Kind.AGENT, "helper"))
    return world


def test_thirty_seconds_after_a_tool_with_nothing_in_flight_are_a_stall(world: World) -> None:
    """Just under the limit all is well."""
    tool = world.tool("search")
    world.wait(30)
    assert [] == world.judgements()

    world.wait(0.001)

    (judgement,) = world.firing
    assert hex_ids(tool) == judgement.evidence["calls"]
    assert (RUN, tool.end_ns, tool.span_id) == (judgement.key, judgement.onset_ns, judgement.span_id)
    assert "helper got the result of search and has done nothing for 30 s (limit 30 s)" in judgement.explanation


def test_the_next_call_ends_a_stall(world: World) -> None:
    """As soon as it is seen open."""
    world.tool("search")
    world.wait(40)
    assert 1 == len(world.firing)

    world.show_open(world.open(Kind.LLM, "gpt-4o"))

    assert [] == world.judgements()


def test_a_model_call_of_a_minute_is_no_stall(world: World) -> None:
    """Something is in flight."""
    world.tool("search")
    world.wait(5)
    world.show_open(world.open(Kind.LLM, "gpt-4o"))
    world.wait(60)

    assert [] == world.judgements()


def test_a_tool_of_an_hour_is_no_stall(world: World) -> None:
    """Another tool runs beside the one that ended."""
    world.show_open(world.open(Kind.TOOL, "index_everything"))
    world.tool("search")
    world.wait(3600)

    assert [] == world.judgements()


def test_a_stall_begins_anew_when_what_was_in_flight_has_ended(world: World) -> None:
    """Both tools gave their results, and nothing follows."""
    other = world.show_open(world.open(Kind.TOOL, "index_everything"))
    world.tool("search")
    world.wait(100)
    assert [] == world.judgements()
    other.end_ns = world.now_ns
    world.detector.take(other, world.now_ns)
    world.wait(30)
    assert [] == world.judgements()

    world.wait(1)

    assert ["index_everything"] == [judgement.evidence["tool"] for judgement in world.firing]


def test_the_tool_around_the_one_that_ended_is_not_in_flight(world: World) -> None:
    """An agent that is a tool of another one may stall too."""
    outer = world.show_open(world.open(Kind.TOOL, "ask_writer", parent_id=101))
    inner = world.show_open(world.open(Kind.AGENT, "writer", parent_id=outer.span_id))
    world.tool("search", parent_id=inner.span_id)
    world.wait(31)

    assert 1 == len(world.firing)


def test_silence_after_a_model_is_no_stall(world: World) -> None:
    """The agent may be doing what the model said, or wait for its user."""
    world.tool("search")
    world.llm()
    world.wait(3600)

    assert [] == world.judgements()


def test_a_person_who_is_asked_may_take_ten_minutes(world: World) -> None:
    """While the question is open, and after a tool that only sends it."""
    world.tool("search")
    question = world.show_open(world.open(Kind.TOOL, "human_approval"))
    world.wait(600)
    assert [] == world.judgements()

    question.end_ns = world.now_ns
    world.detector.take(question, world.now_ns)
    world.wait(600)

    assert [] == world.judgements()


def test_a_small_step_does_not_hide_a_stall(world: World) -> None:
    """The timer begins anew with it: the agent was alive."""
    world.tool("search")
    world.wait(20)
    world.call(Kind.STEP, "log_result")
    world.wait(20)
    assert [] == world.judgements()

    world.wait(11)

    assert 1 == len(world.firing)


def test_a_foreign_request_in_flight_is_no_stall(world: World) -> None:
    """The model may be asked through a client that only HTTP spans show."""
    world.tool("search")
    world.show_open(world.open(Kind.SPAN, "POST", span_kind="client"))
    world.wait(100)

    assert [] == world.judgements()


def test_the_end_of_the_agent_ends_the_wait(world: World) -> None:
    """It has given its own result."""
    world.tool("search")
    world.call(Kind.AGENT, "writer")
    world.wait(100)

    assert [] == world.judgements()


def test_the_end_of_the_run_ends_a_stall(world: World) -> None:
    """Nothing is left to wait for."""
    world.tool("search")
    world.wait(40)
    assert 1 == len(world.firing)

    world.detector.end_run(RUN, world.now_ns)

    assert [] == world.judgements()


def test_a_process_that_only_runs_tools_does_not_stall() -> None:
    """The agent is in another process: no call of its is open here."""
    world = World(Stall(default_limits("stall")))
    world.tool("search")
    world.wait(100)

    assert [] == world.judgements()


def test_a_gap_that_nobody_looked_at_is_told_afterwards(world: World) -> None:
    """A recorded run: the next call is seen only when it ends."""
    tool = world.tool("search")
    world.wait(45)
    world.llm()

    (judgement,) = world.firing
    assert hex_ids(tool) == judgement.evidence["calls"]
    assert "did nothing for 45 s" in judgement.explanation
    assert [] == world.judgements()


def test_a_short_gap_is_not_told_afterwards(world: World) -> None:
    """An agent may think for itself."""
    world.tool("search")
    world.wait(29)
    world.llm()

    assert [] == world.judgements()


def test_a_clock_that_jumps_is_no_stall_when_it_jumps_back(world: World) -> None:
    """The time since the result is negative then."""
    world.tool("search")
    world.wait(-3600)

    assert [] == world.judgements()


def test_only_the_run_that_stalls_is_told() -> None:
    """Others go on."""
    world = World(Stall(default_limits("stall")))
    for run in (1, 2, 3):
        world.show_open(world.open(Kind.AGENT, "helper", run=run))
        world.tool("search", run=run)
    world.wait(20)
    world.tool("search", run=1)
    world.llm(run=3)
    world.wait(20)

    assert [f"{2:016x}"] == [judgement.run_id for judgement in world.firing]
