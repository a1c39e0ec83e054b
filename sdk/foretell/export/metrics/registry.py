"""Sums per key: counts and measures cheaply now, and hands over points when somebody collects."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from foretell.export.metrics.points import Attributes, Exemplar, MetricPoints, Point

if TYPE_CHECKING:
    from foretell.semconv.table import Metric

SERIES_LIMIT: Final = 2000
"""Series of one metric; what comes after shares one point marked `otel.metric.overflow`."""
OVERFLOW: Final[Attributes] = (("otel.metric.overflow", True),)
TEMPORALITIES: Final = ("cumulative", "delta", "lowmemory")

# A series is said to begin a little before its first value: Prometheus keeps milliseconds, and the zero at the beginning
# must not share one with the value. Not earlier than that, or the zero arrives too late to be accepted.
BORN_BEFORE_NS: Final = 1_000_000_000
BORN_BEFORE_LEAST_NS: Final = 2_000_000

Moment = tuple[int, int, int]
"""Where a value was measured: time (ns), trace id, span id. Made once per call, shared by all its values."""


class SumSeries:
    """One number under one set of attributes. Add to `value`, or set it, at will."""

    __slots__ = ("attributes", "exemplar", "is_from_zero", "is_new", "sent", "start_ns", "value")

    def __init__(self, attributes: Attributes, start_ns: int) -> None:
        """Begin at 0."""
        self.attributes = attributes
        self.start_ns = start_ns
        self.value: int | float = 0
        self.sent: int | float = 0
        self.exemplar: tuple[float, Moment] | None = None
        self.is_new = True
        self.is_from_zero = True


class HistogramSeries:
    """Counts of values per bucket under one set of attributes."""

    __slots__ = ("attributes", "bounds", "buckets", "exemplars", "is_from_zero", "is_new", "sent", "start_ns", "sum")

    def __init__(self, attributes: Attributes, start_ns: int, bounds: tuple[float, ...]) -> None:
        """Begin empty."""
        self.attributes = attributes
        self.start_ns = start_ns
        self.bounds = bounds
        self.buckets = [0] * (len(bounds) + 1)
        self.exemplars: list[tuple[float, Moment] | None] = [None] * (len(bounds) + 1)
        self.sum = 0.0
        self.sent: tuple[tuple[int, ...], float] = ((0,) * (len(bounds) + 1), 0.0)
        self.is_new = self.is_from_zero = True

    def record(self, value: float, moment: Moment | None = None) -> None:
        """Count one value; `moment` makes it the bucket's exemplar."""
        bucket = bisect_left(self.bounds, value)
        self.buckets[bucket] += 1
        self.sum += value
        if moment is not None:
            self.exemplars[bucket] = (value, moment)


class ForwardedSeries(HistogramSeries):
    """A histogram that somebody else fills too: no one can be told of a histogram's values afterwards."""

    __slots__ = ("forward",)

    def __init__(
        self, attributes: Attributes, start_ns: int, bounds: tuple[float, ...], forward: Callable[[float], object]
    ) -> None:
        """Begin empty; `forward` hears each value."""
        super().__init__(attributes, start_ns, bounds)
        self.forward = forward

    def record(self, value: float, moment: Moment | None = None) -> None:
        """Count one value, and tell it."""
        super().record(value, moment)
        self.forward(value)


Forwarder = Callable[["Metric", Attributes], Callable[[float], object] | None]
"""Metric and attributes of a new histogram → what hears its values; None where nobody does."""


class _Family:
    """All series of one metric."""

    __slots__ = ("aliases", "is_observed", "metric", "series")

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        self.series: dict[Attributes, SumSeries | HistogramSeries] = {}
        # The same attributes in another order are the same series.
        self.aliases: dict[Attributes, SumSeries | HistogramSeries] = {}
        self.is_observed = False


