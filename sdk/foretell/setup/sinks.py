"""The sinks, one visible list, and the refining of contents before them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from foretell.errors import FAULTS
from foretell.version import __version__

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanProcessor

    from foretell.cost.prices import PriceBook
    from foretell.export.metrics.points import MetricPoints
    from foretell.model.call import Call
    from foretell.model.facts import Score
    from foretell.model.log import LogRecord
    from foretell.model.sink import Sink
    from foretell.payloads.refine import RefineCounts
    from foretell.setup.running import Running
    from foretell.watchdog.probes.process import ProcessProbe


def contents_refiner(running: Running) -> Callable[[Sequence[Call]], Any]:
    """Redaction, caps and blobs, with the store's key for identities."""
    from foretell.payloads.payload import Limits
    from foretell.payloads.refine import refine_contents
    from foretell.setup.redaction import make_redactor

    settings = running.settings
    redactor = running.redactor = make_redactor(settings, running.extensions.redaction_functions)
    FAULTS.clean = lambda text: redactor.redact_text(text)[0]
    limits = Limits(settings.payload_inline_bytes, settings.payload_blob_bytes, settings.content != "none")
    key = running.identity_key = _identity_key(running)

    def refine(calls: Sequence[Call]) -> None:
        _count_refined(running, refine_contents(calls, redactor, limits, key))

    return refine


def logs_refiner(running: Running) -> Callable[[Sequence[LogRecord]], Sequence[LogRecord]]:
    """Redaction of log lines, by the rules of the contents; where it fails, their texts are withheld."""
    from foretell.payloads.logs import refine_logs, withhold_log

    redactor = running.redactor
    assert redactor is not None

    def refine(records: Sequence[LogRecord]) -> Sequence[LogRecord]:
        try:
            refined, done = refine_logs(records, redactor)
        except Exception as error:
            FAULTS.note("redaction.logs", error)
            running.counts.count("truncated", "logs", "redaction", len(records))
            return [withhold_log(record) for record in records]
        _count_refined(running, done)
        return refined

    return refine


def scores_refiner(running: Running) -> Callable[[Sequence[Score]], Sequence[Score]]:
    """Redaction of feedback; where it fails, its texts are withheld."""
    from foretell.payloads.logs import refine_scores, withhold_score

    redactor = running.redactor
    assert redactor is not None

    def refine(scores: Sequence[Score]) -> Sequence[Score]:
        try:
            return refine_scores(scores, redactor)
        except Exception as error:
            FAULTS.note("redaction.scores", error)
            return [withhold_score(score) for score in scores]

    return refine


def open_refiner(running: Running) -> Callable[[Sequence[Call]], list[Call]]:
    """Redaction of the names and sessions of calls that still run."""
    from foretell.payloads.opened import refine_open

    redactor = running.redactor
    assert redactor is not None
    return lambda calls: refine_open(calls, redactor, running.identity_key)


def _count_refined(running: Running, done: RefineCounts) -> None:
    counts = running.counts
    if done.redactions:
        for rule, n in done.redactions.items():
            counts.count("redacted", rule, n=n)
    if done.truncated:
        counts.count("truncated", "payloads", "cap", done.truncated)
    if done.failures:
        counts.count("errors", "redaction", "rule", done.failures)
        # The fleet hears of what is withheld, not of our faults.
        counts.count("truncated", "payloads", "redaction", done.failures)
        FAULTS.warn(
            "redaction.rule", "A redaction rule or function has failed; the texts that it failed on are withheld."
        )


def _identity_key(running: Running) -> bytes:
    if running.store is not None:
        try:
            return running.store.identity_key()
        except Exception as error:
            running.note("identity", error)
    import secrets

    return secrets.token_bytes(32)


def build_sinks(
    running: Running,
    resource: Resource,
    prices: PriceBook,
    open_calls: Callable[[], Sequence[Call]],
    probe: ProcessProbe,
    processors: list[SpanProcessor],
) -> list[Sink]:
    """The visible list, in the order in which each call reaches them."""
    from foretell.export.otlp.call_encoder import find_context_limit
    from foretell.instrument.otel.processor_sink import ProcessorSink

    sinks: list[Sink] = [] if running.watchdog is None else [running.watchdog]
    if running.store is not None:
        sinks.append(_store_sink(running))
    if running.settings.metrics_on:
        sinks.append(_metrics_sink(running, prices, open_calls, probe))
    sinks.append(ProcessorSink(processors, lambda call: find_context_limit(call, prices.context_window)))
    if running.exporter is not None:
        sinks.append(_span_sink(running, resource, prices))
    if "console" in running.settings.traces_exporter and not _is_applications(running, "traces_exporter"):
        from foretell.export.console import ConsoleSink

        sinks.append(ConsoleSink(sys.stdout))
    if running.settings.otlp_file is not None:
        from foretell.export.json_lines import JsonLinesWriter

        sinks.append(JsonLinesWriter(running.settings.otlp_file, resource.attributes, version=__version__))
    return sinks


