"""Sending over real HTTP to a collector on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from itertools import count
from random import Random

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExportResult

from foretell.export import OTLPSpanExporter
from foretell.export.counts import Counts
from foretell.export.endpoints import BatchLimits, Endpoint
from foretell.export.exporter import Exporter
from foretell.export.otlp.spans import encode_span
from foretell.export.otlp.wire import join_request, resource_field, scope_field
from foretell.export.transport import Fate, HttpTransport
from foretell.export.waiting import Pieces
from tests.contracts.collector import Collector

pytestmark = pytest.mark.slow
RESOURCE, SCOPE = resource_field({"service.name": "shop"}), scope_field("foretell")


@pytest.fixture
def collector():
    """A collector that is there until the test ends."""
    collector = Collector()
    yield collector
    collector.delay.set()
    collector.close()


def span(number, size=0):
    """One encoded span, told apart by its id."""
    return encode_span(7, number, None, "n", 1, 1, 2, {"filler": "x" * size} if size else {})


def request(*numbers, size=0):
    """A whole request with spans of these ids."""
    return join_request(RESOURCE, SCOPE, [span(n, size) for n in numbers])


def arrived(collector):
    """Ids of all spans that the collector took, in order of arrival."""
    return [
        int.from_bytes(found.span_id, "big")
        for _, _, body in collector.requests
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for found in scope.spans
    ]


def transport(collector, **changes):
    """A transport to the collector whose retries are near."""
    return HttpTransport(Endpoint(f"{collector.url}/v1/traces", **changes), random=Random(1))


def test_one_connection_serves_all_requests(collector):
    """A hundred requests, one connection."""
    sender = transport(collector)
    assert {Fate.SENT} == {sender.send(request(n)).fate for n in range(1, 101)}
    sender.close()

    assert list(range(1, 101)) == arrived(collector)
    assert 1 == collector.connections


@pytest.mark.parametrize("compression", ["none", "gzip", "deflate"])
def test_compressed_bodies_are_read_by_the_collector(collector, compression):
    """Whatever the compression, the collector reads the same spans."""
    sender = transport(collector, compression=compression)
    sender.send(request(1, 2))
    sender.close()

    assert [1, 2] == arrived(collector)


def test_headers_and_path_are_those_of_the_endpoint(collector):
    """What the endpoint says is what the collector sees."""
    sender = transport(collector, headers={"authorization": "Bearer k"})
    sender.send(request(1))
    sender.close()

    path, headers, _ = collector.requests[0]
    assert ("/v1/traces", "Bearer k", "application/x-protobuf") == (
        path,
        headers["authorization"],
        headers["content-type"],
    )


def test_json_is_sent_where_the_protocol_asks_for_it(collector):
    """The same request in OTLP's JSON, ids in hexadecimal."""
    sender = transport(collector, protocol="http/json")
    sender.send(request(255))
    sender.close()

    _, headers, body = collector.requests[0]
    sent = json.loads(body)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    assert ("application/json", "00000000000000ff", "1") == (
        headers["content-type"],
        sent["spanId"],
        sent["startTimeUnixNano"],
    )


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_collector_is_asked_again_after_the_time_it_names(collector, status):
    """Retry-After is honoured, and the request arrives once."""
    collector.answers.append((status, {"Retry-After": "0.05"}, b""))
    sender = transport(collector)
    started = time.monotonic()

    assert Fate.SENT is sender.send(request(1)).fate
    assert 0.05 <= time.monotonic() - started < 0.75
    assert [1] == arrived(collector)
    sender.close()


@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 501])
def test_other_refusals_are_final(collector, status):
    """What the collector will never take is not sent twice."""
    collector.answers.append((status, {}, b"no such tenant"))
    sender = transport(collector)
    answer = sender.send(request(1))
    sender.close()

    assert (Fate.REFUSED, f"http_{status}", "no such tenant") == (answer.fate, answer.reason, answer.detail)
    assert [] == arrived(collector)


def test_a_wait_longer_than_the_time_out_is_not_begun(collector):
    """Asked to come back in an hour, the transport gives up at once."""
    collector.answers.append((503, {"Retry-After": "3600"}, b""))
    sender = transport(collector)
    started = time.monotonic()
    answer = sender.send(request(1))
    sender.close()

    assert (Fate.UNREACHABLE, 3600.0) == (answer.fate, answer.retry_after_s)
    assert time.monotonic() - started < 2


def test_a_slow_collector_costs_no_more_than_the_time_out(collector):
    """No answer in time is no answer."""
    collector.delay_s = 30
    sender = transport(collector, timeout_s=0.3)
    started = time.monotonic()

    assert Fate.UNREACHABLE is sender.send(request(1)).fate
    assert time.monotonic() - started < 2
    sender.close()


