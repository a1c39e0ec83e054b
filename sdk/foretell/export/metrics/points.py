"""What a collection of metrics hands to whoever sends or shows it: plain data, no names of a wire format."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from foretell.semconv.table import MetricKind

AttributeValue = str | int | float | bool
Attributes = tuple[tuple[str, AttributeValue], ...]
"""Names and values; the order does not matter."""


@dataclass(frozen=True, slots=True)
class Exemplar:
    """One measured value with the call it was measured on."""

    value: float
    time_ns: int
    trace_id: int
    span_id: int


@dataclass(slots=True)
class Point:
    """One series at one moment. Sums and gauges have `value`; histograms have `count`, `sum` and `buckets`."""

    attributes: Attributes
    start_ns: int
    time_ns: int
    value: int | float = 0
    count: int = 0
    sum: float = 0.0
    buckets: tuple[int, ...] = ()
    """One more than there are bounds; not cumulative over the buckets."""
    exemplars: Sequence[Exemplar] = ()


@dataclass(slots=True)
class MetricPoints:
    """One metric and its series, collected at one moment."""

    name: str
    unit: str
    description: str
    kind: MetricKind
    is_delta: bool
    """True where points say what was added since the last collection, False where they say it since `start_ns`."""
    bounds: tuple[float, ...]
    """Upper bounds of a histogram's buckets, without infinity; empty for every other kind."""
    points: list[Point]
