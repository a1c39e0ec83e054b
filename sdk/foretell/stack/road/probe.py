"""One span, one metric and one log line that are sent to the collector to see where they come out."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from foretell.stack.road.http import Reply

SERVICE = "foretell-status"
METRIC = "foretell.status.probe.time"
SERIES = "foretell_status_probe_time_seconds"
NAME = "probe of foretell status"
LONG_NS = 31_000_000_000
"""Tail sampling keeps what takes longer than half a minute; a probe that it drops would prove nothing."""


@dataclass(frozen=True, slots=True)
class Probe:
    """What is sent, and by what it is known again."""

    now_ns: int
    trace_id: str = field(default_factory=lambda: secrets.token_hex(16))
    span_id: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def number(self) -> float:
        """The metric's value: the time at which it was sent, so that one series serves for ever."""
        return self.now_ns / 1e9

    def bodies(self) -> dict[str, dict[str, Any]]:
        """Make a request in OTLP's JSON for each signal, by the signal's name."""
        return {"traces": self._trace(), "metrics": self._metric(), "logs": self._log()}

    def _trace(self) -> dict[str, Any]:
        span = {
            "traceId": self.trace_id,
            "spanId": self.span_id,
            "name": NAME,
            "kind": 1,
            "startTimeUnixNano": str(self.now_ns - LONG_NS),
            "endTimeUnixNano": str(self.now_ns),
        }
        return {"resourceSpans": [{"resource": _RESOURCE, "scopeSpans": [{"scope": _SCOPE, "spans": [span]}]}]}

    def _metric(self) -> dict[str, Any]:
        point = {"timeUnixNano": str(self.now_ns), "asDouble": self.number}
        metric = {"name": METRIC, "unit": "s", "gauge": {"dataPoints": [point]}}
        return {"resourceMetrics": [{"resource": _RESOURCE, "scopeMetrics": [{"scope": _SCOPE, "metrics": [metric]}]}]}

    def _log(self) -> dict[str, Any]:
        record = {
            "timeUnixNano": str(self.now_ns),
            "severityNumber": 9,
            "severityText": "INFO",
            "body": {"stringValue": NAME},
            "traceId": self.trace_id,
            "spanId": self.span_id,
        }
        return {"resourceLogs": [{"resource": _RESOURCE, "scopeLogs": [{"scope": _SCOPE, "logRecords": [record]}]}]}


_RESOURCE = {"attributes": [{"key": "service.name", "value": {"stringValue": SERVICE}}]}
_SCOPE = {"name": "foretell"}

STORES = {"jaeger": "traces", "tempo": "traces", "prometheus": "metrics", "loki": "logs"}
"""Where each signal comes out."""


def make_question(store: str, probe: Probe) -> str:
    """Return the path and query that ask a store for the probe."""
    if store in ("jaeger", "tempo"):
        return f"/api/traces/{probe.trace_id}"
    if store == "prometheus":
        return f"/api/v1/query?{urlencode({'query': f'{SERIES} >= {probe.number!r}'})}"
    start = probe.now_ns - 60_000_000_000
    query = f'{{service_name="{SERVICE}"}} | trace_id="{probe.trace_id}"'
    return f"/loki/api/v1/query_range?{urlencode({'query': query, 'start': start})}"


def has_arrived(store: str, reply: Reply) -> bool:
    """Say whether the store's answer holds the probe."""
    body = reply.read() if reply.is_good else None
    if not isinstance(body, dict):
        return False
    if store == "jaeger":
        return bool(body.get("data"))
    if store == "tempo":
        return bool(body.get("batches") or body.get("trace") or body.get("resourceSpans"))
    return bool((body.get("data") or {}).get("result"))
