"""Errors, by where they come from."""

from __future__ import annotations

from dashboards.queries.query import now, over, total

_RUN_S = "gen_ai_invoke_agent_duration_seconds"
_MODEL_S = "gen_ai_client_inference_duration_seconds"
_TOOL_S = "gen_ai_execute_tool_duration_seconds"


def _failures(series: str, selection: str) -> str:
    """Failures for each interval; 0 where calls were made and none failed, nothing where none was made."""
    return (
        f'sum (increase({series}{{{selection}, error_type!=""}}[$__rate_interval]))'
        f" or 0 * sum (increase({series}{{{selection}}}[$__rate_interval]))"
    )


_FILLED_UP = 'foretell_context_utilization_bucket{AGENT, le="0.9"}'
_OWN_ERRORS = (
    f'sum by (job, error_type) (increase({_RUN_S}_count{{AGENT, error_type!=""}}[$__rate_interval]))'
    f' unless on (job, error_type) increase({_MODEL_S}_count{{JOB, error_type!=""}}[1h]) > 0'
    f' unless on (job, error_type) increase({_TOOL_S}_count{{JOB, error_type!=""}}[1h]) > 0'
)
MODEL_ERRORS = over(
    'sum (increase(foretell_calls_total{AGENT, kind=~"llm|embeddings", outcome="error"}[$__rate_interval]))'
    ' or 0 * sum (increase(foretell_calls_total{AGENT, kind=~"llm|embeddings"}[$__rate_interval]))',
    "model",
)
TOOL_ERRORS = over(_failures(_TOOL_S + "_count", "AGENT"), "tool")
DEPENDENCY_ERRORS = over(
    'sum (increase(foretell_dependency_calls_total{AGENT, outcome=~"timeout|throttled"}[$__rate_interval]))'
    " or 0 * sum (increase(foretell_dependency_calls_total{AGENT}[$__rate_interval]))",
    "dependency",
)
CONTEXT_ERRORS = over(
    "sum (increase(foretell_context_utilization_count{AGENT}[$__rate_interval]))"
    f" - sum (increase({_FILLED_UP}[$__rate_interval]))",
    "context",
    needs="a model whose window is known",
)
OWN_ERRORS = over(f"sum ({_OWN_ERRORS}) or 0 * sum (increase({_RUN_S}_count{{AGENT}}[$__rate_interval]))", "own code")
MODEL_ERROR_TYPES = over(
    "topk(20, sum by (gen_ai_request_model, error_type)"
    ' (increase(traces_span_metrics_calls_total{ASKED, error_type!=""}[$__rate_interval])))',
    "{{gen_ai_request_model}} {{error_type}}",
    needs="a failed model call",
)
TOOL_ERROR_TYPES = over(
    "topk(20, sum by (gen_ai_tool_name, error_type)"
    f' (increase({_TOOL_S}_count{{AGENT, error_type!=""}}[$__rate_interval])))',
    "{{gen_ai_tool_name}} {{error_type}}",
    needs="a failed tool call",
)
DEPENDENCY_OUTCOMES = over(
    "topk(20, sum by (dependency, outcome)"
    ' (increase(foretell_dependency_calls_total{AGENT, outcome!="ok"}[$__rate_interval])))',
    "{{dependency}} {{outcome}}",
)
NEARLY_FULL = over(
    'topk(20, sum by (model) (increase(foretell_context_utilization_bucket{COSTS, le="+Inf"}[$__rate_interval]))'
    ' - sum by (model) (increase(foretell_context_utilization_bucket{COSTS, le="0.9"}[$__rate_interval])))',
    "{{model}}",
    needs="a model whose window is known",
)
OWN_ERROR_TYPES = over(f"topk(20, {_OWN_ERRORS})", "{{job}} {{error_type}}", needs="a run that failed by itself")
_BY_TYPE = total(f'{_RUN_S}_count{{AGENT, error_type!=""}}')
ERROR_TABLE = now(f"topk(20, sum by (gen_ai_agent_name, error_type) ({_BY_TYPE}) > 0)", needs="a failed run")
