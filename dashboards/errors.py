"""Errors, by where they come from: the model, a tool, something outside, the context, or the agent's own code."""

from __future__ import annotations

from dashboards import page
from dashboards.page import Page, Row, link_to
from dashboards.panels import ANY_IS_BAD, ERROR_SHARES, HALF, THIRD, bars, found_traces, lines, log_lines, stat, table
from dashboards.queries import errors, runs, signals, triggers
from dashboards.traces import TO_REPLAY

_TO_AGENT = link_to(page.AGENT, "This agent", agent="${__field.labels.gen_ai_agent_name}")
_ROW_TO_TRACES = link_to(page.TRACES, "Its failed runs", agent="${__value.raw}")

PAGE = Page(
    uid=page.ERRORS,
    title="Foretell / Error patterns",
    purpose="What fails and why, by where it comes from: model, tool, dependency, context, own code.",
    variables=(*page.AGENTS, page.MODEL_VARIABLE, page.SERVICE_VARIABLE),
    annotation=triggers.ALERTS_SHOWN,
    rows=(
        Row(
            "All of them",
            (
                stat(
                    "Failed",
                    "Runs that ended in an error or were killed.",
                    runs.FAILED_RUNS,
                    "short",
                    width=THIRD,
                    steps=ANY_IS_BAD,
                ),
                stat(
                    "Failed share",
                    "Share of the runs that failed. One in a hundred is accepted, one in twenty pages.",
                    runs.ERROR_SHARE,
                    "percentunit",
                    width=THIRD,
                    steps=ERROR_SHARES,
                    decimals=1,
                ),
                stat(
                    "Runs",
                    "Runs of agents that ended; one that another agent called counts too.",
                    runs.RUNS,
                    "short",
                    width=THIRD,
                ),
                bars(
                    "Failures by where they come from",
                    "Failed model calls and tool calls, time-outs and refusals, calls that filled over 90 % of the"
                    " window, and runs that failed by themselves.",
                    (
                        errors.MODEL_ERRORS,
                        errors.TOOL_ERRORS,
                        errors.DEPENDENCY_ERRORS,
                        errors.CONTEXT_ERRORS,
                        errors.OWN_ERRORS,
                    ),
                    "short",
                    width=HALF,
                ),
                lines(
                    "Failed share by agent",
                    "Failed runs of the last five minutes among all of them; nothing where no run ended.",
                    runs.ERROR_SHARE_BY_AGENT,
                    "percentunit",
                    links=(_TO_AGENT,),
                ),
                table(
                    "What runs failed of",
                    "Failed runs in the time that is shown, by agent and by the error that ended them.",
                    errors.ERROR_TABLE,
                    "short",
                    columns={
                        "gen_ai_agent_name": ("Agent", ""),
                        "error_type": ("Error", ""),
                        "Value": ("Runs", "short"),
                    },
                    width=24,
                    links={"Agent": _ROW_TO_TRACES},
                    sort="Runs",
                ),
            ),
        ),
        Row(
            "Model",
            (
                bars("Failed model calls", "By model and error.", errors.MODEL_ERROR_TYPES, "short"),
                found_traces(
                    "The newest failed model calls",
                    "Click a run's id for its story.",
                    signals.FAILED_MODELS,
                    width=HALF,
                    links=TO_REPLAY,
                ),
            ),
        ),
        Row(
            "Tool",
            (
                bars("Failed tool calls", "By tool and error.", errors.TOOL_ERROR_TYPES, "short"),
                found_traces(
                    "The newest failed tool calls",
                    "Click a run's id for its story.",
                    signals.FAILED_TOOLS,
                    width=HALF,
                    links=TO_REPLAY,
                ),
            ),
        ),
        Row(
            "Dependency, context",
            (
                bars(
                    "Calls that did not succeed",
                    "By what was asked and how it answered: error, timeout, throttled, cancelled.",
                    errors.DEPENDENCY_OUTCOMES,
                    "short",
                ),
                bars(
                    "Calls that filled over 90 % of the window",
                    "By model. Past the window a call fails, or the oldest of the context is lost.",
                    errors.NEARLY_FULL,
                    "short",
                ),
            ),
        ),
        Row(
            "Own code",
            (
                bars(
                    "Runs that failed by themselves",
                    "Errors that no model call and no tool call of the same service had within the hour.",
                    errors.OWN_ERROR_TYPES,
                    "short",
                ),
                log_lines("Errors in the logs", "Lines of severity ERROR and above.", signals.ERROR_LINES, width=HALF),
            ),
        ),
    ),
)
"""The dashboard `foretell-errors`."""
