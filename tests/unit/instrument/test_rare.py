"""What few calls have stands in one place, and reads as an attribute."""

from __future__ import annotations

from foretell.model.call import Call
from foretell.model.kinds import TOOL


def make_call() -> Call:
    return Call(TOOL, "look", id=1, trace_id=2, run_id="run", start_ns=3)


def test_a_call_without_any_has_no_room_for_them():
    call = make_call()
    call.events = None

    assert (None, None, None) == (call.rare, call.title, call.events)


def test_each_is_set_and_taken_away_by_itself():
    call = make_call()
    call.title, call.dropped = "seen", (1, 0, 0)
    call.title = None

    assert (None, (1, 0, 0), None) == (call.title, call.dropped, call.links)


def test_calls_share_nothing():
    first, second = make_call(), make_call()
    first.attributes = {"a": 1}

    assert ({"a": 1}, None) == (first.attributes, second.attributes)
