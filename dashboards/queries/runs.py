"""Runs: how many, how long, what they use."""

from __future__ import annotations

from dashboards.queries.query import now, over, quantile, total

_FAILED = 'outcome=~"error|aborted"'
_RUN_S = "gen_ai_invoke_agent_duration_seconds"
_TOOL_S = "gen_ai_execute_tool_duration_seconds"

RUNS = now(f"sum ({total('foretell_agent_runs_total{AGENT}')})", "runs")
FAILED_RUNS = now(f"sum ({total(f'foretell_agent_runs_total{{AGENT, {_FAILED}}}')})", "failed")
ERROR_SHARE = now(
    f"sum ({total(f'foretell_agent_runs_total{{AGENT, {_FAILED}}}')})"
    f" / (sum ({total('foretell_agent_runs_total{AGENT}')}) > 0)",
    "failed",
)
OPEN_RUNS = now("sum (foretell_agent_active{AGENT})", "open")
AGENTS_ALIVE = now(
    "count (max by (job, gen_ai_agent_name) (foretell_agent_heartbeat_time_seconds{AGENT}) > 0)"
    " or 0 * count (foretell_agent_heartbeat_time_seconds{AGENT})",
    "agents",
)
RUNS_BY_OUTCOME = over(
    "60 * sum by (outcome) (rate(foretell_agent_runs_total{AGENT}[$__rate_interval]))", "{{outcome}}"
)
RUNS_BY_AGENT = over(
    "topk(20, 60 * sum by (gen_ai_agent_name) (rate(foretell_agent_runs_total{AGENT}[$__rate_interval])))",
    "{{gen_ai_agent_name}}",
)
ERROR_SHARE_BY_AGENT = over("topk(20, foretell:agent:error_ratio:5m{AGENT})", "{{gen_ai_agent_name}}")
OPEN_BY_AGENT = over("topk(20, sum by (gen_ai_agent_name) (foretell_agent_active{AGENT}))", "{{gen_ai_agent_name}}")
TABLE_RUNS = now(f"sum by (gen_ai_agent_name) ({total('foretell_agent_runs_total{AGENT}')})")
TABLE_FAILED = now(f"sum by (gen_ai_agent_name) ({total(f'foretell_agent_runs_total{{AGENT, {_FAILED}}}')})")
TABLE_P95 = now(
    f"histogram_quantile(0.95, sum by (gen_ai_agent_name, le) (increase({_RUN_S}_bucket{{AGENT}}[$__range])))"
)
TABLE_COST = now(f"sum by (gen_ai_agent_name) ({total('foretell_cost_total{AGENT}')})")
EDGES = now(
    f"topk(20, sum by (source, target, kind) ({total('foretell_calls_total{AGENT}')}) > 0)", "{{source}} → {{target}}"
)

RUN_P50 = over(quantile("0.5", _RUN_S + "_bucket{AGENT}"), "median")
RUN_P95 = over(quantile("0.95", _RUN_S + "_bucket{AGENT}"), "95 %")
RUN_P99 = over(quantile("0.99", _RUN_S + "_bucket{AGENT}"), "99 %")
RUN_P95_NOW = now(f"histogram_quantile(0.95, sum by (le) (increase({_RUN_S}_bucket{{AGENT}}[$__range])))", "95 %")
RUN_P95_BY_AGENT = over(
    f"topk(20, {quantile('0.95', _RUN_S + '_bucket{AGENT}', 'gen_ai_agent_name')})", "{{gen_ai_agent_name}}"
)
RUN_SPREAD = over(f"sum by (le) (increase({_RUN_S}_bucket{{AGENT}}[$__rate_interval]))", "{{le}}")
MODEL_P95 = over(
    f"topk(20, {quantile('0.95', 'traces_span_metrics_duration_seconds_bucket{ASKED}', 'gen_ai_request_model')})",
    "{{gen_ai_request_model}}",
)
FIRST_CHUNK_P95 = over(
    "topk(20, "
    + quantile("0.95", "gen_ai_client_inference_time_to_first_chunk_seconds_bucket{MODEL}", "gen_ai_request_model")
    + ")",
    "{{gen_ai_request_model}}",
    needs="a streamed answer",
)
TOOL_P95 = over(f"topk(20, {quantile('0.95', _TOOL_S + '_bucket{AGENT}', 'gen_ai_tool_name')})", "{{gen_ai_tool_name}}")
CALLS_PER_RUN = over(
    "sum (rate(gen_ai_invoke_agent_inference_calls_sum{AGENT}[$__rate_interval]))"
    " / (sum (rate(gen_ai_invoke_agent_inference_calls_count{AGENT}[$__rate_interval])) > 0)",
    "model calls",
)
TOOLS_PER_RUN = over(
    "sum (rate(gen_ai_invoke_agent_tool_calls_sum{AGENT}[$__rate_interval]))"
    " / (sum (rate(gen_ai_invoke_agent_tool_calls_count{AGENT}[$__rate_interval])) > 0)",
    "tool calls",
)

CONTEXT_FILL = over(
    f"topk(20, {quantile('0.95', 'foretell_context_utilization_bucket{COSTS}', 'model')})", "{{model}}",
    needs="a model whose window is known",
)  # fmt: skip
MEMORY = over("topk(20, max by (job, instance) (process_memory_usage_bytes{JOB}))", "{{job}} {{instance}}")
CPU_BY_ROLE = over(
    "sum by (thread_role) (rate(foretell_thread_cpu_seconds_total{JOB}[$__rate_interval]))", "{{thread_role}}"
)
OPEN_FILES = over("topk(20, max by (job, instance) (process_open_file_descriptor_count{JOB}))", "{{job}} {{instance}}")
SCORES = over(
    "topk(20, sum by (name) (rate(foretell_score_sum{AGENT}[$__rate_interval]))"
    " / (sum by (name) (rate(foretell_score_count{AGENT}[$__rate_interval])) > 0))",
    "{{name}}",
    needs="a score",
)