def test_a_partial_success_says_how_many_were_rejected(collector):
    """A 200 that refuses some is read to the end."""
    answer = ExportTraceServiceResponse()
    answer.partial_success.rejected_spans = 3
    answer.partial_success.error_message = "too old"
    collector.answers.append((200, {}, answer.SerializeToString()))
    sender = transport(collector)
    got = sender.send(request(1))
    sender.close()

    assert (Fate.SENT, 3, "too old") == (got.fate, got.rejected, got.detail)


# -- the exporter ---------------------------------------------------------------------------------------------------


class Box:
    """An outbox in memory."""

    def __init__(self):
        self.kept = {}
        self.keys = count(1)
        self.lent = set()

    def put(self, signal, body):
        """Keep."""
        self.kept[next(self.keys)] = (signal, body)
        return True

    def take(self, limit):
        """Lend the oldest."""
        free = [(key, *kept) for key, kept in self.kept.items() if key not in self.lent][:limit]
        self.lent.update(key for key, _, _ in free)
        return free

    def give_back(self, keys):
        """Not sent."""
        self.lent.difference_update(keys)

    def done(self, keys):
        """Forget."""
        for key in keys:
            del self.kept[key]


def exporter(collector, counts, **changes):
    """An exporter of traces to the collector."""
    sender = transport(collector, timeout_s=changes.pop("timeout_s", 5))
    return Exporter({"traces": sender}, counts, resource=RESOURCE, scope=SCOPE, **changes)


def wait_until(condition, timeout_s=10):
    """Wait for what happens on another thread."""
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.01)


def test_items_are_joined_into_batches_and_counted(collector):
    """Many small pieces become few requests; all arrive."""
    counts = Counts()
    sending = exporter(collector, counts, limits=BatchLimits(batch_items=100, age_s=60))
    for n in range(1, 251):
        assert sending.submit("traces", Pieces.of(span(n)), 1)
    assert sending.close()

    assert list(range(1, 251)) == arrived(collector)
    assert 3 <= len(collector.requests) <= 5
    assert 250 == counts.total("exported", "traces")
    assert 1 == collector.connections


def test_a_batch_is_sent_when_it_is_old_enough(collector):
    """Nothing else need happen."""
    sending = exporter(collector, Counts(), limits=BatchLimits(age_s=0.05))
    sending.submit("traces", Pieces.of(span(1)), 1)
    wait_until(lambda: [1] == arrived(collector))
    sending.close()


def test_a_hurried_batch_does_not_wait_for_its_age(collector):
    """The end of a run is seen at once."""
    sending = exporter(collector, Counts(), limits=BatchLimits(age_s=60))
    sending.submit("traces", Pieces.of(span(1)), 1)
    sending.hurry()
    wait_until(lambda: [1] == arrived(collector), 3)
    sending.close()


def test_what_is_too_large_for_the_collector_goes_in_halves(collector):
    """413 splits the batch instead of losing it; only what is too large alone is dropped."""
    collector.max_bytes = 1500
    counts = Counts()
    sending = exporter(collector, counts, limits=BatchLimits(age_s=60))
    for n in range(1, 11):
        sending.submit("traces", Pieces.of(span(n, size=400)), 1)
    sending.submit("traces", Pieces.of(span(11, size=5000)), 1)
    assert sending.close()

    assert list(range(1, 11)) == arrived(collector)
    assert (10, 1) == (counts.total("exported"), counts.snapshot()["dropped"]["traces", "http_413"])


def test_a_collector_that_was_gone_gets_everything_when_it_is_back(collector):
    """What could not be sent waits in the outbox and is sent once, without anything new to send."""
    collector.close()
    counts, box = Counts(), Box()
    sending = exporter(collector, counts, outbox=box, timeout_s=0.2, limits=BatchLimits(age_s=0.01))
    sending.submit("traces", Pieces.of(span(1)), 1)
    wait_until(lambda: len(box.kept) == 1)
    sending.submit("traces", Pieces.of(span(2)), 1)
    wait_until(lambda: len(box.kept) == 2)

    back = Collector(collector.port)
    try:
        wait_until(lambda: [1, 2] == sorted(arrived(back)))
        wait_until(lambda: not box.kept)
        assert 2 == counts.total("exported")
        assert 0 == counts.total("dropped")
    finally:
        sending.close()
        back.close()


