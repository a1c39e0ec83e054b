"""The pull endpoint's names and what it shows."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from foretell.export.metrics.prometheus import PullEndpoint, prometheus_label, prometheus_name, to_family
from foretell.export.metrics.registry import Metrics
from foretell.semconv import metrics as table

S = 1_000_000_000
AGENT = (("gen_ai.agent.name", "planner"),)


@pytest.fixture
def metrics():
    return Metrics(lambda: 100 * S)


def page(metrics, **options):
    """What a scrape gets, without the network."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(PullEndpoint(lambda: metrics.read(110 * S), **options))
    return generate_latest(registry).decode()


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        (table.COST, "foretell_cost_total"),
        (table.FINDING_ACTIVE, "foretell_finding_active"),
        (table.FINDINGS, "foretell_findings_total"),
        (table.AGENT_RUNS, "foretell_agent_runs_total"),
        (table.AGENT_HEARTBEAT, "foretell_agent_heartbeat_time_seconds"),
        (table.AGENT_OLDEST_START, "foretell_agent_oldest_active_start_time_seconds"),
        (table.THREAD_CPU, "foretell_thread_cpu_seconds_total"),
        (table.CONTEXT_FILL, "foretell_context_utilization"),
        (table.INVOKE_AGENT_DURATION, "gen_ai_invoke_agent_duration_seconds"),
        (table.INFERENCE_CALLS, "gen_ai_invoke_agent_inference_calls"),
        (table.CACHE_READ_TOKENS, "gen_ai_client_inference_usage_cache_read_input_tokens_total"),
        (table.PROCESS_MEMORY, "process_memory_usage_bytes"),
        (table.PROCESS_CPU, "process_cpu_time_seconds_total"),
        (table.PROCESS_NETWORK, "process_network_io_bytes_total"),
        (table.PROCESS_FILES, "process_open_file_descriptor_count"),
    ],
)
def test_names_are_those_of_the_otlp_receiver(metric, expected):
    """The rules and dashboards use these names, pushed or pulled."""
    assert expected == prometheus_name(metric.name, metric.unit, metric.kind)


@pytest.mark.parametrize(
    ("name", "unit", "kind", "expected"),
    [
        ("a.ratio", "1", "gauge", "a_ratio"),
        ("a.share", "1", "gauge", "a_share_ratio"),
        ("a.share", "1", "counter", "a_share_total"),
        ("a.total.b", "", "counter", "a_b_total"),
        ("a.seconds", "s", "histogram", "a_seconds"),
        ("a__b", "USD", "counter", "a_b_USD_total"),
    ],
)
def test_names_at_the_edges(name, unit, kind, expected):
    """Nothing is said twice."""
    assert expected == prometheus_name(name, unit, kind)


@pytest.mark.parametrize(("name", "expected"), [("gen_ai.agent.name", "gen_ai_agent_name"), ("2nd", "key_2nd")])
def test_labels_have_no_dots(name, expected):
    """Dots become underscores, and no label begins with a digit."""
    assert expected == prometheus_label(name)


def test_a_counter_with_its_beginning_and_exemplar(metrics):
    """OpenMetrics tells since when it counts, and which call was the last."""
    cost = metrics.sum_series(table.COST, (*AGENT, ("model", "m")))
    cost.value += 0.5
    cost.exemplar = (0.5, (105 * S, 0xAB, 0xCD))

    assert [
        "# HELP foretell_cost Money spent on inferences.",
        "# TYPE foretell_cost counter",
        (
            'foretell_cost_total{gen_ai_agent_name="planner",model="m"} 0.5'
            f' # {{span_id="{0xCD:016x}",trace_id="{0xAB:032x}"}} 0.5 105.0'
        ),
        'foretell_cost_created{gen_ai_agent_name="planner",model="m"} 100.0',
        "# EOF",
    ] == page(metrics).splitlines()


def test_a_histogram_counts_up_to_infinity(metrics):
    """Buckets add up from below; an exemplar stands at its own bucket."""
    for value in (0.05, 0.3, 0.3, 1000.0):
        metrics.record(table.INVOKE_AGENT_DURATION, AGENT, value, (105 * S, 1, 2))
    (family,) = text_string_to_metric_families(page(metrics))
    buckets = {s.labels["le"]: s for s in family.samples if s.name == "gen_ai_invoke_agent_duration_seconds_bucket"}
    by_name = {s.name: s.value for s in family.samples}

    assert (1, 1, 3, 3, 4) == tuple(buckets[le].value for le in ("0.1", "0.2", "0.4", "409.6", "+Inf"))
    assert {"0.1": 0.05, "0.4": 0.3, "+Inf": 1000.0} == {
        le: sample.exemplar.value for le, sample in buckets.items() if sample.exemplar
    }
    assert (4, 1000.65) == (
        by_name["gen_ai_invoke_agent_duration_seconds_count"],
        by_name["gen_ai_invoke_agent_duration_seconds_sum"],
    )


def test_gauges_have_no_beginning(metrics):
    """Up-down counters are gauges too."""
    metrics.set(table.PROCESS_MEMORY, (), 7)

    assert ["process_memory_usage_bytes"] == [s.name for s in to_family(metrics.read(110 * S)[0]).samples]


def test_who_is_asked_stands_in_target_info(metrics):
    """As the OTLP receiver makes it of the resource."""
    assert 'target_info{service_name="shop"} 1.0' in page(metrics, labels={"service_name": "shop"})


def test_true_is_written_as_text(metrics):
    """The point of series past the limit is found as `true`."""
    metrics.add(table.COST, (("otel.metric.overflow", True),), 1)

    assert 'foretell_cost_total{otel_metric_overflow="true"} 1.0' in page(metrics)


def test_stopping_what_never_started_is_harmless(metrics):
    """Shutdown needs not know."""
    PullEndpoint(list).stop()
