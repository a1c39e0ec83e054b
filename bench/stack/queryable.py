"""How soon what is sent can be asked for, in each store."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from functools import partial
from statistics import median
from typing import Any

from tests.stack.road import ask, counter, line, send, span, wait_for
from tests.stack.runner import Stack

TIMES = 5


def measure_queryable(stack: Stack) -> list[str]:
    """A line for each store and way of asking: seconds from sending to the first answer that holds it."""
    return [_measure(stack, name, probe) for name, probe in list_probes(stack)]


def list_probes(stack: Stack) -> list[tuple[str, Callable[[Stack, str], tuple[str, Any, Callable[[], Any]]]]]:
    """What is asked, by name."""
    probes: list[tuple[str, Callable[[Stack, str], tuple[str, Any, Callable[[], Any]]]]] = [
        ("Jaeger: a trace by its id", _trace_by_id),
        ("Jaeger: the service in a search", _trace_by_service),
        ("Prometheus: a metric", _metric),
        ("Prometheus: a span that the collector counted", _counted_span),
        ("Loki: a line by its trace", _log_line),
    ]
    if "tempo" in stack.services:
        probes += [("Tempo: a trace by its id", _tempo_by_id), ("Tempo: a trace in a search", _tempo_search)]
    return probes


def _measure(stack: Stack, name: str, probe: Callable[[Stack, str], tuple[str, Any, Callable[[], Any]]]) -> str:
    delays_s = []
    for _ in range(TIMES):
        path, body, look = probe(stack, f"probe-{secrets.token_hex(4)}")
        begun_s = time.perf_counter()
        send(f"{stack.url('otel-collector', 4318)}/v1/{path}", body)
        wait_for(look, 120)
        delays_s.append(time.perf_counter() - begun_s)
    return f"{name}: {median(delays_s):.1f} s (median of {TIMES}, at most {max(delays_s):.1f} s)"


def _new_ids() -> tuple[str, str]:
    return secrets.token_hex(16), secrets.token_hex(8)


def _trace_by_id(stack: Stack, service: str) -> tuple[str, Any, Callable[[], Any]]:
    trace_id, span_id = _new_ids()
    url = f"{stack.url('jaeger', 16686)}/api/traces/{trace_id}"
    return "traces", span(service, trace_id, span_id, {"a": 1}), lambda: ask(url)["data"]


def _trace_by_service(stack: Stack, service: str) -> tuple[str, Any, Callable[[], Any]]:
    url = f"{stack.url('jaeger', 16686)}/api/traces"
    look = partial(ask, url, service=service, lookback="1h")
    return "traces", span(service, *_new_ids(), {"a": 1}), lambda: look()["data"]


def _metric(stack: Stack, service: str) -> tuple[str, Any, Callable[[], Any]]:
    body = counter(service, "foretell.agent.runs", "{run}", 1, {"gen_ai.agent.name": "probe", "outcome": "ok"})
    return "metrics", body, _query(stack, f'foretell_agent_runs_total{{job="{service}"}}')


def _counted_span(stack: Stack, service: str) -> tuple[str, Any, Callable[[], Any]]:
    asked = _query(stack, f'traces_span_metrics_calls_total{{job="{service}"}} > 0')
    return "traces", span(service, *_new_ids(), {"a": 1}), asked


def _query(stack: Stack, promql: str) -> Callable[[], Any]:
    url = f"{stack.url('prometheus', 9090)}/api/v1/query"
    return lambda: ask(url, query=promql)["data"]["result"]


def _log_line(stack: Stack, service: str) -> tuple[str, Any, Callable[[], Any]]:
    trace_id, span_id = _new_ids()
    url = f"{stack.url('loki', 3100)}/loki/api/v1/query_range"
    query = f'{{service_name="{service}"}} | trace_id="{trace_id}"'
    return "logs", line(service, trace_id, span_id, "hello"), lambda: ask(url, query=query)["data"]["result"]


def _tempo_by_id(stack: Stack, service: str) -> tuple[str, Any, Callable[[], Any]]:
    trace_id, span_id = _new_ids()
    url = f"{stack.url('tempo', 3200)}/api/traces/{trace_id}"
    return "traces", span(service, trace_id, span_id, {"a": 1}), lambda: ask(url)["batches"]


def _tempo_search(stack: Stack, service: str) -> tuple[str, Any, Callable[[], Any]]:
    url, query = f"{stack.url('tempo', 3200)}/api/search", f'{{ resource.service.name = "{service}" }}'
    return "traces", span(service, *_new_ids(), {"a": 1}), lambda: ask(url, q=query)["traces"]
