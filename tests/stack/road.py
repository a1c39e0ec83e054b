"""Sending to the collector and asking the stores behind it, by plain HTTP."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")


def ask(url: str, **parameters: str) -> Any:
    """The JSON that a server answers."""
    query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
    with urllib.request.urlopen(url + query, timeout=10) as answer:
        return json.load(answer)


def send(url: str, body: Any) -> int:
    """Post JSON; the status that comes back."""
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        return int(answer.status)


def wait_for(look: Callable[[], T | None], timeout_s: float = 45) -> T:
    """Look until there is something to see."""
    until = time.monotonic() + timeout_s
    while True:
        seen: T | None = None
        with suppress(urllib.error.URLError):  # not there yet: Jaeger says 404 of a trace that it does not know
            seen = look()
        if seen:
            return seen
        if time.monotonic() > until:
            raise AssertionError(f"nothing came within {timeout_s:g} s")
        time.sleep(0.3)


def resource(service: str) -> dict[str, Any]:
    """The resource that all three signals share."""
    return {"attributes": attributes({"service.name": service, "deployment.environment.name": "test"})}


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    """A mapping as OTLP's JSON writes it."""
    return [{"key": key, "value": _value(value)} for key, value in values.items()]


def span(service: str, trace_id: str, span_id: str, values: dict[str, Any], *, scope: str = "other") -> dict[str, Any]:
    """One span that took two seconds and ended now, as a request to /v1/traces."""
    end = time.time_ns()
    item = {
        "traceId": trace_id,
        "spanId": span_id,
        "name": "answer",
        "kind": 3,
        "startTimeUnixNano": str(end - 2_000_000_000),
        "endTimeUnixNano": str(end),
        "attributes": attributes(values),
    }
    scoped = [{"scope": {"name": scope}, "spans": [item]}]
    return {"resourceSpans": [{"resource": resource(service), "scopeSpans": scoped}]}


def counter(service: str, name: str, unit: str, value: float, values: dict[str, Any]) -> dict[str, Any]:
    """One counter with one point, as a request to /v1/metrics."""
    total = {"aggregationTemporality": 2, "isMonotonic": True, "dataPoints": [_point(value, values)]}
    return _metric(service, {"name": name, "unit": unit, "sum": total})


def gauge(service: str, name: str, unit: str, value: float, values: dict[str, Any]) -> dict[str, Any]:
    """One gauge with one point, as a request to /v1/metrics."""
    return _metric(service, {"name": name, "unit": unit, "gauge": {"dataPoints": [_point(value, values)]}})


def _point(value: float, values: dict[str, Any]) -> dict[str, Any]:
    now = time.time_ns()
    begun = str(now - 60_000_000_000)
    return {
        "startTimeUnixNano": begun, "timeUnixNano": str(now), "asDouble": value, "attributes": attributes(values),
    }  # fmt: skip


def _metric(service: str, metric: dict[str, Any]) -> dict[str, Any]:
    scoped = [{"scope": {"name": "foretell"}, "metrics": [metric]}]
    return {"resourceMetrics": [{"resource": resource(service), "scopeMetrics": scoped}]}


def line(service: str, trace_id: str, span_id: str, text: str) -> dict[str, Any]:
    """One log line within a trace, as a request to /v1/logs."""
    record = {
        "timeUnixNano": str(time.time_ns()),
        "severityText": "INFO",
        "severityNumber": 9,
        "body": {"stringValue": text},
        "traceId": trace_id,
        "spanId": span_id,
        "attributes": attributes({"foretell.log.source": "agent"}),
    }
    scoped = [{"scope": {"name": "foretell"}, "logRecords": [record]}]
    return {"resourceLogs": [{"resource": resource(service), "scopeLogs": scoped}]}


def _value(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, int):
        return {"intValue": str(value)}
    if isinstance(value, float):
        return {"doubleValue": value}
    if isinstance(value, list):
        return {"arrayValue": {"values": [_value(item) for item in value]}}
    return {"stringValue": value}


def read_tags(span: dict[str, Any]) -> dict[str, Any]:
    """The attributes of a span as Jaeger shows them."""
    return {tag["key"]: tag["value"] for tag in span["tags"]}
