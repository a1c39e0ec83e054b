"""Shows our metrics through an application's own MeterProvider, which exports them with its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Final
from weakref import finalize

from foretell.semconv import metrics as table

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Histogram, Meter, MeterProvider, Observation

    from foretell.export.metrics.points import Attributes
    from foretell.export.metrics.registry import Metrics
    from foretell.semconv.table import Metric

# A histogram has no observable twin, and the SDK takes 8 µs for each value: one duration per call is forwarded, and what
# is rare. Tokens and calls are there as counters.
HISTOGRAMS: Final = frozenset(
    metric.name
    for metric in (
        table.INFERENCE_DURATION,
        table.TIME_TO_FIRST_CHUNK,
        table.OPERATION_DURATION,
        table.INVOKE_AGENT_DURATION,
        table.EXECUTE_TOOL_DURATION,
        table.INVOKE_WORKFLOW_DURATION,
        table.MCP_CLIENT_OPERATION,
        table.MCP_SERVER_OPERATION,
        table.MCP_CLIENT_SESSION,
        table.MCP_SERVER_SESSION,
        table.FINDING_TIME_TO_RESOLVE,
        table.SCORE,
    )
)

# An instrument cannot be taken back, and making it twice is a warning: one bridge per provider, for good.
_bridges: dict[int, MeterBridge] = {}
"""By the provider's identity: those of some products cannot be hashed."""


def find_bridge(provider: MeterProvider, version: str | None = None) -> MeterBridge:
    """Return the bridge into that provider; its instruments are made the first time."""
    bridge = _bridges.get(id(provider))
    if bridge is None:
        bridge = _bridges[id(provider)] = MeterBridge(provider.get_meter("foretell", version))
        finalize(provider, _bridges.pop, id(provider), None).atexit = False
    return bridge


class MeterBridge:
    """Instruments of somebody else's meter, filled from our sums while it is connected."""

    def __init__(self, meter: Meter) -> None:
        """Make every instrument."""
        self._metrics: Metrics | None = None
        self._histograms: dict[str, Histogram] = {}
        for metric in table.ALL:
            if metric.kind != "histogram":
                self._make_observable(meter, metric)
            elif metric.name in HISTOGRAMS:
                self._histograms[metric.name] = meter.create_histogram(
                    metric.name,
                    metric.unit,
                    metric.description,
                    explicit_bucket_boundaries_advisory=list(metric.buckets or ()),
                )

    def connect(self, metrics: Metrics) -> None:
        """Show these metrics from now on. Connect before the first value: histograms are not told what was."""
        self._metrics = metrics
        metrics.forward_histograms(self._forward)

    def disconnect(self) -> None:
        """Show nothing any more."""
        if self._metrics is not None:
            self._metrics.forward_histograms(None)
            self._metrics = None

    def _make_observable(self, meter: Meter, metric: Metric) -> None:
        make: dict[str, Callable[..., object]] = {
            "counter": meter.create_observable_counter,
            "updown": meter.create_observable_up_down_counter,
            "gauge": meter.create_observable_gauge,
        }
        make[metric.kind](metric.name, [partial(self._observe, metric.name)], metric.unit, metric.description)

    def _observe(self, name: str, _options: CallbackOptions) -> Iterable[Observation]:
        from opentelemetry.metrics import Observation

        values = self._metrics.read_values(name) if self._metrics is not None else []
        return [Observation(value, dict(attributes)) for attributes, value in values]

    def _forward(self, metric: Metric, attributes: Attributes) -> Callable[[float], object] | None:
        histogram = self._histograms.get(metric.name)
        if histogram is None:
            return None
        labels = dict(attributes)

        def tell(value: float) -> None:
            if self._metrics is not None:
                histogram.record(value, labels)

        return tell
