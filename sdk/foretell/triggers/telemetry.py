"""Triggers about our own eyes: an agent that is gone, telemetry that is lost, redaction that fails."""

from __future__ import annotations

from foretell.model.finding import Severity
from foretell.triggers.alerts import told_by_process
from foretell.triggers.trigger import Alert, Limit, Trigger, Where

AGENT_DOWN = Trigger(
    id="agent_down",
    severity=Severity.CRITICAL,
    meaning="An agent that should be there is silent and said no goodbye.",
    where=Where.FLEET,
    limits=(
        Limit("silent_s", 150, "Seconds without a heartbeat: two exports that did not come."),
        Limit("forget_s", 3600, "An agent that nobody expects is forgotten after so many seconds."),
    ),
    alerts=(
        Alert(
            "AgentDown",
            # A goodbye sets the heartbeat to 0. An agent that is expected is down even after one.
            """\
time() - (max by (job, gen_ai_agent_name) (last_over_time(foretell_agent_heartbeat_time_seconds[{forget_s}s])) > 0)
  > {silent_s}
or on (gen_ai_agent_name)
foretell:agent:expected
  unless on (gen_ai_agent_name) time() - foretell_agent_heartbeat_time_seconds <= {silent_s}""",
            hold_s=60,
            description="No heartbeat for {silent_s} s, and no goodbye.",
        ),
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
    alerts=(
        Alert(
            "TelemetryGap",
            "foretell:telemetry:dropped:increase10m >= {min_dropped} - 0.5",
            keep_firing_s=600,
            description="{{ $value | humanize }} items of {{ $labels.signal }} were dropped in 10 minutes: "
            "{{ $labels.reason }}.",
        ),
        Alert(
            "TelemetryAbsent",
            # One silent agent is AgentDown; when all fall silent at once, it is the way to us that is broken.
            """\
count(last_over_time(foretell_agent_heartbeat_time_seconds[1h]) > 0) > 1.5
unless on () count(time() - foretell_agent_heartbeat_time_seconds < 150)""",
            hold_s=60,
            summary="No agent is heard any more.",
            description="{{ $value }} agents had a heartbeat within the hour and none has one now.",
        ),
        told_by_process("telemetry_gap", "TelemetryGapFound"),
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
    alerts=(
        Alert(
            "RedactionFailure",
            """\
sum by (job) (
  {__name__=~"foretell:telemetry:(dropped|truncated):increase10m", reason="redaction"}
) >= {min_failures} - 0.5""",
            keep_firing_s=600,
            description="{{ $value | humanize }} items lost their texts in 10 minutes, since redaction failed.",
        ),
        told_by_process("redaction_failure", "RedactionFailureFound"),
    ),
    advice="Correct the redaction rule that fails: `foretell doctor` names it.",
)

TRIGGERS = (AGENT_DOWN, TELEMETRY_GAP, REDACTION_FAILURE)
