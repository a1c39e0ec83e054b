"""Triggers about our own eyes: an agent that is gone, telemetry that is lost, redaction that fails."""

from __future__ import annotations

from foretell.model.finding import Severity
from foretell.triggers.trigger import Limit, Trigger, Where

AGENT_DOWN = Trigger(
    id="agent_down",
    severity=Severity.CRITICAL,
    meaning="An agent that should be there is silent and said no goodbye.",
    where=Where.FLEET,
    limits=(
        Limit("silent_s", 150, "Seconds without a heartbeat: two exports that did not come."),
        Limit("forget_s", 3600, "An agent that nobody expects is forgotten after so many seconds."),
    ),
    advice="See whether its process runs, and why it ended: the last lines of its log, the exit code, out of memory.",
)

TELEMETRY_GAP = Trigger(
    id="telemetry_gap",
    severity=Severity.WARNING,
    meaning="Telemetry is lost or does not arrive: what is shown is not the whole.",
    where=Where.BOTH,
    limits=(
        Limit("min_dropped", 1, "So many items dropped."),
        Limit("window_s", 600, "Within so many seconds."),
    ),
    advice="`foretell doctor` says what was dropped and why.",
)

REDACTION_FAILURE = Trigger(
    id="redaction_failure",
    severity=Severity.WARNING,
    meaning="Content could not be redacted and was withheld.",
    where=Where.BOTH,
    limits=(
        Limit("min_failures", 1, "So many failures."),
        Limit("window_s", 600, "Within so many seconds."),
    ),
    advice="Correct the redaction rule that fails: `foretell doctor` names it.",
)

TRIGGERS = (AGENT_DOWN, TELEMETRY_GAP, REDACTION_FAILURE)
