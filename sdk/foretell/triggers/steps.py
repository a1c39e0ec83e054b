"""Triggers about what an agent does, step by step: it repeats itself, it stops, it strays."""

from __future__ import annotations

from foretell.model.finding import Severity
from foretell.triggers.alerts import told_by_process
from foretell.triggers.trigger import Alert, Limit, Trigger, Where

AGENT_LOOP = Trigger(
    id="agent_loop",
    severity=Severity.CRITICAL,
    meaning="An agent repeats its steps and learns nothing new.",
    where=Where.PROCESS,
    limits=(
        Limit("repeats", 4, "The same call with the same result so often in a row."),
        Limit("error_repeats", 3, "The same call with the same error so often in a row."),
        Limit("alternations", 6, "So many calls in a cycle of two to `cycle_calls` different ones, at least 3 rounds."),
        Limit("cycle_calls", 6, "The longest cycle that is looked for."),
        Limit("same_error_repeats", 4, "The same error so often, with different calls between."),
        Limit("window_calls", 12, "The last so many calls are judged for new information."),
        Limit("distinct_results", 3, "At most so many different results among them …"),
        Limit("distinct_share", 0.4, "… and a smaller share of different steps."),
        Limit("near_duplicates", 3, "So many answers in a row that say nearly the same."),
        Limit("near_duplicate_bits", 3, "Answers differ in at most so many of the 64 bits of their fingerprints."),
        Limit("handoffs", 3, "So many round trips between two agents with no tool result between."),
    ),
    alerts=(told_by_process("agent_loop", "AgentLoop"),),
    advice="Look at the repeated call and its result: the agent does not get what it needs from it.",
)

STALL = Trigger(
    id="stall",
    severity=Severity.WARNING,
    meaning="An agent got a tool's result and then did nothing more.",
    where=Where.PROCESS,
    limits=(Limit("after_tool_s", 30, "Seconds since the last tool result, with nothing in flight."),),
    alerts=(told_by_process("stall", "Stall"),),
    advice="Nudge the agent to go on, or look at what its loop waits for after the tool's result.",
)

PATTERN_ANOMALY = Trigger(
    id="pattern_anomaly",
    severity=Severity.WARNING,
    meaning="An agent uses its tools in an order that its successful runs do not show.",
    where=Where.PROCESS,
    limits=(
        Limit("p", 0.01, "Conformal p-value below which a run is unusual."),
        Limit("min_references", 100, "Successful runs of the same agent version that are needed to judge."),
    ),
    alerts=(
        Alert(
            "PatternAnomaly",
            # One run in a hundred is unusual by construction; three times as many, hour after hour, are a change.
            """\
sum by (job, gen_ai_agent_name) (increase(foretell_findings_total{trigger="pattern_anomaly"}[6h]))
  > 3 * {p} * sum by (job, gen_ai_agent_name) (increase(foretell_agent_runs_total[6h]))
and sum by (job, gen_ai_agent_name) (increase(foretell_findings_total{trigger="pattern_anomaly"}[6h])) > 2.5""",
            hold_s=21600,
            keep_firing_s=3600,
            description="{{ $value | humanize }} unusual runs in 6 h, more than three times what chance explains.",
        ),
    ),
    advice="Compare the run with a successful one: prompt, model or tools may have changed.",
)

TRIGGERS = (AGENT_LOOP, STALL, PATTERN_ANOMALY)
