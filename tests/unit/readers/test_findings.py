"""Findings can be read without their runs: what fires now, what fired last, and what comes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from foretell.model.finding import Finding, Severity, Verdict
from foretell.readers.findings import FindingFollower, read_states

START_NS = 1_700_000_000_000_000_000
SECOND_NS = 1_000_000_000


def finding(trigger="agent_loop", key="k", at_s=0, end_s=None, run_id=None):
    end_ns = None if end_s is None else START_NS + end_s * SECOND_NS
    return Finding(
        trigger, key, Severity.CRITICAL, Verdict.FIRING, START_NS + at_s * SECOND_NS, end_ns, "it loops", "stop it", 0.9, {}, run_id
    )  # fmt: skip


@pytest.fixture
def tell(sink):
    def tell_some(*findings):
        sink.take_findings(findings)
        sink.write()

    return tell_some


def test_triggers_that_never_fired_have_no_state(store):
    assert {} == read_states(store)


def test_the_state_tells_how_often_and_when_last(store, tell):
    tell(finding(at_s=1, end_s=2), finding(at_s=5, end_s=6), finding("stall", at_s=3, end_s=4))
    states = read_states(store)

    assert {("agent_loop", 2, START_NS + 5 * SECOND_NS), ("stall", 1, START_NS + 3 * SECOND_NS)} == {
        (trigger, state.count, state.newest.onset_ns) for trigger, state in states.items()
    }


def test_what_has_not_ended_fires_now(store, tell):
    lasting = finding(at_s=5)
    tell(finding(at_s=1, end_s=2), lasting)

    assert (lasting,) == read_states(store)["agent_loop"].firing


def test_what_is_about_a_run_that_is_over_fires_no_more(store, sink, tell, make):
    """A killed process cannot end its findings."""
    ended, lasting = make.ended_root(), make.root()
    sink.take([ended])
    sink.take_open([lasting])
    tell(finding(key="a", run_id=ended.run_id), finding(key="b", run_id=lasting.run_id))

    assert ["b"] == [one.key for one in read_states(store)["agent_loop"].firing]


def test_a_follower_begins_with_what_comes(store, tell):
    tell(finding(key="before"))
    follower = FindingFollower(store)
    tell(finding(key="after"))

    assert ["after"] == [one.key for one in follower.read()]


def test_a_follower_tells_beginning_and_end_once_each(store, tell):
    follower = FindingFollower(store)
    begun = finding()
    ended = replace(begun, end_ns=START_NS + 9 * SECOND_NS)
    told = []
    for news in ((begun,), (), (ended,), ()):
        tell(*news)
        told.append(follower.read())

    assert [[begun], [], [ended], []] == told


def test_what_began_and_ended_between_two_looks_comes_once(store, tell):
    follower = FindingFollower(store)
    tell(finding(end_s=3))

    assert [START_NS + 3 * SECOND_NS] == [one.end_ns for one in follower.read()]
