"""A request that goes out in slices arrives whole over real HTTP, also where it has to be sent again."""

from __future__ import annotations

import pytest

from foretell.export.otlp.wire import list_resource, list_scope
from foretell.export.transport import Fate
from foretell.export.waiting import SLICE_BYTES, Body
from tests.contracts.test_otlp_http import RESOURCE, SCOPE, arrived, collector, span, transport

__all__ = ["collector"]
pytestmark = pytest.mark.slow
NUMBERS = [1, 2, 3, 4, 5]


@pytest.fixture
def body():
    """Several slices."""
    spans = [span(number, size=SLICE_BYTES - 1_000) for number in NUMBERS]
    body = Body(*list_resource(RESOURCE, [list_scope(SCOPE, spans)]))
    assert len(list(body)) > 2
    return body


@pytest.mark.parametrize("compression", ["none", "gzip", "deflate"])
def test_all_slices_arrive_as_one_body(collector, body, compression):
    sender = transport(collector, compression=compression)
    fate = sender.send(body).fate
    sender.close()

    assert (Fate.SENT, NUMBERS) == (fate, arrived(collector))
    assert bytes(body) == collector.requests[0][2]


def test_what_is_sent_again_is_whole_again(collector, body):
    collector.answers.append((503, {"retry-after": "0"}, b""))
    sender = transport(collector)
    fate = sender.send(body).fate
    sender.close()

    assert (Fate.SENT, NUMBERS) == (fate, arrived(collector))


def test_a_kept_connection_that_was_closed_costs_nothing(collector, body):
    collector.answers.append((200, {"connection": "close"}, b""))
    sender = transport(collector)
    fates = [sender.send(body).fate for _ in range(2)]
    sender.close()

    assert ([Fate.SENT] * 2, NUMBERS * 2, 2) == (fates, arrived(collector), collector.connections)
