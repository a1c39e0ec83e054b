"""A trace, a metric and a log line go through the collector and are found in the stores behind it."""

from __future__ import annotations

import secrets
from typing import Any

import pytest

from tests.stack.road import ask, attributes, counter, line, read_tags, send, span, wait_for
from tests.stack.runner import Stack

pytestmark = pytest.mark.stack

CANARY = "sk-ant-api03-" + "A1b2" * 10
FOREIGN = {
    "openinference.span.kind": "LLM",
    "llm.model_name": "gpt-4o",
    "llm.provider": "Azure",
    "llm.token_count.prompt": 1200,
    "llm.token_count.completion": "34",
    "llm.finish_reason": "stop",
    "llm.cost.total": 0.5,
    "http.request.header.authorization": "Bearer of-something-secret",
    "note": f"the key is {CANARY}",
    "notes": ["harmless", f"again {CANARY}"],
}


def make_ids() -> tuple[str, str]:
    """A new trace's id, and a span's."""
    return secrets.token_hex(16), secrets.token_hex(8)


def find_span(stack: Stack, trace_id: str) -> dict[str, Any]:
    """The one span of that trace in Jaeger, once it is there."""
    url = f"{stack.url('jaeger', 16686)}/api/traces/{trace_id}"
    return dict(wait_for(lambda: ask(url)["data"])[0]["spans"][0])


def test_every_service_is_healthy(stack: Stack) -> None:
    """By the health checks that docker-compose.yml declares."""
    assert [] == [name for name, service in stack.services.items() if not service.is_healthy()]


def test_a_trace_is_found_in_jaeger(stack: Stack) -> None:
    trace_id, span_id = make_ids()
    assert 200 == send(f"{stack.url('otel-collector', 4318)}/v1/traces", span("road", trace_id, span_id, {"a": 1}))

    found = find_span(stack, trace_id)
    assert (span_id, "answer", 2_000_000) == (found["spanID"], found["operationName"], found["duration"])


def test_a_trace_is_found_in_tempo_with_a_long_text_whole(stack: Stack) -> None:
    """Tempo would cut it at 2 KiB by default."""
    if "tempo" not in stack.services:
        pytest.skip("not proven here: there is no `tempo` on PATH or in the folder FORETELL_SERVERS")
    trace_id, span_id = make_ids()
    text = "A long prompt. " * 1000
    send(f"{stack.url('otel-collector', 4318)}/v1/traces", span("road", trace_id, span_id, {"prompt": text}))

    found = wait_for(lambda: str(ask(f"{stack.url('tempo', 3200)}/api/traces/{trace_id}")))
    assert text in found


def test_foreign_names_arrive_as_today_s(stack: Stack) -> None:
    trace_id, span_id = make_ids()
    send(f"{stack.url('otel-collector', 4318)}/v1/traces", span("foreign", trace_id, span_id, FOREIGN))

    tags = read_tags(find_span(stack, trace_id))
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.request.model": "gpt-4o",
        "gen_ai.provider.name": "azure.ai.openai",
        "gen_ai.usage.input_tokens": 1200,
        "gen_ai.usage.output_tokens": 34,
        "gen_ai.response.finish_reasons": '["stop"]',
        "foretell.cost.amount": 0.5,
        "foretell.cost.source": "reported",
    }
    assert expected == {name: tags.get(name) for name in expected}
    assert not {"llm.model_name", "llm.provider", "llm.token_count.prompt", "llm.cost.total"} & set(tags)


def test_our_own_spans_pass_unchanged(stack: Stack) -> None:
    """The statements are for others; what carries our scope costs one comparison."""
    trace_id, span_id = make_ids()
    body = span("own", trace_id, span_id, {"llm.model_name": "kept"}, scope="foretell")
    send(f"{stack.url('otel-collector', 4318)}/v1/traces", body)

    assert "kept" == read_tags(find_span(stack, trace_id))["llm.model_name"]


