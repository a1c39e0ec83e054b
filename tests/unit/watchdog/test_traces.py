"""In which trace a call or run was is known for a while after its end."""

from __future__ import annotations

from foretell.model.call import Call
from foretell.model.kinds import Kind
from foretell.watchdog.traces import Traces


def make_call(id: int, trace_id: int, run_id: str) -> Call:
    return Call(Kind.TOOL, "look", id=id, trace_id=trace_id, run_id=run_id, start_ns=1)


def test_a_call_leads_to_its_own_trace_though_its_run_is_elsewhere_by_now():
    traces = Traces()
    traces.note([make_call(1, 11, "run"), make_call(2, 22, "run")])

    assert (11, 22) == (traces.find(1, "run"), traces.find(2, None))


def test_of_a_call_that_was_not_seen_the_run_tells():
    traces = Traces()
    traces.note([make_call(1, 11, "run")])

    assert (11, 11) == (traces.find(7, "run"), traces.find(None, "run"))


def test_what_nobody_has_seen_has_no_trace():
    traces = Traces()
    traces.note([make_call(1, 11, "run")])

    assert (None, None) == (traces.find(7, "other"), traces.find(None, None))


def test_only_the_newest_are_remembered():
    traces = Traces(limit=10)
    for number in range(1, 100):
        traces.note([make_call(number, number, f"run {number}")])

    assert (None, 99) == (traces.find(1, "run 1"), traces.find(99, "run 99"))


def test_a_call_of_no_run_is_known_by_itself():
    traces = Traces()
    traces.note([make_call(1, 11, ""), make_call(2, 22, "")])

    assert (11, 22) == (traces.find(1, None), traces.find(2, None))
