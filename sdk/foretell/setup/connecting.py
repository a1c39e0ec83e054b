"""Connecting to OpenTelemetry and to the life of the process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from foretell.errors import guard

if TYPE_CHECKING:
    from foretell.settings import Settings
    from foretell.setup.running import Running


def connect_provider(running: Running, existing: Any | None) -> None:
    """Attach to the application's provider, or set ours where there is none; stay out of both where isolated."""
    if running.settings.isolated:
        return
    if existing is not None:
        attach_to(running, existing)
    else:
        own_provider(running)
    connect_meter(running)


def own_provider(running: Running) -> None:
    """Be the provider, until the application brings one."""
    from opentelemetry.sdk.trace import SpanLimits

    from foretell.instrument.otel.foreign import ForeignSpans
    from foretell.instrument.otel.provider import GLOBAL, OwnProvider
    from foretell.instrument.otel.spans import OwnSpans

    assert running.runtime is not None
    spans, settings = running.runtime.spans, running.settings
    assert isinstance(spans, OwnSpans)
    foreign = running.foreign = spans.foreign = ForeignSpans()
    foreign.runtime = running.runtime
    foreign.is_exporting = "traces" in running.endpoints
    limits = SpanLimits(
        max_span_attributes=settings.span_attribute_limit,
        max_events=settings.span_event_limit,
        max_links=settings.span_link_limit,
        max_span_attribute_length=settings.span_value_chars_limit,
    )
    running.provider = OwnProvider(spans.resource, spans.sampler, foreign, spans.processors, limits)
    GLOBAL.occupy(
        running.provider,
        lambda timeout_ms: running.worker.drain(timeout_ms / 1_000),
        lambda provider: take_over(running, provider),
    )


def take_over(running: Running, provider: Any) -> None:
    """The application sets its provider now: as if it had been there at `init()`."""
    if running.exporter is not None and not is_endpoint_ours(running.settings):
        running.exporter.retire()  # the variables are the application's: its own exporter goes there
        running.endpoints = {}
    attach_to(running, provider)
    connect_meter(running)


def is_endpoint_ours(settings: Settings) -> bool:
    """Whether somebody told us, and not every OpenTelemetry of the process, where to send to."""
    names = ("otlp_endpoint", "otlp_traces_endpoint", "otlp_metrics_endpoint", "otlp_logs_endpoint")
    return any(settings.origin_of(name).is_ours for name in names)


def attach_to(running: Running, provider: Any) -> None:
    """From now on our spans are made by the application's provider, and its foreign spans come to us."""
    from foretell import __version__
    from foretell.export.otlp.call_encoder import find_context_limit
    from foretell.instrument.otel.attached import AttachedSpans
    from foretell.instrument.otel.foreign import find_processor

    assert running.runtime is not None
    assert running.refiner is not None
    assert running.resource is not None
    refiner = running.refiner
    running.is_attached = True
    if hasattr(provider, "add_span_processor"):
        foreign = running.foreign = find_processor(provider)
        foreign.sum_early = refiner.sum_early
        foreign.runtime = running.runtime
    running.runtime.spans = AttachedSpans(
        provider.get_tracer("foretell", __version__),
        refiner.refine_early,
        running.resource,
        context_limit=lambda call: find_context_limit(call, refiner.prices.context_window),
        foreign=running.foreign,
    )
    running.worker.warm_up()


def connect_meter(running: Running) -> None:
    """Put our metrics into the application's own meter provider, where it has one and we export none ourselves."""
    from opentelemetry import metrics

    from foretell.instrument.otel.redirect import METER

    provider = metrics.get_meter_provider()
    if running.metrics is None or running.bridge is not None or "metrics" in running.endpoints:
        return
    if not hasattr(provider, "force_flush"):
        METER.begin(lambda provider: _follow_meter(running, provider))
        return
    from foretell.export.metrics.otel_meter import find_bridge

    running.bridge = find_bridge(provider)
    running.bridge.connect(running.metrics)


def _follow_meter(running: Running, provider: Any) -> None:
    """The application sets its meter provider now."""
    from foretell.instrument.otel.redirect import METER

    METER.call_original(provider)
    METER.end()
    with guard("takeover.meter"):
        connect_meter(running)
        if running.lifecycle is not None:
            running.lifecycle.go_first()


def switch_on_integrations(running: Running, environment: Mapping[str, str]) -> None:
    """Have the libraries that the program uses told of, as the settings say."""
    from foretell.integrations.starting import switch_on

    running.switchboard = switch_on(running.settings, environment, lambda: running.foreign)


def hook_lifecycle(running: Running, after_fork: Callable[[], None]) -> None:
    """Drain at exit and on SIGTERM; start afresh in forked children."""
    from foretell.instrument.work.lifecycle import Lifecycle
    from foretell.setup.takedown import finish

    running.lifecycle = Lifecycle(
        running.worker,
        lambda timeout_s: finish(running, timeout_s),
        after_fork,
        running.settings.flush_timeout_s,
        at_forks=[part for part in (running.exporter, running.watchdog) if part is not None],
    )
    running.lifecycle.begin()
