"""An agent that repeats itself is a loop; one that repeats a call and learns something is not."""

from __future__ import annotations

from uuid import UUID

import pytest

from foretell.detectors.behaviour.loops.agent_loop import AgentLoop
from foretell.model.facts import ErrorFacts
from foretell.model.finding import Verdict
from foretell.model.kinds import Kind, Outcome
from foretell.model.payload import Payload
from tests.unit.detectors.behaviour.agents import World, default_limits, hex_ids, payload_of

RUN = f"{1:016x}"
LONG_ANSWER = "I will now look at the orders of the customer and then decide what to do about the refund."

UNLIKE = (
    "The stove broke on the first day and nobody answers the phone.",
    "What a lovely jacket, my daughter wears it every single day!",
    "Where is my parcel? It should have been here on Monday morning.",
    "I would like to change the address of an order from last week.",
    "Please send me the invoice again, the first one was for someone else.",
)


@pytest.fixture
def world() -> World:
    return World(AgentLoop(default_limits("agent_loop")))


def rules(world: World) -> list[str]:
    return [judgement.evidence["rule"] for judgement in world.firing]


def test_the_fourth_equal_call_with_an_equal_result_is_a_loop(world: World) -> None:
    """Three may be chance."""
    calls = [world.tool("search", {"q": "x"}, "nothing") for _ in range(3)]
    assert [] == world.firing

    calls.append(world.tool("search", {"q": "x"}, "nothing"))

    (judgement,) = world.firing
    assert "repeats" == judgement.evidence["rule"]
    assert hex_ids(*calls) == judgement.evidence["calls"]
    assert f"{RUN}/helper" == judgement.key
    assert (RUN, "helper", calls[0].end_ns) == (judgement.run_id, judgement.agent_name, judgement.onset_ns)
    assert "search came 4 times" in judgement.explanation
    assert "limit 4" in judgement.explanation


def test_times_and_request_ids_do_not_hide_a_loop(world: World) -> None:
    """They change each time and mean nothing."""
    for n in range(4):
        result = {"at": f"2026-01-02T10:00:0{n}.123Z", "id": str(UUID(int=n + 2**100)), "items": []}
        world.tool("search", {"q": "x", "request_id": f"r-{n}"}, result)

    assert ["repeats"] == rules(world)


def test_numbers_are_equal_however_they_are_written(world: World) -> None:
    """1 and 1.0 ask for the same."""
    for limit in (1, 1.0, 1, 1.0):
        world.tool("search", {"limit": limit}, "nothing")

    assert ["repeats"] == rules(world)


def test_polling_with_changing_results_is_no_loop(world: World) -> None:
    """The same question is fine while the answers differ."""
    for done in range(20):
        world.tool("job_status", {"job": 7}, {"state": "running", "percent": done * 5})

    assert [] == world.judgements()


def test_pagination_is_no_loop(world: World) -> None:
    """`page_down` has the same input each time and shows another page."""
    for page in range(20):
        world.tool("page_down", {}, f"This is the text of another page, about subject {page}")

    assert [] == world.judgements()


@pytest.mark.parametrize("name", ["wait_for_job", "sleep", "poll_queue"])
def test_a_tool_that_waits_may_be_called_again_and_again(world: World, name: str) -> None:
    """Its name says so."""
    for _ in range(20):
        world.tool(name, {"job": 7}, "running")

    assert [] == world.judgements()


def test_a_tool_may_declare_itself_a_poller(world: World) -> None:
    """By an attribute."""
    for _ in range(20):
        world.tool("job_status", {"job": 7}, "running", attributes={"foretell.poller": True})

    assert [] == world.judgements()


def test_the_same_failure_three_times_is_a_loop(world: World) -> None:
    """An error that a model saw and did not understand."""
    for expected in ([], [], ["error_repeats"]):
        world.llm()
        world.tool("edit", {"line": 3}, error="ValueError")
        assert expected == rules(world)