def _is_applications(running: Running, name: str) -> bool:
    """Whether OpenTelemetry's own variable was meant for the provider of the application that we attach to."""
    return running.is_attached and running.settings.origin_of(name).place.startswith("OTEL_")


def _store_sink(running: Running) -> Sink:
    from foretell.store.retention import DAY_NS, Retention
    from foretell.store.writing.writer import StoreSink

    assert running.store is not None
    settings = running.settings
    retention = Retention(
        running.store, max_age_ns=int(settings.retention_days * DAY_NS), limit_bytes=settings.retention_bytes
    )
    sink = StoreSink(
        running.store,
        service_name=settings.service_name,
        version=__version__,
        counts=lambda: self_counts(running),
        retention=retention,
        on_trouble=FAULTS.warn,
    )
    running.store_dropped, running.save_counts = lambda: sink.dropped, sink.save_counts
    if settings.min_duration_ms > 0:
        from foretell.store.writing.longer import OnlyLonger

        return OnlyLonger(sink, int(settings.min_duration_ms * 1e6))
    return sink


def self_counts(running: Running) -> dict[str, int]:
    """Every self-count under one flat name, and our faults by hook, for the store's heartbeat and `foretell doctor`."""
    counted = {
        ".".join(part for part in (name, signal, reason) if part): n
        for name, table in running.counts.snapshot().items()
        for (signal, reason), n in table.items()
    }
    counted |= {f"dropped.store.{reason}": n for reason, n in running.store_dropped().items()}
    counted |= {f"fault.{hook}": n for hook, n in FAULTS.counts().items()}
    return counted | {f"trouble.{kind}": n for kind, n in FAULTS.troubles().items()}


def _metrics_sink(
    running: Running, prices: PriceBook, open_calls: Callable[[], Sequence[Call]], probe: ProcessProbe
) -> Sink:
    from foretell.export.metrics.measures import MEASURES
    from foretell.export.metrics.registry import Metrics
    from foretell.export.metrics.sink import MetricsSink
    from foretell.export.otlp.points import encode_points
    from foretell.export.waiting import Pieces

    settings, exporter = running.settings, running.exporter
    is_pulled = "prometheus" in settings.metrics_exporter
    metrics = Metrics(time.time_ns, settings.otlp_temporality)
    running.metrics = metrics
    MEASURES.clear()

    def submit(signal: str, points: list[MetricPoints]) -> None:
        body, items = encode_points(points)
        if exporter is not None and items:
            exporter.submit(signal, Pieces.of(body), items)

    sink = MetricsSink(
        metrics,
        submit if exporter is not None else None,
        clock=time.time_ns,
        open_calls=open_calls,
        interval_s=settings.metric_interval_ms / 1_000,
        sample_process=lambda: probe.sample(time.time_ns()),
        count_telemetry=running.counts.snapshot,
        context_window=prices.context_window,
        is_legacy=settings.legacy_metrics,
        is_pulled=is_pulled,
    )
    for observer in (MEASURES.observe, *running.observers):
        sink.observe(observer)
    return sink


def _span_sink(running: Running, resource: Resource, prices: PriceBook) -> Sink:
    from foretell.export.otlp.events import encode_log_record, encode_score
    from foretell.export.otlp.wire import resource_field, scope_field
    from foretell.export.span_sink import SpanSink

    assert running.exporter is not None
    running.exporter.set_envelope(
        resource_field(resource.attributes, resource.schema_url), scope_field("foretell", __version__)
    )
    has_logs = "logs" in running.endpoints
    return SpanSink(
        running.exporter,
        running.counts,
        has_events=has_logs,
        encode_score=encode_score if has_logs else None,
        context_window=prices.context_window,
        encode_log=encode_log_record if has_logs else None,
    )
