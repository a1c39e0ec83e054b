"""Triggers and alerts: what fires, and what each trigger looks at, with its limit."""

from __future__ import annotations

from dashboards import page
from dashboards.page import Page, Panel, Row, link_to
from dashboards.panels import ALERT_COLUMNS, ANY_IS_BAD, HALF, THIRD, bars, lines, log_lines, stat, states, table
from dashboards.queries import signals, triggers
from foretell.triggers.catalogue import CATALOGUE
from foretell.triggers.prometheus import RUNBOOK_URL
from foretell.triggers.trigger import Trigger

_FIRING = {"1": ("fires", "red")}


def _show(trigger: Trigger) -> Panel:
    watched = triggers.WATCHED[trigger.id]
    return lines(
        trigger.id,
        f"{trigger.meaning} {trigger.advice} Severity: {trigger.severity.value}. Runbook: {RUNBOOK_URL}{trigger.id}",
        (*watched.values, watched.limit),
        watched.unit,
        width=THIRD,
        links=(
            link_to(page.AGENT, "This agent", agent="${__field.labels.gen_ai_agent_name}"),
            link_to(page.TRACES, "Runs with a finding", agent="${__field.labels.gen_ai_agent_name}"),
        ),
        limit_unit=watched.limit_unit if watched.has_own_axis else None,
    )


PAGE = Page(
    uid=page.TRIGGERS,
    title="Foretell / Triggers and alerts",
    purpose="What fires now and what has fired, and for every trigger what it looks at, with its limit.",
    variables=(
        *page.AGENTS,
        page.TRIGGER_VARIABLE,
        page.SERVICE_VARIABLE,
        page.NAMED_VARIABLE,
        page.PROCESS_VARIABLE,
    ),
    annotation=triggers.ALERTS_SHOWN,
    rows=(
        Row(
            "Now",
            (
                stat("Alerts by severity", "Alerts that fire now.", triggers.ALERT_COUNT, "short", width=THIRD),
                stat(
                    "Findings",
                    "What detectors found in the time that is shown.",
                    triggers.FINDINGS,
                    "short",
                    width=THIRD,
                    steps=ANY_IS_BAD,
                ),
                stat(
                    "Dead man's switch",
                    "Fires always. Without it nothing on this page can be trusted.",
                    triggers.DEAD_MANS_SWITCH,
                    "short",
                    width=THIRD,
                ),
                table(
                    "Alerts that fire",
                    "Now, by what is wrong and with whom.",
                    triggers.ALERTS_FIRING,
                    "short",
                    columns=ALERT_COLUMNS,
                    width=HALF,
                    sort="Severity",
                ),
                states(
                    "When alerts fired", "Red while an alert fires.", triggers.ALERTS_OVER_TIME, _FIRING, width=HALF
                ),
                bars("Findings over time", "Findings that began, by trigger.", triggers.FINDINGS_BY_TRIGGER, "short"),
                lines(
                    "How long findings last",
                    "95 % of those that ended within the hour were over after this time.",
                    triggers.FINDING_DURATION,
                    "s",
                ),
            ),
        ),
        Row("Each trigger, with its limit", tuple(map(_show, CATALOGUE))),
        Row(
            "In words",
            (
                log_lines("What was found", "Findings, explained, with what to do.", signals.FINDING_LINES, width=14),
                table(
                    "Limits",
                    "As the fleet's rules have them. A program may have set its own.",
                    triggers.LIMITS,
                    "short",
                    columns={"trigger": ("Trigger", ""), "limit": ("Limit", ""), "Value": ("Value", "short")},
                    width=10,
                ),
            ),
        ),
    ),
)
"""The dashboard `foretell-triggers`, to which every alert leads."""
