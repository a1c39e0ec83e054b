"""The stack's own health: what is recorded arrives, and is judged."""

from __future__ import annotations

from dashboards.queries.query import now, over

_SIGNALS = ("spans", "metric_points", "log_records")


def _flow(point: str) -> str:
    """Items that a second passed each exporter; an exporter has one signal."""
    return " or ".join(
        f"sum by (exporter) (rate(otelcol_exporter_{point}_{signal}_total[$__rate_interval]))" for signal in _SIGNALS
    )


UP = over("topk(20, max by (job) (up))", "{{job}}")
DOWN = now("count (up == 0) or 0 * count (up)", "down")
ACCEPTED_SPANS = over("sum (rate(otelcol_receiver_accepted_spans_total[$__rate_interval]))", "spans")
ACCEPTED_POINTS = over("sum (rate(otelcol_receiver_accepted_metric_points_total[$__rate_interval]))", "metric points")
ACCEPTED_LINES = over("sum (rate(otelcol_receiver_accepted_log_records_total[$__rate_interval]))", "log lines")
REFUSED_SPANS = over("sum (rate(otelcol_receiver_refused_spans_total[$__rate_interval]))", "spans")
REFUSED_POINTS = over("sum (rate(otelcol_receiver_refused_metric_points_total[$__rate_interval]))", "metric points")
REFUSED_LINES = over("sum (rate(otelcol_receiver_refused_log_records_total[$__rate_interval]))", "log lines")
SENT = over(f"topk(20, {_flow('sent')})", "{{exporter}}")
REFUSED_BY_STORE = over(f"topk(20, {_flow('send_failed')} or 0 * ({_flow('sent')}))", "{{exporter}} refused")
LOST = over(f"topk(20, {_flow('enqueue_failed')} or 0 * ({_flow('sent')}))", "{{exporter}} queue full")
QUEUE_SHARE = over(
    "topk(20, max by (exporter) (otelcol_exporter_queue_size) / max by (exporter) (otelcol_exporter_queue_capacity))",
    "{{exporter}}",
)
MEMORY = over("topk(20, max by (job) (process_resident_memory_bytes))", "{{job}}")
TOLD = over("60 * sum by (signal) (rate(foretell_telemetry_ended_total{JOB}[$__rate_interval]))", "{{signal}} ended")
EXPORTED = over(
    "60 * sum by (signal) (rate(foretell_telemetry_exported_total{JOB}[$__rate_interval]))", "{{signal}} exported"
)
DROPPED = over(
    "topk(20, sum by (job, signal, reason) (increase(foretell_telemetry_dropped_total{JOB}[$__rate_interval]))"
    " or 0 * sum by (job, signal) (foretell_telemetry_ended_total{JOB}))",
    "{{job}} {{signal}} {{reason}}",
)
TRUNCATED = over(
    "topk(20, sum by (job, signal, reason) (increase(foretell_telemetry_truncated_total{JOB}[$__rate_interval]))"
    " or 0 * sum by (job, signal) (foretell_telemetry_ended_total{JOB}))",
    "{{job}} {{signal}} {{reason}}",
)
REDACTIONS = over(
    "topk(20, sum by (rule) (increase(foretell_redactions_total{JOB}[$__rate_interval])))",
    "{{rule}}",
    needs="a text with something to redact",
)
SERIES = over("sum (prometheus_tsdb_head_series)", "series")
RULE_SECONDS = over("topk(3, max by (rule_group) (prometheus_rule_group_last_duration_seconds))", "{{rule_group}}")
RULE_FAILURES = over("sum (increase(prometheus_rule_evaluation_failures_total[$__rate_interval]))", "failed")
NOT_NOTIFIED = over(
    "sum (increase(prometheus_notifications_dropped_total[$__rate_interval]))", "lost before Alertmanager"
)
NOT_DELIVERED = over(
    "sum by (integration) (increase(alertmanager_notifications_failed_total[$__rate_interval])) > 0"
    " or 0 * max (alertmanager_notifications_failed_total)",
    "{{integration}} failed",
)
LOG_LINES = over("sum (rate(loki_distributor_lines_received_total[$__rate_interval]))", "lines to Loki")
TEMPO_SPANS = over(
    "sum (rate(tempo_distributor_spans_received_total[$__rate_interval]))", "spans to Tempo", needs="Tempo"
)
