"""Which open calls are at work themselves."""

from __future__ import annotations

import pytest

from foretell.detectors.resources.leaves import MAX_OPEN, OpenLeaves
from foretell.model.call import Call
from foretell.model.kinds import Kind


@pytest.fixture
def leaves():
    return OpenLeaves()


def call(id, kind=Kind.TOOL, parent=None, run="aa"):
    made = Call(kind, "x", id=id, trace_id=1, run_id=run, start_ns=0)
    made.parent_id = parent
    return made


def test_the_innermost_call_is_at_work(leaves):
    """Its parent only waits for it."""
    leaves.open(call(1, Kind.AGENT))
    leaves.open(call(2, parent=1))

    assert 2 == leaves.suspect().span_id


def test_a_parent_is_at_work_again_when_its_children_have_ended(leaves):
    """All of them."""
    agent, tools = call(1, Kind.AGENT), [call(2, parent=1), call(3, parent=1)]
    for one in (agent, *tools):
        leaves.open(one)
    leaves.end_all(tools)

    assert 1 == leaves.suspect().span_id


def test_of_several_none_is_suspected(leaves):
    """It may be any of them."""
    leaves.open(call(1))
    leaves.open(call(2))

    assert (True, None) == (leaves.may_spin(), leaves.suspect())


def test_a_model_is_honest_work(leaves):
    """Whoever waits for it too."""
    leaves.open(call(1, Kind.AGENT))
    leaves.open(call(2, Kind.LLM, parent=1))

    assert not leaves.may_spin()


def test_a_run_that_ends_takes_its_calls_along(leaves):
    """Also those whose end nobody saw; other runs stay."""
    leaves.open(call(1, Kind.AGENT))
    leaves.open(call(2, parent=1))
    leaves.open(call(3, run="bb"))
    leaves.end_run("aa")

    assert 3 == leaves.suspect().span_id


def test_an_end_of_a_call_that_was_never_seen_open_is_nothing(leaves):
    """Most calls live shorter than a tick."""
    leaves.open(call(1))
    leaves.end_all([call(7, parent=1)])

    assert 1 == leaves.suspect().span_id


def test_memory_stays_bounded(leaves):
    """What is over the bound is not known."""
    for id in range(1, MAX_OPEN + 100):
        leaves.open(call(id, run=f"{id}"))
    leaves.end_all([call(id) for id in range(2, MAX_OPEN + 100)])

    assert 1 == leaves.suspect().span_id
