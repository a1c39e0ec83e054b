"""The buffer and the thread that sends, with a transport that only notes."""

from __future__ import annotations

import threading

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from foretell.export.counts import Counts
from foretell.export.endpoints import BatchLimits
from foretell.export.exporter import Exporter
from foretell.export.otlp.spans import encode_span
from foretell.export.otlp.wire import join_request, resource_field, scope_field
from foretell.export.transport import SENT, Answer, Fate
from foretell.export.waiting import Pieces

RESOURCE, SCOPE = resource_field({"service.name": "shop"}), scope_field("foretell", "1")
LAZY = BatchLimits(age_s=3600.0)
GONE = Answer(Fate.UNREACHABLE, "connection", detail="refused")


class Wire:
    """A transport that keeps what it is given and answers by a function of the body."""

    def __init__(self, answer=lambda body: SENT):
        self.answer = answer
        self.bodies = []
        self.retries = []
        self.calls = []
        self.gate = threading.Event()
        self.gate.set()
        self.is_busy = threading.Event()

    def send(self, body, *, retry=True):
        """Note, wait for the gate, answer."""
        self.is_busy.set()
        self.gate.wait(10)
        self.bodies.append(bytes(body))
        self.retries.append(retry)
        return self.answer(body)

    def stop(self):
        """Note."""
        self.calls.append("stop")

    def close(self):
        """Note."""
        self.calls.append("close")

    def after_fork(self):
        """Note."""
        self.calls.append("after_fork")

    @property
    def ids(self):
        """Span ids of every request."""
        return [
            [int.from_bytes(s.span_id, "big") for r in found.resource_spans for p in r.scope_spans for s in p.spans]
            for found in map(ExportTraceServiceRequest.FromString, self.bodies)
        ]


class Box:
    """An outbox in memory with room for so many requests."""

    def __init__(self, room=99):
        self.room = room
        self.kept = []
        self.error = None

    def put(self, signal, body):
        """Keep while there is room."""
        if self.error:
            raise self.error
        if len(self.kept) >= self.room:
            return False
        self.kept.append((signal, body))
        return True

    def take(self, limit):
        """Lend nothing: these tests are about what goes in."""
        return []

    def give_back(self, keys):
        """Never called."""

    def done(self, keys):
        """Never called."""


def span(number, size=0):
    """One encoded span."""
    return encode_span(1, number, None, "n", 1, 1, 2, {"filler": "x" * size} if size else None)


def make(wire, counts=None, **options):
    """An exporter of traces."""
    return Exporter({"traces": wire}, counts or Counts(), resource=RESOURCE, scope=SCOPE, limits=LAZY, **options)


def test_no_thread_runs_before_the_first_item():
    """An idle SDK costs nothing."""
    before = threading.active_count()
    exporter = make(Wire())

    assert before == threading.active_count()
    assert exporter.flush(1)
    assert exporter.close(1)


def test_items_go_out_in_one_request_inside_resource_and_scope():
    """Pieces are joined; what stands around them is given once."""
    wire, counts = Wire(), Counts()
    exporter = make(wire, counts)
    exporter.submit("traces", Pieces.of(span(1), span(2)), 2)
    exporter.submit("traces", Pieces.of(span(3)), 1)

    assert exporter.flush(10)
    assert [[1, 2, 3]] == wire.ids
    assert [join_request(RESOURCE, SCOPE, [span(1), span(2), span(3)])] == wire.bodies
    assert {("traces", ""): 3} == counts.snapshot()["exported"]
    exporter.close()


def test_a_full_batch_does_not_wait_for_the_rest():
    """2,048 are sent, one more waits for the next."""
    wire = Wire()
    exporter = make(wire)
    for number in range(1, 2050):
        exporter.submit("traces", Pieces.of(span(number)), 1)
    exporter.flush(10)
    exporter.close()

    assert [2048, 1] == [len(ids) for ids in wire.ids]


