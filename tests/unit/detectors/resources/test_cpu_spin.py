"""Threads that burn a core."""

from __future__ import annotations

import pytest

from foretell.detectors.resources.cpu_spin import CpuSpin, same_share
from foretell.model.call import Call
from foretell.model.finding import Verdict
from foretell.model.kinds import Kind
from foretell.model.process import ProcessSample
from foretell.model.samples import StackSample

S = 1_000_000_000
NOW = 1_700_000_000 * S
MAIN, NATIVE = 11, 12
ROLES = {MAIN: "main", NATIVE: "native"}
LIMITS = {"share": 0.9, "hold_s": 30, "same_stack_share": 0.8, "stack_samples": 10}
LOOP = ("app.py:3 main", "desk.py:31 wait_for_order", "desk.py:35 is_ready")


class Watched:
    """A process whose calls and threads are told second by second."""

    def __init__(self):
        self.detector = CpuSpin(LIMITS)
        self.at_s = 0.0
        self.used = {MAIN: 0.0, NATIVE: 0.0}
        self.calls = 0
        self.delay = 0.0
        self.look({})

    def open(self, kind=Kind.TOOL, parent=None):
        self.calls += 1
        call = Call(kind, "find", id=self.calls, trace_id=1, run_id="00000000000000aa", start_ns=self.now_ns)
        call.agent_name = "desk"
        call.parent_id = parent.span_id if parent else None
        self.detector.take_open(call, self.now_ns)
        return call

    def end(self, call):
        self.detector.take(call, self.now_ns)

    @property
    def now_ns(self):
        return NOW + int(self.at_s * S)

    def look(self, shares, stack=LOOP, after_s=1.0, without_core_s=0.0):
        self.at_s += after_s
        self.delay += without_core_s
        for thread, share in shares.items():
            self.used[thread] += share * after_s
        self.detector.take_process(
            ProcessSample(
                self.now_ns, 1, 0, 0, None, 2, dict(self.used), ROLES, {}, None, None, None, None, {MAIN: self.delay}
            )
        )
        if stack:
            self.detector.take_stacks(StackSample(self.now_ns, {MAIN: stack}))
        return list(self.detector.judge(self.now_ns))

    def burn(self, seconds, share=1.0, thread=MAIN, stack=LOOP):
        found = []
        for second in range(seconds):
            found = self.look({thread: share}, stack(second) if callable(stack) else stack)
        return found


@pytest.fixture
def watched():
    return Watched()


def test_half_a_minute_at_one_place_is_a_spin(watched):
    """The stack says where, and the only call at work is named."""
    agent = watched.open(Kind.AGENT)
    watched.open(parent=agent)
    (found,) = watched.burn(30)

    assert (
        "A thread (main) has taken 100% of a core for 30 s (limits 90%, 30 s) at desk.py:35 is_ready, and no call ended "
        "meanwhile." == found.explanation
    )
    assert (NOW + 1 * S, 2, "desk") == (found.onset_ns, found.span_id, found.agent_name)
    assert list(LOOP) == found.evidence["stack"]


def test_a_second_less_is_none(watched):
    """It may still be over in time."""
    watched.open()

    assert [] == watched.burn(29)


def test_it_ends_when_the_thread_rests(watched):
    """Or does something else."""
    watched.open()
    watched.burn(40)

    assert [] == watched.look({MAIN: 0.1})


def test_a_busy_machine_does_not_hide_a_spin(watched):
    """Others took their share in some seconds; over all of them it is above the limit."""
    watched.open()
    for _ in range(6):
        watched.burn(5)
        found = watched.look({MAIN: 0.6})

    assert 1 == len(found)


def test_a_core_that_others_take_does_not_count(watched):
    """The thread had a third of a core for a minute, and wanted all of it."""
    watched.open()
    for _ in range(60):
        found = watched.look({MAIN: 0.33}, without_core_s=0.66)

    assert found[0].evidence["share"] > 0.95


def test_a_thread_that_rests_in_between_is_none(watched):
    """A pause is no spin, however busy the rest."""
    watched.open()
    for _ in range(6):
        watched.burn(10)
        assert [] == watched.look({MAIN: 0.2})


def test_eight_tenths_of_a_core_are_none(watched):
    """However long."""
    watched.open()

    assert [] == watched.burn(120, 0.8)


def test_a_call_that_ends_is_progress(watched):
    """Local inference takes a core all day."""
    agent = watched.open(Kind.AGENT)
    for _ in range(20):
        call = watched.open(parent=agent)
        assert [] == watched.burn(10)
        watched.end(call)


def test_a_model_that_runs_here_is_honest_work(watched):
    """One answer may take more than half a minute."""
    agent = watched.open(Kind.AGENT)
    watched.open(Kind.LLM, agent)

    assert [] == watched.burn(60)


def test_without_calls_of_ours_it_is_none_of_our_business(watched):
    """A program may compute as it likes."""
    assert [] == watched.burn(60)


def test_code_that_moves_on_is_no_spin(watched):
    """Its stacks have no top in common."""
    watched.open()

    assert [] == watched.burn(60, stack=lambda second: ("app.py:3 main", f"crunch.py:{second} part_{second % 20}"))


def test_a_loop_and_what_it_calls_are_one_place(watched):
    """The stack is caught now in the one, now in the other."""
    watched.open()
    tops = ("desk.py:31 wait", "desk.py:35 is_ready", "desk.py:32 wait")

    assert 1 == len(watched.burn(31, stack=lambda second: ("app.py:3 main", tops[second % 3])))


def test_without_stacks_it_cannot_be_told(watched):
    """Which is not the same as well."""
    watched.open()

    assert [Verdict.UNKNOWN] == [found.verdict for found in watched.burn(31, stack=None)]


def test_a_native_thread_has_no_stack_to_show(watched):
    """It is told all the same, with less confidence."""
    watched.open()
    (found,) = watched.burn(31, thread=NATIVE, stack=None)

    assert ("native", 0.6) == (found.evidence["role"], found.confidence)


def test_c_code_that_held_the_interpreter_is_told_when_it_returns(watched):
    """One look after forty seconds in which nobody could look is enough: it was one call all the time."""
    watched.open()
    watched.look({})
    (found,) = watched.look({MAIN: 1.0}, after_s=40)

    assert 40.0 == found.evidence["interpreter_was_held_s"]


@pytest.mark.parametrize("jump_s", [-3_600.0, 3_600.0])
def test_a_clock_that_is_set_makes_no_spin(watched, jump_s):
    """The seconds before the jump do not add up with it."""
    watched.open()
    watched.burn(10)
    watched.at_s += jump_s

    assert [] == watched.burn(15)


def test_a_thread_with_the_id_of_one_that_ended_is_another(watched):
    """It has used less than that had."""
    watched.open()
    watched.burn(20)
    watched.used[MAIN] = 0.0

    assert [] == watched.burn(29, 0.3)


def test_our_own_threads_are_not_judged(watched):
    """The worker is not the agent's fault."""
    ROLES_BEFORE = dict(ROLES)
    ROLES[MAIN] = "foretell"
    try:
        watched.open()
        assert [] == watched.burn(40)
    finally:
        ROLES.update(ROLES_BEFORE)


def test_lines_do_not_tell_places_apart():
    """A loop is caught in each of its lines."""
    assert 1.0 == same_share([(f"a.py:{line} f",) for line in range(50)])
