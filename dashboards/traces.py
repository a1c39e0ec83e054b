"""Traces: where the time goes, and the runs that are worth a look."""

from __future__ import annotations

from dashboards import page
from dashboards.page import Page, Row, link_to
from dashboards.panels import HALF, found_traces, heatmap, lines, log_lines
from dashboards.queries import signals, triggers

TO_REPLAY = {
    "foretell.run.id": link_to(
        page.REPLAY, "Replay this run", run="${__value.raw}", trace="${__data.fields.traceIdHidden}"
    )
}
"""From a run's id in a table of calls to its story."""

PAGE = Page(
    uid=page.TRACES,
    title="Foretell / Trace analysis",
    purpose="Where runs spend their time, and which of them to open: the slow, the failed, those with a finding.",
    variables=(*page.AGENTS, page.SERVICE_VARIABLE, page.LONGER_VARIABLE),
    annotation=triggers.ALERTS_SHOWN,
    rows=(
        Row(
            "Runs worth a look",
            (
                found_traces(
                    "Slow runs",
                    "The newest that took longer than the field above says. Click a run's id for its story.",
                    signals.SLOW_TRACES,
                    width=HALF,
                    links=TO_REPLAY,
                ),
                found_traces(
                    "Failed runs",
                    "The newest that ended in an error. Click a run's id for its story.",
                    signals.FAILED_TRACES,
                    width=HALF,
                    links=TO_REPLAY,
                ),
                found_traces(
                    "Runs with a finding",
                    "The newest calls at which something was found, with what it was.",
                    signals.FOUND_TRACES,
                    links=TO_REPLAY,
                ),
            ),
        ),
        Row(
            "Where the time goes",
            (
                lines(
                    "Operations",
                    "Calls a second, as Tempo counts them, by kind of operation.",
                    signals.OPERATION_RATE,
                    "cps",
                ),
                lines(
                    "Duration of operations", "95 % of them take less, as Tempo measures.", signals.OPERATION_P95, "s"
                ),
                lines(
                    "Duration of spans",
                    "95 % of them take less, as the collector counts before any sampling. A dot is a single call.",
                    signals.SPAN_P95,
                    "s",
                ),
                heatmap("How durations spread", "All spans of the chosen services.", signals.SPAN_SPREAD, "s"),
                lines(
                    "Spans", "Spans a second, as the collector counts before any sampling.", signals.SPAN_RATE, "cps"
                ),
                lines("Failed spans", "Failures a second, by name of the span.", signals.SPAN_FAILURES, "cps"),
            ),
        ),
        Row(
            "In the logs",
            (
                log_lines(
                    "Errors",
                    "Log lines of severity ERROR and above. Open one for the link to its trace.",
                    signals.ERROR_LINES,
                ),
            ),
        ),
    ),
)
"""The dashboard `foretell-traces`."""
