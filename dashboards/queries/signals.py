"""Traces, the spans counted by the collector, and logs."""

from __future__ import annotations

from dashboards.queries.query import Query, logs, over, quantile, traces

SPAN_RATE = over(
    "topk(20, sum by (span_name) (rate(traces_span_metrics_calls_total{SERVICE}[$__rate_interval])))", "{{span_name}}"
)
SPAN_FAILURES = over(
    "topk(20, sum by (span_name)"
    ' (rate(traces_span_metrics_calls_total{SERVICE, status_code="STATUS_CODE_ERROR"}[$__rate_interval])))',
    "{{span_name}}",
    needs="a failed call",
)
SPAN_P95 = over(
    f"topk(20, {quantile('0.95', 'traces_span_metrics_duration_seconds_bucket{SERVICE}', 'span_name')})",
    "{{span_name}}",
)
SPAN_SPREAD = over(
    "sum by (le) (increase(traces_span_metrics_duration_seconds_bucket{SERVICE}[$__rate_interval]))", "{{le}}"
)
_SHOWN = "select(span.foretell.run.id, span.gen_ai.agent.name, span.error.type)"
SLOW_TRACES = traces("{ RUNS && SPANS && duration > $longer } | " + _SHOWN)
FAILED_TRACES = traces("{ RUNS && SPANS && status = error } | " + _SHOWN, needs="a failed run")
FOUND_TRACES = traces(
    '{ SPANS && event:name = "foretell.finding" }'
    " | select(span.foretell.run.id, event.trigger, event.severity, event.summary)",
    needs="a finding",
)
DEAR_TRACES = traces("{ SPANS && span.foretell.cost.amount > 0 } | sum(span.foretell.cost.amount) > $dearer")
FAILED_TOOLS = traces(
    '{ SPANS && span.gen_ai.operation.name = "execute_tool" && status = error }'
    " | select(span.gen_ai.tool.name, span.error.type, span.foretell.run.id)",
    needs="a failed tool call",
)
FAILED_MODELS = traces(
    "{ SPANS && span.gen_ai.request.model =~ `.+` && status = error }"
    " | select(span.gen_ai.request.model, span.error.type, span.foretell.run.id)",
    needs="a failed model call",
)
OPERATION_RATE = traces("{ SPANS && span.gen_ai.operation.name != nil } | rate() by (span.gen_ai.operation.name)")
OPERATION_P95 = traces(
    "{ SPANS && span.gen_ai.operation.name != nil }"
    " | quantile_over_time(duration, 0.95) by (span.gen_ai.operation.name)"
)
REPLAY_RUNS = traces("{ RUNS && SPANS && span.foretell.run.id =~ `${run}.*` } | " + _SHOWN)
REPLAY_CALLS = traces(
    "{ SPANS && span.foretell.run.id =~ `${run}.*` && span.foretell.step.index >= 0 }"
    " | select(span.foretell.step.index, span.gen_ai.operation.name, span.gen_ai.tool.name, span.gen_ai.request.model,"
    " span.foretell.cost.amount, span.error.type)"
)
REPLAY_TRACE = Query("$trace", language="trace", needs="a trace that was chosen")
# What is found after a call has ended names the run and no trace. A run's id has 16 digits: where none is chosen, fifteen
# or fewer match no run.
_LINES = (
    "{SERVICE} | foretell_run_id=~`${run}.*`"
    " | trace_id=~`${trace}.*` or (foretell_run_id!=`` and foretell_run_id=~`${run}[0-9a-f]{0,15}`)"
)
REPLAY_LINES = logs(_LINES)
REPLAY_FINDINGS = logs(_LINES + ' | foretell_log_source="commentary"', needs="a finding")
LINES_BY_SOURCE = logs(
    "sum by (foretell_log_source) (count_over_time(" + _LINES + " [$__auto]))", "{{foretell_log_source}}"
)
FINDING_LINES = logs('{SERVICE} | foretell_log_source="commentary"', needs="a finding")
ERROR_LINES = logs("{SERVICE} | severity_number >= 17", needs="an error in the logs")
