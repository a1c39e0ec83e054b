"""Alerts and findings, and what each trigger looks at."""

from __future__ import annotations

from dataclasses import dataclass

from dashboards.queries.query import Query, now, over, total

ALERTS_FIRING = now(
    'count by (alertname, trigger, severity, agent) (ALERTS{alertstate="firing", agent=~"$agent", trigger=~"$trigger"})'
)
ALERTS_OF_FLEET = now(
    "count by (alertname, trigger, severity, agent)"
    ' (ALERTS{alertstate="firing", agent=~"$agent|fleet", alertname!="DeadMansSwitch"})',
    needs="an alert",
)
DEAD_MANS_SWITCH = now('count (ALERTS{alertname="DeadMansSwitch", alertstate="firing"})', "on")
ALERTS_OVER_TIME = over(
    'topk(20, max by (alertname, agent) (ALERTS{alertstate="firing", agent=~"$agent", trigger=~"$trigger"}))',
    "{{alertname}} {{agent}}",
)
ALERTS_SHOWN = over('ALERTS{alertstate="firing", alertname!="DeadMansSwitch"}', needs="an alert")
ALERT_COUNT = now(
    'count by (severity) (ALERTS{alertstate="firing", agent=~"$agent", trigger=~"$trigger"})', "{{severity}}"
)
FLEET_ALERTS = now(
    'count (ALERTS{alertstate="firing", alertname!="DeadMansSwitch"}) or 0 * count (ALERTS{alertstate="firing"})',
    "alerts",
)
_FOUND = total('foretell_findings_total{NAMED, trigger=~"$trigger"}')
_OF_ANY = total("foretell_agent_runs_total{NAMED}")
FINDINGS = now(f"sum ({_FOUND}) or 0 * sum ({_OF_ANY})", "findings")
FINDINGS_BY_TRIGGER = over(
    'sum by (trigger) (increase(foretell_findings_total{NAMED, trigger=~"$trigger"}[$__rate_interval]))',
    "{{trigger}}",
    needs="a finding",
)
FINDING_DURATION = over(
    "histogram_quantile(0.95, sum by (trigger, le)"
    ' (increase(foretell_finding_time_to_resolve_seconds_bucket{NAMED, trigger=~"$trigger"}[1h])))',
    "{{trigger}}",
    needs="a finding that ended",
)
LIMITS = now('foretell:trigger:limit{trigger=~"$trigger"}')


def _found(id: str) -> str:
    """1 while a detector beside the agent finds it, 0 while it looks and finds nothing."""
    return (
        f'topk(20, max by (job, gen_ai_agent_name) (foretell_finding_active{{NAMED, trigger="{id}"}})'
        " or 0 * max by (job, gen_ai_agent_name) (foretell_agent_active{NAMED}))"
    )


def _limit(id: str, limit: str, times: str = "") -> Query:
    return over(f'{times}max (foretell:trigger:limit{{trigger="{id}", limit="{limit}"}})', f"limit {limit}")


_NAME = "{{gen_ai_agent_name}}"
_PROCESS = "{{job}} {{instance}}"


@dataclass(frozen=True, slots=True)
class Watched:
    """What a trigger looks at, and the limit that it is held against."""

    values: tuple[Query, ...]
    limit: Query
    unit: str
    has_own_axis: bool = False
    """True where the limit is of another unit than the values."""
    limit_unit: str = "short"


def _finding(id: str, limit: str, unit: str) -> Watched:
    return Watched((over(_found(id), _NAME),), _limit(id, limit), "bool_on_off", has_own_axis=True, limit_unit=unit)


def _value(
    id: str, limit: str, unit: str, text: str, legend: str = _NAME, *, times: str = "", needs: str = ""
) -> Watched:
    return Watched((over(f"topk(20, {text})", legend, needs),), _limit(id, limit, times), unit)