class Metrics:
    """All metrics of one process as plain sums.

    One thread adds and collects; another may `read` meanwhile. Whoever keeps a series, to add to it without looking it
    up, drops it after `after_fork`.
    """

    def __init__(self, clock: Callable[[], int], temporality: str = "cumulative") -> None:
        """Begin with nothing; `clock` gives Unix nanoseconds, `temporality` is one of `TEMPORALITIES`."""
        if temporality.lower() not in TEMPORALITIES:
            raise ValueError(f"Unknown temporality {temporality!r}. Use one of: {', '.join(TEMPORALITIES)}.")
        self._clock = clock
        self._temporality = temporality.lower()
        self._families: dict[str, _Family] = {}
        self._start_ns = self._collected_ns = clock()
        self._forwarder: Forwarder | None = None

    @property
    def is_watched(self) -> bool:
        """True while somebody else shows these numbers at times of its own: gauges must be fresh then."""
        return self._forwarder is not None

    def forward_histograms(self, forwarder: Forwarder | None) -> None:
        """Tell the values of every histogram that begins from now on to `forwarder` too, who shows all other numbers."""
        self._forwarder = forwarder

    def sum_series(self, metric: Metric, attributes: Attributes = ()) -> SumSeries:
        """Return the number of a counter, an up-down counter or a gauge, made at 0 if it is new."""
        series = self._find(metric, attributes)
        if isinstance(series, SumSeries):
            return series
        raise TypeError(f"{metric.name} is a {metric.kind}; use histogram_series().")

    def histogram_series(self, metric: Metric, attributes: Attributes = ()) -> HistogramSeries:
        """Return the buckets of a histogram, made empty if they are new."""
        series = self._find(metric, attributes)
        if isinstance(series, HistogramSeries):
            return series
        raise TypeError(f"{metric.name} is a {metric.kind}; use sum_series().")

    def add(self, metric: Metric, attributes: Attributes, value: float = 1) -> None:
        """Add to a counter or up-down counter."""
        try:
            self._families[metric.name].aliases[attributes].value += value  # type: ignore[union-attr]  # hot: no check
        except KeyError:
            self.sum_series(metric, attributes).value += value

    def record(self, metric: Metric, attributes: Attributes, value: float, moment: Moment | None = None) -> None:
        """Count a value in a histogram."""
        self.histogram_series(metric, attributes).record(value, moment)

    def set(self, metric: Metric, attributes: Attributes, value: float) -> None:
        """Set a gauge or an up-down counter to what it is now."""
        self.sum_series(metric, attributes).value = value

    def set_total(self, metric: Metric, attributes: Attributes, total: float, is_from_zero: bool = True) -> None:
        """Set a counter to a total that somebody else keeps.

        With `is_from_zero=False` the total was not 0 when we began to look, as with the CPU time of a process: no zero
        is sent before its first point, which would make the whole total look like an increase.
        """
        series = self.sum_series(metric, attributes)
        self._families[metric.name].is_observed = True
        if series.is_new and not is_from_zero and series.is_from_zero:
            series.is_from_zero = False
            series.sent = total
        series.value = total

    def collect(self, now_ns: int) -> list[MetricPoints]:
        """Return the points to send now; the next collection goes on from here.

        The first collection of a new counter or histogram has one more point, a 0 at its beginning: without it a counter
        that is born at 1 is invisible to `increase()`.
        """
        collected = [self._collect_family(family, now_ns) for family in list(self._families.values())]
        self._collected_ns = now_ns
        return [points for points in collected if points.points]

    def read(self, now_ns: int) -> list[MetricPoints]:
        """Return every series as it stands, cumulative, and change nothing: for an endpoint that is asked at any time."""
        return [_read_family(family, now_ns) for family in list(self._families.values())]

    def read_values(self, name: str) -> list[tuple[Attributes, float]]:
        """Return the numbers of one counter, up-down counter or gauge as they stand."""
        family = self._families.get(name)
        series = list(family.series.values()) if family is not None else []
        return [(one.attributes, one.value) for one in series if isinstance(one, SumSeries)]

    def after_fork(self) -> None:
        """Forget everything: the parent reports what it counted itself."""
        self._families.clear()
        self._start_ns = self._collected_ns = self._clock()

    def _find(self, metric: Metric, attributes: Attributes) -> SumSeries | HistogramSeries:
        family = self._families.get(metric.name)
        if family is None:
            family = self._families[metric.name] = _Family(metric)
        series = family.aliases.get(attributes)
        return series if series is not None else self._find_in_order(family, attributes)

    def _find_in_order(self, family: _Family, attributes: Attributes) -> SumSeries | HistogramSeries:
        ordered = tuple(sorted(attributes))
        series = family.series.get(ordered)
        if series is None:
            if len(family.series) >= SERIES_LIMIT and ordered != OVERFLOW:
                return self._find_in_order(family, OVERFLOW)
            series = family.series[ordered] = self._make(family.metric, ordered)
        family.aliases[attributes] = series
        return series

    def _make(self, metric: Metric, attributes: Attributes) -> SumSeries | HistogramSeries:
        start_ns = max(self._start_ns, self._clock() - BORN_BEFORE_NS)
        if metric.kind == "histogram":
            forward = self._forwarder(metric, attributes) if self._forwarder is not None else None
            if forward is not None:
                return ForwardedSeries(attributes, start_ns, metric.buckets or (), forward)
            return HistogramSeries(attributes, start_ns, metric.buckets or ())
        return SumSeries(attributes, start_ns)

    def _is_delta(self, family: _Family) -> bool:
        if self._temporality == "cumulative" or family.metric.kind not in ("counter", "histogram"):
            return False
        return self._temporality == "delta" or not family.is_observed

    def _collect_family(self, family: _Family, now_ns: int) -> MetricPoints:
        points = _begin(family, is_delta=self._is_delta(family))
        has_zero = family.metric.kind in ("counter", "histogram")
        for series in list(family.series.values()):
            if series.is_new:
                series.start_ns = min(series.start_ns, now_ns - BORN_BEFORE_LEAST_NS)
                if has_zero and series.is_from_zero:
                    points.points.append(_zero(series))
            if not points.is_delta:
                points.points.append(_read_series(series, now_ns))
            elif (point := _subtract_sent(series, max(self._collected_ns, series.start_ns), now_ns)) is not None:
                points.points.append(point)
            _forget_exemplars(series)
            series.is_new = False
        return points


