"""Traces, lines and points that keep coming while servers come and go; each is counted."""

from __future__ import annotations

import secrets
import threading
import time
from typing import Any

from tests.stack.road import ask, counter, line, send, span
from tests.stack.runner import Stack

EACH = 10
"""So many spans and lines in one request."""
EVERY_S = 0.1


class Load:
    """Sends to the collector from a thread of its own; use it in a `with`."""

    def __init__(self, stack: Stack, service: str) -> None:
        self.service = service
        self.spans = 0
        self.lines = 0
        self.points = 0
        self._stack = stack
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._keep_sending)

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _keep_sending(self) -> None:
        url = self._stack.url("otel-collector", 4318)
        while not self._stop.wait(EVERY_S):
            trace_id = secrets.token_hex(16)
            send(f"{url}/v1/traces", self._make_spans(trace_id))
            self.spans += EACH
            send(f"{url}/v1/logs", make_lines(self.service, self.lines, EACH))
            self.lines += EACH
            self.points += 1
            send(f"{url}/v1/metrics", counter(self.service, "foretell.load", "{point}", self.points, {}))

    def _make_spans(self, trace_id: str) -> dict[str, Any]:
        spans = [span(self.service, trace_id, secrets.token_hex(8), {"number": self.spans + n}) for n in range(EACH)]
        return {"resourceSpans": [part for one in spans for part in one["resourceSpans"]]}


def make_lines(service: str, first: int, count: int) -> dict[str, Any]:
    """So many lines, each with its number, as one request."""
    body = line(service, secrets.token_hex(16), secrets.token_hex(8), "")
    (scope,) = body["resourceLogs"][0]["scopeLogs"]
    (record,) = scope["logRecords"]
    now_ns = time.time_ns()
    scope["logRecords"] = [
        {**record, "timeUnixNano": str(now_ns + n), "body": {"stringValue": f"line {first + n}"}} for n in range(count)
    ]
    return body


def count_spans(stack: Stack, service: str) -> int:
    """How many different spans of that service Jaeger has."""
    traces = ask(f"{stack.url('jaeger', 16686)}/api/traces", service=service, lookback="1h", limit="5000")["data"]
    return len({each["spanID"] for trace in traces for each in trace["spans"]})


def count_lines(stack: Stack, service: str) -> int:
    """How many log lines of that service Loki has."""
    query = f'sum(count_over_time({{service_name="{service}"}}[1h]))'
    found = ask(f"{stack.url('loki', 3100)}/loki/api/v1/query", query=query)["data"]["result"]
    return int(found[0]["value"][1]) if found else 0


def count_points(stack: Stack, service: str) -> int:
    """How many points of the load's counter Prometheus has."""
    query = f'count_over_time(foretell_load_total{{job="{service}"}}[1h])'
    found = ask(f"{stack.url('prometheus', 9090)}/api/v1/query", query=query)["data"]["result"]
    return int(found[0]["value"][1]) if found else 0


def restart(stack: Stack, name: str) -> None:
    """Start a service that was killed, and wait until it is healthy."""
    stack.services[name].start()
    stack.wait_for(stack.services[name])
