"""A queue that fills is told before anything is lost, and a loss is told too."""

from __future__ import annotations

import secrets
import urllib.error
from collections.abc import Iterator

import pytest

from tests.stack.outages.load import count_lines, make_lines, restart
from tests.stack.paging.told import list_alerts
from tests.stack.road import ask, send, wait_for
from tests.stack.runner import Stack

pytestmark = pytest.mark.stack

HOLDS = 200_000
"""So many items the configuration lets a queue hold."""
AT_ONCE = 4_000
ABOUT = {"exporter": "otlp_http/loki"}


class Filling:
    """Lines for a store that is away."""

    def __init__(self, stack: Stack) -> None:
        self.service = f"filling-{secrets.token_hex(4)}"
        self.taken = 0
        self._url = f"{stack.url('otel-collector', 4318)}/v1/logs"

    def send(self) -> bool:
        """Send a batch; False where the collector refuses it, because its memory or its queue is full."""
        try:
            send(self._url, make_lines(self.service, self.taken, AT_ONCE))
        except urllib.error.HTTPError as refused:
            if refused.code not in {429, 503}:
                raise
            return False
        self.taken += AT_ONCE
        return True


@pytest.fixture(scope="module")
def filling(stack: Stack) -> Iterator[Filling]:
    """Loki is away, and its queue more than half full."""
    stack.services["loki"].stop(kill=True)
    found = Filling(stack)
    while found.taken < 0.6 * HOLDS:
        assert wait_for(found.send, 60)
    yield found
    if not stack.services["loki"].is_healthy():
        restart(stack, "loki")


def test_a_queue_that_fills_is_told(stack: Stack, filling: Filling) -> None:
    told = wait_for(lambda: list_alerts(stack, alertname="CollectorQueueFilling", **ABOUT), 120)

    assert "more than half full" in told[0]["annotations"]["summary"]


def test_a_queue_that_is_full_takes_no_more_and_that_is_told(stack: Stack, filling: Filling) -> None:
    def is_told() -> bool:
        filling.send()
        return bool(list_alerts(stack, alertname="CollectorDrops", **ABOUT))

    while filling.taken < 0.97 * HOLDS:
        assert wait_for(filling.send, 60)
    assert wait_for(is_told, 120)
    assert filling.taken <= HOLDS + AT_ONCE
    assert not filling.send()
    (alert, *_) = list_alerts(stack, alertname="CollectorDrops", **ABOUT)
    assert "loses what is meant for otlp_http/loki" in alert["annotations"]["summary"]
    assert ("critical", "telemetry_gap") == (alert["labels"]["severity"], alert["labels"]["trigger"])


def test_what_it_took_is_there_when_the_store_is_back(stack: Stack, filling: Filling) -> None:
    restart(stack, "loki")

    assert wait_for(lambda: count_lines(stack, filling.service) == filling.taken, 240), count_lines(
        stack, filling.service
    )
    # Its end is not told to the webhook: the loss that came after holds it back.
    url = f"{stack.url('prometheus', 9090)}/api/v1/query"
    series = 'ALERTS{alertname="CollectorQueueFilling", exporter="otlp_http/loki"}'
    assert wait_for(lambda: not ask(url, query=series)["data"]["result"], 90)
