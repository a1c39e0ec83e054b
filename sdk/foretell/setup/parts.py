"""The parts that `init()` puts together, each built from settings in one function."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from foretell.errors import ForetellError, SettingError

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanProcessor
    from opentelemetry.sdk.trace.sampling import Sampler

    from foretell.cost.prices import PriceBook
    from foretell.instrument.otel.limits import SpanLimits
    from foretell.instrument.runtime import Capture
    from foretell.model.call import Call
    from foretell.settings import Settings
    from foretell.setup.running import Running

CONTEXT_KEY = "foretell-operation"


def open_store(running: Running) -> None:
    """Open the embedded store; without one, recording goes on into metrics and spans."""
    from foretell.store.store import Store

    settings = running.settings
    if not settings.store_on:
        return
    try:
        running.store = Store.open(settings.store, now_ns=time.time_ns)
    except (ForetellError, OSError) as error:
        running.note("store", error)


def build_resource(running: Running) -> Resource:
    """Who records: service name, instance slot, and what the environment adds."""
    from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, Resource

    attributes: dict[str, Any] = dict(running.settings.resource_attributes)
    if running.settings.service_name:
        attributes[SERVICE_NAME] = running.settings.service_name
    instance = _instance_id(running)
    if instance is not None:
        attributes.setdefault(SERVICE_INSTANCE_ID, instance)
    return Resource.create(attributes)


def _instance_id(running: Running) -> str | None:
    if running.store is None:
        return None
    from foretell.store.processes import host_name, lease_slot

    try:
        return f"{host_name()}-{lease_slot(running.store, running.settings.service_name)}"
    except Exception as error:
        running.note("instance", error)
        return None


def build_runtime(running: Running) -> None:
    """Put worker, sinks and spans together."""
    from foretell.instrument.otel.spans import OwnSpans
    from foretell.instrument.runtime import Runtime
    from foretell.instrument.work.queue_limits import Limits
    from foretell.instrument.work.refining import Refiner
    from foretell.instrument.work.worker import Worker
    from foretell.setup import sinks, watching
    from foretell.watchdog.probes.process import ProcessProbe

    settings = running.settings
    resource = build_resource(running)
    prices = make_prices(running)
    open_calls: dict[int, Call] = {}
    probe = running.probe = ProcessProbe()
    processors: list[SpanProcessor] = []
    refiner = Refiner(prices, sinks.contents_refiner(running))
    show_open = sinks.open_refiner(running)
    watching.build_watchdog(running, open_calls, probe, prices)
    worker = Worker(
        refiner,
        sinks.build_sinks(running, resource, prices, lambda: show_open(list(open_calls.values())), probe, processors),
        open_calls,
        running.counts,
        Limits(max_items=settings.queue_max_items, max_bytes=settings.queue_max_bytes),
        refine_logs=sinks.logs_refiner(running),
        refine_scores=sinks.scores_refiner(running),
        refine_open=show_open,
        warm_up=prices.preload,
        pulse=lambda: probe.sample(time.time_ns()),
    )
    running.runtime = Runtime(
        worker=worker,
        spans=OwnSpans(resource, sampler=make_sampler(settings), processors=processors, is_private=settings.isolated),
        counts=running.counts,
        context_key=f"{CONTEXT_KEY}-{id(worker)}" if settings.isolated else CONTEXT_KEY,
        capture=make_capture(settings),
        limits=make_limits(settings),
        open_calls=open_calls,
        rss_bytes=lambda: probe.last_rss_bytes,
    )
    running.refiner = refiner
    running.resource = resource


def renew_resource(running: Running) -> None:
    """A forked child is an instance of its own: two processes that count under one name spoil each other's sums."""
    from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, Resource

    from foretell.export.otlp.wire import resource_field, scope_field
    from foretell.instrument.otel.spans import OwnSpans
    from foretell.version import __version__

    instance = _instance_id(running)
    if running.resource is None or instance is None or SERVICE_INSTANCE_ID in running.settings.resource_attributes:
        return
    # Not made anew: `Resource.create` uses threads, which an interpreter that is ending no longer starts.
    running.resource = resource = running.resource.merge(Resource({SERVICE_INSTANCE_ID: instance}))
    if running.runtime is not None and isinstance(running.runtime.spans, OwnSpans):
        running.runtime.spans.resource = resource
    if running.exporter is not None:
        envelope = resource_field(resource.attributes, resource.schema_url), scope_field("foretell", __version__)
        running.exporter.set_envelope(*envelope)


def make_prices(running: Running) -> PriceBook:
    """The price list, with the program's own prices where it brings some."""
    from foretell.cost.overrides import PriceFileError
    from foretell.cost.prices import PriceBook

    try:
        return PriceBook(running.settings.price_file, running.extensions.price_function)
    except PriceFileError as error:
        raise SettingError(str(error)) from error


def make_capture(settings: Settings) -> Capture:
    """What of a call's content is kept."""
    from foretell.instrument.runtime import Capture

    return Capture(
        inputs=settings.capture_inputs,
        outputs=settings.capture_outputs,
        is_exported=settings.content == "export",
        is_off=settings.content == "none",
        limit_bytes=settings.payload_blob_bytes,
    )


def make_limits(settings: Settings) -> SpanLimits:
    """How much a program may add to one span."""
    from foretell.instrument.otel.limits import SpanLimits

    return SpanLimits(
        settings.span_attribute_limit,
        settings.span_event_limit,
        settings.span_link_limit,
        settings.span_value_chars_limit,
    )


def make_sampler(settings: Settings) -> Sampler | None:
    """The sampler that OTEL_TRACES_SAMPLER names; None for the default, which keeps everything that is not unsampled above."""
    if settings.traces_sampler == "parentbased_always_on":
        return None
    from opentelemetry.sdk.trace import sampling

    ratio = float(settings.traces_sampler_arg or 1.0)
    made: dict[str, Callable[[], Sampler]] = {
        "always_on": lambda: sampling.ALWAYS_ON,
        "always_off": lambda: sampling.ALWAYS_OFF,
        "parentbased_always_off": lambda: sampling.ParentBased(sampling.ALWAYS_OFF),
        "traceidratio": lambda: sampling.TraceIdRatioBased(ratio),
        "parentbased_traceidratio": lambda: sampling.ParentBasedTraceIdRatio(ratio),
    }
    if settings.traces_sampler not in made:
        raise SettingError(
            f"OTEL_TRACES_SAMPLER={settings.traces_sampler!r} is not one of {', '.join(('parentbased_always_on', *made))}."
        )
    return made[settings.traces_sampler]()