def _begin(family: _Family, *, is_delta: bool) -> MetricPoints:
    metric = family.metric
    return MetricPoints(metric.name, metric.unit, metric.description, metric.kind, is_delta, metric.buckets or (), [])


def _read_family(family: _Family, now_ns: int) -> MetricPoints:
    points = _begin(family, is_delta=False)
    points.points.extend(_read_series(series, now_ns) for series in list(family.series.values()))
    return points


def _read_series(series: SumSeries | HistogramSeries, now_ns: int) -> Point:
    point = Point(series.attributes, series.start_ns, now_ns)
    if isinstance(series, SumSeries):
        point.value = series.value
        if series.exemplar is not None:
            point.exemplars = (_exemplar(series.exemplar),)
        return point
    point.buckets = tuple(series.buckets)
    # Summed from the same copy, so that the count fits the buckets even while another thread records.
    point.count = sum(point.buckets)
    point.sum = series.sum
    if any(series.exemplars):
        point.exemplars = [_exemplar(exemplar) for exemplar in series.exemplars if exemplar is not None]
    return point


def _zero(series: SumSeries | HistogramSeries) -> Point:
    point = Point(series.attributes, series.start_ns, series.start_ns)
    if isinstance(series, SumSeries):
        point.value = type(series.value)(0)
    else:
        point.buckets = (0,) * len(series.buckets)
    return point


def _subtract_sent(series: SumSeries | HistogramSeries, start_ns: int, now_ns: int) -> Point | None:
    """Return what came since the last collection; None where nothing did."""
    point = _read_series(series, now_ns)
    point.start_ns = start_ns
    if isinstance(series, SumSeries):
        point.value -= series.sent
        series.sent = series.value
        return point if point.value else None
    buckets, total = series.sent
    series.sent = (point.buckets, point.sum)
    point.buckets = tuple(now - before for now, before in zip(point.buckets, buckets, strict=True))
    point.count = sum(point.buckets)
    point.sum -= total
    return point if point.count else None


def _forget_exemplars(series: SumSeries | HistogramSeries) -> None:
    if isinstance(series, SumSeries):
        series.exemplar = None
    elif any(series.exemplars):
        series.exemplars = [None] * len(series.exemplars)


def _exemplar(kept: tuple[float, Moment]) -> Exemplar:
    value, (time_ns, trace_id, span_id) = kept
    return Exemplar(value, time_ns, trace_id, span_id)
