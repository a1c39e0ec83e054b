"""Finished calls wait in bounded memory, refined ones too."""

from __future__ import annotations

import threading

import pytest

from foretell.export.counts import Counts
from foretell.instrument.operation import CALL_BYTES
from foretell.instrument.otel.foreign_call import ForeignCall
from foretell.instrument.work.queue_limits import BATCH, Limits
from foretell.instrument.work.worker import Worker
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
        self.writes = []

    def write(self):
        self.writes.append(len(self.calls))

    def take(self, calls):
        self.calls += calls

    def flush(self, timeout_s):
        return True

    def close(self):
        """Nothing to close."""


@pytest.mark.parametrize("limits", [Limits(max_items=1_200), Limits(max_bytes=1_200 * CALL_BYTES)])
def test_past_its_limit_in_number_or_bytes_a_call_is_dropped_and_counted(limits):
    """Whether it is refined already or not: callers help with that, and it stays in memory all the same."""
    counts, refined, sink = Counts(), [], Kept()
    worker = Worker(refined.extend, [sink], {}, counts, limits)
    worker.close(1, for_good=True)  # nobody takes anything out
    for number in range(1_210):
        worker.ended(Ended(number))
    helped = len(refined)
    worker.drain(1)

    assert (10, list(range(1_200))) == (counts.total("dropped", "calls"), [call.id for call in sink.calls])
    assert 0 < helped < 1_200


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


def test_what_many_threads_have_refined_is_written_piece_by_piece():
    """However much there is, the sinks note no more than a few hundred calls before they write."""
    sink = Kept()
    worker = Worker(lambda calls: None, [sink], {}, Counts(), Limits(max_items=100_000))
    worker.close(1, for_good=True)
    for number in range(4 * BATCH):
        worker.ended(Ended(number))
    worker.drain(1)

    assert [BATCH, 2 * BATCH, 3 * BATCH] == sink.writes


def test_draining_waits_for_what_another_thread_has_in_hand():
    """It is off the queue, and not yet with the sinks."""
    begun, go, sink = threading.Event(), threading.Event(), Kept()

    def refine(calls):
        begun.set()
        go.wait(5)

    worker = Worker(refine, [sink], {}, Counts())
    worker.ended(Ended(1))
    assert begun.wait(5)

    assert not worker.drain(0.01)
    go.set()
    assert worker.drain(5)
    assert [1] == [call.id for call in sink.calls]
    worker.close(1)
