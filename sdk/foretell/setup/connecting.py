"""Connecting to OpenTelemetry and to the life of the process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from foretell.setup.running import Running


def connect_provider(running: Running, existing: Any | None) -> None:
    """Attach to the application's provider, or set ours where there is none; stay out of both where isolated."""
    if running.settings.isolated:
        return
    from foretell.instrument.foreign import ForeignSpans
    from foretell.instrument.provider import GLOBAL, OwnProvider
    from foretell.instrument.spans import OwnSpans

    running.foreign = ForeignSpans()
    running.foreign.runtime = running.runtime
    if existing is not None:
        attach_to(running, existing)
        return
    assert running.runtime is not None
    spans = running.runtime.spans
    assert isinstance(spans, OwnSpans)
    running.provider = OwnProvider(spans.resource, spans.sampler, running.foreign, spans.processors)
    GLOBAL.occupy(
        running.provider,
        lambda timeout_ms: running.worker.drain(timeout_ms / 1_000),
        lambda provider: attach_to(running, provider),
    )


def attach_to(running: Running, provider: Any) -> None:
    """From now on our spans are made by the application's provider, and its foreign spans come to us."""
    from foretell.instrument.spans import AttachedSpans

    assert running.runtime is not None
    assert running.refiner is not None
    refiner = running.refiner
    running.is_attached = True
    running.runtime.spans = AttachedSpans(lambda: provider.get_tracer("foretell"), refiner.refine_early)
    threading.Thread(target=refiner.prices.preload, name="foretell-prices", daemon=True).start()
    connect_meter(running)
    add = getattr(provider, "add_span_processor", None)
    if add is not None and running.foreign is not None:
        add(running.foreign)


def connect_meter(running: Running) -> None:
    """Put our metrics into the application's own meter provider, where it has one and we export none ourselves."""
    from opentelemetry import metrics

    provider = metrics.get_meter_provider()
    if running.metrics is None or "metrics" in running.endpoints or not hasattr(provider, "force_flush"):
        return
    from foretell.export.otel_meter import find_bridge

    running.bridge = find_bridge(provider)
    running.bridge.connect(running.metrics)


def hook_lifecycle(running: Running, after_fork: Callable[[], None]) -> None:
    """Drain at exit and on SIGTERM; start afresh in forked children."""
    from foretell.instrument.lifecycle import Lifecycle

    running.lifecycle = Lifecycle(running.worker.drain, after_fork, running.settings.flush_timeout_s)
    running.lifecycle.begin()
