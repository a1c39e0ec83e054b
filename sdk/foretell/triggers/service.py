"""Triggers about how well an agent serves: how fast, how often it fails, whether what it depends on answers."""

from __future__ import annotations

from foretell.model.finding import Severity
from foretell.triggers.trigger import Limit, Trigger, Where

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
    advice="Look at the slowest runs: model, tool or waiting? `foretell show` has the tree with times.",
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
    advice="Check the dependency itself; let the agent back off or use another one.",
)

TRIGGERS = (SLOW_RESPONSE, ERROR_RATE, DEPENDENCY_TIMEOUTS)