def test_a_signal_without_a_transport_is_not_taken():
    """Logs that nobody sends are not kept either."""
    exporter = make(Wire())

    assert not exporter.submit("logs", Pieces.of(b"x"), 1)
    assert not exporter.submit_request("logs", b"x", 1)
    exporter.close()


def test_whole_requests_are_sent_as_they_are():
    """What is complete gets nothing around it."""
    wire, counts = Wire(), Counts()
    exporter = make(wire, counts)
    exporter.submit_request("traces", join_request(RESOURCE, SCOPE, [span(7)]), 1)

    assert exporter.flush(10)
    assert [[7]] == wire.ids
    exporter.close()


def test_rejected_items_are_counted_as_dropped():
    """A collector that takes the request but not all of it."""
    counts = Counts()
    exporter = make(Wire(lambda body: Answer(Fate.SENT, "rejected", 2, "too old")), counts)
    exporter.submit("traces", Pieces.of(span(1), span(2), span(3)), 3)
    exporter.flush(10)
    exporter.close()

    assert ({("traces", ""): 1}, {("traces", "rejected"): 2}) == (
        counts.snapshot()["exported"],
        counts.snapshot()["dropped"],
    )
    assert "rejected: too old" == exporter.last_error["traces"]


def test_a_refusal_is_counted_by_its_reason():
    """A wrong key is no reason to keep the data for ever."""
    counts, box = Counts(), Box()
    exporter = make(Wire(lambda body: Answer(Fate.REFUSED, "http_401")), counts, outbox=box)
    exporter.submit("traces", Pieces.of(span(1)), 1)
    exporter.flush(10)
    exporter.close()

    assert {("traces", "http_401"): 1} == counts.snapshot()["dropped"]
    assert [] == box.kept


def test_too_large_a_request_is_halved_until_it_fits():
    """Eight spans where two fit; the one that never fits is the only loss."""
    limit = len(join_request(RESOURCE, SCOPE, [span(1, 100)] * 2))
    counts = Counts()
    wire = Wire(lambda body: SENT if len(body) <= limit else Answer(Fate.TOO_LARGE, "http_413"))
    exporter = make(wire, counts)
    for number in range(1, 9):
        exporter.submit("traces", Pieces.of(span(number, 100)), 1)
    exporter.submit("traces", Pieces.of(span(9, 10_000)), 1)
    exporter.flush(10)
    exporter.close()

    assert 8 == counts.total("exported")
    assert {("traces", "http_413"): 1} == counts.snapshot()["dropped"]


def test_what_cannot_be_sent_goes_to_the_outbox():
    """A whole request, with resource and scope; nothing is counted as dropped."""
    counts, box = Counts(), Box()
    exporter = make(Wire(lambda body: GONE), counts, outbox=box)
    exporter.submit("traces", Pieces.of(span(1)), 1)

    assert exporter.flush(10)
    assert [("traces", join_request(RESOURCE, SCOPE, [span(1)]))] == box.kept
    assert 0 == counts.total("dropped")
    exporter.close()


def test_a_lost_collector_is_not_asked_for_every_batch():
    """After one failure the rest goes straight to the outbox until it is time to look again."""
    wire, box = Wire(lambda body: GONE), Box()
    exporter = Exporter(
        {"traces": wire}, Counts(), resource=RESOURCE, scope=SCOPE, outbox=box, limits=LAZY, clock=lambda: 100.0
    )
    for number in (1, 2, 3):
        exporter.submit_request("traces", join_request(RESOURCE, SCOPE, [span(number)]), 1)
        assert exporter.flush(10)
    exporter.close()

    assert [[1]] == wire.ids
    assert 3 == len(box.kept)


def test_without_room_in_the_outbox_it_is_dropped_and_counted():
    """By the reason for which it could not be sent."""
    counts = Counts()
    exporter = make(Wire(lambda body: GONE), counts, outbox=Box(room=0))
    exporter.submit("traces", Pieces.of(span(1)), 1)
    exporter.flush(10)
    exporter.close()

    assert {("traces", "connection"): 1} == counts.snapshot()["dropped"]


