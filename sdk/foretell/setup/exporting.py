"""Sending: which signals go where, and the thread that carries them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from foretell.errors import FAULTS, ForetellError, MissingExtra

if TYPE_CHECKING:
    from foretell.export.transport import Answer
    from foretell.settings import Settings
    from foretell.setup.running import Running


OUTBOX_BYTES = 256 * 2**20
"""How much waits on disk for a collector that is away; beyond it, what no longer fits is dropped and counted."""


def build_exporter(running: Running, environment: Mapping[str, str], *, is_wanted: bool) -> None:
    """Prepare sending to a collector, where one was named."""
    from foretell.export.endpoints import is_given, read_endpoint, read_exporters, read_limits
    from foretell.export.exporter import Exporter

    values = endpoint_values(running.settings, environment)
    wanted = {
        "traces": running.settings.spans_on,
        "metrics": running.settings.metrics_on,
        "logs": running.settings.logs_on,
    }
    signals = [
        s for s, is_on in wanted.items() if is_on and is_given(s, values) and "otlp" in read_exporters(s, values)
    ]
    if not is_wanted or not signals:
        return
    from foretell.export.transport import make_transport

    running.endpoints = {signal: read_endpoint(signal, values) for signal in signals}
    try:
        transports = {signal: make_transport(running.endpoints[signal], environment) for signal in signals}
    except MissingExtra as error:
        running.note("exporter", error)
        running.endpoints = {}
        return
    running.exporter = Exporter(
        transports,
        running.counts,
        outbox=_make_outbox(running),
        limits=read_limits(values),
        on_error=_note_fault,
        on_trouble=lambda signal, answer: _complain(running, signal, answer),
        prepare=import_http,
    )


def _note_fault(hook: str, error: Exception) -> None:
    """A fault of ours, or the store's trouble where the outbox has met it."""
    from foretell.store.trouble import name_trouble

    trouble = name_trouble(error)
    if trouble is None:
        FAULTS.note(hook, error)
    else:
        FAULTS.warn(trouble, f"What the collector does not take cannot be kept in the store ({error}).")


def _complain(running: Running, signal: str, answer: Answer) -> None:
    """Say once what is wrong with the collector; which of the signals met it first does not matter."""
    from urllib.parse import urlsplit

    from foretell.export.transport import Fate

    # Of the URL only the host: there may be a key in the rest.
    where = urlsplit(running.endpoints[signal].url).netloc.rpartition("@")[2]
    why = f"{answer.reason}: {answer.detail}" if answer.detail else answer.reason
    if answer.fate is Fate.UNREACHABLE:
        then = (
            "what it does not take waits in the store" if running.store is not None else "what it does not take is lost"
        )
        text = f"The collector {where} does not answer ({why}); {then}."
    elif answer.fate is Fate.SENT:
        text = f"The collector {where} has left out {answer.rejected} items of {signal} ({why}); they are lost."
    else:
        text = f"The collector {where} refuses {signal} ({why}); they are lost."
    FAULTS.warn(f"collector.{answer.reason or 'refused'}", text)


def import_http() -> None:
    """Import what the first request needs."""
    from importlib import import_module

    for name in ("urllib3", "opentelemetry.instrumentation.utils", "encodings.idna"):
        import_module(name)


def start_endpoint(running: Running) -> None:
    """Open the Prometheus pull endpoint, where it was asked for."""
    settings, metrics = running.settings, running.metrics
    if metrics is None or "prometheus" not in settings.metrics_exporter:
        return
    from foretell.export.metrics.prometheus import PullEndpoint

    endpoint = PullEndpoint(
        lambda: metrics.read(time.time_ns()),
        labels={"service_name": settings.service_name},
        host=settings.prometheus_host,
        port=settings.prometheus_port,
    )
    try:
        endpoint.start()
    except ForetellError as error:
        running.note("prometheus", error)
    else:
        running.endpoint = endpoint


def endpoint_values(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """`OTEL_*` as they hold: what was told to us (by `init()`, a variable of ours, a file) stands for its variable."""
    from foretell.settings import SETTINGS, show_value

    values = {name: value for name, value in environment.items() if name.startswith("OTEL_")}
    for row in SETTINGS:
        if settings.origin_of(row.name).is_ours:
            text = show_value(getattr(settings, row.name))
            values.update({name: text for name in row.env if name.startswith("OTEL_")})
    return values


def _make_outbox(running: Running) -> Any:  # the exporter's Outbox protocol
    if running.store is None:
        return None
    from foretell.store.outbox import Outbox

    return Outbox(running.store, OUTBOX_BYTES)
