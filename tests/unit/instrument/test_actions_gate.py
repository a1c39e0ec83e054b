"""A run that is held: its next operation raises, or waits, and leaves no trace in the context."""

from __future__ import annotations

import asyncio
import threading

import pytest
from opentelemetry.context import get_current

import foretell
from foretell.instrument import state
from foretell.instrument.gates.gate import Gates
from foretell.model.finding import Finding, Severity, Verdict
from foretell.model.kinds import Outcome


class Seconds:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def seconds():
    return Seconds()


@pytest.fixture
def gates(record, seconds):
    made = state.current.gate = Gates(state.current.open_calls, pause_limit_s=100, monotonic_s=seconds)
    yield made
    made.open_all()


def find(run_id: str | None = None, agent: str | None = None) -> Finding:
    trigger, key = ("agent_loop", run_id) if run_id else ("cost_burn", "all")
    why, evidence = "4 times.", {"times": 4}
    return Finding(
        trigger, key, Severity.CRITICAL, Verdict.FIRING, 1, None, why, "", 1.0, evidence, run_id, None, agent
    )


@foretell.instrument_tool
def look():
    return "looked"


@foretell.instrument_tool
async def alook():
    return "looked"


@foretell.instrument_tool
def pieces():
    yield "looked"


@foretell.instrument_tool
async def apieces():
    yield "looked"


def enter():
    with foretell.tool("look"):
        """Not reached while halted."""


async def aenter():
    async with foretell.tool("look"):
        """Not reached while halted."""


async def gather_apieces():
    return [piece async for piece in apieces()]


SYNC = {"function": look, "generator": lambda: list(pieces()), "block": enter}
ASYNC = {"coroutine": alook, "async generator": gather_apieces, "async block": aenter}


@pytest.mark.parametrize("way", SYNC)
def test_the_next_operation_of_a_halted_run_raises(record, gates, way):
    with foretell.agent("a") as agent:
        before = get_current()
        gates.halt(find(agent.run_id))
        with pytest.raises(foretell.RunHalted):
            SYNC[way]()

        assert before is get_current()
    assert [Outcome.OK, Outcome.HALTED] == [call.outcome for call in record.ended()]


@pytest.mark.parametrize("way", ASYNC)
async def test_the_next_awaited_operation_of_a_halted_run_raises(record, gates, way):
    with foretell.agent("a") as agent:
        before = get_current()
        gates.halt(find(agent.run_id))
        with pytest.raises(foretell.RunHalted):
            await ASYNC[way]()

        assert before is get_current()
    assert [Outcome.OK, Outcome.HALTED] == [call.outcome for call in record.ended()]


def test_a_run_that_the_halt_ends_is_halted(record, gates):
    @foretell.instrument_agent
    def work():
        gates.halt(find(foretell.current_operation().run_id))
        look()

    with pytest.raises(foretell.RunHalted):
        work()

    assert [Outcome.HALTED, Outcome.HALTED] == [call.outcome for call in record.ended()]
    assert not foretell.current_operation()


def test_the_exception_names_trigger_evidence_and_how_to_allow_it(record, gates):
    with foretell.agent("a") as agent:
        gates.halt(find(agent.run_id))
        with pytest.raises(foretell.RunHalted) as raised:
            look()

    error = raised.value
    assert ("agent_loop", {"explanation": "4 times.", "times": 4}, agent.run_id) == (
        error.trigger,
        error.evidence,
        error.run_id,
    )
    assert "FORETELL_ACTIONS=agent_loop=log" in str(error)


def test_the_operation_that_a_halt_ends_keeps_its_input(record, gates):
    @foretell.instrument_tool
    def ask(question):
        """Not reached."""

    with foretell.agent("a") as agent:
        gates.halt(find(agent.run_id))
        with pytest.raises(foretell.RunHalted):
            ask("why?")

    assert record.ended()[1].input is not None


def test_other_runs_go_on(record, gates):
    with foretell.agent("a") as agent:
        gates.halt(find(agent.run_id))
    with foretell.agent("b"):
        assert "looked" == look()


def test_a_finding_about_no_run_halts_runs_of_its_agent_and_no_others(record, gates):
    gates.halt(find(agent="dear"))
    with foretell.agent("cheap"):
        assert "looked" == look()

    with pytest.raises(foretell.RunHalted), foretell.agent("dear"):
        """Not reached."""


