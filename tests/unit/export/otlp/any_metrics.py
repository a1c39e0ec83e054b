"""Awkward metrics as the official SDK holds them."""

from __future__ import annotations

from opentelemetry.sdk.metrics import Exemplar
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    Buckets,
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    MetricsData,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)

from tests.unit.export.otlp.otlp_oracle import FLOATS, RESOURCES, SCOPES, START_NS, any_attributes, repaired

VALUES = (0, 1, -1, 2**40, -(2**63), 2**63 - 1, 0.0, 1.25, *FLOATS)


def any_exemplars(random):
    """None mostly; with and without a span."""
    return [
        Exemplar(repaired(any_attributes(random, 3)), random.choice(VALUES), START_NS, *ids)
        for ids in random.sample([(None, None), (5, 6), (2**64 - 1, 2**128 - 1)], random.choice((0, 0, 1, 2)))
    ]


def any_number(random):
    """A point of a sum or gauge."""
    return NumberDataPoint(
        repaired(any_attributes(random, 5)), START_NS, START_NS + 5, random.choice(VALUES), any_exemplars(random)
    )


def any_buckets(random):
    """Buckets of an exponential histogram, perhaps none."""
    counts = [random.randrange(2 ** random.randrange(1, 60)) for _ in range(random.choice((0, 1, 160)))]
    return Buckets(random.randrange(-(2**31), 2**31), counts)


def any_exponential(random):
    """A point of an exponential histogram."""
    low, high = random.choice(VALUES), random.choice(VALUES)
    return ExponentialHistogramDataPoint(
        repaired(any_attributes(random, 5)),
        START_NS,
        START_NS + 5,
        random.randrange(2**60),
        random.choice(VALUES),
        random.randrange(-10, 21),
        random.randrange(5),
        any_buckets(random),
        any_buckets(random),
        random.randrange(2),
        low,
        high,
        any_exemplars(random),
    )


def any_histogram(random):
    """A point of a histogram with buckets."""
    bounds = [0.5 * n for n in range(random.choice((0, 1, 20)))]
    return HistogramDataPoint(
        repaired(any_attributes(random, 5)),
        START_NS,
        START_NS + 5,
        random.randrange(2**60),
        random.choice(VALUES),
        [random.randrange(2**60) for _ in range(len(bounds) + 1)],
        bounds,
        random.choice(VALUES),
        random.choice(VALUES),
        any_exemplars(random),
    )


def any_data(random):
    """Some points of one kind, or none."""
    temporality = random.choice((AggregationTemporality.DELTA, AggregationTemporality.CUMULATIVE))
    size = random.choice((0, 1, 3))
    kind = random.randrange(4)
    if kind == 0:
        return Gauge([any_number(random) for _ in range(size)])
    if kind == 1:
        return Sum([any_number(random) for _ in range(size)], temporality, random.random() < 0.5)
    if kind == 2:
        return Histogram([any_histogram(random) for _ in range(size)], temporality)
    return ExponentialHistogram([any_exponential(random) for _ in range(size)], temporality)


def any_metrics(random):
    """What a reader of the official SDK collects."""
    scopes = [
        ScopeMetrics(
            scope,
            [
                Metric(f"m{n}", random.choice(("", "d", None)), random.choice(("", "s", None)), any_data(random))
                for n in range(random.randrange(4))
            ],
            "",
        )
        for scope in SCOPES[1:]
    ]
    return MetricsData([ResourceMetrics(resource, scopes, "") for resource in random.sample(RESOURCES, 2)])
