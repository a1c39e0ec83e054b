"""Retries, waits and compression, without a network."""

from __future__ import annotations

import gzip
import zlib
from random import Random
from threading import Event

import pytest

from foretell.errors import MissingExtra
from foretell.export.endpoints import Endpoint
from foretell.export.otlp.split import count_items, read_partial_success, split_request
from foretell.export.otlp.wire import join_request, resource_field, scope_field
from foretell.export.transport import (
    MAX_REQUEST_BYTES,
    SENT,
    Answer,
    Fate,
    HttpTransport,
    backoff_s,
    compress,
    make_transport,
    read_retry_after,
    send_with_retries,
)

BUSY = Answer(Fate.UNREACHABLE, "http_503")


class Line:
    """A line to a collector that answers as told; waiting only moves the clock."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.now_s = 100.0
        self.waits = []
        self.left = []

    def send_once(self, left_s):
        """Answer the next, the last one for ever."""
        self.left.append(left_s)
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def wait(self, pause_s):
        """Wait without waiting."""
        self.waits.append(pause_s)
        self.now_s += pause_s
        return False

    def send(self, timeout_s=60.0, stop=None):
        """Send with retries."""
        return send_with_retries(
            self.send_once, timeout_s, stop=stop or Event(), random=Random(1), clock=lambda: self.now_s, wait=self.wait
        )


def test_waits_double_and_scatter():
    """1, 2, 4 … seconds, a fifth more or less."""
    random = Random(3)
    waits = [[backoff_s(attempt, random) for _ in range(200)] for attempt in range(4)]

    for attempt, found in enumerate(waits):
        assert 0.8 * 2**attempt <= min(found) < 0.85 * 2**attempt
        assert 1.15 * 2**attempt < max(found) <= 1.2 * 2**attempt


def test_a_success_is_not_repeated():
    """One request, no wait."""
    line = Line(SENT)

    assert SENT == line.send()
    assert [] == line.waits


def test_a_busy_collector_is_tried_until_it_answers():
    """Two failures, then success."""
    line = Line(BUSY, BUSY, SENT)

    assert SENT == line.send()
    assert 2 == len(line.waits)


def test_retries_end_before_the_time_out():
    """The last wait is not begun where it would end too late, and each try is told what time is left."""
    line = Line(BUSY)

    assert BUSY == line.send(timeout_s=10)
    assert 3 == len(line.waits)
    assert sum(line.waits) < 10
    assert line.left == sorted(line.left, reverse=True)


def test_the_collectors_own_wait_wins():
    """Retry-After stands in place of the back-off, also where it is 0."""
    line = Line(Answer(Fate.UNREACHABLE, "http_429", retry_after_s=7), Answer(Fate.UNREACHABLE, retry_after_s=0), SENT)
    line.send()

    assert [7, 0] == line.waits


@pytest.mark.parametrize("fate", [Fate.REFUSED, Fate.TOO_LARGE])
def test_what_will_never_be_taken_is_not_tried_again(fate):
    """Once."""
    line = Line(Answer(fate, "http_400"))

    assert fate is line.send().fate
    assert 1 == len(line.left)


def test_a_stopped_transport_does_not_wait():
    """At shutdown each request is tried once."""
    stop = Event()
    stop.set()
    line = Line(BUSY)

    assert BUSY == line.send(stop=stop)
    assert [] == line.waits


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("5", 5.0),
        ("0", 0.0),
        ("-3", 0.0),
        ("Thu, 01 Jan 1970 00:00:42 GMT", 30.0),
        ("Thu, 01 Jan 1970 00:00:02 GMT", 0.0),
        ("soon", None),
        ("nan", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_a_number_or_a_date(header, seconds):
    """Seconds, or a moment; nonsense is none."""
    assert seconds == read_retry_after(header, now_s=12.0)


def test_bodies_are_compressed_as_named():
    """Readable by the standard library, and the same every time."""
    body = b"the same words again and again " * 100

    assert body == gzip.decompress(compress(body, "gzip"))
    assert body == zlib.decompress(compress(body, "deflate"))
    assert len(compress(body, "gzip")) < 200


def test_a_request_over_the_limit_is_not_sent_at_all():
    """The caller is told to split it."""
    transport = HttpTransport(Endpoint("http://127.0.0.1:1/v1/traces"))

    assert Fate.TOO_LARGE is transport.send(bytes(MAX_REQUEST_BYTES + 1)).fate


def test_grpc_without_its_package_says_what_to_install():
    """The message holds the command."""
    try:
        import grpc  # noqa: F401
    except ImportError:
        with pytest.raises(MissingExtra, match=r"pip install 'foretell\[grpc\]'"):
            make_transport(Endpoint("http://localhost:4317", protocol="grpc"), {})
    else:
        make_transport(Endpoint("http://localhost:4317", protocol="grpc"), {}).close()


# -- requests that are bytes already --------------------------------------------------------------------------------

RESOURCE, SCOPE = (
    resource_field({"a": 1}, "https://example.org/r"),
    scope_field("s", "1", None, "https://example.org/s"),
)


def request(*names):
    """A request with items that hold a name each."""
    return join_request(RESOURCE, SCOPE, [b"\x12" + bytes((len(name),)) + name for name in names])


def test_halves_hold_everything_once_with_their_head():
    """Splitting until nothing is left to split gives one request per item."""
    names = [b"a", b"bb", b"ccc", b"dddd", b"e"]
    todo, done = [request(*names)], []
    while todo:
        body = todo.pop()
        halves = split_request(body)
        if halves is None:
            done.append(body)
        else:
            todo += reversed(halves)

    assert [len(one) for one in map(request, names)] == [len(one) for one in done]
    assert [1] * 5 == [count_items(body) for body in done]
    for name, body in zip(names, done, strict=True):
        assert name in body
        assert all(part in body for part in (b"https://example.org/r", b"https://example.org/s"))


def test_a_request_of_many_resources_is_split_between_them():
    """Items are counted over all of them."""
    body = request(b"a") + request(b"b", b"c")
    first, second = split_request(body)

    assert 3 == count_items(body)
    assert (request(b"a"), request(b"b", b"c")) == (first, second)


def test_nonsense_is_neither_split_nor_counted():
    """Whatever the bytes, no exception."""
    for body in (b"", b"\xff\xff\xff", b"\x0a\x7f", bytes(range(256))):
        assert split_request(body) is None or count_items(body) >= 0


def test_a_partial_success_is_read_from_the_answer():
    """Rejected items and the collector's words."""
    assert (0, "") == read_partial_success(b"")
    assert (300, "no") == read_partial_success(b"\x0a\x07\x08\xac\x02\x12\x02no")