def test_an_outbox_that_fails_is_heard_of_and_stops_nothing():
    """A full disk costs the batch, and is told."""
    counts, box, heard = Counts(), Box(), []
    box.error = OSError("disk full")
    wire = Wire(lambda body: GONE)
    exporter = make(wire, counts, outbox=box, on_error=lambda hook, error: heard.append((hook, str(error))))
    exporter.submit("traces", Pieces.of(span(1)), 1)
    exporter.flush(10)
    exporter.close()

    assert [("export.outbox", "disk full")] == heard
    assert 1 == counts.total("dropped")


def test_a_fault_in_a_transport_costs_one_batch():
    """The thread lives on and sends the next."""
    heard, counts = [], Counts()

    def answer(body):
        if len(wire.bodies) == 1:
            raise ValueError("ours")
        return SENT

    wire = Wire(answer)
    exporter = make(wire, counts, on_error=lambda hook, error: heard.append((hook, type(error))))
    exporter.submit("traces", Pieces.of(span(1)), 1)
    assert exporter.flush(10)
    exporter.submit("traces", Pieces.of(span(2)), 1)
    assert exporter.flush(10)
    exporter.close()

    assert [("export", ValueError)] == heard
    assert ({("traces", "fault"): 1}, 1) == (counts.snapshot()["dropped"], counts.total("exported"))


def test_what_is_over_the_bound_is_dropped_while_the_collector_hangs():
    """Bounded by bytes, and what is being sent counts too; afterwards there is room again."""
    wire, counts = Wire(), Counts()
    wire.gate.clear()
    size = len(span(1, 1000))
    limits = BatchLimits(batch_items=1, max_bytes=3 * size)
    exporter = Exporter({"traces": wire}, counts, resource=RESOURCE, scope=SCOPE, limits=limits)
    taken = [exporter.submit("traces", Pieces.of(span(number, 1000)), 1) for number in range(1, 6)]
    wire.gate.set()

    assert [True, True, True, False, False] == taken
    assert {("traces", "buffer_full"): 2} == counts.snapshot()["dropped"]
    assert exporter.flush(10)
    assert exporter.submit("traces", Pieces.of(span(6, 1000)), 1)
    exporter.close()
    assert [[1], [2], [3], [6]] == wire.ids


def test_flush_says_when_time_ran_out():
    """A collector that hangs is not waited for longer than asked."""
    wire = Wire()
    wire.gate.clear()
    exporter = make(wire)
    exporter.submit("traces", Pieces.of(span(1)), 1)

    assert not exporter.flush(0.01)
    wire.gate.set()
    assert exporter.flush(10)
    exporter.close()


def test_closing_sends_what_waits_and_refuses_what_comes_later():
    """Nothing is lost in silence at the end."""
    wire, counts = Wire(), Counts()
    exporter = make(wire, counts)
    exporter.submit("traces", Pieces.of(span(1)), 1)

    assert exporter.close(10)
    assert not exporter.submit("traces", Pieces.of(span(2)), 1)
    assert [[1]] == wire.ids
    assert ["stop", "close"] == wire.calls
    assert {("traces", "shutdown"): 1} == counts.snapshot()["dropped"]


def test_what_a_collector_does_not_take_is_told():
    """Away, refusing, leaving some out; what was taken is not worth a word."""
    answers = iter([SENT, GONE, Answer(Fate.REFUSED, "http_401"), Answer(Fate.SENT, "rejected", rejected=1)])
    heard = []
    exporter = make(
        Wire(lambda body: next(answers)), on_trouble=lambda signal, answer: heard.append((signal, answer.reason))
    )
    for number in range(1, 5):
        exporter.submit("traces", Pieces.of(span(number)), 1)
        exporter.flush(10)
    exporter.close()

    assert [("traces", "connection"), ("traces", "http_401"), ("traces", "rejected")] == heard