def test_secrets_do_not_pass_and_token_counts_do(stack: Stack) -> None:
    trace_id, span_id = make_ids()
    collector = stack.url("otel-collector", 4318)
    send(f"{collector}/v1/traces", span("raw", trace_id, span_id, FOREIGN))
    send(f"{collector}/v1/logs", line("raw", trace_id, span_id, f"I use {CANARY} here"))

    tags = read_tags(find_span(stack, trace_id))
    assert CANARY not in str(tags)
    assert ("the key is ****", "****") == (tags["note"], tags["http.request.header.authorization"])
    assert (1200, 34) == (tags["gen_ai.usage.input_tokens"], tags["gen_ai.usage.output_tokens"])
    assert [("I use **** here")] == find_lines(stack, "raw", trace_id)


def test_secrets_do_not_pass_wherever_a_span_has_them(stack: Stack) -> None:
    """Name, status, events and resource: other SDKs write what an exception said into two of them."""
    trace_id, span_id = make_ids()
    body = span("raw", trace_id, span_id, {"gen_ai.usage.input_tokens": 7})
    (part,) = body["resourceSpans"]
    (scoped,) = part["scopeSpans"]
    (item,) = scoped["spans"]
    said = attributes({"said": f"the key is {CANARY}", "exception.message": f"{CANARY} was refused"})
    part["resource"]["attributes"] += said
    item["name"] = f"GET /?key={CANARY}"
    item["status"] = {"code": 2, "message": f"{CANARY} was refused"}
    item["events"] = [{"timeUnixNano": item["endTimeUnixNano"], "name": "exception", "attributes": said}]
    send(f"{stack.url('otel-collector', 4318)}/v1/traces", body)

    find_span(stack, trace_id)
    trace = ask(f"{stack.url('jaeger', 16686)}/api/traces/{trace_id}")
    assert 7 == read_tags(find_span(stack, trace_id))["gen_ai.usage.input_tokens"]
    assert [] == list_places(trace, CANARY)
    if "tempo" in stack.services:
        url = f"{stack.url('tempo', 3200)}/api/traces/{trace_id}"
        assert [] == list_places(wait_for(lambda: ask(url)), CANARY)


def test_secrets_do_not_pass_wherever_a_line_has_them(stack: Stack) -> None:
    trace_id, span_id = make_ids()
    body = line("raw", trace_id, span_id, f'{{"said": "the key is {CANARY}"}}')
    (part,) = body["resourceLogs"]
    (record,) = part["scopeLogs"][0]["logRecords"]
    said = attributes({"said": f"the key is {CANARY}", "exception.message": f"{CANARY} was refused"})
    record["attributes"] += said
    part["resource"]["attributes"] += said
    send(f"{stack.url('otel-collector', 4318)}/v1/logs", body)

    assert ['{"said": "the key is ****"}'] == find_lines(stack, "raw", trace_id)
    url = f"{stack.url('loki', 3100)}/loki/api/v1/query_range"
    found = ask(url, query=f'{{service_name="raw"}} | trace_id="{trace_id}"')
    assert [] == list_places(found, CANARY)


def test_what_is_too_long_for_jaeger_s_index_is_cut_and_stops_nothing(stack: Stack) -> None:
    """It would refuse the span, and the collector would try it again for ever."""
    long = "A long prompt. " * 20_000
    trace_id, span_id = make_ids()
    body = span("long", trace_id, span_id, {"prompt": long, "gen_ai.input.messages": [long[:1000]] * 100})
    (part,) = body["resourceSpans"]
    part["resource"]["attributes"] += attributes({"told": long})
    (item,) = part["scopeSpans"][0]["spans"]
    item |= {"name": long, "status": {"code": 2, "message": long}}
    item["events"] = [{"timeUnixNano": item["endTimeUnixNano"], "name": long, "attributes": attributes({"said": long})}]
    send(f"{stack.url('otel-collector', 4318)}/v1/traces", body)

    found = find_span(stack, trace_id)
    tags = read_tags(found)
    assert (long[:60_000], long[:1000]) == (tags["prompt"], found["operationName"])
    assert tags["gen_ai.input.messages"].startswith('["A long prompt. ')


def list_places(value: Any, secret: str, place: str = "") -> list[str]:
    """Where in a server's answer the secret stands."""
    if isinstance(value, dict):
        return [found for key, item in value.items() for found in list_places(item, secret, f"{place}.{key}")]
    if isinstance(value, list):
        return [found for n, item in enumerate(value) for found in list_places(item, secret, f"{place}[{n}]")]
    return [f"{place}: {value}"] if secret in str(value) else []


