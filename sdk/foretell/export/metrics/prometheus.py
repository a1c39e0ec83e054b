"""The pull endpoint: shows the metrics to a Prometheus that comes and asks, under the names its OTLP receiver makes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Final

from foretell.errors import ForetellError

if TYPE_CHECKING:
    from prometheus_client.core import Exemplar as PrometheusExemplar
    from prometheus_client.metrics_core import Metric as MetricFamily

    from foretell.export.metrics.points import Exemplar, MetricPoints, Point

DEFAULT_HOST: Final = "127.0.0.1"
DEFAULT_PORT: Final = 9464

UNITS: Final = {
    "d": "days", "h": "hours", "min": "minutes", "s": "seconds", "ms": "milliseconds", "us": "microseconds",
    "ns": "nanoseconds", "By": "bytes", "KiBy": "kibibytes", "MiBy": "mebibytes", "GiBy": "gibibytes", "TiBy": "tibibytes",
    "KBy": "kilobytes", "MBy": "megabytes", "GBy": "gigabytes", "TBy": "terabytes", "m": "meters", "V": "volts",
    "A": "amperes", "J": "joules", "W": "watts", "g": "grams", "Cel": "celsius", "Hz": "hertz", "%": "percent",
}  # fmt: skip
TYPES: Final = {"counter": "counter", "updown": "gauge", "gauge": "gauge", "histogram": "histogram"}

_NOT_A_NAME = re.compile("[^a-zA-Z0-9:]+")
_NOT_A_LABEL = re.compile("[^a-zA-Z0-9_]")


class PortTaken(ForetellError):
    """The pull endpoint cannot listen where it was told to."""


def prometheus_name(name: str, unit: str, kind: str) -> str:
    """Return the name of a metric as Prometheus has it: `_total` on counters, units spelled out, no dots.

    A histogram's series have `_bucket`, `_count` and `_sum` behind it.
    """
    words = _NOT_A_NAME.sub(" ", name).split()
    suffix = "" if "{" in unit else UNITS.get(unit, _NOT_A_NAME.sub("_", unit).strip("_"))
    if unit == "1":
        suffix = "ratio" if kind == "gauge" else ""
    if suffix and suffix not in words:
        words.append(suffix)
    if kind == "counter":
        words = [*(word for word in words if word != "total"), "total"]
    return "_".join(words)


def prometheus_label(name: str) -> str:
    """Return the name of a label as Prometheus has it."""
    label = _NOT_A_LABEL.sub("_", name)
    return f"key_{label}" if label[:1].isdigit() else label


class PullEndpoint:
    """Serves `/metrics` from a thread of its own. Nothing is computed between two questions."""

    def __init__(
        self,
        read: Callable[[], list[MetricPoints]],
        *,
        labels: dict[str, str] | None = None,
        host: str = DEFAULT_HOST,
        port: int = DEFAULT_PORT,
    ) -> None:
        """`read` gives the metrics as they stand; `labels` (such as `service_name`) go to `target_info`.

        Port 0 takes any free one; `port` tells which.
        """
        self._read = read
        self._labels = labels or {}
        self._host = host
        self.port = port
        self._server: Any = None  # wsgiref's server; prometheus-client is imported when it is first needed
        self._thread: Any = None

    def start(self) -> None:
        """Begin to listen; raises `PortTaken` where that is refused, and then nothing was started."""
        from prometheus_client import CollectorRegistry, start_http_server

        registry = CollectorRegistry(auto_describe=False)
        registry.register(self)
        try:
            self._server, self._thread = start_http_server(self.port, addr=self._host, registry=registry)
        except OSError as error:
            raise PortTaken(
                f"The Prometheus endpoint cannot listen on {self._host}:{self.port}: {error.strerror or error}.\n"
                "Choose another port: OTEL_EXPORTER_PROMETHEUS_PORT=9465"
            ) from error
        self.port = self._server.server_port

    def stop(self) -> None:
        """Stop listening and wait for the thread to end. Harmless when it never started."""
        if self._server is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=5)
        self._server = self._thread = None

    def after_fork(self) -> None:
        """Let go of the parent's socket in a forked child: only one of them can answer on the port."""
        if self._server is not None:
            self._server.socket.close()
            self._server = self._thread = None

    def describe(self) -> list[MetricFamily]:
        """Nothing in advance: series come as calls do (asked by prometheus-client)."""
        return []

    def collect(self) -> Iterator[MetricFamily]:
        """Yield every metric in prometheus-client's words (asked by it at each scrape)."""
        from prometheus_client.core import InfoMetricFamily

        if self._labels:
            yield InfoMetricFamily("target", "Target metadata", value=self._labels)
        for metric in self._read():
            yield to_family(metric)


def to_family(metric: MetricPoints) -> MetricFamily:
    """Return one metric in prometheus-client's words."""
    from prometheus_client.metrics_core import Metric as MetricFamily

    name = prometheus_name(metric.name, metric.unit, metric.kind)
    family = MetricFamily(name.removesuffix("_total"), metric.description, TYPES[metric.kind])
    add = _add_histogram if metric.kind == "histogram" else _add_value
    for point in metric.points:
        labels = {prometheus_label(key): _text(value) for key, value in point.attributes}
        add(family, name, labels, point, metric.bounds)
        if metric.kind in ("counter", "histogram"):
            family.add_sample(f"{family.name}_created", labels, point.start_ns / 1e9)
    return family


def _add_value(
    family: MetricFamily,
    name: str,
    labels: dict[str, str],
    point: Point,
    bounds: tuple[float, ...],
) -> None:
    family.add_sample(name, labels, point.value, exemplar=next(map(_to_exemplar, point.exemplars), None))


def _add_histogram(
    family: MetricFamily, name: str, labels: dict[str, str], point: Point, bounds: tuple[float, ...]
) -> None:
    below = 0
    exemplars = iter(point.exemplars)
    exemplar = next(exemplars, None)
    for bound, count in zip((*bounds, float("inf")), point.buckets, strict=True):
        below += count
        shown = None
        if exemplar is not None and exemplar.value <= bound:
            shown = _to_exemplar(exemplar)
            exemplar = next(exemplars, None)
        family.add_sample(f"{name}_bucket", {**labels, "le": _bound(bound)}, below, exemplar=shown)
    family.add_sample(f"{name}_count", labels, point.count)
    family.add_sample(f"{name}_sum", labels, point.sum)


def _to_exemplar(exemplar: Exemplar) -> PrometheusExemplar:
    from prometheus_client.core import Exemplar as PrometheusExemplar

    ids = {"trace_id": f"{exemplar.trace_id:032x}", "span_id": f"{exemplar.span_id:016x}"}
    return PrometheusExemplar(ids, exemplar.value, exemplar.time_ns / 1e9)


def _bound(bound: float) -> str:
    from prometheus_client.utils import floatToGoString

    return str(floatToGoString(bound))  # type: ignore[no-untyped-call]  # theirs


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
