"""What is sent while a store, or the collector, is away is there afterwards."""

from __future__ import annotations

import secrets
import time
from typing import Any

import pytest

from tests.stack.road import ask, line, send, span, wait_for
from tests.stack.runner import Stack

pytestmark = pytest.mark.stack

COUNT = 300


def count_lines(stack: Stack, service: str) -> int:
    """How many log lines of that service Loki has."""
    url = f"{stack.url('loki', 3100)}/loki/api/v1/query_range"
    streams: list[dict[str, Any]] = ask(url, query=f'{{service_name="{service}"}}', limit="5000")["data"]["result"]
    return sum(len(stream["values"]) for stream in streams)


def count_traces(stack: Stack, service: str) -> int:
    """How many traces of that service Jaeger has."""
    url = f"{stack.url('jaeger', 16686)}/api/traces"
    return len(ask(url, service=service, lookback="1h", limit="5000")["data"])


def restart(stack: Stack, name: str) -> None:
    """Start a service that was killed, and wait until it is healthy."""
    stack.services[name].start()
    stack.wait_for(stack.services[name])


def test_logs_wait_for_loki(stack: Stack) -> None:
    service = f"waiting-{secrets.token_hex(4)}"
    stack.services["loki"].stop(kill=True)
    for number in range(COUNT):
        send(f"{stack.url('otel-collector', 4318)}/v1/logs", line(service, f"{number + 1:032x}", "ab" * 8, str(number)))
    restart(stack, "loki")

    assert wait_for(lambda: count_lines(stack, service) == COUNT, 60)


def test_traces_wait_for_jaeger(stack: Stack) -> None:
    service = f"waiting-{secrets.token_hex(4)}"
    stack.services["jaeger"].stop(kill=True)
    for _ in range(COUNT):
        body = span(service, secrets.token_hex(16), secrets.token_hex(8), {"a": 1})
        send(f"{stack.url('otel-collector', 4318)}/v1/traces", body)
    restart(stack, "jaeger")

    assert wait_for(lambda: count_traces(stack, service) == COUNT, 60)


def test_the_collector_s_queue_outlives_the_collector(stack: Stack) -> None:
    """Loki is away, and the collector is killed before it comes back: nothing is lost."""
    service = f"outliving-{secrets.token_hex(4)}"
    stack.services["loki"].stop(kill=True)
    for number in range(COUNT):
        send(f"{stack.url('otel-collector', 4318)}/v1/logs", line(service, f"{number + 1:032x}", "ab" * 8, str(number)))
    time.sleep(1)
    stack.services["otel-collector"].stop(kill=True)
    restart(stack, "otel-collector")
    restart(stack, "loki")

    assert wait_for(lambda: count_lines(stack, service) == COUNT, 60)
