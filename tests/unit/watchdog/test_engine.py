"""The watchdog takes calls, has them judged, and tells what begins and ends."""

from __future__ import annotations

import threading

import pytest

from foretell.errors import FAULTS
from foretell.model.kinds import Kind, Outcome
from foretell.model.samples import TelemetrySample
from foretell.watchdog.clock import SteadyClock
from foretell.watchdog.engine import MAX_WAITING, Look
from tests.unit.watchdog.watch_stage import RUN, Failing, Lossy, Repeats, S, Watch, make_call


@pytest.fixture
def watch():
    made = Watch(Repeats)
    yield made
    made.dog.close()


@pytest.fixture
def failing():
    FAULTS.clear()
    made = Watch(Failing, Repeats)
    yield made
    made.dog.close()
    FAULTS.clear()


def test_a_flush_judges_what_was_taken(watch):
    watch.end_tools(2)

    assert [("agent_loop", RUN, False)] == watch.told_of()


def test_a_flush_looks_at_what_a_short_program_leaves_no_time_to_look_at():
    """At our own counts, that is; a look at the process takes too long for it."""
    samples = [TelemetrySample(S, {"dropped.calls": 3})]
    looks = (
        Look("take_telemetry", 60.0, lambda now_ns: samples, at_flush=True),
        Look("take_process", 60.0, lambda now_ns: [object()]),
    )
    watch = Watch(Lossy, looks=looks)
    watch.dog.flush(5)
    told = watch.told_of()
    watch.dog.close()

    assert [("telemetry_gap", "dropped.calls", False)] == told


def test_what_was_not_enough_is_not_told(watch):
    watch.end_tools(1)

    assert [] == watch.told_of()


def test_the_end_of_a_run_ends_what_was_found_about_it(watch):
    watch.end_tools(2)
    watch.end_root(Outcome.ERROR)

    assert [("agent_loop", RUN, False), ("agent_loop", RUN, True)] == watch.told_of()
    assert {RUN: Outcome.ERROR} == watch.told.ended


def test_a_detector_sees_only_calls_of_its_kinds(watch):
    watch.dog.take([make_call(Kind.LLM) for _ in range(5)])
    watch.dog.flush(5)

    assert [] == watch.told_of()


def test_at_the_end_what_lasts_is_told_to_be_over_and_the_actions_end(watch):
    watch.end_tools(2)
    watch.dog.close()

    assert [("agent_loop", RUN, False), ("agent_loop", RUN, True)] == watch.told_of()
    assert watch.told.is_closed


def test_the_end_leaves_no_thread(watch):
    watch.end_tools(2)
    watch.dog.close()

    assert [] == [thread.name for thread in threading.enumerate() if thread.name == "foretell-watchdog"]


def test_nothing_starts_before_something_is_recorded(watch):
    assert [] == [thread.name for thread in threading.enumerate() if thread.name == "foretell-watchdog"]


def test_a_detector_that_fails_again_and_again_is_switched_off_and_said_once(failing, capsys):
    failing.end_tools(20)

    assert 5 == FAULTS.counts()["detector.stall"]
    assert 1 == capsys.readouterr().err.count("is switched off")


def test_a_detector_that_fails_keeps_nothing_from_the_others(failing, capsys):
    failing.end_tools(20)

    assert [("agent_loop", RUN, False)] == failing.told_of()


def test_a_forked_child_begins_afresh(watch):
    watch.end_tools(1)
    watch.dog.after_fork()
    watch.end_tools(1)

    assert [] == watch.told_of()


def test_what_is_over_the_bound_is_dropped_and_counted(watch):
    watch.dog.before_fork()  # holds the watchdog still
    for _ in range(3):
        watch.dog.take([make_call(Kind.LLM)] * (MAX_WAITING // 2))
    watch.dog.after_fork_in_parent()

    assert MAX_WAITING // 2 == watch.counts.total("dropped", "watchdog")


# -- the clock -------------------------------------------------------------------------------------------------------


class Times:
    """A wall clock and ticks that a test sets."""

    def __init__(self) -> None:
        self.wall_ns, self.tick_ns = 1_000 * S, 5 * S
        self.clock = SteadyClock(lambda: self.wall_ns, lambda: self.tick_ns)

    def go(self, wall_s: float, ticks_s: float, runs: list[str]) -> bool:
        self.wall_ns += int(wall_s * S)
        self.tick_ns += int(ticks_s * S)
        return self.clock.follow(lambda: runs)


def test_the_clock_follows_the_wall_clock_in_small_steps():
    times = Times()

    assert not times.go(11.5, 10, ["a"])
    assert times.wall_ns == times.clock.now_ns()


def test_while_a_run_of_before_is_open_the_clock_does_not_jump():
    times = Times()

    assert times.go(3_610, 10, ["a"])
    assert not times.go(1, 1, ["a", "b"])
    assert 1_011 * S == times.clock.now_ns()


def test_when_the_runs_of_before_have_ended_the_clock_catches_up():
    times = Times()
    times.go(-3_600, 10, ["a"])
    times.go(1, 1, ["b"])

    assert times.wall_ns == times.clock.now_ns()


# -- traces -----------------------------------------------------------------------------------------------------------


def test_a_finding_has_the_trace_of_its_run_though_its_calls_have_ended(watch):
    watch.end_tools(2)
    watch.end_root()

    assert [1, 1] == [finding.trace_id for finding in watch.told.findings]


def test_what_is_about_no_call_has_no_trace():
    samples = [TelemetrySample(S, {"dropped.calls": 3})]
    watch = Watch(Lossy, looks=[Look("take_telemetry", 60.0, lambda now_ns: samples, at_flush=True)])
    watch.end_tools(1)
    watch.dog.close()

    assert {None} == {finding.trace_id for finding in watch.told.findings}
