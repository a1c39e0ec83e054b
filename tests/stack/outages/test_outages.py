"""What is sent while a store is away is there afterwards."""

from __future__ import annotations

import secrets
import time

import pytest

from tests.stack.outages.load import Load, count_lines, count_points, count_spans, make_lines, restart
from tests.stack.road import send, wait_for
from tests.stack.runner import Stack

pytestmark = pytest.mark.stack

AWAY_S = 30
STORES = ("loki", "jaeger", "prometheus")
COUNT = 300


@pytest.fixture(scope="module")
def load(stack: Stack) -> Load:
    """Telemetry that went on while each store was killed and half a minute away."""
    with Load(stack, f"loaded-{secrets.token_hex(4)}") as load:
        wait_for(lambda: load.lines > 100)
        for name in STORES:
            stack.services[name].stop(kill=True)
        time.sleep(AWAY_S)
        for name in STORES:
            restart(stack, name)
        until = load.lines + 100
        wait_for(lambda: load.lines > until)
    assert load.points > AWAY_S
    return load


def test_no_span_is_lost(stack: Stack, load: Load) -> None:
    assert wait_for(lambda: count_spans(stack, load.service) == load.spans, 90), count_spans(stack, load.service)


def test_no_log_line_is_lost(stack: Stack, load: Load) -> None:
    assert wait_for(lambda: count_lines(stack, load.service) == load.lines, 90), count_lines(stack, load.service)


def test_no_point_of_a_metric_is_lost(stack: Stack, load: Load) -> None:
    """Those of the half minute are taken although newer ones may have come first."""
    assert wait_for(lambda: count_points(stack, load.service) == load.points, 90), count_points(stack, load.service)


def test_the_collector_s_queue_outlives_the_collector(stack: Stack) -> None:
    """Loki is away, and the collector is killed before it comes back: nothing is lost."""
    service = f"outliving-{secrets.token_hex(4)}"
    stack.services["loki"].stop(kill=True)
    for number in range(0, COUNT, 10):
        send(f"{stack.url('otel-collector', 4318)}/v1/logs", make_lines(service, number, 10))
    time.sleep(1)
    stack.services["otel-collector"].stop(kill=True)
    restart(stack, "otel-collector")
    restart(stack, "loki")

    assert wait_for(lambda: count_lines(stack, service) == COUNT, 60)