def test_a_finding_about_no_run_lets_go_when_it_is_over(record, gates):
    with foretell.agent("a"):
        gates.halt(find())
        gates.lift(find())

        assert "looked" == look()


# -- pauses ----------------------------------------------------------------------------------------------------------


def events(record):
    return [(event.name, event.fields["is_resumed"]) for call in record.ended() for event in call.events or ()]


def test_a_thread_waits_until_its_run_is_resumed(record, gates):
    reached = threading.Event()
    with foretell.agent("a") as agent:
        gates.pause(find(agent.run_id))
        thread = threading.Thread(target=foretell.propagate(lambda: (look(), reached.set())))
        thread.start()
        assert [agent.run_id] == list(gates.list_paused())
        assert not reached.is_set()
        assert gates.resume(agent.run_id)
        thread.join(30)

    assert reached.is_set()
    assert {} == gates.list_paused()


async def test_what_waited_until_the_time_limit_says_so_once(record, gates, seconds):
    with foretell.agent("a") as agent:
        gates.pause(find(agent.run_id))
        waiting = asyncio.ensure_future(alook())
        await asyncio.sleep(0)
        seconds.now_s = 100.0
        await waiting
        await alook()

    assert [("foretell.paused", False)] == events(record)


def test_after_the_time_limit_the_run_goes_on(record, gates, seconds):
    with foretell.agent("a") as agent:
        gates.pause(find(agent.run_id))
        seconds.now_s = 100.0

        assert "looked" == look()
    assert [] == events(record)


def test_after_the_time_limit_the_run_is_halted_where_that_was_asked_for(record, seconds):
    gates = Gates(state.current.open_calls, pause_limit_s=100, halts_after_pause=True, monotonic_s=seconds)
    state.current.gate = gates
    with foretell.agent("a") as agent:
        gates.pause(find(agent.run_id))
        seconds.now_s = 100.0
        for _ in range(2):
            with pytest.raises(foretell.RunHalted):
                look()


@pytest.mark.parametrize("way", ASYNC)
async def test_awaited_operations_wait_without_holding_up_the_loop(record, gates, way):
    with foretell.agent("a") as agent:
        gates.pause(find(agent.run_id))
        waiting = asyncio.ensure_future(ASYNC[way]())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert not waiting.done()
        gates.resume(agent.run_id)
        await waiting

    assert [("foretell.paused", True)] == events(record)


async def test_a_plain_block_on_the_event_loop_never_waits(record, gates):
    with foretell.agent("a") as agent:
        gates.pause(find(agent.run_id))
        enter()
        look()

    assert [] == events(record)


@pytest.mark.parametrize("way", ASYNC)
async def test_cancelling_what_waits_ends_it_as_cancelled(record, gates, way):
    with foretell.agent("a") as agent:
        gates.pause(find(agent.run_id))
        waiting = asyncio.ensure_future(ASYNC[way]())
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting

    assert [Outcome.OK, Outcome.CANCELLED] == [call.outcome for call in record.ended()]


def test_only_a_run_that_is_paused_can_be_resumed(record, gates):
    with foretell.agent("a") as agent:
        assert not gates.resume(agent.run_id)
        gates.halt(find(agent.run_id))
        assert not gates.resume(agent.run_id)


def test_holds_of_runs_that_ended_are_forgotten(record, gates):
    with foretell.agent("a") as agent:
        gates.halt(find(agent.run_id))
    gates.tidy()

    assert gates.is_open


def test_at_the_end_of_recording_whoever_waits_goes_on(record, gates):
    with foretell.agent("a") as agent:
        gates.pause(find(agent.run_id))
        thread = threading.Thread(target=foretell.propagate(look))
        thread.start()
        gates.open_all()
        thread.join(30)

        assert not thread.is_alive()


def test_a_nudge_is_not_held_by_the_pause_that_it_is_to_end(record, gates):
    with foretell.agent("a") as agent:
        gates.pause(find(agent.run_id))
        thread = threading.Thread(target=foretell.propagate(look), name="on_finding-nudge")
        thread.start()
        thread.join(30)

        assert not thread.is_alive()
