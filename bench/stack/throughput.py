"""How many spans a second one core of the collector takes, with our configuration."""

from __future__ import annotations

import os
import re
import secrets
import time
import urllib.request
from pathlib import Path

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.stack.road import wait_for
from tests.stack.runner import Stack

BATCH = 500
BATCHES = 120
ATTRIBUTES = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": "openai",
    "gen_ai.request.model": "gpt-4o",
    "gen_ai.response.model": "gpt-4o-2024-11-20",
    "gen_ai.agent.name": "planner",
    "gen_ai.conversation.id": "c-1",
    "foretell.run.id": "0123456789abcdef",
    "foretell.cost.source": "genai-prices",
    "server.address": "api.openai.com",
    "session.id": "s-1",
    "user.id": "u-1",
    "question": "Where is my order 1042? It was to come on Friday. " * 4,
}
NUMBERS = {"gen_ai.usage.input_tokens": 1200, "gen_ai.usage.output_tokens": 80, "foretell.step.index": 3}
SCOPES = {"ours": "foretell", "foreign": "openinference.instrumentation.openai"}
"""Foreign spans are given today's names on the way; ours have them."""


def measure_throughput(stack: Stack) -> list[str]:
    """Send spans as fast as they are taken; a line for each kind: spans a second of the collector's own CPU time."""
    return [_measure(stack, kind, scope) for kind, scope in SCOPES.items()]


def _measure(stack: Stack, kind: str, scope: str) -> str:
    bodies = [_make_batch(scope) for _ in range(BATCHES)]
    sent_before, cpu_before_s, begun_s = _count_sent(stack), _read_cpu_s(stack), time.perf_counter()
    for body in bodies:
        _post(f"{stack.url('otel-collector', 4318)}/v1/traces", body)
    accepted_s = time.perf_counter() - begun_s
    total = BATCH * BATCHES
    wait_for(lambda: _count_sent(stack) - sent_before >= total, 180)
    cpu_s = _read_cpu_s(stack) - cpu_before_s
    size = sum(map(len, bodies)) / total
    return (
        f"{kind} spans of {size:.0f} bytes: {total / cpu_s:,.0f} a second and core"
        f" ({total / accepted_s:,.0f} a second taken from one sender, all of {total:,} in Jaeger)"
    )


def _make_batch(scope: str) -> bytes:
    request = ExportTraceServiceRequest()
    part = request.resource_spans.add()
    name = part.resource.attributes.add()
    name.key, name.value.string_value = "service.name", "bench"
    scoped = part.scope_spans.add()
    scoped.scope.name = scope
    now_ns = time.time_ns()
    traces = [secrets.token_bytes(16) for _ in range(BATCH // 10)]
    for number in range(BATCH):
        trace_id = traces[number // 10]
        span = scoped.spans.add(trace_id=trace_id, span_id=secrets.token_bytes(8), name="chat gpt-4o")
        span.kind = Span.SPAN_KIND_CLIENT
        span.start_time_unix_nano, span.end_time_unix_nano = now_ns, now_ns + 1_000_000 * (number + 1)
        for key, text in ATTRIBUTES.items():
            one = span.attributes.add()
            one.key, one.value.string_value = key, text
        for key, count in NUMBERS.items():
            one = span.attributes.add()
            one.key, one.value.int_value = key, count
    return request.SerializeToString()


def _post(url: str, body: bytes) -> None:
    """Send, and again where the collector's memory is full, as any sender does."""

    def try_once() -> bool:
        request = urllib.request.Request(url, body, {"Content-Type": "application/x-protobuf"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return int(answer.status) == 200

    wait_for(try_once, 60)


def _count_sent(stack: Stack) -> float:
    """Spans that the collector has handed to Jaeger."""
    with urllib.request.urlopen(f"{stack.url('otel-collector', 8888)}/metrics", timeout=10) as answer:
        text = answer.read().decode()
    found = re.findall(r"^otelcol_exporter_sent_spans_total\{[^}]*otlp_grpc/jaeger[^}]*\} (\S+)$", text, re.MULTILINE)
    return sum(map(float, found))


def _read_cpu_s(stack: Stack) -> float:
    """CPU time that the collector has taken so far."""
    process = stack.services["otel-collector"].process
    assert process is not None
    fields = Path(f"/proc/{process.pid}/stat").read_text("utf-8").rpartition(") ")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
