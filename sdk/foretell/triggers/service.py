"""Triggers about how well an agent serves: how fast, how often it fails, whether what it depends on answers."""

from __future__ import annotations

from foretell.model.finding import Severity
from foretell.triggers.alerts import told_by_process
from foretell.triggers.trigger import Alert, Limit, Trigger, Where


def _burn(name: str, limit: str, long: str, short: str, severity: Severity) -> Alert:
    """An alert on two windows: the long one for evidence, the short one so that it ends soon after the trouble does."""
    return Alert(
        name,
        f"""\
foretell:agent:error_ratio:{long} > {{{limit}}} * {{accepted_share}}
and foretell:agent:error_ratio:{short} > {{{limit}}} * {{accepted_share}}
and foretell:agent:errors:increase{long} >= {{min_errors}} - 0.5""",
        hold_s=120,
        keep_firing_s=300,
        severity=severity,
        summary="{agent}: the error budget burns.",
        description=f"{{{{ $value | humanizePercentage }}}} of the runs of {long} failed, "
        f"more than {{{limit}}} times the {{accepted_share%}} that are accepted.",
    )


def _unanswered(name: str, outcome: str, what: str) -> Alert:
    """An alert on calls to a dependency that ended so, with none that succeeded beside them."""
    by = "job, gen_ai_agent_name, dependency"
    return Alert(
        name,
        f"""\
sum by ({by}) (foretell:dependency:outcomes:increase5m{{outcome="{outcome}"}}) >= {{consecutive}} - 0.5
unless on ({by})
  sum by ({by}) (foretell:dependency:outcomes:increase5m{{outcome="ok"}}) > 0.5""",
        keep_firing_s=120,
        summary="{agent}: {{ $labels.dependency }} does not answer.",
        description=f"{{{{ $value | humanize }}}} calls in 5 minutes {what}, and none succeeded.",
    )


SLOW_RESPONSE = Trigger(
    id="slow_response",
    severity=Severity.WARNING,
    meaning="An agent takes more than twice as long as it usually does.",
    where=Where.BOTH,
    limits=(
        Limit("factor", 2, "Times the agent's own baseline."),
        Limit("min_samples", 20, "Runs that are needed to judge."),
        Limit("floor_s", 1, "Below so many seconds nothing is slow."),
        Limit("drift_mads", 6, "Robust drift: so many median absolute deviations above the median."),
        Limit("window_s", 300, "The last so many seconds are compared with the baseline."),
        Limit("history_s", 7200, "So many seconds of baseline are needed; in the fleet."),
    ),
    alerts=(
        Alert(
            "SlowResponse",
            # By the mean: buckets double in width, so a quantile cannot tell 1.8 times from 2.2 times. One slow run
            # is out of the window before the hold is over.
            """\
foretell:agent:run_seconds:mean5m > {factor} * foretell:agent:run_seconds:baseline1d
and foretell:agent:run_seconds:mean5m > {floor_s}
and foretell:agent:timed_runs:increase5m >= {min_samples} - 0.5
and foretell:agent:timed_runs:baseline1d >= {min_samples} - 0.5
and present_over_time(foretell:agent:run_seconds:mean5m[1d] offset {history_s}s)""",
            hold_s=600,
            keep_firing_s=300,
            description="A run takes {{ $value | humanizeDuration }}, more than {factor} times yesterday's mean.",
        ),
        Alert(
            "SlowResponseDrift",
            # Median and deviation of a week: yesterday's trouble does not hide today's, and few runs are enough.
            """\
foretell:agent:run_seconds:mean1h
  > foretell:agent:run_seconds:median7d + {drift_mads} * 1.4826 * foretell:agent:run_seconds:mad7d
and foretell:agent:run_seconds:mean1h > {factor} * foretell:agent:run_seconds:median7d
and foretell:agent:run_seconds:mean1h > {floor_s}
and foretell:agent:timed_runs:increase1h >= {min_samples} - 0.5
and present_over_time(foretell:agent:run_seconds:mean1h[7d] offset {history_s}s)""",
            hold_s=600,
            keep_firing_s=300,
            description="A run takes {{ $value | humanizeDuration }} in the last hour, far from the week's median.",
        ),
        Alert(
            "SlowResponseOpenRun",
            # A run that hangs never reaches a histogram. The widest bucket ends at 409.6 s: beyond it a quantile lies.
            """\
time() - min by (job, gen_ai_agent_name) (foretell_agent_oldest_active_start_time_seconds > 0)
  > {factor} * foretell:agent:run_seconds:p95_1d
and foretell:agent:run_seconds:p95_1d < 409
and foretell:agent:timed_runs:baseline1d >= {min_samples} - 0.5""",
            hold_s=600,
            severity=Severity.INFO,
            summary="{agent}: a run is open far longer than runs take.",
            description="The oldest open run began {{ $value | humanizeDuration }} ago.",
        ),
        told_by_process("slow_response", "SlowResponseFound"),
    ),
    advice="Look at the slowest run (`foretell show RUN`): is it the model, a tool, or waiting?",
)

ERROR_RATE = Trigger(
    id="error_rate",
    severity=Severity.CRITICAL,
    meaning="Too many of an agent's runs fail.",
    where=Where.BOTH,
    limits=(
        Limit("share", 0.05, "Share of the runs that fail."),
        Limit("window_s", 300, "Among those that ended in the last so many seconds."),
        Limit("min_errors", 3, "Fewer failures are no evidence."),
        Limit("accepted_share", 0.01, "What is accepted: the share's lower bound (Wilson, 95 %) lies above it."),
        Limit("burn_fast", 14.4, "Times the accepted share in 1 h and 5 m."),
        Limit("burn_slow", 6, "Times the accepted share in 6 h and 30 m."),
        Limit("burn_steady", 3, "Times the accepted share in 1 d and 2 h."),
    ),
    alerts=(
        Alert(
            "ErrorRate",
            # No hold: the window of 5 minutes is all the time there is. Evidence takes its place.
            """\
foretell:agent:error_ratio:5m > {share}
and foretell:agent:error_ratio_low:5m > {accepted_share}
and foretell:agent:errors:increase5m >= {min_errors} - 0.5""",
            keep_firing_s=300,
            description="{{ $value | humanizePercentage }} of the runs of the last 5 minutes failed; {share%} are allowed.",
        ),
        _burn("ErrorBudgetBurnFast", "burn_fast", "1h", "5m", Severity.CRITICAL),
        _burn("ErrorBudgetBurn", "burn_slow", "6h", "30m", Severity.CRITICAL),
        _burn("ErrorBudgetBurnSteady", "burn_steady", "1d", "2h", Severity.WARNING),
        told_by_process("error_rate", "ErrorRateFound"),
    ),
    advice="Look at the newest failed run: the cause is often the decision before the exception.",
)

DEPENDENCY_TIMEOUTS = Trigger(
    id="dependency_timeouts",
    severity=Severity.WARNING,
    meaning="Something that an agent depends on does not answer, again and again.",
    where=Where.BOTH,
    limits=(
        Limit("consecutive", 4, "So many in a row of one class: time-outs, resets, or refusals for rate (429)."),
        Limit("window_s", 300, "Within so many seconds."),
    ),
    alerts=(
        _unanswered("DependencyTimeouts", "timeout", "timed out"),
        _unanswered("DependencyThrottled", "throttled", "were refused for rate (429)"),
        told_by_process("dependency_timeouts", "DependencyTimeoutsFound"),
    ),
    advice="Check the dependency itself; let the agent back off or use another one.",
)

TRIGGERS = (SLOW_RESPONSE, ERROR_RATE, DEPENDENCY_TIMEOUTS)