def test_the_programs_own_retries_are_no_loop_below_the_limit(world: World) -> None:
    """No model was asked between them: the third try is a retry, the fourth is not."""
    world.llm()
    for expected in ([], [], [], ["repeats"]):
        world.tool("edit", {"line": 3}, error=ErrorFacts("ValueError", "bad line"))
        assert expected == rules(world)[:1]


def test_what_does_not_answer_is_not_a_loop(world: World) -> None:
    """Time-outs have a trigger of their own."""
    for _ in range(8):
        world.llm()
        world.tool("search", {"q": "x"}, error="httpx.ReadTimeout")

    assert [] == world.firing


def test_calls_that_somebody_stopped_are_no_steps(world: World) -> None:
    """They have no result."""
    for _ in range(8):
        world.llm()
        error = ErrorFacts("asyncio.exceptions.CancelledError")
        world.tool("search", {"q": "x"}, error=error, outcome=Outcome.CANCELLED)

    assert [] == world.firing


@pytest.mark.parametrize("period", [2, 3, 4, 6])
def test_a_cycle_of_calls_is_a_loop_after_three_rounds(world: World, period: int) -> None:
    """The same few calls in the same order with the same results."""
    for n in range(3 * period - 1):
        world.tool(f"tool_{n % period}", {"a": n % period}, f"result of step {n % period}")
    assert "alternations" not in rules(world)

    world.tool(f"tool_{period - 1}", {"a": period - 1}, f"result of step {period - 1}")

    assert ["alternations"] == rules(world)


def test_a_cycle_that_brings_something_new_is_no_loop(world: World) -> None:
    """Take a job, do it, take the next one."""
    for n in range(12):
        world.tool("take_job", {}, {"job": f"job {n}"})
        world.tool("do_job", {"job": f"job {n}"}, "done")

    assert [] == world.judgements()


def test_edits_that_never_pass_the_test_are_a_loop(world: World) -> None:
    """The calls differ, the error is the same, and edits that succeed lie between."""
    for n in range(4):
        assert [] == world.firing
        world.tool("edit", {"line": n}, f"edited {n}")
        world.tool("test", {"attempt": n}, error=ErrorFacts("AssertionError", "expected 3, got 4"))

    assert ["same_error_repeats"] == rules(world)


def test_a_failure_told_in_words_is_a_failure(world: World) -> None:
    """Many tools return their errors."""
    for n in range(4):
        assert [] == world.firing
        world.tool("edit", {"line": n}, f"edited {n}")
        world.tool("test", {"attempt": n}, "FAILED test_total: expected 3, got 4")

    assert ["same_error_repeats"] == rules(world)


def test_tests_that_fail_differently_show_progress(world: World) -> None:
    """Each edit changes what is wrong."""
    for n in range(8):
        world.tool("edit", {"line": n}, f"edited {n}")
        world.tool("test", {"attempt": n}, error=ErrorFacts("AssertionError", f"test {n} failed"))

    assert [] == world.judgements()


def test_attempts_that_fail_one_after_the_other_are_a_loop(world: World) -> None:
    """Each fails in another way, but nothing succeeds between."""
    for n in range(4):
        assert [] == world.firing
        error = ErrorFacts("AgentExecutionError", f"line {n} failed for reason {n}")
        world.call(Kind.STEP, f"Step {n}", error=error)

    assert ["failures"] == rules(world)


def test_different_calls_that_all_fail_are_a_loop_until_one_succeeds(world: World) -> None:
    """Tools, too; each failure more keeps it firing."""
    for n in range(6):
        world.tool("edit", {"line": n}, error=ErrorFacts("ValueError", f"reason {'abcdef'[n]}"))
    assert ["failures"] == rules(world)

    world.tool("edit", {"line": 9}, "edited")

    assert [] == world.judgements()


