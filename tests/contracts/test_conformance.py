"""What a program really sends, parsed as a collector does, against the tables of names: every span, metric and event."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from foretell.semconv.conformance import check_event, check_messages, check_metric, check_span
from tests.contracts.collector import Collector
from tests.support.processes import Stage

pytestmark = pytest.mark.slow
KINDS = {1: "internal", 2: "server", 3: "client", 4: "producer", 5: "consumer"}


@pytest.fixture(scope="module", params=["local", "export"])
def sent(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sent]:
    """Everything that one program sent, once with contents and once without."""
    collector = Collector()
    stage = Stage(tmp_path_factory.mktemp("everything"))
    ended = stage.run("everything.py", request.param, endpoint=collector.url)
    assert (0, "") == (ended.returncode, ended.stderr)
    yield Sent(collector, request.param)
    collector.close()


class Sent:
    """The requests of a collector, parsed."""

    def __init__(self, collector: Collector, content: str) -> None:
        self.content = content
        bodies = [(path, body) for path, _, body in collector.requests]
        self.spans = [
            span
            for path, body in bodies
            if path == "/v1/traces"
            for group in ExportTraceServiceRequest.FromString(body).resource_spans
            for scope in group.scope_spans
            for span in scope.spans
        ]
        self.metrics = [
            metric
            for path, body in bodies
            if path == "/v1/metrics"
            for group in ExportMetricsServiceRequest.FromString(body).resource_metrics
            for scope in group.scope_metrics
            for metric in scope.metrics
        ]
        self.events = [
            record
            for path, body in bodies
            if path == "/v1/logs"
            for group in ExportLogsServiceRequest.FromString(body).resource_logs
            for scope in group.scope_logs
            for record in scope.log_records
        ]


def values(pairs: Any) -> dict[str, Any]:
    """Attributes as plain Python values."""
    return {pair.key: value(pair.value) for pair in pairs}


def value(any_value: Any) -> Any:
    kind = any_value.WhichOneof("value")
    if kind == "array_value":
        return [value(item) for item in any_value.array_value.values]
    if kind == "kvlist_value":
        return values(any_value.kvlist_value.values)
    return getattr(any_value, kind) if kind else None


def test_every_span_is_as_the_conventions_say(sent: Sent) -> None:
    """Name, kind, required attributes, types, status; and no name under `gen_ai.` that nobody knows."""
    found = [
        violation
        for span in sent.spans
        for violation in check_span(
            name=span.name,
            kind=KINDS[span.kind],
            attributes=values(span.attributes),
            status=span.status.code,
            may_have_content=sent.content == "export",
        )
    ]

    assert [] == found
    operations = {values(span.attributes).get("gen_ai.operation.name") for span in sent.spans}
    assert {
        *(
            "invoke_workflow",
            "invoke_agent",
            "plan",
            "chat",
            "embeddings",
            "execute_tool",
            "retrieval",
            "create_memory",
        ),
        None,
    } == operations


def test_every_metric_is_as_the_tables_say(sent: Sent) -> None:
    """Name, kind, unit, buckets, labels."""
    found = [violation for metric in sent.metrics for violation in check_one_metric(metric)]

    assert [] == found
    assert {
        *("gen_ai.client.inference.duration", "gen_ai.client.inference.time_to_first_chunk"),
        *("gen_ai.client.inference.usage.input_tokens", "gen_ai.client.inference.usage.cache_read.input_tokens"),
        *("gen_ai.client.inference.usage.reasoning.output_tokens", "gen_ai.client.inference.operation.output_tokens"),
        *("gen_ai.client.operation.duration", "gen_ai.invoke_agent.duration", "gen_ai.invoke_agent.inference_calls"),
        *("gen_ai.invoke_agent.tool_calls", "gen_ai.execute_tool.duration", "gen_ai.invoke_workflow.duration"),
        *("foretell.agent.runs", "foretell.cost", "foretell.unpriced.tokens", "foretell.calls", "foretell.score"),
        *("foretell.agent.heartbeat.time", "foretell.telemetry.ended", "process.memory.usage", "process.cpu.time"),
    } <= {metric.name for metric in sent.metrics}


def check_one_metric(metric: Any) -> list[Any]:
    shape = metric.WhichOneof("data")
    data = getattr(metric, shape)
    kind = shape if shape != "sum" else "counter" if data.is_monotonic else "updown"
    bounds = list(data.data_points[0].explicit_bounds) if shape == "histogram" else None
    points = [values(point.attributes) for point in data.data_points]
    return check_metric(name=metric.name, kind=kind, unit=metric.unit, buckets=bounds, points=points)


def test_every_event_is_as_the_conventions_say(sent: Sent) -> None:
    """Details of inferences, exceptions of client calls, the score; and findings, as our own table has them."""
    found = [
        violation
        for event in sent.events
        if event.event_name
        for violation in check_event(
            name=event.event_name,
            severity_number=event.severity_number,
            attributes=values(event.attributes),
        )
    ]

    assert [] == found
    assert {
        "gen_ai.client.inference.operation.details",
        "gen_ai.client.operation.exception",
        "gen_ai.evaluation.result",
        "foretell.finding",
    } == {event.event_name for event in sent.events if event.event_name}


def test_every_counter_and_histogram_begins_with_a_zero(sent: Sent) -> None:
    """A counter that is born at 1 is invisible to `increase()`. Totals that we did not begin are no counters of ours."""
    first: dict[tuple[str, str], float] = {}
    for metric in sent.metrics:
        shape = metric.WhichOneof("data")
        if metric.name.startswith(("process.", "foretell.thread")) or shape == "gauge":
            continue
        for point in getattr(metric, shape).data_points:
            series = (metric.name, json.dumps(sorted(values(point.attributes).items()), default=str))
            number = point.count if shape == "histogram" else point.as_int or point.as_double
            first.setdefault(series, number)

    assert first
    assert {} == {series: number for series, number in first.items() if number != 0}


def test_contents_are_sent_only_where_asked_for(sent: Sent) -> None:
    """With `local`, no word of a prompt or result leaves; with `export`, messages have the conventions' shape."""
    text = "".join(json.dumps(MessageToDict(item)) for item in (*sent.spans, *sent.events))

    assert (sent.content == "export") == ("hello there" in text)
    if sent.content == "export":
        chat = next(span for span in sent.spans if "hello there" in str(span))
        messages = json.loads(values(chat.attributes)["gen_ai.input.messages"])
        assert [] == check_messages(messages)
        assert "hello there" == messages[0]["parts"][0]["content"]
