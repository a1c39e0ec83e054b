"""The stack's own health: what agents tell arrives, is kept, and is judged."""

from __future__ import annotations

from dashboards import page
from dashboards.page import Page, Row
from dashboards.panels import ANY_IS_BAD, FULLNESS, HALF, THIRD, gauges, lines, stat, states
from dashboards.queries import stack, triggers

_UP = {"0": ("down", "red"), "1": ("up", "green")}

PAGE = Page(
    uid=page.STACK,
    title="Foretell / Stack health",
    purpose="The collector, the stores and the rules: does what agents tell arrive, and is it judged?",
    variables=(page.ENVIRONMENT_VARIABLE, page.JOB_VARIABLE),
    annotation=triggers.ALERTS_SHOWN,
    rows=(
        Row(
            "Servers",
            (
                stat(
                    "Servers down",
                    "Servers of the stack that do not answer.",
                    stack.DOWN,
                    "short",
                    width=HALF,
                    steps=ANY_IS_BAD,
                ),
                stat(
                    "Dead man's switch",
                    "1 while the rules are looked at. Nothing else here can be trusted without it.",
                    triggers.DEAD_MANS_SWITCH,
                    "short",
                    width=HALF,
                ),
                states("Servers", "Green while a server answers Prometheus.", stack.UP, _UP),
            ),
        ),
        Row(
            "Through the collector",
            (
                lines(
                    "Taken",
                    "Items a second that the collector took from agents.",
                    (stack.ACCEPTED_SPANS, stack.ACCEPTED_POINTS, stack.ACCEPTED_LINES),
                    "cps",
                    width=THIRD,
                ),
                lines("Handed on", "Items a second, by exporter.", stack.SENT, "cps", width=THIRD),
                gauges(
                    "Queues",
                    "How full each exporter's queue on disk is. A full one loses what comes next.",
                    stack.QUEUE_SHARE,
                    "percentunit",
                    width=THIRD,
                    steps=FULLNESS,
                ),
                lines(
                    "Refused",
                    "Items a second that were not taken, for want of memory: senders try again.",
                    (stack.REFUSED_SPANS, stack.REFUSED_POINTS, stack.REFUSED_LINES),
                    "cps",
                ),
                lines(
                    "Lost",
                    "Items a second that a back-end refused for good, and that found their queue full.",
                    (stack.REFUSED_BY_STORE, stack.LOST),
                    "cps",
                ),
            ),
        ),
        Row(
            "Told by the agents' processes",
            (
                lines(
                    "Ended and exported",
                    "Items a minute. What ended should be exported soon after.",
                    (stack.TOLD, stack.EXPORTED),
                    "cpm",
                    width=HALF,
                ),
                lines("Dropped", "Items that a process could not keep, and why.", stack.DROPPED, "short"),
                lines("Cut short", "Items that were too large, and why.", stack.TRUNCATED, "short"),
                lines("Redacted", "Secrets and personal data that were taken out, by rule.", stack.REDACTIONS, "short"),
            ),
        ),
        Row(
            "Stores and rules",
            (
                lines("Memory", "Resident memory of each server.", stack.MEMORY, "bytes", width=THIRD),
                lines(
                    "Series in Prometheus",
                    "More series need more memory: 3 to 4 KB each.",
                    stack.SERIES,
                    "short",
                    width=THIRD,
                ),
                lines("Stored", "A second.", (stack.LOG_LINES, stack.TEMPO_SPANS), "cps", width=THIRD),
                lines(
                    "Time to look at the rules",
                    "The three slowest groups of rules; each has 15 s.",
                    stack.RULE_SECONDS,
                    "s",
                    width=THIRD,
                ),
                lines(
                    "Rules that failed", "Rules that could not be looked at.", stack.RULE_FAILURES, "short", width=THIRD
                ),
                lines(
                    "Alerts that did not arrive",
                    "Lost on the way to Alertmanager, or not taken by a receiver.",
                    (stack.NOT_NOTIFIED, stack.NOT_DELIVERED),
                    "short",
                    width=THIRD,
                ),
            ),
        ),
    ),
)
"""The dashboard `foretell-stack`."""