def test_a_step_that_succeeds_ends_a_row_of_failures(world: World) -> None:
    """Three failures, a success, three failures."""
    for n in range(7):
        error = None if n == 3 else ErrorFacts("AgentExecutionError", f"reason {n}")
        world.call(Kind.STEP, f"Step {n}", error=error)

    assert [] == world.judgements()


def test_a_tools_failure_and_that_of_the_step_around_it_are_one(world: World) -> None:
    """The error passes through the step."""
    for n in range(3):
        error = ErrorFacts("ValueError", f"reason {n}")
        world.tool("edit", {"n": n}, error=error)
        world.call(Kind.STEP, f"Step {n}", error=error)

    assert [] == world.judgements()


def test_many_calls_that_bring_nothing_new_are_a_loop(world: World) -> None:
    """Three calls in no fixed order, always the same three results."""
    for n in (0, 1, 2, 1, 0, 2, 2, 1, 0, 0, 2):
        world.tool("look", {"at": n}, f"seen {n}")
    assert [] == world.firing

    world.tool("look", {"at": 1}, "seen 1")

    assert ["distinct_results"] == rules(world)


def test_many_writes_with_the_same_result_are_no_loop(world: World) -> None:
    """Each call does something else, though each answers `ok`."""
    for n in range(40):
        world.tool("write", {"file": f"f{n}"}, "ok")

    assert [] == world.judgements()


def test_calls_at_the_same_time_are_no_loop(world: World) -> None:
    """A fan-out asks the same question several times at once."""
    start = world.now_ns
    for n in range(6):
        world.tool("vote", {"q": "x"}, "yes", start_ns=start, seconds=0.1 + n / 100)

    assert [] == world.judgements()


def test_a_span_that_is_told_twice_counts_once(world: World) -> None:
    """Duplicates happen where telemetry is sent again."""
    for _ in range(2):
        call = world.tool("search", {"q": "x"}, "nothing")
        for _ in range(3):
            world.detector.take(call, world.now_ns)

    assert [] == world.judgements()


def test_two_agents_do_not_make_a_loop_together(world: World) -> None:
    """Each looks at the clock twice."""
    for agent in ("planner", "writer", "planner", "writer"):
        world.tool("clock", {}, "noon", agent=agent)

    assert [] == world.judgements()


def test_two_runs_do_not_make_a_loop_together(world: World) -> None:
    """Each run begins with the same call."""
    for run in range(1, 9):
        world.tool("read_rules", {}, "be kind", run=run)

    assert [] == world.judgements()


def test_a_new_call_of_the_agent_starts_afresh(world: World) -> None:
    """A sub-agent that looks at the clock first each time does not loop."""
    for n in range(8):
        world.tool("clock", {}, "noon", agent="writer")
        world.call(Kind.AGENT, "writer", given={"task": n}, result=f"text number {n}")

    assert [] == world.judgements()


def test_a_sub_agent_that_is_asked_the_same_again_and_again_is_a_loop(world: World) -> None:
    """Agents are steps too."""
    for expected in ([], [], [], ["repeats"]):
        world.call(Kind.AGENT, "writer", given={"task": "poem"}, result="cannot do that")
        assert expected == rules(world)


def test_a_person_who_answers_starts_it_afresh(world: World) -> None:
    """What was repeated may now be right."""
    for _ in range(4):
        for _ in range(3):
            world.tool("search", {"q": "x"}, "nothing")
        world.tool("ask_human", {"may I": "go on"}, "yes", seconds=600)

    assert [] == world.judgements()


def test_a_new_message_of_the_user_starts_it_afresh(world: World) -> None:
    """The user asks for the same once more."""
    for turn in range(1, 5):
        messages = [{"role": "user", "content": "look again"}] * turn
        for results in range(3):
            world.llm(given={"messages": [*messages, *[{"role": "tool", "content": "x"}] * results]})
            if results < 2:
                world.tool("search", {"q": "x"}, "nothing")

    assert [] == world.judgements()


