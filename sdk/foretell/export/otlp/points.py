"""Our own metrics as OTLP: what `Metrics.collect` gives becomes the fields of a scope."""

from __future__ import annotations

from collections.abc import Iterable

from foretell.export.metrics.points import Exemplar, MetricPoints, Point
from foretell.export.otlp.metrics import (
    CUMULATIVE,
    DELTA,
    HISTOGRAM_EXEMPLAR,
    NUMBER_EXEMPLAR,
    encode_exemplar,
    encode_gauge,
    encode_histogram,
    encode_histogram_point,
    encode_number_point,
    encode_sum,
)


def encode_points(metrics: Iterable[MetricPoints]) -> tuple[bytes, int]:
    """Encode metrics as fields of a scope; the second value is how many points there are."""
    parts, items = [], 0
    for metric in metrics:
        if metric.points:
            parts.append(_encode_metric(metric))
            items += len(metric.points)
    return b"".join(parts), items


def _encode_metric(metric: MetricPoints) -> bytes:
    temporality = DELTA if metric.is_delta else CUMULATIVE
    if metric.kind == "histogram":
        points = [_histogram_point(point, metric.bounds) for point in metric.points]
        return encode_histogram(metric.name, metric.unit, metric.description, points, temporality)
    numbers = [_number_point(point) for point in metric.points]
    if metric.kind == "gauge":
        return encode_gauge(metric.name, metric.unit, metric.description, numbers)
    is_monotonic = metric.kind == "counter"
    return encode_sum(
        metric.name, metric.unit, metric.description, numbers, is_monotonic=is_monotonic, temporality=temporality
    )


def _number_point(point: Point) -> bytes:
    exemplars = _exemplars(NUMBER_EXEMPLAR, point.exemplars)
    return encode_number_point(dict(point.attributes), point.start_ns, point.time_ns, point.value, exemplars)


def _histogram_point(point: Point, bounds: tuple[float, ...]) -> bytes:
    return encode_histogram_point(
        dict(point.attributes),
        point.start_ns,
        point.time_ns,
        bounds,
        point.buckets,
        point.count,
        point.sum,
        exemplars=_exemplars(HISTOGRAM_EXEMPLAR, point.exemplars),
    )


def _exemplars(tag: bytes, exemplars: Iterable[Exemplar]) -> bytes:
    return b"".join(
        encode_exemplar(tag, kept.time_ns, kept.value, None, kept.trace_id, kept.span_id) for kept in exemplars
    )