def test_a_metric_is_found_in_prometheus_under_the_rules_name(stack: Stack) -> None:
    labels = {"gen_ai.agent.name": "clerk", "outcome": "ok"}
    body = counter("road", "foretell.agent.runs", "{run}", 3, labels)
    send(f"{stack.url('otel-collector', 4318)}/v1/metrics", body)

    (series,) = query(stack, 'foretell_agent_runs_total{gen_ai_agent_name="clerk"}')
    assert ("3", "road", "test") == (
        series["value"][1],
        series["metric"]["job"],
        series["metric"]["deployment_environment_name"],
    )


def test_spans_are_counted_with_exemplars_that_lead_to_the_trace(stack: Stack) -> None:
    trace_id, span_id = make_ids()
    values = {"gen_ai.agent.name": "counted", "gen_ai.operation.name": "chat"}
    send(f"{stack.url('otel-collector', 4318)}/v1/traces", span("counted", trace_id, span_id, values))

    series = query(stack, 'traces_span_metrics_calls_total{gen_ai_agent_name="counted"} == 1')
    assert {"counted"} == {item["metric"]["service_name"] for item in series}
    bucket = 'traces_span_metrics_duration_seconds_bucket{gen_ai_agent_name="counted"}'
    found = wait_for(
        lambda: ask(
            f"{stack.url('prometheus', 9090)}/api/v1/query_exemplars", query=bucket, start="0", end="9999999999"
        )["data"]
    )
    assert trace_id in {item["labels"]["trace_id"] for one in found for item in one["exemplars"]}


def test_a_log_line_is_found_in_loki_by_its_trace(stack: Stack) -> None:
    trace_id, span_id = make_ids()
    send(f"{stack.url('otel-collector', 4318)}/v1/logs", line("road", trace_id, span_id, "hello"))

    assert ["hello"] == find_lines(stack, "road", trace_id)


def test_loki_keeps_few_labels(stack: Stack) -> None:
    """Each label's value is a stream of its own; runs and instances must not be."""
    trace_id, span_id = make_ids()
    send(f"{stack.url('otel-collector', 4318)}/v1/logs", line("few", trace_id, span_id, "hello"))
    find_lines(stack, "few", trace_id)

    labels = set(ask(f"{stack.url('loki', 3100)}/loki/api/v1/labels")["data"])
    assert {"service_name", "deployment_environment_name"} <= labels
    assert labels <= {"service_namespace", "service_name", "deployment_environment_name"}


def test_zipkin_is_accepted_too(stack: Stack) -> None:
    trace_id, span_id = make_ids()
    body = [
        {
            "traceId": trace_id,
            "id": span_id,
            "name": "old",
            "timestamp": 1_700_000_000_000_000,
            "duration": 5000,
            "localEndpoint": {"serviceName": "zipkin"},
        }
    ]
    assert 202 == send(f"{stack.url('otel-collector', 9411)}/api/v2/spans", body)

    assert "old" == find_span(stack, trace_id)["operationName"]


def test_prometheus_hears_every_service(stack: Stack) -> None:
    """All of its targets that run here."""
    jobs = {*stack.services, "prometheus"}
    up = wait_for(lambda: jobs <= {item["metric"]["job"] for item in query(stack, "up == 1")}, 60)
    assert up


def test_the_dead_man_s_switch_reaches_alertmanager(stack: Stack) -> None:
    url = f"{stack.url('alertmanager', 9093)}/api/v2/alerts"
    names = wait_for(lambda: {item["labels"]["alertname"] for item in ask(url)}, 90)
    assert "DeadMansSwitch" in names


def find_lines(stack: Stack, service: str, trace_id: str) -> list[str]:
    """The texts of the log lines of that trace."""
    url = f"{stack.url('loki', 3100)}/loki/api/v1/query_range"
    logql = f'{{service_name="{service}"}} | trace_id="{trace_id}"'
    streams = wait_for(lambda: ask(url, query=logql)["data"]["result"])
    return [text for stream in streams for _, text in stream["values"]]


def query(stack: Stack, promql: str) -> list[dict[str, Any]]:
    """The series that Prometheus answers with, once there are any."""
    url = f"{stack.url('prometheus', 9090)}/api/v1/query"
    return list(wait_for(lambda: ask(url, query=promql)["data"]["result"]))