def test_leftovers_of_an_earlier_process_are_sent(collector):
    """A full outbox at the start is emptied after the first batch."""
    box = Box()
    box.put("traces", request(8, 9))
    counts = Counts()
    sending = exporter(collector, counts, outbox=box)
    sending.submit("traces", Pieces.of(span(1)), 1)
    wait_until(lambda: [1, 8, 9] == sorted(arrived(collector)))
    wait_until(lambda: not box.kept)
    sending.close()

    assert 3 == counts.total("exported")


def test_without_an_outbox_what_cannot_be_sent_is_dropped_and_counted(collector):
    """Nothing is lost in silence."""
    collector.close()
    counts = Counts()
    sending = exporter(collector, counts, timeout_s=0.1)
    sending.submit("traces", Pieces.of(span(1)), 1)
    sending.close()

    assert {("traces", "connection"): 1} == counts.snapshot()["dropped"]
    assert "connection" in sending.last_error["traces"]
    collector.__init__(0)


def test_closing_does_not_wait_for_a_lost_collector(collector):
    """With an outbox the program ends at once, and nothing is lost."""
    collector.close()
    box = Box()
    sending = exporter(collector, Counts(), outbox=box, timeout_s=60)
    sending.submit("traces", Pieces.of(span(1)), 1)
    started = time.monotonic()
    sending.close()

    assert time.monotonic() - started < 2
    assert 1 == len(box.kept)
    collector.__init__(0)


def test_a_full_buffer_never_blocks(collector):
    """While the collector hangs, what is over the bound is dropped and counted; the caller goes on."""
    collector.delay_s = 30
    counts = Counts()
    sending = exporter(collector, counts, limits=BatchLimits(age_s=0.0, max_bytes=2000), timeout_s=1)
    started = time.monotonic()
    taken = [sending.submit("traces", Pieces.of(span(n, size=500)), 1) for n in range(1, 9)]

    assert time.monotonic() - started < 0.5
    assert [True] * 3 + [False] * 5 == taken
    assert 5 == counts.snapshot()["dropped"]["traces", "buffer_full"]
    collector.delay.set()
    sending.close()
    assert [1, 2, 3] == sorted(arrived(collector))


FORKED_PROVIDER = """
import os, sys, warnings
warnings.simplefilter("ignore")
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from foretell.export import OTLPSpanExporter

provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(sys.argv[1])))
tracer = provider.get_tracer("t")
tracer.start_span("parent").end()
child = os.fork()
tracer.start_span("child" if child == 0 else "parent again").end()
if child == 0:
    os._exit(0)
sys.exit(os.waitpid(child, 0)[1])
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_program_of_the_official_sdk_opens_its_own_connection(collector):
    """Nobody tells our exporter of the fork, and still two processes never share a connection."""
    subprocess.run([sys.executable, "-c", FORKED_PROVIDER, f"{collector.url}/v1/traces"], check=True, timeout=60)

    assert 3 == len(arrived(collector))
    assert 2 == collector.connections


FORKING = """
import os, sys, warnings
warnings.simplefilter("ignore")
from tests.contracts.test_otlp_http import RESOURCE, SCOPE, BatchLimits, Counts, Endpoint, Exporter, HttpTransport, Pieces, span

counts = Counts()
wire = HttpTransport(Endpoint(sys.argv[1]))
sending = Exporter({"traces": wire}, counts, resource=RESOURCE, scope=SCOPE, limits=BatchLimits(age_s=60))
sending.submit("traces", Pieces.of(span(1)), 1)
sending.flush(10)
sending.submit("traces", Pieces.of(span(2)), 1)
child = os.fork()
if child == 0:
    sending.after_fork()
    sending.submit("traces", Pieces.of(span(3)), 1)
    ok = sending.close(10)
    os._exit(0 if ok else 1)
_, status = os.waitpid(child, 0)
sys.exit(status or not sending.close(10))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_sends_only_its_own(collector):
    """What waited in the parent is sent by the parent, once, each over its own connection."""
    subprocess.run([sys.executable, "-c", FORKING, f"{collector.url}/v1/traces"], check=True, timeout=60)

    assert [1, 3, 2] == arrived(collector)
    assert 2 == collector.connections


def test_the_official_batch_processor_takes_our_exporter(collector):
    """Drop-in: a program of the official SDK changes one line."""
    sender = OTLPSpanExporter(f"{collector.url}/v1/traces", headers={"X-Key": "k"}, compression="gzip", timeout=5)
    provider = TracerProvider()
    provider.add_span_processor(BatchSpanProcessor(sender))
    tracer = provider.get_tracer("t")
    for n in range(20):
        with tracer.start_as_current_span(f"s{n}"):
            pass
    provider.shutdown()

    assert 20 == len(arrived(collector))
    assert "k" == collector.requests[0][1]["x-key"]
    assert SpanExportResult.FAILURE is sender.export([])
