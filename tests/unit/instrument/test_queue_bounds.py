"""Finished calls wait in bounded memory, refined ones too."""

from __future__ import annotations

import pytest

from foretell.export.counts import Counts
from foretell.instrument.foreign_call import ForeignCall
from foretell.instrument.operation import CALL_BYTES
from foretell.instrument.queue_limits import Limits
from foretell.instrument.worker import Worker
from foretell.model.kinds import Kind


class Ended:
    """In place of a finished operation: what the queue looks at."""

    kind = Kind.TOOL

    def __init__(self, number):
        self.id = number
        self.size_bytes = CALL_BYTES


class Kept:
    """A sink that notes what it is given."""

    name = "kept"

    def __init__(self):
        self.calls = []

    def take(self, calls):
        self.calls += calls

    def flush(self, timeout_s):
        return True

    def close(self):
        """Nothing to close."""


@pytest.mark.parametrize("limits", [Limits(max_items=20), Limits(max_bytes=20 * CALL_BYTES)])
def test_past_its_limit_in_number_or_bytes_a_call_is_dropped_and_counted(limits):
    """Whether it is refined already or not: callers help with that, and it stays in memory all the same."""
    counts, refined, sink = Counts(), [], Kept()
    worker = Worker(refined.extend, [sink], {}, counts, limits)
    worker.close(1, for_good=True)  # nobody takes anything out
    for number in range(30):
        worker.ended(Ended(number))
    helped = len(refined)
    worker.drain(1)

    assert (10, list(range(20))) == (counts.total("dropped", "calls"), [call.id for call in sink.calls])
    assert 0 < helped < 20


def test_what_the_sinks_have_taken_makes_room():
    """The same number of calls may wait again."""
    counts, sink = Counts(), Kept()
    worker = Worker(lambda calls: None, [sink], {}, counts, Limits(max_bytes=20 * CALL_BYTES))
    worker.close(1, for_good=True)
    for first in (0, 20, 40):
        for number in range(20):
            worker.ended(Ended(first + number))
        worker.drain(1)

    assert (0, 60) == (counts.total("dropped", "calls"), len(sink.calls))


def test_foreign_calls_take_room_too():
    """Their spans hold contents."""
    assert ForeignCall.size_bytes >= CALL_BYTES
