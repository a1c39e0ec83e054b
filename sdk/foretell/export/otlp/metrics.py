"""Encodes metrics as OTLP: the parts of which every metric is made, and whatever the official SDK collected."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from struct import Struct, pack
from typing import TYPE_CHECKING, Any

from foretell.export.otlp.spans import clamp, count_field, sdk_scope_field
from foretell.export.otlp.wire import (
    INT64_MAX,
    INT64_MIN,
    UINT64_MAX,
    attributes_field,
    delimited,
    join_resource,
    list_scope,
    resource_field,
    text,
    varint,
)

if TYPE_CHECKING:
    from opentelemetry.sdk.metrics.export import MetricsData


DELTA, CUMULATIVE = 1, 2
"""OTLP's numbers of the temporalities."""

_pack_time = Struct("<BQ").pack
_pack_double = Struct("<Bd").pack
_pack_int = Struct("<Bq").pack


def encode_number_point(
    attributes: Mapping[str, Any] | None, start_ns: int | None, time_ns: int, value: float, exemplars: bytes = b""
) -> bytes:
    """Encode one point of a sum or gauge as a field of its data."""
    parts = (
        _time(0x11, start_ns),
        _time(0x19, time_ns),
        _number(0x31, 0x21, value),
        exemplars,
        attributes_field(b"\x3a", attributes),
    )
    return b"\x0a" + delimited(b"".join(parts))


def encode_histogram_point(
    attributes: Mapping[str, Any] | None,
    start_ns: int | None,
    time_ns: int,
    bounds: Sequence[float],
    bucket_counts: Sequence[int],
    count: int,
    sum: float | None,
    min: float | None = None,
    max: float | None = None,
    exemplars: bytes = b"",
) -> bytes:
    """Encode one point of a histogram as a field of its data; one bucket more than `bounds`."""
    parts = (
        _time(0x11, start_ns),
        _time(0x19, time_ns),
        b"\x21" + pack("<Q", clamp(count)),
        _optional_double(0x29, sum),
        b"\x32" + delimited(pack(f"<{len(bucket_counts)}Q", *bucket_counts)) if bucket_counts else b"",
        b"\x3a" + delimited(pack(f"<{len(bounds)}d", *bounds)) if bounds else b"",
        exemplars,
        attributes_field(b"\x4a", attributes),
        _optional_double(0x59, min),
        _optional_double(0x61, max),
    )
    return b"\x0a" + delimited(b"".join(parts))


def encode_sum(
    name: str,
    unit: str,
    description: str,
    points: Iterable[bytes],
    *,
    is_monotonic: bool,
    temporality: int = CUMULATIVE,
) -> bytes:
    """Encode a counter (or, not monotonic, an up-down counter) as a field of a scope."""
    data = b"".join(points) + b"\x10" + varint(temporality) + (b"\x18\x01" if is_monotonic else b"")
    return _metric(name, unit, description, b"\x3a" + delimited(data))


def encode_gauge(name: str, unit: str, description: str, points: Iterable[bytes]) -> bytes:
    """Encode a gauge as a field of a scope."""
    return _metric(name, unit, description, b"\x2a" + delimited(b"".join(points)))


def encode_histogram(
    name: str, unit: str, description: str, points: Iterable[bytes], temporality: int = CUMULATIVE
) -> bytes:
    """Encode a histogram as a field of a scope."""
    return _metric(name, unit, description, b"\x4a" + delimited(b"".join(points) + b"\x10" + varint(temporality)))


def encode_exemplar(
    tag: bytes,
    time_ns: int,
    value: float,
    attributes: Mapping[str, Any] | None = None,
    trace_id: int | None = None,
    span_id: int | None = None,
) -> bytes:
    """Encode one exemplar as a field of a point; `tag` is `NUMBER_`, `HISTOGRAM_` or `EXPONENTIAL_EXEMPLAR`."""
    parts = [_time(0x11, time_ns), _number(0x31, 0x19, value)]
    if trace_id is not None and span_id is not None:
        parts.append(b"\x22\x08" + (span_id & UINT64_MAX).to_bytes(8, "big"))
        parts.append(b"\x2a\x10" + (trace_id & (1 << 128) - 1).to_bytes(16, "big"))
    parts.append(attributes_field(b"\x3a", attributes))
    return tag + delimited(b"".join(parts))


NUMBER_EXEMPLAR, HISTOGRAM_EXEMPLAR, EXPONENTIAL_EXEMPLAR = b"\x2a", b"\x42", b"\x5a"


def encode_metrics_data(data: MetricsData) -> bytes:
    """Encode what the official SDK collected as one export request. Kinds of data that OTLP lacks are left out."""
    out = []
    for group in data.resource_metrics:
        scopes = [
            list_scope(_scope(scope), [encoded for metric in scope.metrics if (encoded := _sdk_metric(metric))])
            for scope in group.scope_metrics
        ]
        out.append(join_resource(resource_field(group.resource.attributes, group.resource.schema_url), scopes))
    return b"".join(out)


