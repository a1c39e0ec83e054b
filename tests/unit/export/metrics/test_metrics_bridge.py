"""Our metrics through the MeterProvider that an application made itself."""

from __future__ import annotations

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from foretell.export.metrics.otel_meter import find_bridge
from foretell.export.metrics.registry import Metrics
from foretell.semconv import metrics as table

AGENT = (("gen_ai.agent.name", "planner"),)


class Application:
    def __init__(self):
        self.reader = InMemoryMetricReader()
        self.provider = MeterProvider([self.reader], shutdown_on_exit=False)

    def points(self):
        data = self.reader.get_metrics_data()
        return {
            (metric.name, metric.unit): {tuple(point.attributes.items()): point for point in metric.data.data_points}
            for resource in (data.resource_metrics if data else ())
            for scope in resource.scope_metrics
            if scope.scope.name == "foretell"
            for metric in scope.metrics
        }


@pytest.fixture
def application():
    application = Application()
    yield application
    application.provider.shutdown()


@pytest.fixture
def metrics():
    return Metrics(lambda: 1)


def test_sums_and_gauges_are_observed(application, metrics):
    """When the application collects, it finds our numbers as they stand."""
    find_bridge(application.provider).connect(metrics)
    metrics.add(table.COST, AGENT, 0.5)
    metrics.set(table.AGENT_ACTIVE, AGENT, 2)
    metrics.set(table.PROCESS_MEMORY, (), 7)
    points = application.points()

    assert 0.5 == points["foretell.cost", "{USD}"][AGENT].value
    assert 2 == points["foretell.agent.active", "{run}"][AGENT].value
    assert 7 == points["process.memory.usage", "By"][()].value


def test_durations_are_recorded_with_our_buckets(application, metrics):
    """Their bounds are those of the conventions."""
    find_bridge(application.provider).connect(metrics)
    metrics.record(table.INVOKE_AGENT_DURATION, AGENT, 1.5)
    metrics.record(table.INVOKE_AGENT_DURATION, AGENT, 2.5)
    point = application.points()["gen_ai.invoke_agent.duration", "s"][AGENT]

    assert (2, 4.0, table.INVOKE_AGENT_DURATION.buckets) == (point.count, point.sum, tuple(point.explicit_bounds))


def test_token_histograms_are_not_doubled(application, metrics):
    """The counters say it, at a tenth of the price."""
    find_bridge(application.provider).connect(metrics)
    metrics.record(table.OPERATION_INPUT_TOKENS, AGENT, 10)

    assert {} == application.points()


def test_our_own_sums_go_on(application, metrics):
    """A pull endpoint may show them too."""
    find_bridge(application.provider).connect(metrics)
    metrics.record(table.INVOKE_AGENT_DURATION, AGENT, 1.5)

    assert [1] == [point.count for metric in metrics.read(2) for point in metric.points]


def test_after_disconnecting_nothing_is_shown(application, metrics):
    """Not even by a series that somebody kept."""
    bridge = find_bridge(application.provider)
    bridge.connect(metrics)
    kept = metrics.histogram_series(table.INVOKE_AGENT_DURATION, AGENT)
    metrics.add(table.COST, AGENT, 0.5)
    bridge.disconnect()
    kept.record(1.0)

    assert {} == application.points()


def test_instruments_are_made_once(application, metrics, caplog):
    """A second init() in the same application reuses them, without a warning."""
    find_bridge(application.provider).connect(metrics)
    find_bridge(application.provider).disconnect()
    second = Metrics(lambda: 1)
    find_bridge(application.provider).connect(second)
    second.add(table.COST, AGENT, 0.25)

    assert 0.25 == application.points()["foretell.cost", "{USD}"][AGENT].value
    assert [] == caplog.records


def test_a_provider_that_cannot_be_hashed_has_one_bridge_too():
    """Logfire's compares by value."""

    class Comparing(MeterProvider):
        __hash__ = None

    provider = Comparing(shutdown_on_exit=False)

    assert find_bridge(provider) is find_bridge(provider)