_DAY = "at least a day of runs"
_SECONDS = "foretell:agent:run_seconds"
WATCHED: dict[str, Watched] = {
    "slow_response": Watched(
        (
            over(f"topk(20, {_SECONDS}:mean5m{{NAMED}})", _NAME),
            over(
                f"topk(20, {_SECONDS}:baseline1d{{NAMED}} * on () group_left ()"
                ' max (foretell:trigger:limit{trigger="slow_response", limit="factor"}))',
                "limit " + _NAME,
                _DAY,
            ),
        ),
        _limit("slow_response", "floor_s"),
        "s",
    ),
    "error_rate": _value("error_rate", "share", "percentunit", "foretell:agent:error_ratio:5m{NAMED}"),
    "dependency_timeouts": _value(
        "dependency_timeouts",
        "consecutive",
        "short",
        "sum by (gen_ai_agent_name, dependency)"
        ' (foretell:dependency:outcomes:increase5m{NAMED, outcome="timeout"})'
        " or 0 * sum by (gen_ai_agent_name, dependency) (foretell:dependency:outcomes:increase5m{NAMED})",
        _NAME + " {{dependency}}",
    ),
    "agent_loop": _finding("agent_loop", "repeats", "short"),
    "stall": _finding("stall", "after_tool_s", "s"),
    "pattern_anomaly": _value(
        "pattern_anomaly",
        "p",
        "percentunit",
        '(sum by (gen_ai_agent_name) (increase(foretell_findings_total{NAMED, trigger="pattern_anomaly"}[6h]))'
        " or 0 * sum by (gen_ai_agent_name) (foretell_agent_runs_total{NAMED}))"
        " / (sum by (gen_ai_agent_name) (increase(foretell_agent_runs_total{NAMED}[6h])) > 0)",
    ),
    "agent_blocked": _finding("agent_blocked", "blocked_s", "s"),
    "deadlock": _finding("deadlock", "confirm_s", "s"),
    "event_loop_blocked": _value(
        "event_loop_blocked",
        "silent_s",
        "s",
        # A loop is looked at while calls are open; else it is silent, and nothing is wrong.
        "time() - max by (job, instance) (foretell_event_loop_heartbeat_time_seconds{PROCESS} > 0)"
        " and on (job, instance) sum by (job, instance) (foretell_agent_active{PROCESS}) > 0",
        _PROCESS,
        needs="an event loop with a run that is open for seconds",
    ),
    "cpu_spin": _value(
        "cpu_spin",
        "share",
        "percentunit",
        "sum by (job, instance, thread_role)"
        ' (rate(foretell_thread_cpu_seconds_total{PROCESS, thread_role!="foretell"}[$__rate_interval]))',
        _PROCESS + " {{thread_role}}",
    ),
    "memory_growth": _value(
        "memory_growth",
        "growth_mb_per_h",
        "bytes",
        "foretell:process:memory_slope_bytes_per_hour:1h{PROCESS}",
        _PROCESS,
        times="2^20 * ",
    ),
    "context_overflow": _value(
        "context_overflow",
        "share",
        "percentunit",
        "histogram_quantile(0.99, sum by (gen_ai_agent_name, model, le)"
        " (rate(foretell_context_utilization_bucket{NAMED}[$__rate_interval])))",
        _NAME + " {{model}}",
        needs="a model whose window is known",
    ),
    "cost_burn": Watched(
        (
            over('topk(20, foretell:budget:spent_usd{PROCESS, period="day"})', "{{job}}"),
            over('topk(20, foretell:budget:usd{PROCESS, period="day"})', "limit {{job}}"),
        ),
        _limit("cost_burn", "day_usd"),
        "currencyUSD",
    ),
    "cost_run_limit": _value(
        "cost_run_limit",
        "run_usd",
        "currencyUSD",
        "sum by (gen_ai_agent_name) (increase(foretell_cost_total{NAMED}[1h]))"
        " / (sum by (gen_ai_agent_name) (increase(foretell_agent_runs_total{NAMED}[1h])) > 0)",
    ),
    "unpriced_tokens": _value(
        "unpriced_tokens",
        "min_tokens",
        "short",
        "sum by (gen_ai_agent_name, model) (foretell:unpriced:tokens:increase10m{NAMED})"
        " or 0 * sum by (gen_ai_agent_name, model) (foretell_cost_total{NAMED})",
        _NAME + " {{model}}",
    ),
    "agent_down": _value(
        "agent_down",
        "silent_s",
        "s",
        "time() - (max by (job, gen_ai_agent_name)"
        " (last_over_time(foretell_agent_heartbeat_time_seconds{NAMED}[1h])) > 0)",
    ),
    "telemetry_gap": _value(
        "telemetry_gap",
        "min_dropped",
        "short",
        "sum by (job, signal, reason) (foretell:telemetry:dropped:increase10m{PROCESS})"
        " or 0 * sum by (job, signal) (foretell_telemetry_ended_total{PROCESS})",
        "{{job}} {{signal}} {{reason}}",
    ),
    "redaction_failure": _value(
        "redaction_failure",
        "min_failures",
        "short",
        'sum by (job) ({__name__=~"foretell:telemetry:(dropped|truncated):increase10m", PROCESS, reason="redaction"})'
        " or 0 * sum by (job) (foretell_telemetry_ended_total{PROCESS})",
        "{{job}}",
    ),
}
"""Trigger → what its panel shows."""