def _scope(scope_metrics: Any) -> bytes:  # the official ScopeMetrics
    return sdk_scope_field(scope_metrics.scope)


def _metric(name: str, unit: str | None, description: str | None, data: bytes) -> bytes:
    parts = (
        b"\x0a",
        text(name),
        b"\x12" + text(description) if description else b"",
        b"\x1a" + text(unit) if unit else b"",
        data,
    )
    return b"\x12" + delimited(b"".join(parts))


def _sdk_metric(metric: Any) -> bytes:  # the official Metric
    encode = _DATA.get(type(metric.data).__name__)
    if encode is None:
        return b""
    # The official encoder, too, leaves the data out where there is no point.
    return _metric(
        metric.name, metric.unit, metric.description, encode(metric.data) if metric.data.data_points else b""
    )


def _sdk_gauge(data: Any) -> bytes:
    return b"\x2a" + delimited(b"".join([_sdk_number(point, None) for point in data.data_points]))


def _sdk_sum(data: Any) -> bytes:
    points = b"".join([_sdk_number(point, point.start_time_unix_nano) for point in data.data_points])
    monotonic = b"\x18\x01" if data.is_monotonic else b""
    return b"\x3a" + delimited(points + _temporality(data) + monotonic)


def _sdk_histogram(data: Any) -> bytes:
    points = [
        encode_histogram_point(
            point.attributes,
            point.start_time_unix_nano,
            point.time_unix_nano,
            point.explicit_bounds,
            point.bucket_counts,
            point.count,
            point.sum,
            point.min,
            point.max,
            _sdk_exemplars(HISTOGRAM_EXEMPLAR, point.exemplars),
        )
        for point in data.data_points
    ]
    return b"\x4a" + delimited(b"".join(points) + _temporality(data))


def _sdk_exponential(data: Any) -> bytes:
    return b"\x52" + delimited(b"".join([_sdk_exponential_point(p) for p in data.data_points]) + _temporality(data))


_DATA = {
    "Gauge": _sdk_gauge,
    "Sum": _sdk_sum,
    "Histogram": _sdk_histogram,
    "ExponentialHistogram": _sdk_exponential,
}


def _sdk_number(point: Any, start_ns: int | None) -> bytes:
    exemplars = _sdk_exemplars(NUMBER_EXEMPLAR, point.exemplars)
    return encode_number_point(point.attributes, start_ns, point.time_unix_nano, point.value, exemplars)


def _sdk_exponential_point(point: Any) -> bytes:
    parts = (
        attributes_field(b"\x0a", point.attributes),
        _time(0x11, point.start_time_unix_nano),
        _time(0x19, point.time_unix_nano),
        b"\x21" + pack("<Q", clamp(point.count)),
        _optional_double(0x29, point.sum),
        b"\x30" + _zigzag(point.scale),
        b"\x39" + pack("<Q", clamp(point.zero_count)),
        _buckets(b"\x42", point.positive),
        _buckets(b"\x4a", point.negative),
        count_field(b"\x50", point.flags),
        _sdk_exemplars(EXPONENTIAL_EXEMPLAR, point.exemplars),
        _optional_double(0x61, point.min),
        _optional_double(0x69, point.max),
    )
    return b"\x0a" + delimited(b"".join(parts))


def _buckets(tag: bytes, buckets: Any) -> bytes:  # the official Buckets
    if not buckets.bucket_counts:
        return b""
    counts = delimited(b"".join([varint(clamp(n)) for n in buckets.bucket_counts]))
    return tag + delimited(b"\x08" + _zigzag(buckets.offset) + b"\x12" + counts)


def _sdk_exemplars(tag: bytes, exemplars: Iterable[Any] | None) -> bytes:
    if not exemplars:
        return b""
    return b"".join(
        [
            encode_exemplar(tag, e.time_unix_nano, e.value, e.filtered_attributes, e.trace_id, e.span_id)
            for e in exemplars
        ]
    )


def _temporality(data: Any) -> bytes:
    return b"\x10" + varint(int(data.aggregation_temporality))


def _time(tag: int, time_ns: int | None) -> bytes:
    return _pack_time(tag, clamp(time_ns)) if time_ns else b""


def _number(int_tag: int, double_tag: int, value: float) -> bytes:
    if isinstance(value, int):
        if INT64_MIN <= value <= INT64_MAX:
            return _pack_int(int_tag, value)
        value = _as_double(value)
    return _pack_double(double_tag, value)


def _as_double(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _optional_double(tag: int, value: float | None) -> bytes:
    if value is None:
        return b""
    return _pack_double(tag, _as_double(value) if isinstance(value, int) else value)


def _zigzag(n: int) -> bytes:
    return varint(n << 1 if n >= 0 else (-n << 1) - 1)
