"""The end of an exporter: what waits is sent or kept, and nobody waits for long."""

from __future__ import annotations

import threading

from foretell.export.counts import Counts
from foretell.export.endpoints import BatchLimits
from foretell.export.exporter import Exporter
from foretell.export.otlp.spans import encode_span
from foretell.export.transport import SENT, Answer, Fate
from foretell.export.waiting import Pieces

LAZY = BatchLimits(age_s=3600)
UNREACHABLE = Answer(Fate.UNREACHABLE, "connection")


class Wire:
    """A transport that keeps what it is given; closed, its gate holds up whoever sends."""

    def __init__(self, answer=SENT):
        self.answer = answer
        self.sent = []
        self.threads = []
        self.retries = []
        self.gate = threading.Event()
        self.gate.set()
        self.is_busy = threading.Event()

    def send(self, body, *, retry=True, timeout_s=None):
        """Note, wait for the gate, answer."""
        self.is_busy.set()
        self.gate.wait(20)
        self.sent.append(body)
        self.threads.append(threading.current_thread())
        return self.answer

    def stop(self):
        """Nothing waits here."""

    def close(self):
        """Nothing is open."""

    def after_fork(self):
        """Nothing is shared."""


class Box:
    """An outbox in memory."""

    def __init__(self, *left):
        self.bodies = dict(enumerate(left))
        self.lent = set()

    def put(self, signal, body):
        """Keep."""
        self.bodies[len(self.bodies)] = body
        return True

    def take(self, limit):
        """Lend what nobody has."""
        free = [key for key in self.bodies if key not in self.lent][:limit]
        self.lent.update(free)
        return [(key, "traces", self.bodies[key]) for key in free]

    def give_back(self, keys):
        """Nobody has it any more."""
        self.lent.difference_update(keys)

    def done(self, keys):
        """Forget."""
        for key in keys:
            del self.bodies[key]


def span(number):
    """One encoded span."""
    return encode_span(1, number, None, "n", 1, 1, 2, None)


def make(wire, box=None):
    """An exporter of traces."""
    return Exporter({"traces": wire}, Counts(), limits=LAZY, outbox=box)


def test_after_the_end_a_flush_sends_on_its_own_thread():
    """What is recorded by the last exit handlers still arrives."""
    wire = Wire()
    exporter = make(wire)
    exporter.submit("traces", Pieces.of(span(1)), 1)
    assert exporter.finish(10)
    exporter.submit("traces", Pieces.of(span(2)), 1)

    assert exporter.flush(10)
    assert [False, True] == [thread is threading.current_thread() for thread in wire.threads]


def test_a_collector_that_hangs_at_the_end_leaves_what_it_was_sent_to_the_outbox():
    """Once, even if it answers after all."""
    wire, box = Wire(UNREACHABLE), Box()
    exporter = make(wire, box)
    wire.gate.clear()
    exporter.submit("traces", Pieces.of(span(1)), 1)
    exporter.hurry()
    assert wire.is_busy.wait(10)
    exporter.submit("traces", Pieces.of(span(2)), 1)

    assert not exporter.finish(0.05)
    kept = list(box.bodies.values())
    wire.gate.set()
    exporter.submit("traces", Pieces.of(span(3)), 1)
    assert exporter.flush(10)
    assert 2 == len(kept)
    assert kept == list(box.bodies.values())[:2]
    assert 3 == len(box.bodies)


def test_the_end_sends_what_earlier_programs_left():
    """A program that lives for a moment empties the outbox too."""
    wire, box = Wire(), Box(b"a", b"b")
    exporter = make(wire, box)
    exporter.submit("traces", Pieces.of(span(1)), 1)

    assert exporter.close(10)
    assert {} == box.bodies
    assert {b"a", b"b"} <= set(wire.sent)


def test_a_flush_tries_a_lost_collector_again_and_empties_the_outbox():
    """What was kept while it was away goes out as soon as somebody waits for it, in order."""
    wire, box, now = Wire(UNREACHABLE), Box(), [100.0]
    exporter = Exporter({"traces": wire}, Counts(), limits=LAZY, outbox=box, clock=lambda: now[0])
    for number in (1, 2):
        exporter.submit("traces", Pieces.of(span(number)), 1)
        assert exporter.flush(10)
    assert 2 == len(box.bodies)
    wire.answer = SENT
    now[0] += 1.0

    assert exporter.flush(10)
    assert {} == box.bodies
    assert 3 == len(wire.sent)
    exporter.close()


def test_at_the_end_a_lost_collector_is_not_waited_for():
    """What it does not take at once is kept, and the outbox is not tried either."""
    wire, box = Wire(UNREACHABLE), Box(b"a")
    exporter = make(wire, box)
    exporter.submit("traces", Pieces.of(span(1)), 1)

    assert exporter.close(10)
    assert 2 == len(box.bodies)