def test_results_sent_as_messages_of_the_user_do_not_hide_a_loop(world: World) -> None:
    """Some frameworks do so; every model call then has one more."""
    for turn in range(1, 5):
        world.llm(given={"messages": [{"role": "user", "content": "Observation: nothing"}] * turn})
        world.tool("search", {"q": "x"}, "nothing")

    assert ["repeats"] == rules(world)


def test_one_new_step_does_not_end_a_loop_two_do(world: World) -> None:
    """Hysteresis: a single other call may be chance."""
    for _ in range(4):
        world.tool("search", {"q": "x"}, "nothing")
    assert 1 == len(world.firing)

    world.tool("read", {"page": 1}, "page one")
    assert 1 == len(world.firing)
    world.tool("read", {"page": 2}, "page two")

    assert [] == world.firing


def test_the_end_of_the_run_ends_the_loop(world: World) -> None:
    """Nothing is left to watch."""
    for _ in range(4):
        world.tool("search", {"q": "x"}, "nothing")
    assert 1 == len(world.firing)

    world.detector.end_run(RUN, world.now_ns)

    assert [] == world.judgements()


def test_a_loop_of_a_run_that_ended_at_once_is_still_told(world: World) -> None:
    """All of it happened between two looks."""
    for _ in range(4):
        world.tool("search", {"q": "x"}, "nothing")
    world.detector.end_run(RUN, world.now_ns)

    assert ["repeats"] == rules(world)
    assert [] == world.judgements()


def test_results_that_are_not_kept_leave_it_unknown(world: World) -> None:
    """With contents off, polling and looping look alike."""
    for _ in range(4):
        world.tool("search", identity="ab" * 16)

    (judgement,) = world.judgements()
    assert Verdict.UNKNOWN is judgement.verdict
    assert "4 times" in judgement.explanation


def test_unlike_calls_without_results_are_not_unknown(world: World) -> None:
    """Whatever they returned, this is no repetition."""
    for n in range(20):
        world.tool("search", identity=f"{n:032x}")

    assert [] == world.judgements()


def test_redacted_inputs_that_read_alike_are_not_alike(world: World) -> None:
    """Four customers, none of them found."""
    for n in range(8):
        redacted = Payload('{"email":"[redacted:email]"}', 28, {"email": 1})
        world.tool("find", result="nobody", input_payload=redacted, identity=f"{n:032x}")

    assert [] == world.judgements()


def test_results_that_are_nothing_lower_the_confidence(world: World) -> None:
    """A tool that returns nothing may have done something each time."""
    for _ in range(4):
        world.tool("press_button", {"id": 1})

    (judgement,) = world.firing
    assert 0.6 == judgement.confidence


def test_the_same_answer_three_times_is_a_loop(world: World) -> None:
    """Nearly the same counts, and no tool lies between."""
    talk: list[dict[str, str]] = []
    for n, expected in enumerate(([], [], ["near_duplicates"])):
        answer = {"role": "assistant", "content": f"{LONG_ANSWER} Attempt {n}."}
        world.llm(given={"messages": talk}, result={"choices": [{"message": answer}], "id": f"chatcmpl-{n}"})
        talk = [*talk, answer]
        assert expected == rules(world)


def test_answers_that_differ_are_no_loop(world: World) -> None:
    """Each says something of its own to the same question."""
    for text in UNLIKE:
        world.llm(given={"messages": [{"content": "go on"}]}, result={"content": text})

    assert [] == world.judgements()


def test_like_answers_to_unlike_questions_are_no_loop(world: World) -> None:
    """A batch of texts to classify gets the same answer many times."""
    for question in UNLIKE:
        world.llm(given={"text": question}, result={"content": LONG_ANSWER})

    assert [] == world.judgements()


