"""A probe is followed to every store, and where it is missing the reason is told."""

from __future__ import annotations

import pytest

from foretell.stack.road.endpoint import judge_endpoint
from foretell.stack.road.http import Reply
from foretell.stack.road.probe import LONG_NS, Probe
from foretell.stack.road.reasons import judge
from foretell.stack.road.servers import ask_health, choose_servers
from foretell.stack.road.travel import Clock, send_probe
from tests.unit.stack.road.servers_on_stage import Stage

NOW_NS = 1_790_000_000_123_000_000


@pytest.fixture
def stage():
    return Stage()


@pytest.fixture
def travel(stage):
    def run(wait_s=5.0):
        clock = Clock(lambda: NOW_NS, lambda: stage.now_s, stage.sleep)
        healths = ask_health(choose_servers((), ()), stage.fetch, lambda: stage.now_s)
        journey = send_probe(healths, stage.fetch, clock, wait_s)
        return {arrival.store: arrival for arrival in judge(journey, healths, stage.fetch)}

    return run


def test_where_all_is_well_it_arrives_everywhere(travel):
    arrivals = travel()

    assert {"jaeger": "traces", "tempo": "traces", "prometheus": "metrics", "loki": "logs"} == {
        store: arrival.signal for store, arrival in arrivals.items() if arrival.took_s is not None
    }


def test_the_time_it_took_is_told(stage, travel):
    stage.slowness_s = 1.0

    assert {1.0} == {round(arrival.took_s, 6) for arrival in travel().values()}


def test_it_is_looked_for_until_the_time_is_up(stage, travel):
    stage.lost = {"loki"}
    arrivals = travel(wait_s=3.0)

    assert ["loki"] == [store for store, arrival in arrivals.items() if arrival.took_s is None]
    assert 3.0 <= stage.now_s < 3.5


def test_without_a_collector_nothing_is_waited_for(stage, travel):
    stage.down = {"otel-collector"}
    arrivals = travel()

    assert {"nobody answers at http://127.0.0.1:4318 (connection refused)"} == {one.text for one in arrivals.values()}
    assert {"Start the stack: foretell up"} == {one.advice for one in arrivals.values()}
    assert 0 == stage.now_s


@pytest.mark.parametrize(
    ("reply", "text", "advice"),
    [
        (Reply(503, "data refused due to high memory usage"), "the collector refuses (HTTP 503, data refused", "raise mem_limit"),
        (Reply(429), "the collector refuses (HTTP 429)", "raise mem_limit"),
        (Reply(404, "404 page not found"), "takes no OTLP (HTTP 404, 404 page not found)", "--at otel-collector="),
        (Reply(200, '{"partialSuccess":{"rejectedSpans":"1","errorMessage":"no"}}'), "took only a part of it", "logs otel-collector"),
    ],
)  # fmt: skip
def test_what_the_collector_answers_is_the_reason(stage, travel, reply, text, advice):
    stage.refusal = reply
    traces = travel()["jaeger"]

    assert traces.took_s is None
    assert text in traces.text
    assert advice in traces.advice


def test_a_warning_beside_what_was_taken_is_no_refusal(stage, travel):
    stage.refusal = Reply(200, '{"partialSuccess":{"errorMessage":"deprecated"}}')
    stage.lost = {"jaeger"}

    assert travel()["jaeger"].text.startswith("the collector took it")


def test_a_store_that_is_down_is_the_reason(stage, travel):
    stage.down = {"jaeger"}
    arrivals = travel()

    assert (
        "Jaeger is not well (connection refused); what is for it waits in the collector's queue on disk"
        == arrivals["jaeger"].text
    )
    assert "See what it says: docker compose -p foretell logs jaeger" == arrivals["jaeger"].advice
    assert ["jaeger"] == [store for store, arrival in arrivals.items() if arrival.took_s is None]


@pytest.mark.parametrize(
    ("numbers", "expected"),
    [
        (
            {"enqueue_failed": 40.0},
            "the collector's queue for loki is full: about 40 items were dropped in ten minutes",
        ),
        (
            {"queue_size": 1200.0},
            "1,200 items wait in the collector's queue for loki, which it cannot reach or which is slow",
        ),
        ({"send_failed": 3.0}, "loki refuses what the collector brings"),
        ({}, "the collector took it, and loki does not have it yet"),
        ({"queue_size": 0.0}, "the collector took it, and loki does not have it yet"),
        ({"tail_sampling": 5.0}, "the collector took it, and loki does not have it yet"),
    ],
)
def test_the_collector_s_own_numbers_are_the_reason(stage, travel, numbers, expected):
    stage.lost = {"loki"}
    stage.numbers = numbers

    assert expected == travel()["loki"].text


def test_a_sampled_trace_needs_more_time(stage, travel):
    stage.lost = {"jaeger"}
    stage.numbers = {"tail_sampling": 5.0}
    arrival = travel()["jaeger"]

    assert "sampling is on, and a trace is judged a minute after it began" == arrival.text
    assert "Look for longer: foretell status --wait 90" == arrival.advice


def test_without_prometheus_the_reason_is_told_as_far_as_it_is_known(stage, travel):
    stage.down = {"prometheus"}
    stage.lost = {"loki"}

    assert "the collector took it, and loki does not have it yet" == travel()["loki"].text


def test_the_probe_s_span_is_long_enough_for_sampling_to_keep_it():
    (scope,) = Probe(NOW_NS).bodies()["traces"]["resourceSpans"][0]["scopeSpans"]
    (span,) = scope["spans"]

    assert LONG_NS == int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])
    assert 30_000_000_000 < LONG_NS


def test_no_two_probes_are_the_same():
    assert Probe(NOW_NS).trace_id != Probe(NOW_NS).trace_id


@pytest.mark.parametrize(
    ("endpoint", "protocol", "level", "advice"),
    [
        (None, "http/protobuf", "note", "export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"),
        ("http://localhost:4318", "http/protobuf", "ok", ""),
        ("http://127.0.0.1:4317", "grpc", "ok", ""),
        ("localhost:4317", "grpc", "ok", ""),
        ("http://127.0.0.1:4317", "http/protobuf", "trouble", "export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"),
        ("http://127.0.0.1:4318", "grpc", "trouble", "export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4317"),
        ("https://collector.example", "http/protobuf", "note", "export OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"),
    ],
)  # fmt: skip
def test_an_endpoint_that_leads_elsewhere_is_told(endpoint, protocol, level, advice):
    verdict = judge_endpoint(endpoint, protocol, "http://127.0.0.1:4318")

    assert (level, bool(advice)) == (verdict.level, bool(verdict.advice))
    assert advice in verdict.advice
