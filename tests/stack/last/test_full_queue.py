"""A queue that fills is told before anything is lost, and a loss is told too."""

from __future__ import annotations

import secrets
import urllib.error

import pytest

from tests.stack.outages.load import count_lines, make_lines, restart
from tests.stack.paging.told import list_alerts
from tests.stack.road import send, wait_for
from tests.stack.runner import Stack

pytestmark = pytest.mark.stack

HOLDS = 200_000
"""So many items the configuration lets a queue hold."""
AT_ONCE = 4_000


def send_lines(stack: Stack, service: str, first: int) -> int:
    """Send a batch; how many the collector took. Where its memory is full it refuses, and one tries again."""

    def try_once() -> bool:
        try:
            return send(f"{stack.url('otel-collector', 4318)}/v1/logs", make_lines(service, first, AT_ONCE)) == 200
        except urllib.error.HTTPError as refused:
            if refused.code not in {429, 503}:
                raise
            return False

    assert wait_for(try_once, 60)
    return AT_ONCE


def test_a_queue_that_fills_is_told_and_nothing_is_lost(stack: Stack) -> None:
    service = f"filling-{secrets.token_hex(4)}"
    stack.services["loki"].stop(kill=True)
    sent = 0
    while sent < 0.6 * HOLDS:
        sent += send_lines(stack, service, sent)
    about = {"alertname": "CollectorQueueFilling", "exporter": "otlp_http/loki"}
    told = wait_for(lambda: list_alerts(stack, **about), 120)
    restart(stack, "loki")

    assert "more than half full" in told[0]["annotations"]["summary"]
    assert wait_for(lambda: count_lines(stack, service) == sent, 240), (sent, count_lines(stack, service))
    assert wait_for(lambda: list_alerts(stack, "resolved", **about), 180)
