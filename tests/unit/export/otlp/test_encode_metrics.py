"""Our metric encoder against the official one."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import ScopeMetrics as ScopeMetricsMessage

from foretell.export.metrics.points import Exemplar as OwnExemplar
from foretell.export.metrics.points import MetricPoints, Point
from foretell.export.otlp.metrics import (
    encode_gauge,
    encode_metrics_data,
    encode_number_point,
)
from foretell.export.otlp.points import encode_points
from tests.unit.export.otlp.any_metrics import any_metrics
from tests.unit.export.otlp.otlp_oracle import canonical


@settings(max_examples=200, deadline=None)
@given(seed=st.integers(0, 2**64))
def test_metrics_are_what_the_official_encoder_makes_of_them(seed):
    """After parsing, every kind of metric equals the official one."""
    data = any_metrics(Random(seed))
    official = encode_metrics(data).SerializeToString()

    assert canonical(ExportMetricsServiceRequest, official) == canonical(
        ExportMetricsServiceRequest, encode_metrics_data(data)
    )


def parsed(encoded):
    """The metrics that a collector reads."""
    return ScopeMetricsMessage.FromString(encoded).metrics


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, 10**400])
def test_an_integer_too_large_for_a_point_becomes_a_double(value):
    """Never an exception; infinity where even a double ends."""
    (metric,) = parsed(encode_gauge("g", "", "", [encode_number_point({}, None, 1, value)]))

    assert pytest.approx(float("inf") if value > 10**300 else float(value)) == metric.gauge.data_points[0].as_double


def points(kind, *, is_delta=False, bounds=()):
    """One metric of ours with one series."""
    point = Point((("a", "x"), ("n", 1)), 5, 9, 3, 4, 2.5, (1, 3) if bounds else (), [OwnExemplar(1.5, 8, 2, 1)])
    return MetricPoints("name", "s", "what it is", kind, is_delta, bounds, [point])


@pytest.mark.parametrize(
    ("kind", "field", "is_monotonic"), [("counter", "sum", True), ("updown", "sum", False), ("gauge", "gauge", False)]
)
def test_our_own_numbers_become_sums_and_gauges(kind, field, is_monotonic):
    """Each kind of ours has its place in OTLP."""
    (metric,) = parsed(encode_points([points(kind)])[0])
    data = getattr(metric, field)
    (point,) = data.data_points

    assert (field, "name", "s", "what it is") == (
        metric.WhichOneof("data"),
        metric.name,
        metric.unit,
        metric.description,
    )
    assert (is_monotonic, 5, 9, 3, "a", "x") == (
        getattr(data, "is_monotonic", False),
        point.start_time_unix_nano,
        point.time_unix_nano,
        point.as_int,
        point.attributes[0].key,
        point.attributes[0].value.string_value,
    )
    assert (1.5, 8, 1) == (
        point.exemplars[0].as_double,
        point.exemplars[0].time_unix_nano,
        int.from_bytes(point.exemplars[0].span_id, "big"),
    )


@pytest.mark.parametrize(("is_delta", "temporality"), [(True, 1), (False, 2)])
def test_our_own_histograms_keep_bounds_counts_and_temporality(is_delta, temporality):
    """Buckets and what they count from."""
    (metric,) = parsed(encode_points([points("histogram", is_delta=is_delta, bounds=(0.5,))])[0])
    (point,) = metric.histogram.data_points

    assert (temporality, [0.5], [1, 3], 4, 2.5) == (
        metric.histogram.aggregation_temporality,
        list(point.explicit_bounds),
        list(point.bucket_counts),
        point.count,
        point.sum,
    )
    assert not point.HasField("min")
