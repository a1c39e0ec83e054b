"""Money and tokens."""

from __future__ import annotations

from dashboards.queries.query import now, over, total

_INPUT = "gen_ai_client_inference_usage_input_tokens_total"
_OUTPUT = "gen_ai_client_inference_usage_output_tokens_total"
_CACHED = "gen_ai_client_inference_usage_cache_read_input_tokens_total"
_WRITTEN = "gen_ai_client_inference_usage_cache_write_input_tokens_total"
_REASONING = "gen_ai_client_inference_usage_reasoning_output_tokens_total"

COST = now(f"sum ({total('foretell_cost_total{COSTS}')})", "spent")
COST_OF_AGENTS = now(f"sum ({total('foretell_cost_total{AGENT}')})", "spent")
COST_RATE_OF_AGENTS = over(
    "topk(20, 3600 * sum by (gen_ai_agent_name) (rate(foretell_cost_total{AGENT}[$__rate_interval])))",
    "{{gen_ai_agent_name}}",
)
COST_PER_RUN = now(
    f"sum ({total('foretell_cost_total{AGENT}')}) / (sum ({total('foretell_agent_runs_total{AGENT}')}) > 0)", "a run"
)
COST_BY_MODEL = over(
    "topk(20, 3600 * sum by (model) (rate(foretell_cost_total{COSTS}[$__rate_interval])))", "{{model}}"
)
COST_BY_AGENT = over(
    "topk(20, 3600 * sum by (gen_ai_agent_name) (rate(foretell_cost_total{COSTS}[$__rate_interval])))",
    "{{gen_ai_agent_name}}",
)
COST_TABLE = now(f"topk(20, sum by (gen_ai_agent_name, provider, model) ({total('foretell_cost_total{COSTS}')}))")
COST_PER_RUN_BY_AGENT = over(
    "topk(20, sum by (gen_ai_agent_name) (increase(foretell_cost_total{AGENT}[$__rate_interval]))"
    " / (sum by (gen_ai_agent_name) (increase(foretell_agent_runs_total{AGENT}[$__rate_interval])) > 0))",
    "{{gen_ai_agent_name}}",
)
BUDGET_SHARE = now(
    "topk(20, max by (job, period) (foretell:budget:spent_usd{JOB} / on (job, period) foretell:budget:usd{JOB}))",
    "{{job}} {{period}}",
)
BUDGET_DAY = over('topk(20, foretell:budget:usd{JOB, period="day"})', "limit {{job}}")
SPENT_DAY = over('topk(20, foretell:budget:spent_usd{JOB, period="day"})', "{{job}}")
FORECAST_DAY = over(
    'topk(20, foretell:budget:spent_usd{JOB, period="day"}'
    " + on (job) (86400 - time() % 86400) / 21600 * foretell:cost:usd:increase6h{JOB})",
    "forecast {{job}}",
)
BUDGET_MONTH = over('topk(20, foretell:budget:usd{JOB, period="month"})', "limit {{job}}")
SPENT_MONTH = over('topk(20, foretell:budget:spent_usd{JOB, period="month"})', "{{job}}")
FORECAST_MONTH = over(
    'topk(20, foretell:budget:spent_usd{JOB, period="month"} + on (job)'
    " (scalar(days_in_month() - day_of_month()) + 1 - time() % 86400 / 86400)"
    " * sum by (job) (increase(foretell_cost_total{JOB}[1d])))",
    "forecast {{job}}",
)
TOKENS = now(f"sum ({total(_INPUT + '{MODEL}')}) + sum ({total(_OUTPUT + '{MODEL}')})", "tokens")
INPUT_TOKENS = over(f"60 * sum (rate({_INPUT}{{MODEL}}[$__rate_interval]))", "input")
OUTPUT_TOKENS = over(f"60 * sum (rate({_OUTPUT}{{MODEL}}[$__rate_interval]))", "output")
REASONING_TOKENS = over(
    f"60 * sum (rate({_REASONING}{{MODEL}}[$__rate_interval])) or 0 * sum (rate({_OUTPUT}{{MODEL}}[$__rate_interval]))",
    "reasoning (part of output)",
)
CACHE_WRITES = over(
    f"60 * sum (rate({_WRITTEN}{{MODEL}}[$__rate_interval])) or 0 * sum (rate({_INPUT}{{MODEL}}[$__rate_interval]))",
    "written to the cache (part of input)",
)
CACHED_SHARE = now(
    f"(sum ({total(_CACHED + '{MODEL}')}) or 0 * sum ({total(_INPUT + '{MODEL}')}))"
    f" / (sum ({total(_INPUT + '{MODEL}')}) > 0)",
    "cached",
)
CACHED_SHARE_BY_MODEL = over(
    f"topk(20, (sum by (gen_ai_request_model) (rate({_CACHED}{{MODEL}}[$__rate_interval]))"
    f" or 0 * sum by (gen_ai_request_model) (rate({_INPUT}{{MODEL}}[$__rate_interval])))"
    f" / (sum by (gen_ai_request_model) (rate({_INPUT}{{MODEL}}[$__rate_interval])) > 0))",
    "{{gen_ai_request_model}}",
)
UNPRICED = now(
    f"sum ({total('foretell_unpriced_tokens_total{COSTS}')}) or 0 * sum ({total('foretell_cost_total{COSTS}')})",
    "unpriced",
)