def test_a_tool_between_makes_like_answers_harmless(world: World) -> None:
    """An orchestrator tells its plan before each tool."""
    for n in range(8):
        world.llm(given={"messages": [{"content": "go on"}]}, result={"content": LONG_ANSWER})
        world.tool("search", {"q": n}, f"found {n}")

    assert [] == world.judgements()


def test_another_answer_ends_a_loop_of_answers(world: World) -> None:
    """The model found something else to say."""
    for _ in range(3):
        world.llm(given={"messages": [{"content": "go on"}]}, result={"content": LONG_ANSWER})
    assert 1 == len(world.firing)

    world.llm(given={"messages": []}, result={"content": "The refund is approved; the order was 17 days old."})

    assert [] == world.firing


def test_three_round_trips_between_two_agents_are_a_loop(world: World) -> None:
    """They hand the work to each other, and no tool brings anything."""
    for n, name in enumerate(["planner", "writer"] * 3):
        assert [] == world.firing
        world.call(Kind.AGENT, name, result=f"over to the other one {n}")

    assert ["handoffs"] == rules(world)


def test_a_tool_result_between_makes_handoffs_harmless(world: World) -> None:
    """They work."""
    for name in ["planner", "writer"] * 6:
        world.tool("search", {"by": name, "n": world.count}, f"found {world.count}", agent=name)
        world.call(Kind.AGENT, name, result="over to the other one")

    assert [] == world.judgements()


def test_the_tool_that_hands_over_is_no_result(world: World) -> None:
    """`transfer_to_writer` only passes the turn on."""
    for name, other in [("planner", "writer"), ("writer", "planner")] * 3:
        world.tool(f"transfer_to_{other}", {"n": world.count}, "ok", agent=name)
        world.call(Kind.AGENT, name, result="over to the other one")

    assert ["handoffs"] == rules(world)


def test_a_writer_and_a_critic_get_twice_the_patience(world: World) -> None:
    """Each turn says something new; it may still not end."""
    for n in range(6):
        assert [] == world.firing
        for name in ("writer", "critic"):
            text = " ".join(f"{name[0]}{n * 97 + k * 13}" for k in range(12))
            world.call(Kind.AGENT, name, result=text)

    assert ["handoffs"] == rules(world)


def test_three_agents_in_turn_are_no_ping_pong(world: World) -> None:
    """A round of three is not two who cannot agree."""
    for name in ["planner", "writer", "critic"] * 4:
        world.call(Kind.AGENT, name, result="over")

    assert [] == world.firing


def test_limits_are_those_that_were_given() -> None:
    """A team may set its own."""
    world = World(AgentLoop(default_limits("agent_loop", repeats=6)))
    for expected in ([], [], [], [], [], ["repeats"]):
        world.tool("search", {"q": "x"}, "nothing")
        assert expected == rules(world)


def test_a_clock_that_jumps_back_does_not_blind(world: World) -> None:
    """Calls come in the order in which they ended, whatever their times say."""
    world.tool("search", {"q": "x"}, "nothing")
    world.wait(-3600)
    for _ in range(4):
        world.tool("search", {"q": "x"}, "nothing")

    assert ["repeats"] == rules(world)


def test_memory_is_bounded() -> None:
    """Runs that nobody ends are forgotten, the oldest first, and what fired about them is over."""
    world = World(AgentLoop(default_limits("agent_loop")))
    for _ in range(4):
        world.tool("search", {"q": "x"}, "nothing", run=1)
    assert 1 == len(world.firing)

    for run in range(2, 10_002):
        world.tool("search", {"q": "x"}, "nothing", run=run)

    assert [] == world.firing


def test_shortened_results_of_other_sizes_differ(world: World) -> None:
    """What was cut off may be what is new."""
    for n in range(8):
        payload = payload_of("the same beginning")
        payload.is_truncated, payload.size_bytes = True, 20_000 + n
        world.tool("read", {"path": "x"}, output_payload=payload)

    assert [] == world.judgements()
